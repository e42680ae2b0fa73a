import assert from "node:assert/strict";
import type { FromWorker, ToWorker } from "./control.ts";
import { type SupervisedService, Supervisor, type WorkerHandle } from "./supervisor.ts";
import { TestClock } from "../time/test_clock.ts";
import { memoryLog } from "../testing.ts";

/** A worker that does what a test wants. */
class FakeWorker implements WorkerHandle {
  readonly got: ToWorker[] = [];
  terminated = false;
  answersPing = true;
  answersStop = true;
  #say: (message: FromWorker) => void = () => {};
  crash: (text: string) => void = () => {};

  post(message: ToWorker): void {
    this.got.push(message);
    if (message.kind === "attach" || message.kind === "bus") message.port.close();
    if (message.kind === "init") message.busPort?.close();
    if (message.kind === "ping" && this.answersPing) this.say({ kind: "pong", seq: message.seq });
    if (message.kind === "stop" && this.answersStop) this.say({ kind: "stopped" });
  }
  onMessage(handle: (message: FromWorker) => void): void {
    this.#say = handle;
  }
  onError(handle: (text: string) => void): void {
    this.crash = handle;
  }
  terminate(): void {
    this.terminated = true;
  }
  say(message: FromWorker): void {
    this.#say(message);
  }
  kinds(): string[] {
    return this.got.map(({ kind }) => kind);
  }
}

function house({ optional = [] as string[] } = {}) {
  const clock = new TestClock();
  const log = memoryLog();
  const workers: Record<string, FakeWorker[]> = { link: [], a: [], b: [] };
  const silent: string[] = [];
  let changes = 0;
  const service = (name: string): SupervisedService => ({
    name,
    required: !optional.includes(name),
    capability: { service: name, publishes: [], subscribes: [] },
    init: {
      kind: "init",
      service: name,
      config: {},
      capability: { service: name, publishes: [], subscribes: [] },
      log: { level: "info", style: "plain" },
      time: { speed: 1, originWallMs: 0 },
    },
    spawn: () => {
      const worker = new FakeWorker();
      workers[name]?.push(worker);
      return worker;
    },
  });
  const supervisor = new Supervisor({
    linkName: "link",
    services: ["link", "a", "b"].map(service),
    clock,
    log,
    random: () => 0.5,
    onSilent: (name) => silent.push(name),
    onChange: () => changes++,
  });
  const worker = (name: string): FakeWorker => {
    const last = workers[name]?.at(-1);
    assert.ok(last, `no worker "${name}"`);
    return last;
  };
  const allReady = () => ["link", "a", "b"].forEach((name) => worker(name).say({ kind: "ready" }));
  return { clock, log, workers, worker, silent, supervisor, allReady, changes: () => changes };
}

Deno.test("Supervisor.start() gives every service a port to the broker link, which comes first", async () => {
  const { supervisor, worker } = house();
  supervisor.start();
  assert.deepEqual(worker("link").kinds(), ["init", "attach", "attach"]);
  assert.deepEqual(worker("a").kinds(), ["init"]);
  const [init] = worker("a").got;
  assert.ok(init?.kind === "init" && init.busPort instanceof MessagePort);
  await supervisor.stop();
});

Deno.test("Supervisor.ready is true only when every required service is", async () => {
  const { supervisor, worker } = house({ optional: ["b"] });
  supervisor.start();
  worker("link").say({ kind: "ready" });
  assert.equal(supervisor.ready, false);
  worker("a").say({ kind: "ready" });
  assert.equal(supervisor.ready, true);
  worker("a").crash("boom");
  assert.equal(supervisor.ready, false);
  await supervisor.stop();
});

Deno.test("Supervisor restarts a crashed service after the backoff, not 1 ms before, with a new port", async () => {
  const { supervisor, workers, worker, clock, allReady, log } = house();
  supervisor.start();
  allReady();
  const first = worker("a");
  first.crash("Uncaught boom");
  assert.ok(first.terminated);
  assert.equal(supervisor.views().a?.state, "restarting");
  await clock.advance(499);
  assert.equal(workers.a?.length, 1);
  await clock.advance(1);
  assert.equal(workers.a?.length, 2);
  assert.deepEqual(worker("link").kinds(), ["init", "attach", "attach", "detach", "attach"]);
  worker("a").say({ kind: "ready" });
  assert.deepEqual(supervisor.views().a, { state: "ready", restarts: 1, problems: [] });
  assert.match(
    log.text(),
    /error +test SERVICE FAILED service=a reason="Uncaught boom" restarts=1 restart_in_ms=500/,
  );
  await supervisor.stop();
});

Deno.test("Supervisor waits longer each time, and begins anew after a minute of good running", async () => {
  const { supervisor, worker, clock, log } = house();
  supervisor.start();
  const waits = () =>
    log.entries.filter(({ text }) => text === "SERVICE FAILED").map(({ fields }) => fields.restart_in_ms);
  for (const waitMs of [500, 1000, 2000]) {
    worker("a").say({ kind: "failed", text: "no" });
    await clock.advance(waitMs);
  }
  worker("a").say({ kind: "ready" });
  await clock.advance(59_999);
  worker("a").crash("again");
  await clock.advance(4000);
  await clock.advance(60_000);
  worker("a").crash("later");
  assert.deepEqual(waits(), [500, 1000, 2000, 4000, 500]);
  await supervisor.stop();
});

Deno.test("Supervisor restarts the broker link and gives the living services new ports", async () => {
  const { supervisor, worker, clock, allReady } = house();
  supervisor.start();
  allReady();
  worker("link").crash("boom");
  await clock.advance(500);
  assert.deepEqual(worker("link").kinds(), ["init", "attach", "attach"]);
  assert.ok(worker("a").kinds().includes("bus"));
  assert.equal(worker("a").terminated, false);
  await supervisor.stop();
});

for (const [silenceMs, reported] of [[14_000, false], [18_000, true]] as const) {
  Deno.test(`Supervisor ${reported ? "reports" : "does not report"} a worker silent for ${silenceMs} ms`, async () => {
    const { supervisor, worker, clock, allReady, silent } = house();
    supervisor.start();
    allReady();
    worker("b").answersPing = false;
    for (let ms = 0; ms < silenceMs; ms += 1000) await clock.advance(1000);
    assert.equal(silent.includes("b"), reported);
    assert.equal(silent.includes("a"), false);
    await supervisor.stop();
  });
}

for (const [silenceMs, reported] of [[74_000, false], [80_000, true]] as const) {
  Deno.test(`Supervisor ${reported ? "reports" : "does not report"} a worker that says nothing for ${silenceMs} ms after its start`, async () => {
    const { supervisor, worker, clock, silent } = house();
    supervisor.start();
    for (const name of ["link", "a"]) worker(name).say({ kind: "ready" });
    worker("b").answersPing = false;
    for (let ms = 0; ms < silenceMs; ms += 1000) await clock.advance(1000);
    assert.equal(silent.includes("b"), reported);
    await supervisor.stop();
  });
}

for (const [silenceMs, reported] of [[74_000, false], [97_000, true]] as const) {
  Deno.test(`Supervisor ${reported ? "reports" : "does not report"} a worker silent for ${silenceMs} ms beside one that loads`, async () => {
    const { supervisor, worker, clock, silent } = house();
    supervisor.start();
    for (const name of ["link", "a"]) worker(name).say({ kind: "ready" });
    worker("a").answersPing = false;
    // It answers, and is not ready: loading takes the processor from the others.
    worker("b").say({ kind: "pong", seq: 0 });
    for (let ms = 0; ms < silenceMs; ms += 1000) await clock.advance(1000);
    assert.equal(silent.includes("a"), reported);
    assert.equal(silent.includes("b"), false);
    await supervisor.stop();
  });
}

Deno.test("Supervisor gives a worker that was silent beside one that loads its whole time once that is ready", async () => {
  const { supervisor, worker, clock, silent } = house();
  supervisor.start();
  for (const name of ["link", "a"]) worker(name).say({ kind: "ready" });
  worker("a").answersPing = false;
  for (let ms = 0; ms < 60_000; ms += 1000) await clock.advance(1000);
  worker("b").say({ kind: "ready" });
  for (let ms = 0; ms < 13_000; ms += 1000) await clock.advance(1000);
  assert.equal(silent.length, 0);
  for (let ms = 0; ms < 9000; ms += 1000) await clock.advance(1000);
  assert.ok(silent.includes("a"));
  await supervisor.stop();
});

Deno.test("Supervisor reports a silent worker as ever beside one that never gets ready, once that had its time", async () => {
  const { supervisor, worker, clock, silent } = house();
  supervisor.start();
  for (const name of ["link", "a"]) worker(name).say({ kind: "ready" });
  worker("b").say({ kind: "pong", seq: 0 });
  for (let ms = 0; ms < 80_000; ms += 1000) await clock.advance(1000);
  worker("a").answersPing = false;
  for (let ms = 0; ms < 14_000; ms += 1000) await clock.advance(1000);
  assert.equal(silent.length, 0);
  for (let ms = 0; ms < 4000; ms += 1000) await clock.advance(1000);
  assert.ok(silent.includes("a"));
  await supervisor.stop();
});

Deno.test("Supervisor.stop() asks the services first and the broker link last, and ends what does not answer", async () => {
  const { supervisor, worker, clock, allReady, log } = house();
  supervisor.start();
  allReady();
  worker("b").answersStop = false;
  const stopped = supervisor.stop();
  assert.ok(worker("a").kinds().includes("stop"));
  assert.ok(!worker("link").kinds().includes("stop"));
  await clock.advance(2499);
  assert.ok(!worker("link").kinds().includes("stop"));
  await clock.advance(1);
  await stopped;
  assert.ok(worker("link").kinds().includes("stop"));
  assert.ok(worker("b").terminated);
  assert.match(log.text(), /SERVICE DID NOT STOP IN TIME service=b within_ms=2500/);
  assert.equal(clock.pending, 0);
});

Deno.test("Supervisor.stop() during a restart wait starts nothing any more", async () => {
  const { supervisor, workers, worker, clock } = house();
  supervisor.start();
  worker("a").crash("boom");
  await supervisor.stop();
  await clock.advance(60_000);
  assert.equal(workers.a?.length, 1);
});

Deno.test("Supervisor passes a service's problems on, and tells only changes", async () => {
  const { supervisor, worker, allReady, changes } = house();
  supervisor.start();
  allReady();
  const before = changes();
  const problems = [{ code: "x", severity: "warning", text: "odd" }] as const;
  worker("a").say({ kind: "health", problems });
  worker("a").say({ kind: "health", problems });
  assert.equal(changes(), before + 1);
  assert.deepEqual(supervisor.views().a?.problems, problems);
  await supervisor.stop();
});

import assert from "node:assert/strict";
import { TestClock } from "../time/test_clock.ts";
import type { AtSeat, FromWorker, ToWorker } from "./control.ts";
import { GroupHost, LETS_GO_WITHIN_MS } from "./group_host.ts";
import type { ServiceContext } from "./service.ts";

function initOf(service: string): ToWorker {
  return {
    kind: "init",
    service,
    config: {},
    capability: { service, publishes: [`${service}/said`], subscribes: [] },
    log: { level: "crit", style: "plain" },
    time: { speed: 1, originWallMs: 0 },
  };
}

/** A worker with two services: `page` starts and stops as a test wants. */
function worker({ start = () => Promise.resolve(), stop = () => Promise.resolve() } = {}) {
  const clock = new TestClock();
  const said: string[] = [];
  const givenUp: string[] = [];
  const contexts: ServiceContext<unknown>[] = [];
  const loads: string[] = [];
  const factory = (name: string, life: { start(): Promise<void>; stop(): Promise<void> }) => () => {
    loads.push(name);
    return Promise.resolve((context: ServiceContext<unknown>) => {
      contexts.push(context);
      return life;
    });
  };
  const host = new GroupHost({
    page: factory("page", { start: () => start(), stop: () => stop() }),
    history: factory("history", { start: () => Promise.resolve(), stop: () => Promise.resolve() }),
  }, {
    say: ({ seat, message }: AtSeat<FromWorker>) =>
      said.push(`${seat} ${message.kind}${message.kind === "failed" ? `: ${message.text}` : ""}`),
    clockOf: () => clock,
    onStarted() {},
    giveUp: (error) => givenUp.push(error.message),
  });
  const tell = async (seat: number, message: ToWorker) => {
    host.receive({ seat, message });
    await clock.advance(0);
  };
  return { clock, said, givenUp, contexts, loads, tell };
}

Deno.test("GroupHost loads only the services that come, each with its own topics, health and name", async () => {
  const { said, contexts, loads, tell } = worker();
  await tell(0, initOf("history"));
  assert.deepEqual(loads, ["history"]);
  await tell(1, initOf("page"));
  assert.deepEqual(said, ["0 ready", "1 ready"]);
  const [history, page] = contexts;
  assert.deepEqual([history?.name, page?.name], ["history", "page"]);
  history?.health.raise({ code: "full", severity: "error", text: "full" });
  assert.deepEqual(page?.health.list(), []);
  await assert.rejects(page?.bus.publish("history/said", "x") ?? Promise.resolve(), /page/);
});

Deno.test("GroupHost answers pings for one that still loads, and keeps what comes for it", async () => {
  const { said, tell } = worker();
  const [starting] = [tell(0, initOf("page")), tell(0, { kind: "ping", seq: 7 }), tell(0, { kind: "stop" })];
  await starting;
  assert.deepEqual(said, ["0 pong", "0 ready", "0 stopped"]);
});

Deno.test("GroupHost begins one that could not start anew, once its former life is over", async () => {
  let isTaken = true;
  const stopped = Promise.withResolvers<void>();
  const { said, tell, contexts } = worker({
    start: () => isTaken ? Promise.reject(new Error("the port is taken")) : Promise.resolve(),
    stop: () => stopped.promise,
  });
  await tell(0, initOf("history"));
  await tell(1, initOf("page"));
  assert.deepEqual(said.splice(0), ["0 ready", "1 failed: the port is taken"]);
  isTaken = false;
  await tell(1, { kind: "stop" });
  await tell(2, initOf("page"));
  assert.equal(contexts.length, 2, "not while the former one holds what it held");
  stopped.resolve();
  await tell(0, { kind: "ping", seq: 1 });
  assert.deepEqual(said, ["0 pong", "1 stopped", "2 ready"]);
});

Deno.test("GroupHost gives the worker up when one does not let go, not 1 ms before its time", async () => {
  const { clock, givenUp, said, tell } = worker({ stop: () => new Promise(() => {}) });
  await tell(0, initOf("page"));
  await tell(0, { kind: "stop" });
  await tell(1, initOf("page"));
  await clock.advance(LETS_GO_WITHIN_MS - 1);
  assert.deepEqual(givenUp, []);
  await clock.advance(1);
  assert.match(givenUp.join(), /"page" does not stop/);
  assert.match(said.join(), /1 failed: "page" does not stop/);
});

Deno.test("GroupHost refuses a service that has no place in it, and is not held up by it", async () => {
  const { said, givenUp, clock, tell } = worker();
  await tell(0, initOf("policy"));
  await tell(0, { kind: "stop" });
  await tell(1, initOf("policy"));
  await clock.advance(LETS_GO_WITHIN_MS);
  assert.match(said.join(), /0 failed: .*"policy".*,1 failed: .*"policy"/);
  assert.deepEqual(givenUp, []);
});

import assert from "node:assert/strict";
import { settle, TestClock } from "../../lib/time/test_clock.ts";
import { memoryLog } from "../../lib/testing.ts";
import type { HostCommands } from "../settings/host_commands.ts";
import type { RunRecord } from "./run_record.ts";
import type { ShutdownOrder } from "./shutdown_order.ts";
import { ShutdownRun, STILL_UP_MS } from "./shutdown_run.ts";
import { FakeRunner, LAST, steps, testHostTime } from "../testing.ts";

/** The agent counts by itself, as for hibernation and the owner's own command. */
const COUNTS: HostCommands["last"] = { schedule: () => [], now: [["off"], ["really-off"]], returns: false };

function begin(
  commands: HostCommands,
  order: Partial<ShutdownOrder> = {},
  { resumed, clock = new TestClock(), runner = new FakeRunner(), watchesEnd = true }: {
    resumed?: RunRecord;
    clock?: TestClock;
    runner?: FakeRunner;
    watchesEnd?: boolean;
  } = {},
) {
  const told: string[] = [];
  const kept: { record: RunRecord | undefined } = { record: resumed };
  const time = testHostTime(clock);
  const run = new ShutdownRun({ id: "c1", source: "command", delaySec: 60, isDrill: false, ...order }, {
    runner,
    commands,
    clock,
    time,
    log: memoryLog("agent"),
    tell: (status, detail) => void told.push(`${status}: ${detail}`),
    save: (record) => void (kept.record = record),
    watchesEnd,
  }, resumed);
  const over = run.go();
  return { run, over, told, kept, clock, time, runner };
}

Deno.test("ShutdownRun stops at a failed preparation when its owner chose so, and the host stays up", async () => {
  const runner = new FakeRunner();
  runner.results.set("stop-db", { kind: "ended", code: 1 });
  const before = steps("stop-db", "sync").map((step) => ({ ...step, onFailure: "stop" as const }));
  const h = begin({ before, last: LAST }, {}, { runner });
  await h.over;
  assert.deepEqual(h.runner.ran, ["stop-db"]);
  assert.match(h.told.at(-1) ?? "", /^failed: 1 of 2: stop-db: ended with code 1; no shutdown/);
  assert.equal(h.run.phase, "over");
  assert.equal(h.kept.record, undefined);
});

Deno.test("ShutdownRun tries the next program when the system cannot schedule, and counts by itself when none can", async () => {
  const runner = new FakeRunner();
  runner.results.set("shutdown 60", { kind: "failed", text: "not found" });
  runner.results.set("shutdown-later 60", { kind: "ended", code: 1 });
  const h = begin({ before: [], last: LAST }, {}, { runner });
  await settle();
  assert.equal(h.run.phase, "waiting");
  await h.clock.advance(59_999);
  assert.deepEqual(h.runner.ran, ["shutdown 60", "shutdown-later 60"]);
  await h.clock.advance(1);
  assert.equal(h.runner.ran.at(-1), "off");
  assert.equal(h.run.phase, "shutting_down");
  h.run.leave();
  await h.over;
});

Deno.test("ShutdownRun tries everything five times before it gives up, and says so", async () => {
  const runner = new FakeRunner();
  for (const line of ["off", "really-off"]) runner.results.set(line, { kind: "ended", code: 1 });
  const h = begin({ before: [], last: COUNTS }, { delaySec: 0 }, { runner });
  await h.clock.advance(40_000);
  await h.over;
  assert.deepEqual(h.runner.ran, Array.from({ length: 5 }, () => ["off", "really-off"]).flat());
  assert.equal(h.run.phase, "over");
  assert.match(h.told.at(-1) ?? "", /^failed: nothing could switch this host off/);
});

const OWN: HostCommands["last"] = {
  schedule: () => [],
  now: [["own"]],
  instead: [["off"], ["really-off"]],
  returns: false,
};

Deno.test("ShutdownRun uses the system's own shutdown when the owner's command failed three times, and says so", async () => {
  const runner = new FakeRunner();
  runner.results.set("own", { kind: "failed", text: "sudo: no new privileges" });
  const h = begin({ before: [], last: OWN }, { delaySec: 0 }, { runner });
  await h.clock.advance(19_999);
  assert.deepEqual(h.runner.ran, ["own", "own"]);
  await h.clock.advance(1);
  assert.deepEqual(h.runner.ran, ["own", "own", "own", "off"]);
  assert.equal(h.run.phase, "shutting_down");
  assert.ok(
    h.told.includes("failed: own failed 3 times; the system's own shutdown is used instead"),
    h.told.join("\n"),
  );
  assert.equal(h.told.at(-1), "shutting_down: off");
  h.run.leave();
  await h.over;
});

Deno.test("ShutdownRun leaves the system's own shutdown alone when the owner's command works at its last try", async () => {
  const runner = new FakeRunner();
  runner.results.set("own", { kind: "ended", code: 1 });
  const h = begin({ before: [], last: OWN }, { delaySec: 0 }, { runner });
  await h.clock.advance(10_000);
  runner.results.delete("own");
  await h.clock.advance(10_000);
  assert.deepEqual(h.runner.ran, ["own", "own", "own"]);
  assert.equal(h.told.at(-1), "shutting_down: own");
  h.run.leave();
  await h.over;
});

Deno.test("ShutdownRun that is called off while the owner's command fails never reaches the system's own", async () => {
  const runner = new FakeRunner();
  runner.results.set("own", { kind: "ended", code: 1 });
  const h = begin({ before: [], last: OWN }, { delaySec: 0 }, { runner });
  await h.clock.advance(19_999);
  assert.equal((await h.run.callOff()).done, true);
  await h.clock.advance(60_000);
  await h.over;
  assert.deepEqual(h.runner.ran, ["own", "own"]);
});

Deno.test("ShutdownRun calls off by the system's own means when the owner's fails and the system counts", async () => {
  const runner = new FakeRunner();
  runner.results.set("my-on", { kind: "ended", code: 1 });
  const last = { ...LAST, cancel: ["my-on"], cancelInstead: ["cancel"] };
  const h = begin({ before: [], last }, {}, { runner });
  await settle();
  const { done, detail } = await h.run.callOff();
  assert.equal(done, true);
  assert.equal(detail, "my-on: ended with code 1; instead: cancel");
  assert.deepEqual(h.runner.ran.slice(-2), ["my-on", "cancel"]);
  await h.over;
});

const phases: readonly [
  name: string,
  delaySec: number,
  last: HostCommands["last"],
  endless: string[],
  wanted: RegExp,
  ran: string[],
][] = [
  ["preparing", 60, LAST, ["stop-db"], /^true stopped before the shutdown; of 2 preparations 1 had begun/, [
    "stop-db",
  ]],
  ["waiting", 60, COUNTS, [], /^true stopped before the shutdown; 2 preparations have run and stay done/, [
    "stop-db",
    "sync",
  ]],
  ["counted by the system", 60, LAST, [], /^true cancel; 2 preparations have run/, [
    "stop-db",
    "sync",
    "shutdown 60",
    "cancel",
  ]],
  ["going down", 0, LAST, [], /^false cancel came too late/, ["stop-db", "sync", "off", "cancel"]],
  [
    "going down by a command that cannot be undone",
    0,
    COUNTS,
    [],
    /^false the shutdown command has run and cannot be undone/,
    ["stop-db", "sync", "off"],
  ],
];
for (const [name, delaySec, last, endless, wanted, ran] of phases) {
  Deno.test(`ShutdownRun.callOff() while ${name} undoes what it can and says what not`, async () => {
    const runner = new FakeRunner();
    for (const line of endless) runner.endless.add(line);
    const h = begin({ before: steps("stop-db", "sync"), last }, { delaySec }, { runner });
    await settle();
    await h.clock.advance(1000);
    const { done, detail } = await h.run.callOff();
    assert.match(`${done} ${detail}`, wanted);
    assert.deepEqual(h.runner.ran, ran);
    if (done) assert.equal(h.kept.record, undefined);
    else h.run.leave();
    await h.over;
    assert.equal(h.clock.pending, 0);
  });
}

Deno.test("ShutdownRun.callOff() while the system's program runs waits for it and undoes what it did", async () => {
  const runner = new FakeRunner();
  runner.held.add("shutdown 60");
  const h = begin({ before: [], last: LAST }, {}, { runner });
  await settle();
  const off = h.run.callOff();
  await settle();
  assert.deepEqual(h.runner.ran, ["shutdown 60"]);
  await runner.release("shutdown 60");
  assert.equal((await off).done, true);
  assert.deepEqual(h.runner.ran, ["shutdown 60", "cancel"]);
  await h.over;
});

Deno.test("ShutdownRun.callOff() while a program of the last step fails lets no other follow", async () => {
  for (const last of [LAST, COUNTS]) {
    const runner = new FakeRunner();
    runner.held.add("shutdown 60").add("off");
    const h = begin({ before: [], last }, { delaySec: last === LAST ? 60 : 0 }, { runner });
    await settle();
    const off = h.run.callOff();
    await runner.release(last === LAST ? "shutdown 60" : "off", { kind: "ended", code: 1 });
    assert.equal((await off).done, true);
    await h.over;
    assert.equal(h.runner.ran.length, 1);
  }
});

Deno.test("ShutdownRun.callOff() that the system refused can be asked again", async () => {
  const h = begin({ before: [], last: LAST });
  await settle();
  h.runner.results.set("cancel", { kind: "ended", code: 1 });
  assert.equal((await h.run.callOff()).done, false);
  h.runner.results.clear();
  assert.equal((await h.run.callOff()).done, true);
  await h.over;
});

Deno.test("ShutdownRun says that the host is still up, so that it is not thought down", async () => {
  const h = begin({ before: [], last: LAST });
  await h.clock.advance(60_000 + STILL_UP_MS - 1);
  assert.equal(h.run.phase, "shutting_down");
  await h.clock.advance(1);
  await h.over;
  assert.equal(h.run.phase, "over");
  assert.match(h.told.at(-1) ?? "", /^failed: still up 180 s after the end/);
});

Deno.test("ShutdownRun of a host that hibernated is over when it wakes", async () => {
  const h = begin({ before: [], last: { ...COUNTS, returns: true } }, { delaySec: 0 });
  await settle();
  h.time.sleptMs += 3_600_000;
  await h.clock.advance(5000);
  await h.over;
  assert.match(h.told.at(-1) ?? "", /^done: this host hibernated/);
});

const resumes: readonly [name: string, record: Partial<RunRecord>, ranFirst: string[]][] = [
  ["a preparation again that was cut short", { phase: "preparing", step: 1, tries: 1 }, [
    "sync",
    "shutdown 60",
  ]],
  ["after a preparation that ended the agent twice", { phase: "preparing", step: 1, tries: 2 }, [
    "shutdown 60",
  ]],
  ["the count", { phase: "waiting", step: 2, tries: 0, due_uptime_ms: 36_000_000 + 30_000 }, []],
  ["nothing that the system counts already", {
    phase: "shutting_down",
    step: 2,
    tries: 0,
    due_uptime_ms: 36_030_000,
  }, []],
];
for (const [name, record, ranFirst] of resumes) {
  Deno.test(`ShutdownRun of an agent that was restarted goes on with ${name}`, async () => {
    const resumed: RunRecord = {
      id: "c1",
      source: "command",
      boot_id: "boot",
      delay_sec: 60,
      phase: "preparing",
      step: 0,
      tries: 0,
      watched_uptime_ms: 36_000_000,
      ...record,
    };
    const h = begin({ before: steps("stop-db", "sync"), last: LAST }, {}, { resumed });
    await settle();
    assert.deepEqual(h.runner.ran, ranFirst);
    if (resumed.phase === "waiting") {
      await h.clock.advance(30_000);
      assert.deepEqual(h.runner.ran, ["off"]);
    } else {assert.deepEqual(
        await h.run.callOff(),
        await Promise.resolve({ done: true, detail: "cancel; 2 preparations have run and stay done" }),
      );}
    h.run.leave();
    await h.over;
  });
}

Deno.test("ShutdownRun that lay still for too long is given up: the grid may be back, the abort lost", async () => {
  const resumed: RunRecord = {
    id: "c1",
    source: "command",
    boot_id: "boot",
    delay_sec: 60,
    phase: "preparing",
    step: 0,
    tries: 1,
    watched_uptime_ms: 36_000_000 - 600_001,
  };
  const prepared = begin({ before: steps("stop-db"), last: LAST }, {}, { resumed });
  await prepared.over;
  assert.deepEqual(prepared.runner.ran, []);
  assert.match(prepared.told.at(-1) ?? "", /^failed: .*it was given up/);
  const waited = begin({ before: [], last: COUNTS }, {}, {
    resumed: { ...resumed, phase: "waiting", due_uptime_ms: 36_000_000 - 600_001 },
  });
  await waited.over;
  assert.deepEqual(waited.runner.ran, []);
  const slept = begin({ before: [], last: COUNTS });
  await settle();
  slept.time.sleptMs += 3_600_000;
  await slept.clock.advance(5000);
  await slept.over;
  assert.deepEqual(slept.runner.ran, []);
});

const later = (delaySec: number): ShutdownOrder => ({
  id: "c2",
  source: "command",
  delaySec,
  isDrill: false,
});

Deno.test("ShutdownRun.join() lets a later order end earlier, never later", async () => {
  const counted = begin({ before: [], last: COUNTS }, { delaySec: 600 });
  await settle();
  await counted.run.join(later(900));
  await counted.run.join(later(30));
  await counted.clock.advance(30_000);
  assert.deepEqual(counted.runner.ran, ["off"]);
  counted.run.leave();
  await counted.over;
  const scheduled = begin({ before: [], last: LAST }, { delaySec: 600 });
  await settle();
  await scheduled.run.join(later(900));
  assert.deepEqual(scheduled.runner.ran, ["shutdown 600"]);
  await scheduled.run.join(later(30));
  assert.deepEqual(scheduled.runner.ran, ["shutdown 600", "cancel", "shutdown 30"]);
  scheduled.run.leave();
  await scheduled.over;
});

Deno.test("ShutdownRun.join() keeps on disk whose order it is now: what a command asked for is no plan's alone", async () => {
  const alone = begin({ before: [], last: COUNTS }, { id: "p1", source: "plan" });
  await settle();
  assert.equal(alone.kept.record?.source, "plan");
  await alone.run.join(later(600));
  assert.deepEqual([alone.kept.record?.id, alone.kept.record?.source], ["c2", "command"]);
  assert.equal(alone.kept.record?.due_uptime_ms, 36_060_000);
  await alone.run.join({ ...later(600), id: "p2", source: "plan" });
  assert.deepEqual([alone.kept.record?.id, alone.kept.record?.source], ["p2", "command"]);
  alone.run.leave();
  await alone.over;
});

Deno.test("ShutdownRun in rehearsal stays as it is: the host is up, and that is right", async () => {
  const h = begin({ before: [], last: LAST }, {}, { watchesEnd: false });
  await h.over;
  assert.equal(h.run.phase, "shutting_down");
  assert.equal((await h.run.callOff()).done, true);
});

Deno.test("ShutdownRun hastens as soon as the program has ended that lets the system count the longer delay", async () => {
  const runner = new FakeRunner();
  runner.held.add("shutdown 60");
  const h = begin({ before: [], last: LAST }, {}, { runner });
  await settle();
  await h.run.join(later(10));
  assert.deepEqual(h.runner.ran, ["shutdown 60"], "what it does must be known first");
  await h.runner.release("shutdown 60");
  await settle();
  assert.deepEqual(h.runner.ran, ["shutdown 60", "cancel", "shutdown 10"]);
  assert.equal(h.kept.record?.due_uptime_ms, h.time.uptimeMs() + 10_000);
  h.run.leave();
  await h.over;
});

Deno.test("ShutdownRun lets the system's longer delay be when a longer one joins meanwhile", async () => {
  const runner = new FakeRunner();
  runner.held.add("shutdown 60");
  const h = begin({ before: [], last: LAST }, {}, { runner });
  await settle();
  await h.run.join(later(600));
  await h.runner.release("shutdown 60");
  await settle();
  assert.deepEqual(h.runner.ran, ["shutdown 60"]);
  assert.equal(h.kept.record?.due_uptime_ms, h.time.uptimeMs() + 60_000);
  h.run.leave();
  await h.over;
});

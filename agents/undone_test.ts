import assert from "node:assert/strict";
import { settle, TestClock } from "../lib/time/test_clock.ts";
import { memoryLog } from "../lib/testing.ts";
import { lastStep } from "./settings/host_commands.ts";
import { linuxPlatform } from "./platform/linux.ts";
import { FAREWELL, type HostPlatform } from "./platform/platform.ts";
import { WINDOWS } from "./platform/windows.ts";
import type { RunRecord } from "./shutdown/run_record.ts";
import { ShutdownRun, STILL_UP_MS } from "./shutdown/shutdown_run.ts";
import { FakeRunner, testHostTime } from "./testing.ts";

const count = (sec: number) => `shutdown.exe /s /f /t ${sec} /c ${FAREWELL}`;
const CANCEL = "shutdown.exe /a";
const QUESTION = "test -e /run/systemd/shutdown/scheduled";

function begin(platform: HostPlatform, delaySec: number, codes: Readonly<Record<string, number>> = {}) {
  const clock = new TestClock();
  const runner = new FakeRunner();
  const answer = (line: string, code: number) => void runner.results.set(line, { kind: "ended", code });
  for (const [line, code] of Object.entries(codes)) answer(line, code);
  const told: string[] = [];
  const kept: { record: RunRecord | undefined } = { record: undefined };
  const run = new ShutdownRun({ id: "c1", source: "command", delaySec, isDrill: false }, {
    runner,
    commands: { before: [], last: lastStep(platform, { mode: "poweroff" }) },
    clock,
    time: testHostTime(clock),
    log: memoryLog("agent"),
    tell: (status, detail) => void told.push(`${status}: ${detail}`),
    save: (record) => void (kept.record = record),
    watchesEnd: true,
  });
  return { run, over: run.go(), clock, runner, told, kept, answer };
}

Deno.test("ShutdownRun on Windows takes another's count away (1190) and sets its own", async () => {
  const h = begin(WINDOWS, 60, { [count(60)]: 1190 });
  await settle();
  assert.deepEqual(h.runner.ran.slice(0, 3), [count(60), CANCEL, count(60)]);
  h.run.leave();
  await h.over;
});

Deno.test("ShutdownRun on Windows runs its program once where nobody counts", async () => {
  const h = begin(WINDOWS, 60);
  await settle();
  assert.deepEqual(h.runner.ran, [count(60)]);
  h.run.leave();
  await h.over;
});

Deno.test("ShutdownRun on Windows takes a system that goes down already (1115) for what was wanted, and sees when it does not", async () => {
  const now = `shutdown.exe /s /f /t 0 /c ${FAREWELL}`;
  const h = begin(WINDOWS, 0, { [now]: 1115 });
  await settle();
  assert.deepEqual(h.runner.ran, [now]);
  assert.equal(h.run.phase, "shutting_down");
  assert.deepEqual(h.told, [`shutting_down: ${now}`]);
  await h.clock.advance(STILL_UP_MS);
  await h.over;
  assert.match(h.told.at(-1) ?? "", /^failed: still up 180 s after the end/);
});

Deno.test("ShutdownRun on Windows counts by itself when the system goes down already, and says what the code means", async () => {
  const now = `shutdown.exe /s /f /t 0 /c ${FAREWELL}`;
  const h = begin(WINDOWS, 60, { [count(60)]: 1115, [now]: 1115 });
  await h.clock.advance(60_000);
  assert.deepEqual(h.runner.ran, [count(60), now]);
  assert.match(h.told[0] ?? "", /ended with code 1115 \(the system is going down already\)$/);
  assert.equal(h.told.at(-1), `shutting_down: ${now}`);
  h.run.leave();
  await h.over;
});

Deno.test("ShutdownRun on Windows without the right to it (5) says so, and tries every program", async () => {
  const programs = WINDOWS.powerOffNow.map((argv) => argv.join(" "));
  const h = begin(WINDOWS, 0, Object.fromEntries(programs.map((line) => [line, 5])));
  await h.clock.advance(60_000);
  await h.over;
  assert.equal(h.runner.ran.length, programs.length * 5);
  assert.match(
    h.told[0] ?? "",
    /ended with code 5 \(access denied: the agent must run as SYSTEM or administrator\)$/,
  );
  assert.match(h.told.at(-1) ?? "", /nothing could switch this host off/);
});

const aborts: readonly [name: string, code: number, afterMs: number, done: boolean, detail: RegExp][] = [
  ["with 0 is done", 0, 1000, true, /^shutdown.exe \/a/],
  ["with 1116 found it undone by others", 1116, 1000, true, /^it was undone on the host itself/],
  ["with another code is not done", 5, 1000, false, /ended with code 5/],
  ["with 1116 after the end proves nothing", 1116, 60_000, false, /ended with code 1116/],
];
for (const [name, code, afterMs, done, detail] of aborts) {
  Deno.test(`ShutdownRun.callOff() on Windows ${name}`, async () => {
    const h = begin(WINDOWS, 60, { [CANCEL]: code });
    // What still counts refuses the question; see the next tests.
    for (let sec = 1; sec < 60; sec++) h.answer(count(sec), 1190);
    await h.clock.advance(afterMs);
    const result = await h.run.callOff();
    assert.equal(result.done, done);
    assert.match(result.detail, detail);
    h.run.leave();
    await h.over;
  });
}

Deno.test("ShutdownRun on Windows notices within 15 s that others undid its shutdown, and leaves no count behind", async () => {
  const h = begin(WINDOWS, 120);
  await settle();
  h.answer(count(105), 1190);
  await h.clock.advance(15_000);
  assert.equal(h.run.phase, "shutting_down");
  // Undone now: the next question is taken for a new count.
  await h.clock.advance(15_000);
  await h.over;
  assert.deepEqual(h.runner.ran, [count(120), count(105), count(90), CANCEL]);
  assert.equal(h.run.phase, "over");
  assert.equal(h.kept.record, undefined);
  assert.match(h.told.at(-1) ?? "", /^failed: the shutdown was undone on the host itself/);
});

const questions: readonly [name: string, code: number, phase: string][] = [
  ["goes on while logind counts", 0, "shutting_down"],
  ["is over when logind counts no more", 1, "over"],
  ["goes on when the question itself fails", 2, "shutting_down"],
];
for (const [name, code, phase] of questions) {
  Deno.test(`ShutdownRun on Linux ${name}`, async () => {
    const h = begin(linuxPlatform(true), 60, { [QUESTION]: code });
    await h.clock.advance(15_000);
    assert.equal(h.run.phase, phase);
    assert.ok(h.runner.ran.includes(QUESTION));
    h.run.leave();
    await h.over;
  });
}

Deno.test("ShutdownRun asks no more when less than 10 s are left: a question must not begin a count that ends the host", async () => {
  const h = begin(WINDOWS, 24);
  await h.clock.advance(24_000 + STILL_UP_MS);
  await h.over;
  assert.deepEqual(h.runner.ran, [count(24)]);
});

Deno.test("ShutdownRun with the owner's own abort reads nothing from its codes", () => {
  assert.equal(lastStep(WINDOWS, { mode: "poweroff", ownAbort: ["mine"] }).codes, undefined);
  assert.equal(lastStep(WINDOWS, { mode: "poweroff", ownShutdown: ["mine"] }).codes, undefined);
});

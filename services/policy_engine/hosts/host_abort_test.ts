import assert from "node:assert/strict";
import { callOff, goOnCallingOff } from "./host_abort.ts";
import type { HostPhase, HostState } from "./host_phase.ts";

const T = 5_000_000;
const RULES = { cooldownMs: 300_000, abortWindowMs: 120_000, shutdownDelayMs: 60_000 };
const IDLE: HostState = { phase: { kind: "idle" }, online: true };
const first = (known: Parameters<typeof callOff>[4] = {}) => callOff(IDLE, "s1", T, () => "a1", known);
const goOn = (known: Parameters<typeof callOff>[4], afterMs: number) => {
  const { state } = first(known);
  return goOnCallingOff(
    state,
    state.phase as HostPhase & { kind: "aborting" },
    RULES,
    T + afterMs,
    () => "a2",
  );
};

Deno.test("callOff() sends the first abort, and keeps what is known of the host", () => {
  const { state, effects } = first({ isTaken: true });
  const phase = {
    kind: "aborting",
    shutdownId: "s1",
    abortId: "a1",
    sinceMonoMs: T,
    sentMonoMs: T,
    isTaken: true,
  };
  assert.deepEqual(state, { phase, online: true });
  assert.deepEqual(effects, [{ kind: "send", action: "abort", commandId: "a1" }]);
});

Deno.test("goOnCallingOff() repeats the abort each 15 s, with an id of its own", () => {
  assert.deepEqual(goOn({}, 14_999).effects, []);
  const { state, effects } = goOn({}, 15_000);
  assert.deepEqual(effects, [{ kind: "send", action: "abort", commandId: "a2", isRepeat: true }]);
  assert.deepEqual(state.phase, { ...first().state.phase, abortId: "a2", sentMonoMs: T + 15_000 });
});

const DOWN = { kind: "down", commandId: "s1", commandedMonoMs: T, sinceMonoMs: T };
for (
  const [name, known, phase, isTold] of [
    ["has taken the command and was not seen going", { isTaken: true }, { kind: "idle" }, true],
    ["never answered", {}, { kind: "idle" }, true],
    ["was down before", { wasDown: true }, DOWN, false],
    ["went all the same", { wasDown: true, isTaken: true }, DOWN, true],
  ] as const
) {
  Deno.test(`goOnCallingOff() gives up at the end of the window on a host that ${name}`, () => {
    assert.equal(goOn(known, 119_999).state.phase.kind, "aborting");
    const { state, effects } = goOn(known, 120_000);
    assert.deepEqual(state.phase, phase);
    assert.deepEqual(effects, isTold ? [{ kind: "not_aborted" }] : []);
  });
}

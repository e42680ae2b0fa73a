/** Calls a host off: the abort, its repeats, and what is thought of a host that never answers. Pure; times are monotonic ms. */
import { ABORT_REPEAT_MS, type HostPhase, type HostState, type HostStep, stay, to } from "./host_phase.ts";
import type { HostRules } from "../rules/host_rules.ts";

type Aborting = HostPhase & { kind: "aborting" };

/** The first abort. @param known What the host had made of its shutdown, as far as anybody knows */
export function callOff(
  state: HostState,
  shutdownId: string,
  nowMonoMs: number,
  newId: () => string,
  known: Pick<Aborting, "isTaken" | "wasDown">,
): HostStep {
  const abortId = newId();
  return to(state, {
    kind: "aborting",
    shutdownId,
    abortId,
    sinceMonoMs: nowMonoMs,
    sentMonoMs: nowMonoMs,
    ...known,
  }, { kind: "send", action: "abort", commandId: abortId });
}

/** Waits for the answer, repeats the abort, and gives it up at the end of the window. */
export function goOnCallingOff(
  state: HostState,
  phase: Aborting,
  rules: HostRules,
  nowMonoMs: number,
  newId: () => string,
): HostStep {
  if (nowMonoMs - phase.sinceMonoMs >= rules.abortWindowMs) {
    if (phase.wasDown) {
      const { shutdownId: commandId, sinceMonoMs } = phase;
      const down: HostPhase = { kind: "down", commandId, commandedMonoMs: sinceMonoMs, sinceMonoMs };
      return phase.isTaken ? to(state, down, { kind: "not_aborted" }) : to(state, down);
    }
    return to(state, { kind: "idle" }, { kind: "not_aborted" });
  }
  if (nowMonoMs - phase.sentMonoMs < ABORT_REPEAT_MS) return stay(state);
  return repeatAbort(state, phase, nowMonoMs, newId);
}

/** The abort again, with an id of its own. */
export function repeatAbort(
  state: HostState,
  phase: Aborting,
  nowMonoMs: number,
  newId: () => string,
): HostStep {
  const abortId = newId();
  return to(state, { ...phase, abortId, sentMonoMs: nowMonoMs }, {
    kind: "send",
    action: "abort",
    commandId: abortId,
    isRepeat: true,
  });
}

/** What is heard of a host, and what it proves: presence, answers, its going. Pure; times are monotonic ms. */
import { repeatAbort } from "./host_abort.ts";
import {
  type HostInput,
  type HostPhase,
  type HostState,
  type HostStep,
  RESEND_AFTER_MS,
  stay,
  to,
} from "./host_phase.ts";

type Commanded = HostPhase & { kind: "commanded" };
type Ack = HostInput & { kind: "ack" };

/** Its agent came online, or is gone. @param state Already with what was heard */
export function heardPresence(
  state: HostState,
  { isLive }: HostInput & { kind: "presence" },
  wasOnline: boolean | undefined,
  nowMonoMs: number,
  newId: () => string,
): HostStep {
  const { phase, online } = state;
  if (hasGone(state)) return goneDown(state, state.phase, nowMonoMs);
  if (!online) {
    const isTooLate = phase.kind === "aborting" && phase.isTaken;
    return isTooLate ? to(state, { ...phase, wasDown: true }) : stay(state);
  }
  const hasComeBack = wasOnline === false;
  switch (phase.kind) {
    case "waking":
      return isLive ? to(state, { kind: "idle" }, { kind: "is_awake" }) : stay(state);
    case "aborting":
      // It may just hear the shutdown that waited for it: call it off at once.
      return hasComeBack
        ? repeatAbort(state, { ...phase, wasDown: undefined }, nowMonoMs, newId)
        : stay(state);
    case "commanded": {
      // Its session at the broker may be new and the command lost; the same id is obeyed once.
      const isDue = hasComeBack && phase.answer === "none" &&
        nowMonoMs - phase.commandedMonoMs >= RESEND_AFTER_MS;
      // The tick repeats it, if it is still wanted and may be said.
      return isDue ? to(state, { ...phase, delivery: "lost" }) : stay(state);
    }
    default:
      // A host that was down and is back: the next tick decides, it knows what is wanted.
      return stay(state);
  }
}

/** What the host answered to a command. */
export function heardAck(before: HostState, ack: Ack): HostStep {
  const state = seenBy(before, ack);
  const { commandId, status, detail } = ack;
  const { phase } = state;
  if (phase.kind === "commanded" && commandId === phase.commandId) {
    // The answer to a repeat of a command that it has taken already.
    if (status === "rejected" && isTaken(phase)) return stay(state);
    if (status === "rejected" && phase.answer === "none" && detail?.startsWith("repeated")) {
      // It obeyed the first one, and its answer was lost.
      return to(state, { ...phase, answer: "accepted", delivery: "done", wasDown: undefined, detail });
    }
    const answer = status === "running" ? "accepted" : status;
    const heard = { ...phase, detail, delivery: "done", wasDown: undefined } as const;
    // Somebody else called it off, or it only drilled: it is not going down.
    if (answer === "aborted" || answer === "done") return to(state, { ...heard, answer: "failed" });
    // A failed preparation is passed over by the agent; what comes after it says how it really ended.
    return to(state, { ...heard, answer });
  }
  if (phase.kind !== "aborting") return stay(state);
  const isAborted = status === "aborted" &&
    (commandId === phase.shutdownId || commandId === phase.abortId);
  if (isAborted) return to(state, { kind: "idle" }, { kind: "is_aborted" });
  const isTaking = commandId === phase.shutdownId &&
    (status === "accepted" || status === "running" || status === "shutting_down");
  if (!phase.wasDown && !isTaking) return stay(state);
  return to(state, { ...phase, wasDown: undefined, isTaken: isTaking || phase.isTaken });
}

/**
 * Who takes the command that counts is there, although its "online" may come after its answer: the broker hands a waiting
 * command over as soon as a host connects. Only a going after it is the proof.
 */
function seenBy(state: HostState, { commandId, status }: Ack): HostState {
  const { phase, online } = state;
  const isTaking = phase.kind === "commanded" && phase.commandId === commandId && phase.answer === "none" &&
    (status === "accepted" || status === "running");
  return isTaking && online === false ? { ...state, online: true } : state;
}

/** The broker has a command. */
export function wasDelivered(state: HostState, commandId: string): HostStep {
  const { phase } = state;
  if (phase.kind !== "commanded" || phase.commandId !== commandId) return stay(state);
  return to(state, { ...phase, delivery: "done", detail: phase.refused ? undefined : phase.detail });
}

/** The broker did not take a command. */
export function wasRefused(
  state: HostState,
  { commandId, reason }: HostInput & { kind: "undelivered" },
  nowMonoMs: number,
): HostStep {
  const { phase } = state;
  // What the host itself has answered has reached it.
  if (phase.kind !== "commanded" || phase.commandId !== commandId || phase.delivery === "done") {
    return stay(state);
  }
  const refused = { times: (phase.refused?.times ?? 0) + 1, atMonoMs: nowMonoMs };
  return to(state, { ...phase, delivery: "refused", refused, detail: reason });
}

/** It took the command and is offline: that is the proof. */
export function hasGone(state: HostState): state is HostState & { phase: Commanded } {
  const { phase, online } = state;
  return phase.kind === "commanded" && online === false && isTaken(phase);
}

/** Whether it said that it does what it was told. */
export function isTaken({ answer }: Commanded): boolean {
  return answer === "accepted" || answer === "shutting_down";
}

/** It went as it was told. */
export function goneDown(
  state: HostState,
  { commandId, firstCommandedMonoMs }: Commanded,
  nowMonoMs: number,
): HostStep {
  return to(
    state,
    { kind: "down", commandId, commandedMonoMs: firstCommandedMonoMs, sinceMonoMs: nowMonoMs },
    {
      kind: "is_down",
      tookMs: nowMonoMs - firstCommandedMonoMs,
    },
  );
}

/** One host on its way down and back: told, answered, down, called off, woken. Pure. Times are monotonic ms. */
import {
  ABORT_REPEAT_MS,
  type HostEffect,
  type HostInput,
  type HostPhase,
  type HostRules,
  type HostState,
  PREPARATIONS_MS,
  RESEND_AFTER_MS,
  WAKE_EVERY_MS,
  WAKE_LIMIT_MS,
  WAKE_PATIENCE_MS,
  WAKE_SLOWLY_EVERY_MS,
} from "./host_phase.ts";

interface Step {
  readonly state: HostState;
  readonly effects: readonly HostEffect[];
}

/** One step. `newId` makes the id of a command, if one is sent. */
export function stepHost(
  state: HostState,
  input: HostInput,
  rules: HostRules,
  nowMonoMs: number,
  newId: () => string,
): Step {
  switch (input.kind) {
    case "presence":
      return heardPresence({ ...state, online: input.online }, input, state.online, nowMonoMs, newId);
    case "ack":
      return heardAck(seenBy(state, input), input);
    case "delivered":
      return wasDelivered(state, input.commandId);
    case "tick":
      if (hasGone(state)) return goneDown(state, state.phase, nowMonoMs);
      return input.wanted === "down"
        ? wantDown(state, rules, nowMonoMs, newId)
        : wantUp(state, input.mayWake, rules, nowMonoMs, newId);
  }
}

const stay = (state: HostState): Step => ({ state, effects: [] });
const to = (state: HostState, phase: HostPhase, ...effects: HostEffect[]): Step => ({
  state: { ...state, phase },
  effects,
});

type Told = HostPhase & { kind: "told" };

/** It took the command and is offline: that is the proof. */
function hasGone(state: HostState): state is HostState & { phase: Told } {
  const { phase, online } = state;
  return phase.kind === "told" && online === false && isTaken(phase);
}

function isTaken({ answer }: Told): boolean {
  return answer === "accepted" || answer === "shutting_down";
}

function goneDown(state: HostState, { commandId, firstToldMonoMs }: Told, nowMonoMs: number): Step {
  return to(state, { kind: "down", commandId, toldMonoMs: firstToldMonoMs, sinceMonoMs: nowMonoMs }, {
    kind: "is_down",
    tookMs: nowMonoMs - firstToldMonoMs,
  });
}

function wantDown(state: HostState, rules: HostRules, nowMonoMs: number, newId: () => string): Step {
  const { phase } = state;
  const tell = (firstToldMonoMs: number, wasDown?: boolean): Step => {
    const commandId = newId();
    return to(state, {
      kind: "told",
      commandId,
      toldMonoMs: nowMonoMs,
      firstToldMonoMs,
      answer: "none",
      delivery: "waiting",
      wasDown,
    }, { kind: "send", action: "shutdown", commandId });
  };
  switch (phase.kind) {
    case "idle":
      return tell(nowMonoMs);
    case "calling_off":
      return tell(nowMonoMs, phase.wasDown);
    case "waking":
      // It may be on its way up: it hears this when its agent connects.
      return tell(nowMonoMs, true);
    case "down":
      return state.online ? tell(nowMonoMs, true) : stay(state);
    case "told": {
      const patienceMs = isTaken(phase)
        ? rules.cooldownMs + rules.shutdownDelayMs + PREPARATIONS_MS
        : rules.cooldownMs;
      if (nowMonoMs - phase.toldMonoMs >= patienceMs) return tell(phase.firstToldMonoMs, phase.wasDown);
      if (phase.delivery !== "lost") return stay(state);
      return to(state, { ...phase, delivery: "waiting" }, {
        kind: "send",
        action: "shutdown",
        commandId: phase.commandId,
        isRepeat: true,
      });
    }
  }
}

function wantUp(
  state: HostState,
  mayWake: boolean,
  rules: HostRules,
  nowMonoMs: number,
  newId: () => string,
): Step {
  const { phase } = state;
  switch (phase.kind) {
    case "idle":
      return stay(state);
    case "told":
      return callOff(state, phase.commandId, nowMonoMs, newId, {
        isTaken: isTaken(phase) || undefined,
        wasDown: phase.wasDown,
      });
    case "down": {
      if (state.online) {
        // Perhaps it only lost its network and its shutdown still runs: an abort does no harm to a host that has booted.
        const mayStillGo = nowMonoMs - phase.toldMonoMs < rules.shutdownDelayMs + PREPARATIONS_MS;
        return mayStillGo
          ? callOff(state, phase.commandId, nowMonoMs, newId, { isTaken: true })
          : to(state, { kind: "idle" });
      }
      if (!mayWake) return stay(state);
      const { commandId } = phase;
      return to(state, { kind: "waking", commandId, sinceMonoMs: nowMonoMs, sentMonoMs: nowMonoMs }, {
        kind: "wake",
      });
    }
    case "calling_off": {
      if (nowMonoMs - phase.sinceMonoMs >= rules.abortWindowMs) {
        if (phase.wasDown) {
          const { shutdownId: commandId, sinceMonoMs } = phase;
          const down: HostPhase = { kind: "down", commandId, toldMonoMs: sinceMonoMs, sinceMonoMs };
          return phase.isTaken ? to(state, down, { kind: "not_called_off" }) : to(state, down);
        }
        return to(state, { kind: "idle" }, { kind: "not_called_off" });
      }
      if (nowMonoMs - phase.sentMonoMs < ABORT_REPEAT_MS) return stay(state);
      return repeatAbort(state, phase, nowMonoMs, newId);
    }
    case "waking": {
      const forMs = nowMonoMs - phase.sinceMonoMs;
      if (forMs >= WAKE_LIMIT_MS) return to(state, { kind: "idle" }, { kind: "not_awake" });
      const everyMs = forMs < WAKE_PATIENCE_MS ? WAKE_EVERY_MS : WAKE_SLOWLY_EVERY_MS;
      if (!mayWake || nowMonoMs - phase.sentMonoMs < everyMs) return stay(state);
      return to(state, { ...phase, sentMonoMs: nowMonoMs }, { kind: "wake" });
    }
  }
}

function callOff(
  state: HostState,
  shutdownId: string,
  nowMonoMs: number,
  newId: () => string,
  known: Pick<HostPhase & { kind: "calling_off" }, "isTaken" | "wasDown">,
): Step {
  const abortId = newId();
  return to(state, {
    kind: "calling_off",
    shutdownId,
    abortId,
    sinceMonoMs: nowMonoMs,
    sentMonoMs: nowMonoMs,
    ...known,
  }, { kind: "send", action: "abort", commandId: abortId });
}

function repeatAbort(
  state: HostState,
  phase: HostPhase & { kind: "calling_off" },
  nowMonoMs: number,
  newId: () => string,
): Step {
  const abortId = newId();
  return to(state, { ...phase, abortId, sentMonoMs: nowMonoMs }, {
    kind: "send",
    action: "abort",
    commandId: abortId,
    isRepeat: true,
  });
}

function heardPresence(
  state: HostState,
  { isLive }: HostInput & { kind: "presence" },
  wasOnline: boolean | undefined,
  nowMonoMs: number,
  newId: () => string,
): Step {
  const { phase, online } = state;
  if (hasGone(state)) return goneDown(state, state.phase, nowMonoMs);
  if (!online) {
    const isTooLate = phase.kind === "calling_off" && phase.isTaken;
    return isTooLate ? to(state, { ...phase, wasDown: true }) : stay(state);
  }
  const hasComeBack = wasOnline === false;
  switch (phase.kind) {
    case "waking":
      return isLive ? to(state, { kind: "idle" }, { kind: "is_awake" }) : stay(state);
    case "calling_off":
      // It may just hear the shutdown that waited for it: call it off at once.
      return hasComeBack
        ? repeatAbort(state, { ...phase, wasDown: undefined }, nowMonoMs, newId)
        : stay(state);
    case "told": {
      // Its session at the broker may be new and the command lost; the same id is obeyed once.
      const isDue = hasComeBack && phase.answer === "none" && nowMonoMs - phase.toldMonoMs >= RESEND_AFTER_MS;
      // The tick repeats it, if it is still wanted and may be said.
      return isDue ? to(state, { ...phase, delivery: "lost" }) : stay(state);
    }
    default:
      // A host that was down and is back: the next tick decides, it knows what is wanted.
      return stay(state);
  }
}

function wasDelivered(state: HostState, commandId: string): Step {
  const { phase } = state;
  if (phase.kind !== "told" || phase.commandId !== commandId) return stay(state);
  return to(state, { ...phase, delivery: "done" });
}

/**
 * Who takes the command that counts is there, although its "online" may come after its answer: the broker hands a waiting
 * command over as soon as a host connects. Only a going after it is the proof.
 */
function seenBy(state: HostState, { commandId, status }: HostInput & { kind: "ack" }): HostState {
  const { phase, online } = state;
  const isTaking = phase.kind === "told" && phase.commandId === commandId && phase.answer === "none" &&
    (status === "accepted" || status === "running");
  return isTaking && online === false ? { ...state, online: true } : state;
}

function heardAck(state: HostState, { commandId, status, detail }: HostInput & { kind: "ack" }): Step {
  const { phase } = state;
  if (phase.kind === "told" && commandId === phase.commandId) {
    // The answer to a repeat of a command that it has taken already.
    if (status === "rejected" && isTaken(phase)) return stay(state);
    if (status === "rejected" && phase.answer === "none" && detail?.startsWith("repeated")) {
      // It obeyed the first one, and its word on that was lost.
      return to(state, { ...phase, answer: "accepted", delivery: "done", wasDown: undefined, detail });
    }
    const answer = status === "running" ? "accepted" : status;
    const heard = { ...phase, detail, delivery: "done", wasDown: undefined } as const;
    // Somebody else called it off, or it only drilled: it is not going down.
    if (answer === "aborted" || answer === "done") return to(state, { ...heard, answer: "failed" });
    // A failed preparation is passed over by the agent; what comes after it says how it really ended.
    return to(state, { ...heard, answer });
  }
  if (phase.kind !== "calling_off") return stay(state);
  const isAborted = status === "aborted" &&
    (commandId === phase.shutdownId || commandId === phase.abortId);
  if (isAborted) return to(state, { kind: "idle" }, { kind: "is_called_off" });
  const isTaking = commandId === phase.shutdownId &&
    (status === "accepted" || status === "running" || status === "shutting_down");
  if (!phase.wasDown && !isTaking) return stay(state);
  return to(state, { ...phase, wasDown: undefined, isTaken: isTaking || phase.isTaken });
}

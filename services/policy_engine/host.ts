/** One host on its way down and back: told, answered, down, called off. Pure. Times are monotonic ms. */

/** Where a host stands. */
export type HostPhase =
  /** Nobody told it anything that still counts. */
  | { readonly kind: "idle" }
  | {
    readonly kind: "told";
    readonly commandId: string;
    readonly toldMonoMs: number;
    readonly answer: "none" | "accepted" | "rejected" | "failed" | "shutting_down";
    readonly detail?: string;
  }
  /** It took the command and then went offline: proven down. */
  | { readonly kind: "down"; readonly commandId: string; readonly sinceMonoMs: number }
  | {
    readonly kind: "calling_off";
    readonly shutdownId: string;
    readonly abortId: string;
    readonly sinceMonoMs: number;
    readonly sentMonoMs: number;
  };

/** A host with what its agent shows of itself. */
export interface HostState {
  readonly phase: HostPhase;
  /** undefined: no agent of this name was ever seen. */
  readonly online?: boolean;
}

/** One thing that happens to a host. */
export type HostInput =
  | { readonly kind: "tick"; readonly wanted: "up" | "down" }
  | { readonly kind: "presence"; readonly online: boolean }
  | {
    readonly kind: "ack";
    readonly commandId: string;
    readonly status: "accepted" | "rejected" | "running" | "shutting_down" | "aborted" | "failed" | "done";
    readonly detail?: string;
  };

/** What is to be done. */
export type HostEffect =
  | { readonly kind: "send"; readonly action: "shutdown" | "abort"; readonly commandId: string }
  /** It went down as told. */
  | { readonly kind: "is_down" }
  | { readonly kind: "is_called_off" }
  /** The window is over and it never said that it was called off. */
  | { readonly kind: "not_called_off" };

/** The owner's times. */
export interface HostRules {
  /** Before a host that did not answer, or refused, is told again, ms. */
  readonly cooldownMs: number;
  /** How long it is called off, ms. */
  readonly abortWindowMs: number;
  /** Its shutdown delay, ms: how long it may stay online after it accepted. */
  readonly shutdownDelayMs: number;
}

/** An unanswered abort is sent again after this long, ms. */
export const ABORT_REPEAT_MS = 15_000;
/** Preparations of a host may take so long after it accepted before it is told again, ms, on top of its delay. */
export const PREPARATIONS_MS = 600_000;

/** One step. `newId` makes the id of a command, if one is sent. */
export function stepHost(
  state: HostState,
  input: HostInput,
  rules: HostRules,
  nowMonoMs: number,
  newId: () => string,
): { readonly state: HostState; readonly effects: readonly HostEffect[] } {
  switch (input.kind) {
    case "presence":
      return heardPresence({ ...state, online: input.online }, state.online, nowMonoMs, newId);
    case "ack":
      return heardAck(state, input);
    case "tick": {
      if (hasGone(state)) return goneDown(state, state.phase, nowMonoMs);
      const want = input.wanted === "down" ? wantDown : wantUp;
      return want(state, rules, nowMonoMs, newId);
    }
  }
}

/** It took the command and is offline: that is the proof. */
function hasGone(state: HostState): state is HostState & { phase: HostPhase & { kind: "told" } } {
  const { phase, online } = state;
  return phase.kind === "told" && online === false &&
    (phase.answer === "accepted" || phase.answer === "shutting_down");
}

function goneDown(state: HostState, { commandId }: HostPhase & { kind: "told" }, nowMonoMs: number): Step {
  const down: HostPhase = { kind: "down", commandId, sinceMonoMs: nowMonoMs };
  return { state: { ...state, phase: down }, effects: [{ kind: "is_down" }] };
}

type Step = ReturnType<typeof stepHost>;

function wantDown(state: HostState, rules: HostRules, nowMonoMs: number, newId: () => string): Step {
  const { phase } = state;
  const tell = (): Step => {
    const commandId = newId();
    const told: HostPhase = { kind: "told", commandId, toldMonoMs: nowMonoMs, answer: "none" };
    return { state: { ...state, phase: told }, effects: [{ kind: "send", action: "shutdown", commandId }] };
  };
  switch (phase.kind) {
    case "idle":
    case "calling_off":
      return tell();
    case "down":
      // It came up again in the middle of the outage; heardPresence has made it idle then.
      return { state, effects: [] };
    case "told": {
      const isTaken = phase.answer === "accepted" || phase.answer === "shutting_down";
      const patienceMs = isTaken
        ? rules.cooldownMs + rules.shutdownDelayMs + PREPARATIONS_MS
        : rules.cooldownMs;
      return nowMonoMs - phase.toldMonoMs >= patienceMs ? tell() : { state, effects: [] };
    }
  }
}

function wantUp(state: HostState, rules: HostRules, nowMonoMs: number, newId: () => string): Step {
  const { phase } = state;
  if (phase.kind === "told") {
    const abortId = newId();
    const next: HostPhase = {
      kind: "calling_off",
      shutdownId: phase.commandId,
      abortId,
      sinceMonoMs: nowMonoMs,
      sentMonoMs: nowMonoMs,
    };
    return {
      state: { ...state, phase: next },
      effects: [{ kind: "send", action: "abort", commandId: abortId }],
    };
  }
  if (phase.kind !== "calling_off") return { state, effects: [] };
  if (nowMonoMs - phase.sinceMonoMs >= rules.abortWindowMs) {
    return { state: { ...state, phase: { kind: "idle" } }, effects: [{ kind: "not_called_off" }] };
  }
  return nowMonoMs - phase.sentMonoMs >= ABORT_REPEAT_MS ? repeatAbort(state, phase, nowMonoMs, newId) : {
    state,
    effects: [],
  };
}

function repeatAbort(
  state: HostState,
  phase: HostPhase & { kind: "calling_off" },
  nowMonoMs: number,
  newId: () => string,
): Step {
  const abortId = newId();
  return {
    state: { ...state, phase: { ...phase, abortId, sentMonoMs: nowMonoMs } },
    effects: [{ kind: "send", action: "abort", commandId: abortId }],
  };
}

function heardPresence(
  state: HostState,
  wasOnline: boolean | undefined,
  nowMonoMs: number,
  newId: () => string,
): Step {
  const { phase, online } = state;
  if (hasGone(state)) return goneDown(state, state.phase, nowMonoMs);
  if (phase.kind === "down" && online) return { state: { ...state, phase: { kind: "idle" } }, effects: [] };
  // It is back on the network and may just hear the shutdown that waited for it: call it off at once.
  if (phase.kind === "calling_off" && online && wasOnline === false) {
    return repeatAbort(state, phase, nowMonoMs, newId);
  }
  return { state, effects: [] };
}

function heardAck(state: HostState, input: HostInput & { kind: "ack" }): Step {
  const { phase } = state;
  const { commandId, status, detail } = input;
  if (phase.kind === "told" && commandId === phase.commandId) {
    const answer = status === "running" ? "accepted" : status;
    if (answer === "aborted" || answer === "done") {
      // Somebody else called it off, or it only drilled: it is not going down.
      return { state: { ...state, phase: { ...phase, answer: "failed", detail } }, effects: [] };
    }
    // A failed preparation is passed over by the agent; what comes after it says how it really ended.
    return { state: { ...state, phase: { ...phase, answer, detail } }, effects: [] };
  }
  const isAborted = status === "aborted" && phase.kind === "calling_off" &&
    (commandId === phase.shutdownId || commandId === phase.abortId);
  if (isAborted) {
    return { state: { ...state, phase: { kind: "idle" } }, effects: [{ kind: "is_called_off" }] };
  }
  return { state, effects: [] };
}

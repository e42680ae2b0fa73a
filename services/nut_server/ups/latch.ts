/**
 * The forced shutdown of one scope (a host, a stage, or a station as a whole): when it is set, and by which rule it is
 * cleared again. Pure; times are monotonic.
 *
 * Set: when the policy tells the host (its status or its command), or when the host's own primary client says FSD.
 * Cleared, once nobody wants it any more:
 * - at once when no logged-in client has been shown it, so that nothing happened;
 * - at once when every client that was shown it is gone: they obeyed, and coming back they must not be sent down again;
 * - after `holdMs` otherwise, because a client that has seen it cannot be called back, and the others of the same host
 *   shall not be left running on half a machine.
 */
import type { FsdCause } from "./ups_status.ts";

/** See the file comment. */
export interface Latch {
  /** Present while clients are shown FSD. */
  readonly on?: FsdCause;
  /** The policy's status says that this scope goes down. */
  readonly isWanted: boolean;
  /** The newest command that told it. */
  readonly commanded?: {
    readonly id: string;
    /** Too old to be obeyed from here on, when no client has been shown it. */
    readonly untilMonoMs: number;
    readonly isAborted: boolean;
    /** A client has been shown FSD since this command. */
    readonly isShown: boolean;
  };
  /** Open sessions that have been shown FSD. */
  readonly shown: ReadonlySet<number>;
  readonly wasShown: boolean;
  /** Since when nobody wants it while clients that saw it are still there. */
  readonly releasedMonoMs?: number;
}

/** What can happen to a latch. */
export type LatchInput =
  /** The policy's status, each time it is heard. `isOver`: the outage has just ended in its view. */
  | { readonly kind: "policy"; readonly wants: boolean; readonly isOver: boolean }
  | { readonly kind: "command"; readonly id: string; readonly lifeMs: number }
  | { readonly kind: "abort" }
  /** The host's own primary client. */
  | { readonly kind: "client_fsd"; readonly session: number }
  /** A logged-in session was sent a status with FSD. */
  | { readonly kind: "shown"; readonly session: number }
  | { readonly kind: "ended"; readonly session: number }
  | { readonly kind: "tick" };

/** What follows. */
export type LatchEffect =
  | { readonly kind: "set"; readonly cause: FsdCause }
  /** The first client saw it: from here on it cannot be undone. Once a command, or once where none told it. */
  | { readonly kind: "shown"; readonly commandId?: string }
  /** `in_time`: no client saw it; `obeyed`: all that saw it are gone; `held`: the hold is over, they are still there. */
  | { readonly kind: "cleared"; readonly why: "in_time" | "obeyed" | "held"; readonly commandId?: string };

/** Not set. */
export const LATCH_OFF: Latch = { isWanted: false, shown: new Set(), wasShown: false };

/** The next state and what follows from the step. */
export function stepLatch(
  before: Latch,
  input: LatchInput,
  { nowMonoMs, holdMs }: { readonly nowMonoMs: number; readonly holdMs: number },
): { readonly latch: Latch; readonly effects: readonly LatchEffect[] } {
  const taken = take(before, input, nowMonoMs);
  const effects: LatchEffect[] = [];
  const isNewlyShown = taken.commanded
    ? !taken.commanded.isShown && taken.shown.size > 0
    : !before.wasShown && taken.wasShown;
  if (isNewlyShown) effects.push({ kind: "shown", ...idOf(taken) });
  const heard = taken.commanded && isNewlyShown
    ? { ...taken, commanded: { ...taken.commanded, isShown: true } }
    : taken;
  const allGone = heard.wasShown && heard.shown.size === 0;
  const commandHolds = heard.commanded !== undefined && !heard.commanded.isAborted && !allGone &&
    (heard.wasShown || nowMonoMs < heard.commanded.untilMonoMs);
  if (heard.isWanted || commandHolds) {
    if (!before.on) effects.push({ kind: "set", cause: "policy" });
    return { latch: { ...heard, on: "policy", releasedMonoMs: undefined }, effects };
  }
  if (!heard.on) return { latch: LATCH_OFF, effects: [] };
  if (!before.on) effects.unshift({ kind: "set", cause: heard.on });
  const why = !heard.wasShown ? "in_time" : allGone ? "obeyed" : undefined;
  const releasedMonoMs = heard.releasedMonoMs ?? nowMonoMs;
  if (why === undefined && nowMonoMs - releasedMonoMs < holdMs) {
    return { latch: { ...heard, releasedMonoMs }, effects };
  }
  effects.push({ kind: "cleared", why: why ?? "held", ...idOf(heard) });
  return { latch: LATCH_OFF, effects };
}

function take(latch: Latch, input: LatchInput, nowMonoMs: number): Latch {
  const aborted = latch.commanded && { ...latch.commanded, isAborted: true };
  switch (input.kind) {
    case "policy":
      return { ...latch, isWanted: input.wants, commanded: input.isOver ? aborted : latch.commanded };
    case "command": {
      const commanded = {
        id: input.id,
        untilMonoMs: nowMonoMs + input.lifeMs,
        isAborted: false,
        isShown: false,
      };
      return { ...latch, commanded };
    }
    case "abort":
      return { ...latch, isWanted: false, commanded: aborted };
    case "client_fsd":
      return {
        ...latch,
        on: latch.on ?? "client",
        shown: new Set([...latch.shown, input.session]),
        wasShown: true,
      };
    case "shown":
      if (!latch.on) return latch;
      return { ...latch, shown: new Set([...latch.shown, input.session]), wasShown: true };
    case "ended":
      if (!latch.shown.has(input.session)) return latch;
      return { ...latch, shown: new Set([...latch.shown].filter((session) => session !== input.session)) };
    case "tick":
      return latch;
  }
}

function idOf({ commanded }: Latch): { commandId?: string } {
  return commanded ? { commandId: commanded.id } : {};
}

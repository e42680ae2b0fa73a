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
    readonly shownMonoMs?: number;
  };
  /**
   * The command that the policy's status names: after a restart of ours nothing else may tell of it. `isShown`: it was
   * answered, or a client has been shown FSD since.
   */
  readonly named?: { readonly id: string; readonly isShown: boolean; readonly shownMonoMs?: number };
  /** Open sessions that have been shown FSD. */
  readonly shown: ReadonlySet<number>;
  readonly wasShown: boolean;
  /** Since when nobody wants it while clients that saw it are still there. */
  readonly releasedMonoMs?: number;
}

/** What can happen to a latch. */
export type LatchInput =
  /**
   * The policy's status, each time it is heard. `isOver`: the outage has just ended in its view. `named`: the command that
   * counts in its view, and whether it has the answer.
   */
  | {
    readonly kind: "policy";
    readonly wants: boolean;
    readonly isOver: boolean;
    readonly named?: { readonly id: string; readonly isAnswered: boolean };
  }
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

/** An answer takes less than this to reach the policy, ms: a command that comes again sooner has crossed it on its way. */
export const ANSWER_TRAVELS_MS = 5_000;

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
  const question = taken.commanded ?? taken.named;
  const isNewlyShown = question
    ? !question.isShown && taken.shown.size > 0
    : !before.wasShown && taken.wasShown;
  if (isNewlyShown) effects.push({ kind: "shown", ...idOf(taken) });
  const heard = isNewlyShown ? answered(taken, nowMonoMs) : taken;
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
      return {
        ...latch,
        isWanted: input.wants,
        commanded: input.isOver ? aborted : latch.commanded,
        named: namedBy(latch, input.named),
      };
    case "command": {
      const { id } = input;
      const known = latch.commanded?.id === id ? latch.commanded : undefined;
      const { shownMonoMs } = known ?? (latch.named?.id === id ? latch.named : {});
      // The same again: it crossed our answer on its way, or that was lost and is due again.
      const isAnswered = shownMonoMs !== undefined && nowMonoMs - shownMonoMs < ANSWER_TRAVELS_MS;
      const commanded = {
        id,
        untilMonoMs: nowMonoMs + input.lifeMs,
        isAborted: known?.isAborted === true,
        isShown: isAnswered,
        shownMonoMs,
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
      return { ...latch, shown: new Set([...latch.shown, input.session]), wasShown: true };
    case "ended":
      return { ...latch, shown: new Set([...latch.shown].filter((session) => session !== input.session)) };
    case "tick":
      return latch;
  }
}

/** The command that the policy names; what was known of it stays. */
function namedBy(
  { named }: Latch,
  said: (LatchInput & { readonly kind: "policy" })["named"],
): Latch["named"] {
  if (!said) return undefined;
  const known = named?.id === said.id ? named : undefined;
  return { ...known, id: said.id, isShown: said.isAnswered || known?.isShown === true };
}

function answered(latch: Latch, shownMonoMs: number): Latch {
  const { commanded, named } = latch;
  if (commanded) return { ...latch, commanded: { ...commanded, isShown: true, shownMonoMs } };
  return { ...latch, named: named && { ...named, isShown: true, shownMonoMs } };
}

/** The command that an effect is about; one that was answered before we came is none of ours. */
function idOf({ commanded, named }: Latch): { commandId?: string } {
  if (commanded) return { commandId: commanded.id };
  return named && !named.isShown ? { commandId: named.id } : {};
}

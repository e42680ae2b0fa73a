/** Whether an agent may obey a command or keep a plan. Pure. */
import type { AgentCommand } from "../../lib/messages/agent/command.ts";
import type { AgentPlan } from "../../lib/messages/agent/plan.ts";
import { hasValidSignature, type Signable } from "../../lib/pairing/signing.ts";

/** Whom an agent believes. */
export interface Trust {
  /** The agent's own name. */
  readonly agent: string;
  /** Its keys, lower-case hex, newest first; empty: no signature can be verified. */
  readonly keys: readonly string[];
  /** The owner has allowed the predecessor's unsigned commands. */
  readonly allowUnsigned: boolean;
}

/** What an agent knows when a command comes. */
export interface VerifyContext extends Trust {
  /** Wall time, ms since 1970. */
  readonly nowWallMs: number;
  /** Whether a command with this id was obeyed before, by this run or an earlier one. */
  readonly isSeen: (id: string) => boolean;
  /** When a shutdown was last undone, by the daemon's clock, ms since 1970: see `memory.ts`; absent: never. */
  readonly settledMs?: number;
  /** Whether it was signed just now for all we know without clocks: see `challenge.ts`. */
  readonly isFresh: (command: AgentCommand) => boolean;
}

/** May be obeyed, with the key that it fits (absent: unsigned, as the owner allows); or why not. */
export type Verification =
  | { readonly kind: "good"; readonly keyHex?: string }
  | {
    readonly kind: "refused";
    readonly reason: string;
    /** Another key would have helped. */
    readonly isKeyMissing: boolean;
    /** All else is right: signed, for us, and not obeyed before. Then one of the two clocks may be wrong. */
    readonly isOnlyItsTime: boolean;
  };

/**
 * How far the clocks of daemon and host may be apart, s. A command is refused only when it would be expired, or from the
 * future, even after allowing for this: a host whose clock is two minutes wrong must still be shut down.
 */
export const CLOCK_SKEW_SEC = 120;

/** Lifetime of a command that does not say how long it is good for, s: the predecessor's default. */
export const DEFAULT_TTL_SEC = 300;

/** Whether a command may be obeyed; a refusal says what was wanted and seen. */
export function verifyCommand(command: AgentCommand, context: VerifyContext): Verification {
  const author = verifyAuthor(command, context);
  if (author.kind === "refused") return author;
  if (command.sig !== undefined && (command.issued_at === undefined || command.ttl_sec === undefined)) {
    return refused("without a lifetime: must have issued_at and ttl_sec");
  }
  const lifetime = lifetimeProblem(command, context.nowWallMs) ??
    overtakenProblem(command, context.settledMs);
  const isSeen = context.isSeen(command.id);
  const mayBeProven = command.sig !== undefined && !isSeen;
  if (lifetime && !(mayBeProven && context.isFresh(command))) {
    return refused(lifetime, { isOnlyItsTime: mayBeProven });
  }
  if (isSeen) return refused(`repeated: command "${command.id}" was obeyed before`);
  return author;
}

/** Whether a plan may be kept. Its age is no reason to refuse it: the broker keeps it for us. */
export function verifyPlan(plan: AgentPlan, trust: Trust): Verification {
  return verifyAuthor(plan, trust);
}

function verifyAuthor(message: Signable & { agent?: string; sig?: string }, trust: Trust): Verification {
  const { agent, keys, allowUnsigned } = trust;
  let keyHex: string | undefined;
  if (message.sig !== undefined || !allowUnsigned) {
    if (message.sig === undefined) return refused("unsigned: must be signed with this agent's key");
    if (keys.length === 0) {
      return refused("cannot be verified: this agent has no key", { isKeyMissing: true });
    }
    keyHex = keys.find((key) => hasValidSignature(message, key));
    if (keyHex === undefined) {
      return refused("forged: the signature does not fit this agent's key", { isKeyMissing: true });
    }
    if (message.agent === undefined) return refused("misaddressed: must name its agent, found none");
  }
  if (message.agent !== undefined && message.agent !== agent) {
    return refused(`misaddressed: must be for "${agent}", found "${message.agent}"`);
  }
  return { kind: "good", keyHex };
}

/** The broker may hold a shutdown back until after what undid it. */
function overtakenProblem({ action, issued_at }: AgentCommand, settledMs = -Infinity): string | undefined {
  if (action !== "shutdown" || issued_at === undefined || Date.parse(issued_at) >= settledMs) {
    return undefined;
  }
  return `overtaken: issued at ${issued_at}, and all was well again at ${new Date(settledMs).toISOString()}`;
}

function lifetimeProblem(
  { issued_at, ttl_sec = DEFAULT_TTL_SEC }: AgentCommand,
  nowWallMs: number,
): string | undefined {
  if (issued_at === undefined) return undefined;
  const ageSec = (nowWallMs - Date.parse(issued_at)) / 1000;
  const clocks = `issued at ${issued_at}, this host's clock says ${new Date(nowWallMs).toISOString()}`;
  if (ageSec > ttl_sec + CLOCK_SKEW_SEC) {
    return `expired: good for ${ttl_sec} s (and ${CLOCK_SKEW_SEC} s of clock skew), found ${
      Math.round(ageSec)
    } s old; ${clocks}`;
  }
  if (ageSec < -CLOCK_SKEW_SEC) {
    return `from the future: issued ${
      Math.round(-ageSec)
    } s ahead, clocks may differ by ${CLOCK_SKEW_SEC} s; ${clocks}`;
  }
}

function refused(
  reason: string,
  { isKeyMissing = false, isOnlyItsTime = false } = {},
): Verification {
  return { kind: "refused", reason, isKeyMissing, isOnlyItsTime };
}

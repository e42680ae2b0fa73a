/** Whether an agent may obey a command. Pure. */
import type { AgentCommand } from "../lib/messages/agent_command.ts";
import { hasValidSignature } from "../lib/signing.ts";

/** What an agent knows when a command comes. */
export interface VerifyContext {
  /** The agent's own name. */
  readonly agent: string;
  /** Its key, lower-case hex; absent: no signature can be verified. */
  readonly keyHex?: string;
  /** The owner has allowed the predecessor's unsigned commands. */
  readonly allowUnsigned: boolean;
  /** Wall time, ms since 1970. */
  readonly nowWallMs: number;
  /** Whether a command with this id was obeyed before, by this run or an earlier one. */
  readonly isSeen: (id: string) => boolean;
}

/**
 * How far the clocks of daemon and host may be apart, s. A command is refused only when it would be expired, or from the
 * future, even after allowing for this: a host whose clock is two minutes wrong must still be shut down.
 */
export const CLOCK_SKEW_SEC = 120;

/** Lifetime of a command that does not say how long it is good for, s: the predecessor's default. */
export const DEFAULT_TTL_SEC = 300;

/** @returns why the command must be refused, with what was wanted and seen; undefined when it may be obeyed */
export function refusalOf(command: AgentCommand, context: VerifyContext): string | undefined {
  const { agent, keyHex, allowUnsigned, nowWallMs, isSeen } = context;
  if (command.sig !== undefined || !allowUnsigned) {
    if (command.sig === undefined) return "unsigned: must be signed with this agent's key";
    if (keyHex === undefined) return "cannot be verified: this agent has no key";
    if (!hasValidSignature(command, keyHex)) return "forged: the signature does not fit this agent's key";
    if (command.agent === undefined) return "misaddressed: must name its agent, found none";
    if (command.issued_at === undefined || command.ttl_sec === undefined) {
      return "without a lifetime: must have issued_at and ttl_sec";
    }
  }
  if (command.agent !== undefined && command.agent !== agent) {
    return `misaddressed: must be for "${agent}", found "${command.agent}"`;
  }
  const lifetime = lifetimeProblem(command, nowWallMs);
  if (lifetime) return lifetime;
  if (isSeen(command.id)) return `repeated: command "${command.id}" was obeyed before`;
}

function lifetimeProblem(
  { issued_at, ttl_sec = DEFAULT_TTL_SEC }: AgentCommand,
  nowWallMs: number,
): string | undefined {
  if (issued_at === undefined) return undefined;
  const ageSec = (nowWallMs - Date.parse(issued_at)) / 1000;
  if (ageSec > ttl_sec + CLOCK_SKEW_SEC) {
    return `expired: good for ${ttl_sec} s (and ${CLOCK_SKEW_SEC} s of clock skew), found ${
      Math.round(ageSec)
    } s old`;
  }
  if (ageSec < -CLOCK_SKEW_SEC) {
    return `from the future: issued ${Math.round(-ageSec)} s ahead, clocks may differ by ${CLOCK_SKEW_SEC} s`;
  }
}

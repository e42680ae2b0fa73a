/** Builds the command that goes to an agent, signed when there is a key for it. Pure. */
import type { AgentCommand } from "../../../lib/messages/agent/command.ts";
import { signatureOf } from "../../../lib/pairing/signing.ts";

/** What goes into a command. */
export interface CommandParts {
  readonly id: string;
  readonly action: "shutdown" | "abort" | "drill";
  readonly agent: string;
  readonly reason: string;
  /** Where the host stands in the order; absent: there is none. */
  readonly stage?: number;
  readonly shutdownDelaySec: number;
  readonly commandTtlSec: number;
  /** Wall time, ms since 1970. */
  readonly nowWallMs: number;
  /** Absent: the command goes unsigned (docs/decisions/0003). */
  readonly keyHex?: string;
  /** What the agent asked for when it refused this id for its time. */
  readonly challenge?: string;
}

/** See the file comment. */
export function buildCommand(parts: CommandParts): AgentCommand {
  const command: AgentCommand = {
    id: parts.id,
    action: parts.action,
    delay_sec: parts.action === "abort" ? 0 : parts.shutdownDelaySec,
    reason: parts.reason.slice(0, 500),
    ttl_sec: parts.commandTtlSec,
    agent: parts.agent,
    issued_at: new Date(parts.nowWallMs).toISOString(),
    stage: parts.stage,
    drill: parts.action === "drill" ? true : undefined,
    challenge: parts.challenge,
  };
  return parts.keyHex === undefined ? command : { ...command, sig: signatureOf(command, parts.keyHex) };
}

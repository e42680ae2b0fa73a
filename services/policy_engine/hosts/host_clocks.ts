/** Whose clock is so far from ours that its agent refused a command for its time, and which command is still meant. Pure. */
import type { AgentAck } from "../../../lib/messages/agent/ack.ts";
import type { HostPhase } from "./host_phase.ts";

/** Agents allow for so much between the clocks, ms: docs/agent-protocol.md. */
const ALLOWED_MS = 120_000;

/** Whether the command of this id is what the host is to do now. */
export function isInForce(phase: HostPhase | undefined, commandId: string): boolean {
  if (phase?.kind === "commanded") return phase.commandId === commandId;
  return phase?.kind === "aborting" && phase.abortId === commandId;
}

/** See the file comment. */
export class HostClocks {
  /** undefined: they differ, and nobody knows by how much. */
  readonly #apartMs = new Map<string, number | undefined>();

  /**
   * A command that counts was refused for its time alone.
   *
   * @param ts When, by the host's clock; absent: nobody knows how far it is off
   * @param nowWallMs By ours, ms since 1970
   * @returns what is new about it, as a sentence
   */
  refused(agent: string, ts: AgentAck["ts"], nowWallMs: number): string | undefined {
    const isKnown = this.#apartMs.has(agent);
    const apartMs = ts === undefined ? undefined : Math.abs(Date.parse(ts) - nowWallMs);
    this.#apartMs.set(agent, apartMs);
    if (isKnown) return undefined;
    return `the clocks of ${agent} and of this machine differ by ${amount(apartMs)}: ` +
      "it refused a command for its time, and is told again with a proof that it is new";
  }

  /** Something that was said just now, or is late: a time that fits ours ends the doubt, none begins it. */
  heard(agent: string, ts: string | undefined, nowWallMs: number): void {
    if (ts !== undefined && Math.abs(Date.parse(ts) - nowWallMs) <= ALLOWED_MS) this.#apartMs.delete(agent);
  }

  /** The agents in doubt, and by how much their clocks are off, for a person. */
  get apart(): { readonly agents: readonly string[]; readonly most: string } {
    const known = [...this.#apartMs.values()].filter((ms) => ms !== undefined);
    return {
      agents: [...this.#apartMs.keys()],
      most: amount(known.length > 0 ? Math.max(...known) : undefined),
    };
  }
}

function amount(ms: number | undefined): string {
  return ms === undefined ? "an unknown time" : `${Math.round(ms / 1000)} s`;
}

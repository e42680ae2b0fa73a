/**
 * After what looks like a reboot: whether the power went and came back while we were away, as the hosts know it. A Pi
 * without a clock battery cannot tell; a host that was switched on since our last reading can. Pure but for its memory.
 */
import type { AgentStatus } from "../../../lib/messages/agent/status.ts";
import type { DoubtBasis } from "./snapshot.ts";

/** Fresh readings of the stations get this chance while no host says that it had power all the while, ms. */
export const DOUBT_MS = 300_000;
/** The chance when a host does: the outage may go on, ms. */
export const KEPT_DOUBT_MS = 120_000;
/** A snapshot that was stored before this was stamped by a clock that had not been set. */
const PLAUSIBLE_SINCE_MS = Date.UTC(2026, 0, 1);

/** What a host knows: it had power all the while since the snapshot, or it was switched on after it. */
export type PowerHistory = "kept" | "lost";

/**
 * Compares times of the host's own clock with the snapshot's, so that ours may be wrong.
 *
 * @param savedAtMs Wall time of the snapshot, ms since 1970
 * @returns undefined when the status is from before the snapshot, or says too little
 */
export function powerHistoryOf(
  { online, uptime_s, ts }: Pick<AgentStatus, "online" | "uptime_s" | "ts">,
  savedAtMs: number,
): PowerHistory | undefined {
  if (!online || uptime_s === undefined || ts === undefined || savedAtMs < PLAUSIBLE_SINCE_MS) {
    return undefined;
  }
  const saidAtMs = Date.parse(ts);
  if (saidAtMs <= savedAtMs) return undefined;
  return saidAtMs - uptime_s * 1000 > savedAtMs ? "lost" : "kept";
}

/** The doubt after one reboot, until it is settled. */
export class PowerDoubt {
  readonly #histories = new Map<string, PowerHistory>();

  constructor(private readonly basis: DoubtBasis) {}

  /** Takes what a host says of itself. */
  noteStatus(agent: string, status: AgentStatus): void {
    const history = powerHistoryOf(status, this.basis.savedAtMs);
    if (history !== undefined) this.#histories.set(agent, history);
  }

  /** Until then old readings trigger nothing, monotonic ms. */
  get endMonoMs(): number {
    const hasKept = [...this.#histories.values()].includes("kept");
    return this.basis.beganMonoMs + (hasKept ? KEPT_DOUBT_MS : DOUBT_MS);
  }

  /** Whether the power of these hosts went and came back: at least one was switched on since, and none was on all the while. */
  isPowerBack(agents: readonly string[]): boolean {
    const histories = agents.flatMap((agent) => this.#histories.get(agent) ?? []);
    return histories.includes("lost") && !histories.includes("kept");
  }
}

/**
 * Notices that two hosts speak under one name, as after a disk was copied: a start of a host, once another has followed it,
 * never comes back. Pure but for its own memory; times are monotonic ms.
 */
import type { AgentStatus } from "../../../lib/messages/agent/status.ts";

/** So many starts of a host are remembered. */
const STARTS_KEPT = 8;
/** Two starts of one host are at least so far apart, ms: its uptime is not measured better. */
const SAME_START_MS = 120_000;
/** Not seen any more for so long, ms, there is only one. */
export const TWINS_REMEMBERED_MS = 3_600_000;

interface Start {
  readonly boot?: string;
  readonly hostname?: string;
  readonly startMonoMs?: number;
}

interface Known {
  /** Newest last. */
  readonly starts: readonly Start[];
  readonly twinsAtMonoMs?: number;
}

/** See the file comment. */
export class Twins {
  readonly #agents = new Map<string, Known>();

  /**
   * An agent says, now, that it is online.
   *
   * @returns a sentence when this shows that there are two, and it was not known
   */
  heard(agent: string, status: AgentStatus, nowMonoMs: number): string | undefined {
    const start = startOf(status, nowMonoMs);
    if (!start) return undefined;
    const { starts, twinsAtMonoMs } = this.#agents.get(agent) ?? { starts: [] };
    const at = starts.findIndex((one) => isSame(one, start));
    if (at === starts.length - 1 && at >= 0) {
      this.#agents.set(agent, { starts: [...starts.slice(0, -1), start], twinsAtMonoMs });
      return undefined;
    }
    const others = starts.filter((_, index) => index !== at);
    const isTwin = at >= 0;
    this.#agents.set(agent, {
      starts: [...others, start].slice(-STARTS_KEPT),
      twinsAtMonoMs: isTwin ? nowMonoMs : twinsAtMonoMs,
    });
    const wasKnown = twinsAtMonoMs !== undefined && nowMonoMs - twinsAtMonoMs < TWINS_REMEMBERED_MS;
    if (!isTwin || wasKnown) return undefined;
    const names = new Set(
      [...others, start].map(({ hostname }) => hostname).filter((name) => name !== undefined),
    );
    return `two hosts speak as "${agent}"${
      names.size > 0 ? ` (${[...names].join(", ")})` : ""
    }, as after a disk was ` +
      "copied: both obey, and which of them is online or down cannot be told; give one another name and key";
  }

  /** The agents of which there are two. */
  names(nowMonoMs: number): readonly string[] {
    return [...this.#agents].filter(([, { twinsAtMonoMs }]) =>
      twinsAtMonoMs !== undefined && nowMonoMs - twinsAtMonoMs < TWINS_REMEMBERED_MS
    ).map(([agent]) => agent);
  }
}

/** undefined when it says nothing that tells hosts apart. */
function startOf({ boot, hostname, uptime_s }: AgentStatus, nowMonoMs: number): Start | undefined {
  if (boot === undefined && hostname === undefined && uptime_s === undefined) return undefined;
  return { boot, hostname, startMonoMs: uptime_s === undefined ? undefined : nowMonoMs - uptime_s * 1000 };
}

function isSame(a: Start, b: Start): boolean {
  if (a.boot !== undefined && b.boot !== undefined) return a.boot === b.boot;
  if (a.hostname !== b.hostname) return false;
  if (a.startMonoMs === undefined || b.startMonoMs === undefined) return true;
  return Math.abs(a.startMonoMs - b.startMonoMs) < SAME_START_MS;
}

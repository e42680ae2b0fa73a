/** When each host last went down as it was told, and how it did in its last drill. Pure. */
import type { DrillReport } from "../../../lib/messages/drill.ts";
import type { JournalEvent } from "../../../lib/messages/event.ts";
import type { DrillHostView } from "../page_contract.ts";

const MAX_HOSTS = 500;

/** See the file comment. */
export class HostHistory {
  readonly #shutdowns = new Map<string, string>();
  readonly #drills = new Map<string, DrillHostView>();

  /** ISO 8601, or undefined when nobody saw one. */
  lastShutdownAt(agent: string): string | undefined {
    return this.#shutdowns.get(agent);
  }

  /** undefined when it never took part in one that anybody saw. */
  lastDrill(agent: string): DrillHostView | undefined {
    return this.#drills.get(agent);
  }

  /** Takes an event in, live or from the past; a newer time stands. */
  noteEvent({ kind, agent, ts }: Pick<JournalEvent, "kind" | "agent" | "ts">): void {
    if (kind !== "host_down" || agent === undefined) return;
    const before = this.#shutdowns.get(agent);
    if (before !== undefined && Date.parse(before) >= Date.parse(ts)) return;
    if (before !== undefined || this.#shutdowns.size < MAX_HOSTS) this.#shutdowns.set(agent, ts);
  }

  /** Takes a report in; one that refuses has no hosts. */
  noteDrill({ hosts, started_at, ended_at, ts }: DrillReport): void {
    for (const { agent, state, needs_s, detail } of hosts) {
      if (!this.#drills.has(agent) && this.#drills.size >= MAX_HOSTS) return;
      this.#drills.set(agent, { at: ended_at ?? started_at ?? ts, state, needs_s, detail });
    }
  }
}

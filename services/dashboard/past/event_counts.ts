/** Counts the journal's events by kind and severity; bounded, for kinds come from outside. Pure. */
import type { JournalEvent } from "../../../lib/messages/event.ts";
import { EVENT_KINDS } from "../../../lib/messages/event_kinds.ts";

const MAX_KINDS = 200;

/** See the file comment. */
export class EventCounts {
  readonly #counts = new Map<string, { kind: string; severity: string; count: number }>();

  /** Known kinds are there from the start: of a counter that begins with 1 nobody can see that it has risen. */
  constructor() {
    for (const [kind, severities] of Object.entries(EVENT_KINDS)) {
      for (const severity of severities) {
        this.#counts.set(keyOf({ kind, severity }), { kind, severity, count: 0 });
      }
    }
  }

  /** One more. */
  note({ kind, severity }: Pick<JournalEvent, "kind" | "severity">): void {
    const key = keyOf({ kind, severity });
    const known = this.#counts.get(key);
    if (known) known.count++;
    else if (this.#counts.size < MAX_KINDS) this.#counts.set(key, { kind, severity, count: 1 });
  }

  /** All of them. */
  list(): readonly { readonly kind: string; readonly severity: string; readonly count: number }[] {
    return [...this.#counts.values()];
  }
}

function keyOf({ kind, severity }: Pick<JournalEvent, "kind" | "severity">): string {
  return `${severity} ${kind}`;
}

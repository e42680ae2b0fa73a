/** Counts the journal's events by kind and severity; bounded, for kinds come from outside. Pure. */
import type { JournalEvent } from "../../lib/messages/event.ts";

const MAX_KINDS = 200;

/** See the file comment. */
export class EventCounts {
  readonly #counts = new Map<string, { kind: string; severity: string; count: number }>();

  /** One more. */
  note({ kind, severity }: Pick<JournalEvent, "kind" | "severity">): void {
    const key = `${severity} ${kind}`;
    const known = this.#counts.get(key);
    if (known) known.count++;
    else if (this.#counts.size < MAX_KINDS) this.#counts.set(key, { kind, severity, count: 1 });
  }

  /** All of them. */
  list(): readonly { readonly kind: string; readonly severity: string; readonly count: number }[] {
    return [...this.#counts.values()];
  }
}

/** Names what was refused once, then counts it: hostile or broken senders must not fill the log. */
import type { Clock } from "../../../lib/time/clock.ts";
import type { Logger } from "../../../lib/log/log.ts";

/** The same sender is named again at most this often, ms. */
export const REFUSAL_REPEAT_MS = 10 * 60_000;
/** Senders that are told apart; the rest share one entry. */
const MAX_SENDERS = 1000;

/** See the file comment. */
export class RefusalLog {
  readonly #bySender = new Map<string, { count: number; loggedMonoMs: number }>();
  #total = 0;

  constructor(private readonly log: Logger, private readonly clock: Clock) {}

  /** Everything refused so far. */
  get total(): number {
    return this.#total;
  }

  /** @param sender A topic, or another stable name @param text What was wrong; no payload */
  note(sender: string, text: string): void {
    this.#total++;
    const key = this.#bySender.has(sender) || this.#bySender.size < MAX_SENDERS ? sender : "others";
    const now = this.clock.monoMs();
    const known = this.#bySender.get(key);
    if (known && now - known.loggedMonoMs < REFUSAL_REPEAT_MS) {
      known.count++;
      return;
    }
    this.log.warn("PAYLOAD REFUSED", {
      from: key,
      text: text.slice(0, 300),
      more: known?.count || undefined,
    });
    this.#bySender.set(key, { count: 0, loggedMonoMs: now });
  }
}

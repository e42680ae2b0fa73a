/**
 * What the broker has of our subscriptions: with No Local or without, and before or after what we published. What it kept of a topic
 * may come after what was handed over since, and is older then. Pure.
 */
import { matchesFilter } from "../../lib/mqtt/topics.ts";

/** So many topics are remembered that the broker keeps a word of ours for; beyond that all are forgotten. */
const TOPICS_LIMIT = 10_000;

/** See the file comment. */
export class BrokerFilters {
  /** What this process subscribed to in the session, and whether with No Local. */
  readonly #made = new Map<string, boolean>();
  /** The session may have subscriptions that an earlier process left. */
  #isFromBefore = false;
  /** When each was subscribed to last, in the order of what was sent on this connection. */
  readonly #subscribedAt = new Map<string, number>();
  /** The same of what was handed over and is kept by the broker, by topic. */
  readonly #saidAt = new Map<string, number>();
  #sent = 0;

  /** A new connection. @param hasSession The broker still has our session, with its subscriptions */
  connected(hasSession: boolean): void {
    this.#subscribedAt.clear();
    this.#saidAt.clear();
    if (!hasSession) this.#made.clear();
    this.#isFromBefore = hasSession;
  }

  /**
   * A subscription is being sent.
   *
   * @param mayEcho What it hears may be our own. Else No Local does not matter
   * @returns whether the broker must forget it first: one that it knows otherwise it may keep as it is, with No Local or without. What
   * others say in that moment is missed
   */
  subscribe(filter: string, noLocal: boolean, mayEcho = true): boolean {
    const made = this.#made.get(filter);
    this.#subscribedAt.set(filter, ++this.#sent);
    if (mayEcho || made !== undefined || !this.#isFromBefore) this.#made.set(filter, noLocal);
    return mayEcho && (made === undefined ? this.#isFromBefore : made !== noLocal);
  }

  /** A subscription goes out only now: what the broker keeps comes after all that was sent before. */
  subscribing(filter: string): void {
    this.#subscribedAt.set(filter, ++this.#sent);
  }

  /** Whether a filter is subscribed to on this connection, and may be otherwise than this. */
  isOther(filter: string, noLocal: boolean): boolean {
    return this.#subscribedAt.has(filter) && this.#made.get(filter) !== noLocal;
  }

  /** The broker has them otherwise than it was told: each is made anew. */
  doubt(): void {
    this.#made.clear();
    this.#isFromBefore = true;
  }

  /** A message is being sent. @returns its place in the order */
  send(): number {
    return ++this.#sent;
  }

  /** A message that the broker keeps was handed over. @param sentAt As {@link BrokerFilters.send} said */
  handedOver(topic: string, sentAt: number): void {
    if (this.#saidAt.size >= TOPICS_LIMIT) this.#saidAt.clear();
    this.#saidAt.set(topic, sentAt);
  }

  /** Whether what the broker kept of a topic, and sends now, is older than what was handed over. */
  isOutdated(topic: string): boolean {
    const saidAt = this.#saidAt.get(topic);
    if (saidAt === undefined) return false;
    for (const [filter, at] of this.#subscribedAt) {
      if (at > saidAt && matchesFilter(filter, topic)) return false;
    }
    return true;
  }
}

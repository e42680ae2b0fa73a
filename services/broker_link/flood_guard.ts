/**
 * One sender's share of what the services hear, so that a host that floods the broker slows nobody else. What is too much
 * is held back: of each topic the newest is heard in the end, for it is what holds now. Pure: time is an argument.
 */
import type { MqttMessage } from "../../lib/mqtt/client.ts";
import { matchesFilter, type Topics } from "../../lib/mqtt/topics.ts";
import { RateLimit } from "../../lib/rate_limit.ts";

/** How much one sender may say: so many at once, then one every so many ms. */
interface Share {
  readonly burst: number;
  readonly everyMs: number;
}

/** A host sends a few messages a minute, and two a preparation while it shuts down. */
export const HOST_SHARE: Share = { burst: 100, everyMs: 100 };
/** A topic of a station, a witness or a request. */
export const TOPIC_SHARE: Share = { burst: 2000, everyMs: 10 };
/** The journal: many stations may lose the grid in one moment. */
export const JOURNAL_SHARE: Share = { burst: 5000, everyMs: 5 };
/** So many senders are told apart: a thousand stations have some ten topics each. Names come from outside; all others share one share. */
export const SENDERS_LIMIT = 20_000;
/** Of what a host answers so many wait, the newest; of everything else one. */
export const HELD_ANSWERS = 20;
/** A sender that kept to its share for so long floods no more, ms. */
export const CALM_MS = 60_000;

interface Sender {
  readonly limit: RateLimit;
  readonly held: Map<string, MqttMessage[]>;
  /** How many of its messages were dropped since its flood began. */
  dropped: number;
  lastOverMonoMs: number;
}

const OTHERS = "others";

/** See the file comment. */
export class FloodGuard {
  readonly #senders = new Map<string, Sender>();
  /** Those that have something held back. */
  readonly #holding = new Set<Sender>();
  readonly #flooding = new Map<string, Sender>();

  constructor(private readonly topics: Pick<Topics, "agentStatus" | "ack" | "events">) {}

  /** @returns whether the message passes now; else it is held back or dropped. `isNews`: its sender begins to flood */
  take(message: MqttMessage, nowMonoMs: number): { readonly passes: boolean; readonly isNews: boolean } {
    const name = this.#nameOf(message.topic);
    const sender = this.#senderOf(name, message.topic);
    // What waits goes first: a topic's messages keep their order.
    const waiting = sender.held.get(message.topic);
    if (!waiting && sender.limit.take(nowMonoMs)) return { passes: true, isNews: false };
    sender.lastOverMonoMs = nowMonoMs;
    const kept = waiting ?? [];
    kept.push(message);
    if (kept.length > (this.#isAnswer(message.topic) ? HELD_ANSWERS : 1)) {
      kept.shift();
      sender.dropped++;
    }
    sender.held.set(message.topic, kept);
    this.#holding.add(sender);
    const isNews = sender.dropped > 0 && !this.#flooding.has(name);
    if (isNews) this.#flooding.set(name, sender);
    return { passes: false, isNews };
  }

  /** What was held back and may be heard now, oldest first in each topic. */
  release(nowMonoMs: number): MqttMessage[] {
    const out: MqttMessage[] = [];
    for (const sender of this.#holding) {
      for (const [topic, waiting] of sender.held) {
        while (waiting.length > 0 && sender.limit.take(nowMonoMs)) out.push(waiting.shift() as MqttMessage);
        if (waiting.length === 0) sender.held.delete(topic);
      }
      if (sender.held.size === 0) this.#holding.delete(sender);
    }
    return out;
  }

  /** Whether something is held back, so that {@link FloodGuard.release} must be called again. */
  get isHolding(): boolean {
    return this.#holding.size > 0;
  }

  /** Who floods now, with how many messages of theirs were dropped. */
  get flooding(): readonly { readonly sender: string; readonly dropped: number }[] {
    return [...this.#flooding].map(([sender, { dropped }]) => ({ sender, dropped }));
  }

  /** Takes out those that are calm again. @returns them, with how many messages were dropped */
  calmed(nowMonoMs: number): readonly { readonly sender: string; readonly dropped: number }[] {
    const calm = [...this.#flooding].filter(([, one]) => nowMonoMs - one.lastOverMonoMs >= CALM_MS);
    return calm.map(([name, sender]) => {
      const { dropped } = sender;
      this.#flooding.delete(name);
      sender.dropped = 0;
      return { sender: name, dropped };
    });
  }

  /** The access list gives each host its own topics, so the topic names the sender. */
  #nameOf(topic: string): string {
    const isHost = matchesFilter(this.topics.agentStatus("+"), topic) || this.#isAnswer(topic);
    return isHost ? `host ${topic.split("/").at(-2)}` : topic;
  }

  #isAnswer(topic: string): boolean {
    return matchesFilter(this.topics.ack("+"), topic);
  }

  #senderOf(name: string, topic: string): Sender {
    const known = this.#senders.get(name);
    if (known) return known;
    if (this.#senders.size >= SENDERS_LIMIT && name !== OTHERS) return this.#senderOf(OTHERS, topic);
    const { burst, everyMs } = name.startsWith("host ")
      ? HOST_SHARE
      : topic === this.topics.events
      ? JOURNAL_SHARE
      : TOPIC_SHARE;
    const sender: Sender = {
      limit: new RateLimit(burst, everyMs),
      held: new Map(),
      dropped: 0,
      lastOverMonoMs: -Infinity,
    };
    this.#senders.set(name, sender);
    return sender;
  }
}

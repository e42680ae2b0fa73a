/** Questions to the historian over the bus, and its answers. */
import type { Bus, BusMessage } from "../../../lib/workers/bus.ts";
import type { Clock } from "../../../lib/time/clock.ts";
import { InvalidInputError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log/log.ts";
import { type HistoryAnswer, parseHistoryAnswer } from "../../../lib/messages/history_answer.ts";
import { encodeHistoryQuery, type HistoryQuery } from "../../../lib/messages/history_query.ts";
import type { Topics } from "../../../lib/mqtt/topics.ts";

/** A historian that runs answers within this time, also beside everything else on a small machine; a question waits no longer. Real ms. */
export const PATIENCE_MS = 5000;
/** Questions that are asked at once; further ones wait for their turn, which is no part of their patience: the historian answers one by one. */
export const MAX_OPEN = 4;
/** More waiting than this are somebody's attack: twenty unfolded stations with seven questions each are far below. */
const MAX_QUEUED = 512;

/** What the client works with. */
export interface HistorianParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly topics: Topics;
  /** False: nobody is asked. */
  readonly isThere: boolean;
}

/** See the file comment. */
export class HistorianClient {
  readonly #waiting = new Map<string, (answer: HistoryAnswer) => void>();
  /** Whose turn comes when an open question is answered, first come first served. */
  readonly #queue: (() => void)[] = [];
  #open = 0;
  /** It left the last question unanswered: it is asked one at a time, and nobody waits behind that. */
  #isAway = false;

  constructor(private readonly parts: HistorianParts) {}

  /** Begins to hear answers. */
  start(): void {
    const { bus, topics } = this.parts;
    bus.subscribe(topics.historyAnswer("+"), (message) => this.#hear(message));
  }

  /** The answer; undefined when there is none, when it says that there is no history, or when too many ask. */
  async ask(query: Omit<HistoryQuery, "id">): Promise<HistoryAnswer | undefined> {
    if (!this.parts.isThere) return undefined;
    if (this.#open >= MAX_OPEN) {
      if (this.#queue.length >= MAX_QUEUED) return undefined;
      await new Promise<void>((resolve) => this.#queue.push(resolve));
    }
    if (this.#isAway && this.#open > 0) {
      this.#queue.shift()?.();
      return undefined;
    }
    this.#open++;
    try {
      return await this.#askNow(query);
    } finally {
      this.#open--;
      this.#queue.shift()?.();
    }
  }

  async #askNow(query: Omit<HistoryQuery, "id">): Promise<HistoryAnswer | undefined> {
    const { bus, clock, topics } = this.parts;
    const id = crypto.randomUUID();
    const answered = Promise.withResolvers<HistoryAnswer | undefined>();
    this.#waiting.set(id, answered.resolve);
    const cancel = clock.after(PATIENCE_MS * clock.speed, () => {
      this.#isAway = true;
      answered.resolve(undefined);
    });
    try {
      const expirySec = Math.ceil(PATIENCE_MS / 1000 * clock.speed);
      bus.publish(topics.historyQuery, encodeHistoryQuery({ id, ...query }), { qos: 1, expirySec })
        .catch(() => answered.resolve(undefined));
      const answer = await answered.promise;
      return answer?.error === undefined ? answer : undefined;
    } finally {
      cancel();
      this.#waiting.delete(id);
    }
  }

  #hear({ topic, payload, retained }: BusMessage): void {
    if (retained || payload.length === 0) return;
    try {
      const answer = parseHistoryAnswer(payload, `MQTT topic "${topic}"`);
      this.#isAway = false;
      this.#waiting.get(answer.id)?.(answer);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      this.parts.log.warn("INPUT REFUSED", { text: error.message });
    }
  }
}

/** Carries one channel's events out, one message at a time, again and again until it gets through. */
import { Backoff, type Random } from "../../lib/time/backoff.ts";
import type { Cancel, Clock } from "../../lib/time/clock.ts";
import { errorText } from "../../lib/errors.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import { type Channel, SendError } from "./channel.ts";
import type { Message } from "./message.ts";

/** Waits after a message that did not get through. */
const RETRY = { firstMs: 10_000, maxMs: 900_000, factor: 3 };
/** The same where each try may tell somebody again who knows it already. */
const RETRY_TOLD = { firstMs: 10_000, maxMs: 4 * 3_600_000, factor: 3 };
/** Nothing takes longer than this, real ms. */
const SEND_LIMIT_MS = 60_000;
/** Older events are nobody's news any more, ms. */
export const TOO_OLD_MS = 3 * 86_400_000;

/** What a courier works with. */
export interface CourierParts {
  readonly channel: Channel;
  readonly clock: Clock;
  readonly random: Random;
  /** What is to be told now. */
  waiting(): readonly JournalEvent[];
  compose(events: readonly JournalEvent[]): Message;
  /** These got through, or were given up for this reason. */
  onDone(events: readonly JournalEvent[], givenUp?: string): void;
  /** It did not get through, and is tried again. */
  onTrouble(text: string): void;
}

/** See the file comment. */
export class Courier {
  readonly #backoff: Backoff;
  readonly #backoffTold: Backoff;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #cancelRetry: Cancel = () => {};
  /** Events that were in a message already, sent or not. */
  readonly #tried = new WeakSet<JournalEvent>();
  /** Our own pause. */
  #restUntilMonoMs = -Infinity;
  /** The pause that the other side asked for. */
  #askedUntilMonoMs = -Infinity;

  constructor(private readonly parts: CourierParts) {
    this.#backoff = new Backoff(RETRY, parts.random);
    this.#backoffTold = new Backoff(RETRY_TOLD, parts.random);
  }

  /** There may be something to tell. A new danger does not wait for the end of a pause that nobody asked for. */
  wake(): void {
    const waiting = this.parts.waiting();
    if (this.#running || this.#stopping.signal.aborted || waiting.length === 0) return;
    const { clock } = this.parts;
    const isUrgent = waiting.some((event) => event.severity === "danger" && !this.#tried.has(event));
    const restUntilMonoMs = isUrgent
      ? this.#askedUntilMonoMs
      : Math.max(this.#restUntilMonoMs, this.#askedUntilMonoMs);
    const restMs = restUntilMonoMs - clock.monoMs();
    this.#cancelRetry();
    if (restMs > 0) {
      this.#cancelRetry = clock.after(restMs, () => this.wake());
      return;
    }
    this.#running = this.#carry().finally(() => {
      this.#running = undefined;
      this.wake();
    });
  }

  /** The internet may be back: our own pause is over, not one that the other side asked for. */
  hurry(): void {
    this.#restUntilMonoMs = -Infinity;
    this.wake();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#cancelRetry();
    await this.#running;
  }

  async #carry(): Promise<void> {
    const { channel, clock, compose, onDone, onTrouble } = this.parts;
    const limit = new AbortController();
    const cancel = clock.after(SEND_LIMIT_MS * clock.speed, () => limit.abort());
    const all = this.parts.waiting();
    const old = all.filter(({ ts }) => clock.wallMs() - Date.parse(ts) > TOO_OLD_MS);
    if (old.length > 0) onDone(old, "they are too old to be news");
    const events = all.filter((event) => !old.includes(event));
    for (const event of events) this.#tried.add(event);
    try {
      if (events.length === 0) return;
      await channel.send(compose(events), AbortSignal.any([limit.signal, this.#stopping.signal]));
      this.#backoff.reset();
      this.#backoffTold.reset();
      this.#restUntilMonoMs = this.#askedUntilMonoMs = -Infinity;
      onDone(events);
    } catch (error) {
      if (this.#stopping.signal.aborted) return;
      const fault = error instanceof SendError ? error : undefined;
      const text = limit.signal.aborted ? `no answer within ${SEND_LIMIT_MS / 1000} s` : errorText(error);
      if (fault?.isFinal) return onDone(events, text);
      const backoff = fault?.mayBeTold ? this.#backoffTold : this.#backoff;
      this.#restUntilMonoMs = clock.monoMs() + backoff.nextMs();
      this.#askedUntilMonoMs = clock.monoMs() + (fault?.retryAfterMs ?? 0);
      onTrouble(text);
    } finally {
      cancel();
    }
  }
}

/** QoS 1 messages that wait for the broker: bounded, in order, dropped when their time is over. Pure. */
import type { PublishOptions } from "../../lib/workers/bus.ts";

/** One message that waits. */
export interface Outgoing {
  readonly topic: string;
  readonly payload: Uint8Array | string;
  readonly options: PublishOptions;
  /** Monotonic end of its life; Infinity without expiry. */
  readonly untilMonoMs: number;
  /** Called once: without an argument when the broker has it, with the reason when it will never be sent. */
  readonly settle: (error?: string) => void;
}

/** At most this many passing messages wait at a time: commands and journal entries; a house makes a handful a minute. */
export const OUTBOX_LIMIT = 1000;
/** At most this many topics with a retained message wait, one message each: a large house has a few thousand. */
export const RETAINED_LIMIT = 10_000;

/** See the file comment. */
export class Outbox {
  #waiting: Outgoing[] = [];

  /** Messages waiting. */
  get size(): number {
    return this.#waiting.length;
  }

  /**
   * Keeps a message. A retained one takes the place of an earlier one on its topic, so that a status that is said again and
   * again takes one place. When the outbox is full, what has expired makes room. Then the message makes room that would live
   * longest. A command lives for minutes, so it drives out a journal entry, which lives for a day or for ever.
   */
  add(message: Outgoing, nowMonoMs: number): void {
    const isRetained = message.options.retain === true;
    if (isRetained) {
      this.#settleAll(({ options, topic }) => options.retain === true && topic === message.topic);
    }
    this.#waiting.push(message);
    const limit = isRetained ? RETAINED_LIMIT : OUTBOX_LIMIT;
    const isAlike = ({ options }: Outgoing) => (options.retain === true) === isRetained;
    const isFull = () => this.#waiting.length > limit && this.#waiting.filter(isAlike).length > limit;
    if (!isFull()) return;
    this.#settleAll(({ untilMonoMs }) => untilMonoMs <= nowMonoMs, expiredText);
    if (!isFull()) return;
    // Among those that live equally long the newest goes.
    const last = this.#waiting.filter(isAlike).reduce((a, b) => b.untilMonoMs >= a.untilMonoMs ? b : a);
    this.#settleAll(
      (one) => one === last,
      ({ topic }) => `Cannot queue "${topic}": ${limit} messages wait for the broker already`,
    );
  }

  /**
   * Takes out everything that may still be sent; what has expired is settled with that reason.
   *
   * @returns In the order of arrival, each with the seconds that its message expiry may still last
   */
  drain(nowMonoMs: number): { readonly message: Outgoing; readonly expirySec: number | undefined }[] {
    this.#settleAll(({ untilMonoMs }) => untilMonoMs <= nowMonoMs, expiredText);
    return this.#waiting.splice(0).map((message) => ({
      message,
      expirySec: secondsLeft(message, nowMonoMs),
    }));
  }

  /** Settles everything with `error`; for the end of the process. */
  abandon(error: string): void {
    for (const message of this.#waiting.splice(0)) message.settle(error);
  }

  /** Settles with `error` what would be obeyed if it came: all that lives for less than an hour. */
  abandonCommands(error: string): void {
    this.#settleAll(isCommand, () => error);
  }

  /** Takes out what `isMeant` and settles it; as done without a reason. */
  #settleAll(isMeant: (message: Outgoing) => boolean, reason?: (message: Outgoing) => string): void {
    const meant = this.#waiting.filter(isMeant);
    if (meant.length === 0) return;
    this.#waiting = this.#waiting.filter((one) => !isMeant(one));
    for (const message of meant) message.settle(reason?.(message));
  }
}

/** Whether it would be obeyed if it came: what passes, and lives for less than an hour. */
export function isCommand({ options: { expirySec = Infinity, retain } }: Pick<Outgoing, "options">): boolean {
  return !retain && expirySec < 3600;
}

function expiredText({ topic }: Outgoing): string {
  return `Cannot deliver "${topic}": expired before the broker was back`;
}

/** Whole seconds that `message` may still live, at least 1; undefined without expiry. */
export function secondsLeft(message: Outgoing, nowMonoMs: number): number | undefined {
  if (message.untilMonoMs === Infinity) return undefined;
  return Math.max(1, Math.ceil((message.untilMonoMs - nowMonoMs) / 1000));
}

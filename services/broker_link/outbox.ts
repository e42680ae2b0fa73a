/** QoS 1 messages that wait for the broker: bounded, in order, dropped when their time is over. Pure. */
import type { PublishOptions } from "../../lib/bus.ts";

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

/** At most this many messages wait at a time; a house sends a handful a minute. */
export const OUTBOX_LIMIT = 1000;

/** See the file comment. */
export class Outbox {
  #waiting: Outgoing[] = [];

  /** Messages waiting. */
  get size(): number {
    return this.#waiting.length;
  }

  /** Keeps a message, or settles it with an error when the outbox is full. */
  add(message: Outgoing): void {
    if (this.#waiting.length >= OUTBOX_LIMIT) {
      return message.settle(
        `Cannot queue "${message.topic}": ${OUTBOX_LIMIT} messages wait for the broker already`,
      );
    }
    this.#waiting.push(message);
  }

  /**
   * Takes out everything that may still be sent; a retained message is superseded by a later one on its topic, and
   * what has expired is settled with that reason.
   *
   * @returns In the order of arrival, each with the seconds that its message expiry may still last
   */
  drain(nowMonoMs: number): { readonly message: Outgoing; readonly expirySec: number | undefined }[] {
    const all = this.#waiting;
    this.#waiting = [];
    const lastRetained = new Map(all.filter((m) => m.options.retain).map((m) => [m.topic, m]));
    const sendable = [];
    for (const message of all) {
      if (message.untilMonoMs <= nowMonoMs) {
        message.settle(`Cannot deliver "${message.topic}": expired before the broker was back`);
      } else if (message.options.retain && lastRetained.get(message.topic) !== message) {
        message.settle();
      } else {
        sendable.push({ message, expirySec: secondsLeft(message, nowMonoMs) });
      }
    }
    return sendable;
  }

  /** Settles everything with `error`; for the end of the process. */
  abandon(error: string): void {
    for (const message of this.#waiting.splice(0)) message.settle(error);
  }
}

/** Whole seconds that `message` may still live, at least 1; undefined without expiry. */
export function secondsLeft(message: Outgoing, nowMonoMs: number): number | undefined {
  if (message.untilMonoMs === Infinity) return undefined;
  return Math.max(1, Math.ceil((message.untilMonoMs - nowMonoMs) / 1000));
}

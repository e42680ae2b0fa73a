/**
 * aedes hands on 100 messages at a time, and lets the others wait in a queue. A message that nobody hears is done at once, and the next one was then
 * taken from inside of it, and so on: behind a reader that stood still, some thousands of them overflowed the stack and ended the
 * process that the broker lives in. This takes one after the other.
 */
import type { Aedes } from "aedes";

/** The part of aedes' queue (npm:mqemitter 7.1) that hands one message on. It has no types for it. */
interface Queue {
  _do(message: unknown, done: unknown): unknown;
}

/** Call it before the broker takes anybody. @throws Error when aedes has no such queue any more */
export function flattenQueue(broker: Aedes): void {
  const { mq } = broker as unknown as { readonly mq?: Partial<Queue> };
  const handOn = mq?._do?.bind(mq);
  if (!mq || !handOn) throw new Error("Cannot start the broker: this version of aedes has another queue");
  const due: (readonly [unknown, unknown])[] = [];
  let isUnderWay = false;
  mq._do = (message, done) => {
    due.push([message, done]);
    if (isUnderWay) return mq;
    isUnderWay = true;
    try {
      for (let next = due.shift(); next; next = due.shift()) handOn(...next);
    } finally {
      isUnderWay = false;
    }
    return mq;
  };
}

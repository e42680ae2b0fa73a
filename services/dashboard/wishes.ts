/** A person's wishes on their way to the policy, which alone decides, and its answers on their way back. */
import type { Bus } from "../../lib/workers/bus.ts";
import type { Clock } from "../../lib/time/clock.ts";
import { encodeAbortRequest } from "../../lib/messages/abort_request.ts";
import { type DrillRequest, encodeDrillRequest } from "../../lib/messages/drill.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import type { Topics } from "../../lib/mqtt/topics.ts";
import type { WishView } from "./page_contract.ts";
import { own } from "../../lib/own.ts";

/** What the policy answers with, by whether it took the wish. */
const ANSWERS: Readonly<Record<string, boolean>> = {
  shutdown_held: true,
  abort_refused: false,
  drill_begins: true,
  drill_refused: false,
};
/** A policy that runs answers at once; a wish that is older is not wanted any more. Real seconds. */
const ANSWER_SEC = 8;
const BY = "the dashboard";

/** What the desk works with. */
export interface WishParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly newId?: () => string;
}

/** See the file comment. */
export class WishRequests {
  readonly #waiting = new Map<string, (answer: WishView) => void>();

  constructor(private readonly parts: WishParts) {}

  /** Asks to call a station's shutdown off. */
  abort(device: string): Promise<WishView> {
    const { topics, clock } = this.parts;
    const issued_at = new Date(clock.wallMs()).toISOString();
    return this.#send(topics.abortRequest, (id) => encodeAbortRequest({ id, device, issued_at, by: BY }));
  }

  /** Asks for a drill. */
  drill(who: Pick<DrillRequest, "all" | "device" | "agents">): Promise<WishView> {
    const issued_at = new Date(this.parts.clock.wallMs()).toISOString();
    return this.#send(
      this.parts.topics.drillRequest,
      (id) => encodeDrillRequest({ id, ...who, issued_at, by: BY }),
    );
  }

  /** Hears the journal, where the policy answers. */
  noteEvent({ kind, text, data }: JournalEvent): void {
    const isTaken = own(ANSWERS, kind);
    if (isTaken !== undefined && typeof data?.id === "string") {
      this.#waiting.get(data.id)?.({ isTaken, text });
    }
  }

  async #send(topic: string, encode: (id: string) => string): Promise<WishView> {
    const { bus, clock, newId = () => crypto.randomUUID() } = this.parts;
    const id = newId();
    const answer = Promise.withResolvers<WishView>();
    this.#waiting.set(id, answer.resolve);
    const cancel = clock.after(ANSWER_SEC * 1000 * clock.speed, () =>
      answer.resolve({
        text:
          "The policy has not answered. It may be starting, or away; look at the journal before you ask again.",
      }));
    try {
      // It expires: a wish must not be granted when its time is over.
      const expirySec = Math.ceil(ANSWER_SEC * clock.speed);
      bus.publish(topic, encode(id), { qos: 1, expirySec }).catch((error) =>
        answer.resolve({ isTaken: false, text: `It could not be passed on: ${error.message}` })
      );
      return await answer.promise;
    } finally {
      cancel();
      this.#waiting.delete(id);
    }
  }
}

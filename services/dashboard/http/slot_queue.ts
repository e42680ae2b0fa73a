/** What waits for a slow client: the newest text of each slot, and a bounded line of texts without one. Pure. */

/** A client that lets this many texts wait is too slow. */
const MAX_WAITING = 200;

/** See the file comment. */
export class SlotQueue {
  readonly #waiting: { readonly slot: string | undefined; text: string }[] = [];

  /** @returns false when the client is too slow to be served any longer */
  add(text: string, slot?: string): boolean {
    const before = slot === undefined ? undefined : this.#waiting.find((entry) => entry.slot === slot);
    if (before) before.text = text;
    else this.#waiting.push({ slot, text });
    return this.#waiting.length <= MAX_WAITING;
  }

  /** The next text, or undefined when nothing waits. */
  take(): string | undefined {
    return this.#waiting.shift()?.text;
  }
}

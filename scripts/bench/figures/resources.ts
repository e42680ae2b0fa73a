/** What the daemon's workers say of themselves after each hourly collection, summed up. */
import { RESOURCES_LINE } from "../../../lib/workers/collect_garbage.ts";

const PATTERN = new RegExp(`(\\S+) ${RESOURCES_LINE} timers=(\\d+) heap_kb=(\\d+)$`);

/** The last word of each worker. */
export class Resources {
  readonly #words = new Map<string, { readonly timers: number; readonly heapKb: number }>();

  /** Takes a line of the daemon's log; all others are passed over. */
  hear(line: string): void {
    const [, service, timers, heapKb] = PATTERN.exec(line.trimEnd()) ?? [];
    if (service !== undefined) this.#words.set(service, { timers: Number(timers), heapKb: Number(heapKb) });
  }

  /** Timers that wait; undefined while nobody has spoken. */
  get timers(): number | undefined {
    return this.#sum(({ timers }) => timers);
  }

  /** MB in V8's heaps; undefined while nobody has spoken. */
  get heapMegabytes(): number | undefined {
    const kilobytes = this.#sum(({ heapKb }) => heapKb);
    return kilobytes === undefined ? undefined : kilobytes / 1000;
  }

  #sum(read: (word: { readonly timers: number; readonly heapKb: number }) => number): number | undefined {
    if (this.#words.size === 0) return undefined;
    return [...this.#words.values()].reduce((sum, word) => sum + read(word), 0);
  }
}

/** What waits to be told, kept over restarts: events by channel, and those that wait for the end of the quiet hours. */
import * as v from "valibot";
import { type JournalEvent, parseEvent } from "../../lib/messages/event.ts";
import { InvalidInputError } from "../../lib/errors.ts";
import { parseJson } from "../../lib/messages/parse.ts";
import type { TextFile } from "../../lib/files/text_file.ts";
import { recordOf } from "../../lib/record_of.ts";

/** Events of one channel beyond this give way, the oldest and least first. */
export const MAX_WAITING = 100;

const lists = recordOf(v.array(v.unknown()));
const schema = v.object({ version: v.literal(1), waiting: lists, held: lists });

/** See the file comment. */
export class Queue {
  readonly #waiting = new Map<string, JournalEvent[]>();
  readonly #held = new Map<string, JournalEvent[]>();
  #stored = "";

  constructor(private readonly file: TextFile) {}

  /** Reads what an earlier run left. @throws InvalidInputError when it cannot be read: it is put aside, and the queue is empty */
  load(): void {
    const text = this.file.read();
    if (text === undefined) return;
    try {
      const { waiting, held } = parseJson(schema, text, "the queue");
      for (const [from, to] of [[waiting, this.#waiting], [held, this.#held]] as const) {
        for (const [channel, events] of Object.entries(from)) {
          to.set(channel, events.map((event) => parseEvent(JSON.stringify(event), "the queue")));
        }
      }
      this.#stored = text;
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      this.#waiting.clear();
      this.#held.clear();
      this.file.setAside();
      throw error;
    }
  }

  /** Channels with something to tell now. */
  get channels(): string[] {
    return [...this.#waiting.keys()];
  }

  get hasHeld(): boolean {
    return this.#held.size > 0;
  }

  /** What a channel is to tell, oldest first. */
  waitingFor(channel: string): readonly JournalEvent[] {
    return this.#waiting.get(channel) ?? [];
  }

  /** To be told as soon as possible. */
  add(channel: string, events: readonly JournalEvent[]): void {
    addTo(this.#waiting, channel, events);
  }

  /** To be told when the quiet hours end. */
  hold(channel: string, events: readonly JournalEvent[]): void {
    addTo(this.#held, channel, events);
  }

  /** The quiet hours are over. */
  release(): void {
    for (const [channel, events] of this.#held) addTo(this.#waiting, channel, events);
    this.#held.clear();
  }

  /** These were told, or given up. */
  remove(channel: string, events: readonly JournalEvent[]): void {
    const left = this.waitingFor(channel).filter((event) => !events.includes(event));
    if (left.length > 0) this.#waiting.set(channel, left);
    else this.#waiting.delete(channel);
  }

  /** Channels that are no longer configured have nobody to tell. */
  keepOnly(channels: readonly string[]): void {
    for (const map of [this.#waiting, this.#held]) {
      for (const channel of map.keys()) if (!channels.includes(channel)) map.delete(channel);
    }
  }

  /** Stores it when it changed. @throws Error when the disk does not take it */
  store(): void {
    const text = JSON.stringify({
      version: 1,
      waiting: Object.fromEntries(this.#waiting),
      held: Object.fromEntries(this.#held),
    });
    if (text === this.#stored) return;
    this.file.write(text);
    this.#stored = text;
  }
}

function addTo(map: Map<string, JournalEvent[]>, channel: string, events: readonly JournalEvent[]): void {
  const all = [...map.get(channel) ?? [], ...events];
  while (all.length > MAX_WAITING) {
    const least = all.findIndex(({ severity }) => severity !== "danger");
    all.splice(Math.max(0, least), 1);
  }
  map.set(channel, all);
}

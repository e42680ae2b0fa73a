/** What waits to be written; bounded, because a disk that is full may stay so. Pure. */
import type { JournalEvent } from "../../lib/messages/event.ts";
import type { SampleRow } from "./downsample.ts";
import { addEnergy, type EnergyDelta } from "./energy.ts";
import type { Outage } from "./outages.ts";
import type { Batch } from "./store.ts";

/** An hour of ten stations, on a disk that takes nothing. */
const MAX_SAMPLES = 4000;
/** More than this are not kept waiting: with many stations they would drive each other out before their time. */
const MANY_SAMPLES = 3000;
const MAX_EVENTS = 1000;

/** See the file comment. */
export class Pending {
  #samples: SampleRow[] = [];
  #events: JournalEvent[] = [];
  readonly #energy = new Map<string, EnergyDelta>();
  readonly #outages = new Map<string, Outage>();

  get isEmpty(): boolean {
    return this.#samples.length + this.#events.length + this.#energy.size + this.#outages.size === 0;
  }

  /** Whether it is time to write, whatever the time. */
  get areMany(): boolean {
    return this.#samples.length > MANY_SAMPLES;
  }

  addSamples(rows: readonly SampleRow[]): void {
    this.#samples.push(...rows);
    if (this.#samples.length > MAX_SAMPLES) this.#samples.splice(0, this.#samples.length - MAX_SAMPLES);
  }

  addEvent(event: JournalEvent): void {
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
  }

  addEnergy(delta: EnergyDelta): void {
    const key = `${delta.day} ${delta.device}`;
    this.#energy.set(key, addEnergy(this.#energy.get(key), delta));
  }

  /** The newest record of an outage replaces the one before. */
  addOutage(outage: Outage): void {
    this.#outages.set(`${outage.fromMs} ${outage.device}`, outage);
  }

  /** Everything, for one write. */
  batch(): Batch {
    return {
      samples: this.#samples,
      events: this.#events,
      energy: [...this.#energy.values()],
      outages: [...this.#outages.values()],
    };
  }

  /** It is written. */
  clear(): void {
    this.#samples = [];
    this.#events = [];
    this.#energy.clear();
    this.#outages.clear();
  }
}

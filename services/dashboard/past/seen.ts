/** What the dashboard itself saw since its start: a bounded memory of values, outages and events. Pure. */
import type { JournalEvent } from "../../../lib/messages/event.ts";
import type { EventView, HistoryView, OutageView } from "../page_contract.ts";

/** One moment of one station. */
export interface Sample {
  /** Seconds since 1970. */
  readonly atSec: number;
  readonly socPercent?: number;
  readonly inWatts?: number;
  readonly acInWatts?: number;
  readonly dcInWatts?: number;
  readonly outWatts?: number;
}

/** One sample in 10 s, for six hours. */
export const SAMPLE_EVERY_SEC = 10;
const MAX_SAMPLES = 6 * 360;
const MAX_STATIONS = 50;
const MAX_EVENTS = 300;
const MAX_OUTAGES = 100;

/** See the file comment. */
export class Seen {
  readonly #samples = new Map<string, Sample[]>();
  readonly #outages = new Map<string, OutageView[]>();
  readonly #events: EventView[] = [];

  /** Keeps a moment; what comes before its time is left out. */
  addSample(device: string, sample: Sample): void {
    let samples = this.#samples.get(device);
    if (!samples) {
      if (this.#samples.size >= MAX_STATIONS) return;
      this.#samples.set(device, samples = []);
    }
    const last = samples.at(-1);
    // A wall clock that fell back would draw the line backwards.
    if (last && sample.atSec < last.atSec) samples.length = 0;
    else if (last && sample.atSec - last.atSec < SAMPLE_EVERY_SEC) return;
    samples.push(sample);
    if (samples.length > MAX_SAMPLES) samples.shift();
  }

  /** Keeps an event; grid events make outages. @returns as the page gets it */
  addEvent({ ts, kind, severity, text, device, data }: JournalEvent): EventView {
    const event = { ts, kind, severity, text };
    this.#events.push(event);
    if (this.#events.length > MAX_EVENTS) this.#events.shift();
    if (device !== undefined && kind === "grid_lost") this.#begin(device, ts);
    if (device !== undefined && kind === "grid_back") this.#end(device, ts);
    // What the policy had to estimate was not seen: it says the worst, down to 0.
    const isSeen = data?.is_estimate !== true;
    if (device !== undefined && isSeen && typeof data?.soc === "number") this.noteCharge(device, data.soc);
    return event;
  }

  /** Puts what happened before our start before what we saw; an event that we saw too is there once. */
  recall(past: readonly Pick<JournalEvent, "ts" | "kind" | "severity" | "text">[]): void {
    const key = ({ ts, kind, text }: EventView) => `${Date.parse(ts)} ${kind} ${text}`;
    const known = new Set(this.#events.map(key));
    const news = past.map(({ ts, kind, severity, text }) => ({ ts, kind, severity, text }))
      .filter((event) => !known.has(key(event)));
    this.#events.unshift(...news);
    this.#events.splice(0, this.#events.length - MAX_EVENTS);
  }

  /** The charge while an outage runs. */
  noteCharge(device: string, socPercent: number): void {
    const outages = this.#outages.get(device);
    const last = outages?.at(-1);
    if (!outages || !last || last.to !== undefined) return;
    if (last.lowest_soc_percent !== undefined && last.lowest_soc_percent <= socPercent) return;
    outages[outages.length - 1] = { ...last, lowest_soc_percent: socPercent };
  }

  /** Oldest first. */
  events(): readonly EventView[] {
    return this.#events;
  }

  /** What a station's charts show. */
  history(device: string, sinceSec: number): HistoryView {
    const samples = this.#samples.get(device)?.filter(({ atSec }) => atSec >= sinceSec) ?? [];
    const withGaps = samples.flatMap((sample, i): (Sample & { isGap?: true })[] => {
      const before = samples[i - 1];
      const isGap = before && sample.atSec - before.atSec > 6 * SAMPLE_EVERY_SEC;
      return isGap ? [{ atSec: before.atSec + SAMPLE_EVERY_SEC, isGap: true }, sample] : [sample];
    });
    const column = (value: (sample: Sample) => number | undefined) => withGaps.map((s) => value(s) ?? null);
    return {
      device,
      at_s: withGaps.map(({ atSec }) => Math.round(atSec)),
      soc_percent: column((sample) => sample.socPercent),
      in_watts: column((sample) => sample.inWatts),
      ac_in_watts: column((sample) => sample.acInWatts),
      dc_in_watts: column((sample) => sample.dcInWatts),
      out_watts: column((sample) => sample.outWatts),
      known_s: withGaps.map((sample) => sample.isGap ? 0 : SAMPLE_EVERY_SEC),
      grid_percent: withGaps.map(() => null),
      step_s: SAMPLE_EVERY_SEC,
      outages: this.#outages.get(device) ?? [],
      source: "seen",
    };
  }

  #begin(device: string, from: string): void {
    const outages = this.#outages.get(device) ?? [];
    if (outages.at(-1) && outages.at(-1)?.to === undefined) return;
    if (!this.#outages.has(device) && this.#outages.size >= MAX_STATIONS) return;
    this.#outages.set(device, [...outages, { device, from }].slice(-MAX_OUTAGES));
  }

  #end(device: string, to: string): void {
    const outages = this.#outages.get(device) ?? [];
    const last = outages.at(-1);
    if (last && last.to === undefined) outages[outages.length - 1] = { ...last, to };
    else if (!last) this.#outages.set(device, [{ device, to }]);
  }
}

/** The historian: keeps what happened, and answers questions about it. Nothing depends on it. */
import type { BusMessage } from "../../lib/workers/bus.ts";
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { encodeEvent, parseEvent } from "../../lib/messages/event.ts";
import { encodeHistoryAnswer, type HistoryAnswer } from "../../lib/messages/history_answer.ts";
import { type HistoryQuery, parseHistoryQuery } from "../../lib/messages/history_query.ts";
import { freshReadings, inWattsOf, parsePowerState } from "../../lib/messages/power_state.ts";
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext, ServiceFactory } from "../../lib/workers/service.ts";
import { type AnswerParts, answerQuery } from "./answer.ts";
import type { HistorianConfig } from "./config.ts";
import { Downsampler } from "./downsample.ts";
import { energyOf, localDay } from "./energy.ts";
import { Meter } from "./meter.ts";
import { OutageBook } from "./outages.ts";
import { Pending } from "./pending.ts";
import { Store } from "./store.ts";

export type { HistorianConfig } from "./config.ts";

/** How often rows are cut, ms: the finest resolution. */
const CUT_EVERY_MS = 10_000;
/** How long values may wait in memory, ms: few writes spare the card. */
const FLUSH_EVERY_MS = 30 * 60_000;
/** While the grid is gone the next cut of power is near, ms. */
const FLUSH_EVERY_OUT_MS = 5 * 60_000;
/** An event waits for its neighbours for so long, ms. */
const FLUSH_EVENT_MS = 3000;
const PRUNE_EVERY_MS = 24 * 3_600_000;
/** Between two steps of forgetting others have their turn, ms. */
const STEP_PAUSE_MS = 50;
/** More names than a house has would only fill the disk. */
const MAX_DEVICES = 200;

/** See the file comment. */
export class Historian implements Service {
  readonly #meters = new Map<string, Meter>();
  readonly #rows = new Downsampler();
  readonly #pending = new Pending();
  readonly #cancels: (() => void)[] = [];
  #cancelSoon = () => {};
  #cancelStep = () => {};
  /** Forgetting, as long as it goes on. */
  #tidying: Generator<void, void> | undefined;
  /** What the clock may say at most while nothing new is stored: the newest row when the file was opened, and since when. */
  #trusted = { newestSec: Infinity, sinceMonoMs: 0 };
  #book = new OutageBook();
  #store: Store | undefined;
  #flushDueMonoMs = Infinity;
  #isStuck = false;
  #isFull = false;
  #isUnreadable = false;
  #isOpened = false;
  #isRefused = false;

  constructor(private readonly context: ServiceContext<HistorianConfig>) {}

  /** A file that cannot be used is told, and keeps nobody from working. */
  start(): Promise<void> {
    const { bus, clock, config } = this.context;
    const topics = topicsUnder(config.roots);
    bus.subscribe(
      topics.state("+"),
      (message) => this.#guard(message, (m, source) => this.#hearState(m, source)),
      { qos: 0 },
    );
    bus.subscribe(
      topics.events,
      (message) => this.#guard(message, (m, source) => this.#hearEvent(m, source)),
    );
    bus.subscribe(
      topics.historyQuery,
      (message) => this.#guard(message, (m, source) => this.#answer(m, source)),
    );
    // It may have something to tell.
    this.#openStore();
    this.#flushDueMonoMs = clock.monoMs() + FLUSH_EVERY_MS;
    this.#cancels.push(
      clock.every(CUT_EVERY_MS, () => this.#cut()),
      clock.every(PRUNE_EVERY_MS, () => this.#tidy()),
    );
    return Promise.resolve();
  }

  stop(): Promise<void> {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#cancelSoon();
    this.#cancelStep();
    this.#tidying?.return();
    this.#tidying = undefined;
    if (this.#store) {
      this.#cutMeters();
      this.#pending.addSamples(this.#rows.rest());
      this.#flush();
      this.#store.close();
      this.#store = undefined;
    }
    return Promise.resolve();
  }

  #openStore(): void {
    const { config, log, health, clock, bus } = this.context;
    try {
      this.#store = Store.open(`${config.stateDir}/history.db`, (reason) => {
        log.error("HISTORY DAMAGED: put aside, a new one is begun", { reason });
        const text = "The history could not be read: it was put aside, and a new one is begun.";
        const ts = new Date(clock.wallMs()).toISOString();
        const event = encodeEvent({
          ts,
          kind: "history_damaged",
          severity: "warning",
          source: "historian",
          text,
        });
        void bus.publish(topicsUnder(config.roots).events, event, { qos: 1 }).catch(() => {});
      });
      if (!this.#isOpened) this.#book = new OutageBook(this.#store.openOutages());
      this.#isOpened = true;
      health.clear("history_off");
      this.#trusted = { newestSec: newestOf(this.#store) ?? Infinity, sinceMonoMs: clock.monoMs() };
      this.#tidy();
    } catch (error) {
      const text = `No history is kept: ${errorText(error)}`.slice(0, 500);
      if (!this.#isRefused) log.error("NO HISTORY", { reason: errorText(error) });
      this.#isRefused = true;
      health.raise({ code: "history_off", severity: "warning", text });
    }
  }

  /** One bad message is refused and named; the next one is read. */
  #guard(message: BusMessage, read: (message: BusMessage, source: string) => void): void {
    // What the broker kept is older than what may have been heard already, and was counted when it was new.
    if (message.retained || message.payload.length === 0) return;
    try {
      read(message, `MQTT topic "${message.topic}"`);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      this.context.log.warn("INPUT REFUSED", { text: error.message });
    }
  }

  #hearState({ payload }: BusMessage, source: string): void {
    const { clock, config } = this.context;
    const state = parsePowerState(payload, source);
    // A play is no history: its charge and its outage never were.
    if (state.role === "accessory" || state.simulated) return;
    const isLive = (state.link ?? "live") === "live";
    let meter = this.#meters.get(state.device);
    if (!meter) {
      if (this.#meters.size >= MAX_DEVICES) return this.#leaveOut(state.device);
      this.#meters.set(state.device, meter = new Meter());
    }
    const { soc, grid_connected: grid } = freshReadings(state, config.staleAfterSec);
    const moment = {
      soc,
      grid,
      inWatts: inWattsOf(state),
      acInWatts: state.ac_in_watts,
      dcInWatts: state.dc_in_watts,
      outWatts: state.out_watts,
    };
    meter.note(isLive ? moment : undefined, clock.monoMs());
    if (!isLive || state.grid_unconfirmed) return;
    const wasOut = this.#book.isOut;
    const outage = this.#book.note(state.device, { grid, soc }, clock.wallMs());
    if (!outage) return;
    this.#pending.addOutage(outage);
    if (wasOut !== this.#book.isOut || outage.toMs !== undefined) this.#flushWithin(FLUSH_EVENT_MS);
  }

  /** Said once: which of them does not matter. */
  #leaveOut(device: string): void {
    if (!this.#isFull) {
      this.context.log.warn("HISTORY OF NO MORE STATIONS", { most: MAX_DEVICES, first_left_out: device });
    }
    this.#isFull = true;
  }

  #hearEvent({ payload }: BusMessage, source: string): void {
    this.#pending.addEvent(parseEvent(payload, source));
    this.#flushWithin(FLUSH_EVENT_MS);
  }

  #answer({ payload }: BusMessage, source: string): void {
    const query = parseHistoryQuery(payload, source);
    const { bus, clock, config, log } = this.context;
    const { samples, energy } = this.#pending.batch();
    const waiting = { samples: [...samples, ...this.#rows.rest()], energy, nowMs: clock.wallMs() };
    const topic = topicsUnder(config.roots).historyAnswer(query.id);
    const answer = encodeHistoryAnswer(this.#answerTo(query, waiting));
    void bus.publish(topic, answer, { qos: 1 }).catch((error) =>
      log.warn("ANSWER LOST", { reason: errorText(error) })
    );
  }

  /** A large file is not read through when it is opened: damage in it is met here. It must not end us at every question. */
  #answerTo(query: HistoryQuery, waiting: AnswerParts): HistoryAnswer {
    try {
      return answerQuery(query, this.#store, waiting);
    } catch (error) {
      const text = `The history cannot be read: ${errorText(error)}`.slice(0, 300);
      if (!this.#isUnreadable) this.context.log.error("HISTORY NOT READ", { reason: errorText(error) });
      this.#isUnreadable = true;
      this.context.health.raise({ code: "history_not_read", severity: "warning", text });
      return { id: query.id, kind: query.kind, error: text, more: false };
    }
  }

  #cut(): void {
    this.#cutMeters();
    const isDue = this.context.clock.monoMs() >= this.#flushDueMonoMs;
    // A disk that takes nothing is not tried at each cut.
    if (isDue || this.#pending.areMany && !this.#isStuck) this.#flush();
  }

  #cutMeters(): void {
    const { clock } = this.context;
    const wallMs = clock.wallMs();
    const day = localDay(wallMs);
    for (const [device, meter] of this.#meters) {
      const totals = meter.cut(clock.monoMs());
      this.#pending.addSamples(this.#rows.add(device, wallMs / 1000, totals));
      const energy = energyOf(device, day, totals);
      if (energy) this.#pending.addEnergy(energy);
    }
  }

  #flushWithin(ms: number): void {
    const { clock } = this.context;
    const dueMonoMs = clock.monoMs() + ms;
    if (dueMonoMs >= this.#flushDueMonoMs) return;
    this.#flushDueMonoMs = dueMonoMs;
    this.#cancelSoon();
    this.#cancelSoon = clock.after(ms, () => this.#flush());
  }

  #flush(): void {
    const { clock, log, health } = this.context;
    this.#cancelSoon();
    // What comes meanwhile waits: it is written at the end of it.
    if (this.#store?.isCopied) return;
    this.#flushDueMonoMs = clock.monoMs() + (this.#book.isOut ? FLUSH_EVERY_OUT_MS : FLUSH_EVERY_MS);
    // A disk that was full when we started may have room by now.
    if (!this.#store) this.#openStore();
    if (!this.#store || this.#pending.isEmpty) return;
    try {
      this.#store.write(this.#pending.batch());
      this.#pending.clear();
      if (this.#isStuck) log.notice("HISTORY STORED AGAIN");
      this.#isStuck = false;
      health.clear("history_not_stored");
    } catch (error) {
      const text = `The history is not stored: ${errorText(error)}`.slice(0, 500);
      if (!this.#isStuck) log.error("HISTORY NOT STORED", { reason: errorText(error) });
      this.#isStuck = true;
      health.raise({ code: "history_not_stored", severity: "warning", text });
    }
  }

  /** Begins to forget, unless that goes on. */
  #tidy(): void {
    if (!this.#store || this.#tidying) return;
    this.#tidying = this.#forget(this.#store);
    this.#goOnTidying();
  }

  #goOnTidying(): void {
    if (this.#tidying?.next().done === false) {
      this.#cancelStep = this.context.clock.after(STEP_PAUSE_MS, () => this.#goOnTidying());
    } else this.#tidying = undefined;
  }

  *#forget(store: Store): Generator<void, void> {
    const { config, log } = this.context;
    try {
      yield* store.prune(this.#todaySec(store), config.days);
    } catch (error) {
      return log.warn("HISTORY NOT PRUNED", { reason: errorText(error) });
    }
    try {
      if (!(yield* store.shrink())) return;
      log.notice("HISTORY FILE SHRUNK");
    } catch (error) {
      log.warn("HISTORY FILE NOT SHRUNK", { reason: errorText(error) });
      if (store.isLost) this.#store = undefined;
    }
    this.#flush();
  }

  /**
   * By which time rows are old. A clock that is years ahead, as one may be after a cut of power, must not cost a year of history: it is
   * believed as far as rows were stored, and for as long as we ran.
   */
  #todaySec(store: Store): number {
    const { clock } = this.context;
    const { newestSec, sinceMonoMs } = this.#trusted;
    const ranToSec = newestSec + (clock.monoMs() - sinceMonoMs) / 1000;
    return Math.floor(Math.min(clock.wallMs() / 1000, Math.max(ranToSec, newestOf(store) ?? 0)));
  }
}

/** Undefined too where damage does not let it be read, which must keep nobody from writing. */
function newestOf(store: Store): number | undefined {
  try {
    return store.newestSec();
  } catch {
    return undefined;
  }
}

/** Makes it. */
export const createHistorian: ServiceFactory<HistorianConfig> = (context) => new Historian(context);

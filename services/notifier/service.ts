/** The notifier: tells people what happened, by the ways that they chose, as soon as there is a way. */
import type { BusMessage } from "../../lib/workers/bus.ts";
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { encodeEvent, type JournalEvent, parseEvent } from "../../lib/messages/event.ts";
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import type { TextFile } from "../../lib/files/text_file.ts";
import type { Channel } from "./channel.ts";
import { isWanted } from "./choose.ts";
import type { NotifierConfig } from "./config.ts";
import { Courier } from "./courier.ts";
import { composeMessage } from "./message.ts";
import { Queue } from "./queue.ts";
import { isQuiet } from "./quiet.ts";

export type { NotifierConfig } from "./config.ts";

/** The outside world of this service. */
export interface NotifierPorts {
  readonly file: TextFile;
  /** The channels, as `config.channels` has them. */
  readonly channels: readonly Channel[];
  /** Releases what the channels hold. */
  close(): void;
}

/** How often the end of the quiet hours is looked for, ms. */
const QUIET_LOOK_MS = 60_000;
const SOURCE = "notifier";

/** See the file comment. */
export class Notifier implements Service {
  readonly #queue: Queue;
  readonly #couriers = new Map<string, Courier>();
  /** Collected, and not yet given to the queue. */
  #fresh: JournalEvent[] = [];
  #cancelFlush = () => {};
  #cancelLook = () => {};
  #isStuck = false;
  /** A danger was told, and its end was not. */
  #isAlarmed = false;

  constructor(
    private readonly context: ServiceContext<NotifierConfig>,
    private readonly ports: NotifierPorts,
  ) {
    const { clock, random, config } = context;
    this.#queue = new Queue(ports.file);
    for (const channel of ports.channels) {
      const { name } = channel;
      this.#couriers.set(
        name,
        new Courier({
          channel,
          clock,
          random,
          waiting: () => this.#queue.waitingFor(name),
          compose: (events) => composeMessage(events, { ...config, nowWallMs: clock.wallMs() }),
          onDone: (events, givenUp) => this.#done(name, events, givenUp),
          onTrouble: (text) => this.#trouble(name, text),
        }),
      );
    }
  }

  start(): Promise<void> {
    const { bus, clock, log, config } = this.context;
    try {
      this.#queue.load();
    } catch (error) {
      log.error("QUEUE LOST", { reason: errorText(error) });
    }
    this.#queue.keepOnly([...this.#couriers.keys()]);
    bus.subscribe(topicsUnder(config.roots).events, (message) => this.#hear(message));
    this.#cancelLook = clock.every(QUIET_LOOK_MS, () => this.#lookAtTheClock());
    for (const courier of this.#couriers.values()) courier.wake();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#cancelFlush();
    this.#cancelLook();
    this.#flush(false);
    for (const courier of this.#couriers.values()) await courier.stop();
    this.#store();
    this.ports.close();
  }

  #hear({ topic, payload, retained }: BusMessage): void {
    if (retained || payload.length === 0) return;
    let event: JournalEvent;
    try {
      event = parseEvent(payload, `MQTT topic "${topic}"`);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      return this.context.log.warn("INPUT REFUSED", { text: error.message });
    }
    if (event.kind === "cloud_link" && event.data?.link === "up") {
      for (const courier of this.#couriers.values()) courier.hurry();
    }
    // What we say ourselves, of our own trouble, would only make more of it.
    if (event.source === SOURCE) return;
    if (!this.context.config.channels.some(({ choice }) => isWanted(choice, event))) return;
    this.#fresh.push(event);
    const { clock, config } = this.context;
    // A danger waits for nobody.
    if (event.severity === "danger" || config.collectSec === 0) return this.#flush(true);
    if (this.#fresh.length === 1) {
      this.#cancelFlush = clock.after(config.collectSec * 1000, () => this.#flush(true));
    }
  }

  /** Gives what was collected to every channel that wants it. */
  #flush(wakes: boolean): void {
    this.#cancelFlush();
    const events = this.#fresh;
    this.#fresh = [];
    if (events.length === 0) return;
    const { clock, config } = this.context;
    const isDanger = events.some(({ severity }) => severity === "danger");
    if (isDanger) this.#isAlarmed = true;
    // Whoever was woken by a danger wants to know how it ends.
    const quiet = !this.#isAlarmed && isQuiet(config.quietHours, clock.wallMs(), config.timeZone);
    if (!isDanger && events.some(({ kind }) => kind === "grid_back")) this.#isAlarmed = false;
    for (const { settings: { name }, choice } of config.channels) {
      const wanted = events.filter((event) => isWanted(choice, event));
      if (wanted.length === 0) continue;
      if (quiet) this.#queue.hold(name, wanted);
      else this.#queue.add(name, wanted);
    }
    this.#store();
    if (wakes) { for (const courier of this.#couriers.values()) courier.wake(); }
  }

  #lookAtTheClock(): void {
    const { clock, config } = this.context;
    if (!this.#queue.hasHeld || isQuiet(config.quietHours, clock.wallMs(), config.timeZone)) return;
    this.#queue.release();
    this.#store();
    for (const courier of this.#couriers.values()) courier.wake();
  }

  #done(channel: string, events: readonly JournalEvent[], givenUp: string | undefined): void {
    const { log, health } = this.context;
    this.#queue.remove(channel, events);
    this.#store();
    if (givenUp === undefined) {
      log.info("MESSAGE SENT", { channel, events: events.length });
      return health.clear(`notify_${channel}`);
    }
    log.error("MESSAGE GIVEN UP", { channel, events: events.length, reason: givenUp });
    this.#raise(channel, `${channel} refuses our messages: ${givenUp}`);
  }

  #trouble(channel: string, text: string): void {
    this.context.log.warn("MESSAGE WAITS", { channel, reason: text });
    this.#raise(channel, `${channel} cannot be reached, messages wait: ${text}`);
  }

  /** Said once in the journal, and shown for as long as it lasts. */
  #raise(channel: string, text: string): void {
    const { health, bus, clock, config } = this.context;
    const code = `notify_${channel}`;
    const isNews = !health.list().some((condition) => condition.code === code);
    health.raise({ code, severity: "warning", text: text.slice(0, 500) });
    if (!isNews) return;
    const ts = new Date(clock.wallMs()).toISOString();
    const event = encodeEvent({
      ts,
      kind: "notify_failed",
      severity: "notice",
      source: SOURCE,
      text: text.slice(0, 500),
    });
    void bus.publish(topicsUnder(config.roots).events, event, { qos: 1 }).catch(() => {});
  }

  /** A disk that takes nothing keeps nobody from being told. */
  #store(): void {
    try {
      this.#queue.store();
      this.#isStuck = false;
    } catch (error) {
      if (!this.#isStuck) this.context.log.error("QUEUE NOT STORED", { reason: errorText(error) });
      this.#isStuck = true;
    }
  }
}

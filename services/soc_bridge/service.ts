/**
 * `soc_bridge`: raw payloads from the broker in, each station's state to the broker out. Reads what comes and hands it on;
 * which stations there are is `roster.ts`'s.
 */
import { errorText } from "../../lib/errors.ts";
import { encodeEvent } from "../../lib/messages/event.ts";
import { parseCloudStatus } from "../../lib/messages/cloud_status.ts";
import { heldUpMs, parsePowerState } from "../../lib/messages/power_state.ts";
import { parseSourceReading } from "../../lib/messages/source_reading.ts";
import { parseStationList } from "../../lib/messages/station_list.ts";
import { type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { BusMessage } from "../../lib/workers/bus.ts";
import { Isolation } from "../../lib/workers/isolation.ts";
import { goRound, type Rounds } from "../../lib/time/rounds.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import type { SocBridgeConfig } from "./config.ts";
import { ModelTables } from "./models/model_tables.ts";
import { Gathering } from "../../lib/time/gathering.ts";
import { RefusalLog } from "./publish/refusal_log.ts";
import { stationConditions } from "./publish/station_conditions.ts";
import type { JournalEntry } from "./publish/station_log.ts";
import type { StationPublisher } from "./publish/station_publisher.ts";
import { Roster } from "./roster.ts";

export type { SocBridgeConfig } from "./config.ts";

/** How often ages are looked at, ms; while all is calm, only so often. */
const TICK_MS = 1000;
const CALM_TICK_MS = 5000;
/** How often stations that are off the list are looked for, ms. */
const GONE_LOOK_MS = 10_000;
const SERIAL = /^[A-Za-z0-9-]{4,32}$/;

/** Makes the service; see {@link SocBridge}. */
export function createSocBridge(context: ServiceContext<SocBridgeConfig>): Service {
  return new SocBridge(context);
}

/** See the file comment. */
export class SocBridge implements Service {
  readonly #topics: Topics;
  readonly #refusals: RefusalLog;
  readonly #tables = new ModelTables();
  readonly #roster: Roster;
  readonly #isolation: Isolation;
  readonly #gathering: Gathering<StationPublisher>;
  readonly #cancels: (() => void)[] = [];
  #rounds: Rounds | undefined;
  #isStopped = false;

  constructor(private readonly context: ServiceContext<SocBridgeConfig>) {
    this.#topics = topicsUnder(context.config.roots);
    this.#refusals = new RefusalLog(context.log, context.clock);
    this.#isolation = new Isolation(context, "part_failed");
    this.#gathering = new Gathering(
      context.clock,
      () => this.#roster.size,
      (station) => this.#run(station, () => station.tellGathered()),
    );
    this.#roster = new Roster({
      ...context,
      topics: this.#topics,
      refusals: this.#refusals,
      tables: this.#tables,
      gathering: this.#gathering,
      dueAt: (monoMs) => this.#rounds?.dueAt(monoMs),
      journal: (entry) => this.#journal(entry),
    });
  }

  async start(): Promise<void> {
    const { bus, clock } = this.context;
    await this.#loadModelFiles();
    const tick = (some: readonly StationPublisher[]) => {
      for (const station of some) this.#run(station, () => station.tick());
    };
    this.#rounds = goRound(
      clock,
      TICK_MS,
      () => this.#roster.all(),
      tick,
      () => this.#showConditions(),
      { longestMs: CALM_TICK_MS, dueMonoMs: () => this.#roster.dueMonoMs() },
    );
    this.#cancels.push(this.#rounds.cancel, clock.every(GONE_LOOK_MS, () => this.#roster.takeGone()));
    this.#roster.start();
    // Before the list: what it no longer names may be kept by the broker.
    bus.subscribe(this.#topics.state("+"), (message) => this.#noteKept(message), { qos: 0, noLocal: true });
    bus.subscribe(this.#topics.stationList, (message) => this.#takeStationList(message), { qos: 0 });
    bus.subscribe(this.#topics.cloudStatus, (message) => this.#takeCloudStatus(message), { qos: 0 });
    bus.subscribe(this.#topics.source("+"), (message) => this.#takeSource(message), { qos: 0 });
    bus.subscribe(this.#topics.raw("+"), (message) => this.#takeRaw(message), { qos: 0 });
    bus.onLink((up) => {
      if (!up) return;
      for (const station of this.#roster.all()) this.#run(station, () => station.publishAgain());
    });
  }

  /** Says of every station that nobody watches it any more, so that no retained state looks live. */
  stop(): Promise<void> {
    if (this.#cancels.length > 0) { for (const station of this.#roster.all()) station.publishAsStale(); }
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#isStopped = true;
    this.#gathering.stop();
    this.#roster.stop();
    return Promise.resolve();
  }

  /** A station that fails does not stop the others. */
  #run(station: StationPublisher, act: () => void): void {
    this.#isolation.run(`station "${station.device}"`, act);
  }

  /** A table that cannot be used is named and left out; the product's own tables always work. */
  async #loadModelFiles(): Promise<void> {
    const { config, log, health } = this.context;
    const problems = await this.#tables.addFiles(config.modelFiles ?? []);
    for (const text of problems) log.error("MODEL FILE REFUSED", { text });
    if (problems.length === 0) return;
    const text = problems.join("; ").slice(0, 500);
    health.raise({ code: "model_file_refused", severity: "warning", text });
  }

  #takeRaw({ topic, payload, retained }: BusMessage): void {
    if (this.#isStopped) return;
    const sn = topic.slice(this.context.config.roots.stations.length + 1, -"/data".length);
    // A kept payload is of unknown age and would look fresh.
    if (retained) return this.#refusals.note(topic, "a retained payload, which may be old");
    if (!SERIAL.test(sn)) {
      return this.#refusals.note("bridge", `a topic without a serial number: "${topic.slice(0, 100)}"`);
    }
    this.#roster.station(sn)?.take(payload, topic);
  }

  /** A reading by cable goes to the station of that name or serial number. */
  #takeSource({ topic, payload, retained }: BusMessage): void {
    if (this.#isStopped) return;
    const device = topic.split("/").at(-3) ?? "";
    // An empty one only proves that it may be written.
    if (payload.length === 0) return;
    if (retained) return this.#refusals.note(topic, "a retained reading, which may be old");
    this.#read(topic, () => {
      const reading = parseSourceReading(payload, `MQTT topic "${topic}"`);
      const heldMs = heldUpMs(reading, this.context.clock.wallMs());
      const isTaken = this.#roster.takeSource(device, reading, heldMs);
      if (!isTaken) this.#refusals.note(topic, `no station is called "${device}"`);
    });
  }

  #takeStationList({ topic, payload }: BusMessage): void {
    if (this.#isStopped) return;
    this.#read(topic, () => {
      this.#roster.takeList(parseStationList(payload, `MQTT topic "${topic}"`).stations);
    });
  }

  #takeCloudStatus({ topic, payload }: BusMessage): void {
    if (this.#isStopped) return;
    this.#read(topic, () => {
      this.#roster.setCloud(parseCloudStatus(payload, `MQTT topic "${topic}"`).link);
    });
  }

  /** What cannot be read is noted by its topic, and stops nothing. */
  #read(topic: string, take: () => void): void {
    try {
      take();
    } catch (error) {
      this.#refusals.note(topic, errorText(error));
    }
  }

  #noteKept({ topic, payload, retained }: BusMessage): void {
    const device = topic.split("/").at(-3) ?? "";
    if (!retained || payload.length === 0) return this.#roster.noteSpoken(device);
    try {
      this.#roster.noteKept(device, parsePowerState(payload, topic));
    } catch {
      // Not one of ours.
    }
  }

  #showConditions(): void {
    const { health } = this.context;
    this.#roster.tick();
    for (const { code, text } of stationConditions(this.#roster.all(), this.#roster.twins)) {
      if (text === undefined) health.clear(code);
      else health.raise({ code, severity: "warning", text });
    }
  }

  #journal(entry: JournalEntry): void {
    const { bus, clock, log, name } = this.context;
    const ts = new Date(clock.wallMs()).toISOString();
    void bus.publish(this.#topics.events, encodeEvent({ ts, source: name, ...entry }), { qos: 1 })
      .catch((error) => log.debug("journal entry lost", { text: errorText(error) }));
  }
}

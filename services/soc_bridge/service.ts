/** `soc_bridge`: raw payloads from the broker in, each station's state to the broker out. */
import { errorText } from "../../lib/errors.ts";
import { encodeEvent, type JournalEvent } from "../../lib/messages/event.ts";
import { parseCloudStatus } from "../../lib/messages/cloud_status.ts";
import { heldUpMs, parsePowerState } from "../../lib/messages/power_state.ts";
import { parseSourceReading } from "../../lib/messages/source_reading.ts";
import { parseStationList } from "../../lib/messages/station_list.ts";
import { type TopicRoots, type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { BusMessage } from "../../lib/workers/bus.ts";
import { Isolation } from "../../lib/workers/isolation.ts";
import { goRound } from "../../lib/time/rounds.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import { type CompiledModel, compileModel } from "./models/compiled_model.ts";
import { type ModelFile, parseModelFile } from "./models/model_files.ts";
import { CABLE_ONLY } from "./models/cable_only.ts";
import { isSameSerial } from "../../lib/nut/serial.ts";
import type { ModelSpec } from "./models/model_spec.ts";
import { matchModel, MODELS } from "./models/models.ts";
import { PowerStation } from "./judge/power_station.ts";
import { CABLE_STALE_MS } from "./judge/weigh.ts";
import { GoneStations } from "./publish/gone_stations.ts";
import { RefusalLog } from "./publish/refusal_log.ts";
import { SecondCables } from "./publish/second_cables.ts";
import { type FeedParts, StationPublisher } from "./publish/station_publisher.ts";
import { type NamedStation, nameStations } from "./publish/station_names.ts";

/** The service's slice of the configuration. */
export interface SocBridgeConfig {
  readonly roots: TopicRoots;
  /** Stations by the user's wish; others are found from traffic and from the account's list. */
  readonly devices: readonly NamedStation[];
  readonly gridRule: "auto" | "tag27";
  /** Without fresh evidence for this long a station is stale, s. */
  readonly staleAfterSec: number;
  /** Publish every decoded field of every message as well. */
  readonly publishRawJson: boolean;
  /** Tables of models that the product does not know, or knows otherwise; none when absent. */
  readonly modelFiles?: readonly ModelFile[];
  /** Stations that a NUT server speaks for, by name or serial number: one that nobody else knows is a station all the same. */
  readonly cables?: readonly string[];
}

/** More stations than this on one broker are not believed. */
const MAX_STATIONS = 5000;
/** How often ages are looked at, ms. */
const TICK_MS = 1000;
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
  readonly #feeds = new Map<string, StationPublisher>();
  /** Stations that nobody but a cable knows, by name. */
  readonly #cableOnly = new Map<string, StationPublisher>();
  /** Of those, whose serial number is a known station's: that one's name. */
  readonly #twins = new Map<string, string>();
  readonly #secondCables: SecondCables;
  readonly #strangers = new Set<string>();
  readonly #compiled = new Map<ModelSpec, Promise<CompiledModel>>();
  #models: readonly ModelSpec[] = MODELS;
  #listed: readonly NamedStation[] = [];
  #names: ReadonlyMap<string, string> = new Map();
  #takenNames: ReadonlySet<string> = new Set();
  #isCloudDown = false;
  readonly #cancels: (() => void)[] = [];
  #isStopped = false;
  readonly #configured: ReadonlySet<string>;
  readonly #gone: GoneStations;
  /** The cloud has named the stations of the account, or there is none. */
  #isAccountRead = false;
  /** From then on a cable that has said nothing is silent, monotonic ms. */
  #cablesDueMonoMs = Infinity;

  constructor(private readonly context: ServiceContext<SocBridgeConfig>) {
    this.#configured = new Set(context.config.devices.map(({ sn }) => sn));
    this.#gone = new GoneStations((device) => context.config.cables?.includes(device) === true);
    this.#topics = topicsUnder(context.config.roots);
    this.#refusals = new RefusalLog(context.log, context.clock);
    this.#secondCables = new SecondCables(context);
  }

  async start(): Promise<void> {
    const { bus, clock, config } = this.context;
    await this.#loadModelFiles();
    this.#cablesDueMonoMs = clock.monoMs() + CABLE_STALE_MS;
    const isolation = new Isolation(this.context, "part_failed");
    this.#cancels.push(
      goRound(clock, TICK_MS, () => this.#everyFeed(), (some) => {
        for (const feed of some) isolation.run(`station "${feed.device}"`, () => feed.tick());
      }),
      clock.every(TICK_MS, () => this.#tellSilence()),
      clock.every(GONE_LOOK_MS, () => this.#takeGone()),
    );
    this.#nameAll();
    for (const { sn } of config.devices) this.#feed(sn);
    // Before the list: what it no longer names may be kept by the broker.
    bus.subscribe(this.#topics.state("+"), (message) => this.#noteKept(message), { qos: 0 });
    bus.subscribe(this.#topics.stationList, (message) => this.#takeStationList(message), { qos: 0 });
    bus.subscribe(this.#topics.cloudStatus, (message) => this.#takeCloudStatus(message), { qos: 0 });
    bus.subscribe(this.#topics.source("+"), (message) => this.#takeSource(message), { qos: 0 });
    bus.subscribe(this.#topics.raw("+"), (message) => this.#takeRaw(message), { qos: 0 });
    bus.onLink((up) => {
      if (!up) return;
      for (const feed of this.#everyFeed()) {
        isolation.run(`station "${feed.device}"`, () => feed.publishAgain());
      }
    });
  }

  /** Says of every station that nobody watches it any more, so that no retained state looks live. */
  stop(): Promise<void> {
    if (this.#cancels.length > 0) { for (const feed of this.#everyFeed()) feed.publishLastWord(); }
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#isStopped = true;
    this.#feeds.clear();
    this.#cableOnly.clear();
    return Promise.resolve();
  }

  /** A table that cannot be used is named and left out; the product's own tables always work. */
  async #loadModelFiles(): Promise<void> {
    const { config, log, health } = this.context;
    const own: ModelSpec[] = [];
    const problems: string[] = [];
    for (const file of config.modelFiles ?? []) {
      try {
        const models = parseModelFile(file);
        for (const spec of models) await this.#compile(spec, `model file "${file.name}"`);
        own.push(...models);
      } catch (error) {
        problems.push(errorText(error));
        log.error("MODEL FILE REFUSED", { text: errorText(error) });
      }
    }
    this.#models = [...own, ...MODELS];
    if (problems.length > 0) {
      health.raise({
        code: "model_file_refused",
        severity: "warning",
        text: problems.join("; ").slice(0, 500),
      });
    }
  }

  #compile(spec: ModelSpec, source?: string): Promise<CompiledModel> {
    let compiled = this.#compiled.get(spec);
    if (!compiled) {
      compiled = compileModel(spec, source);
      this.#compiled.set(spec, compiled);
    }
    return compiled;
  }

  #takeRaw({ topic, payload, retained }: BusMessage): void {
    if (this.#isStopped) return;
    const sn = topic.slice(this.context.config.roots.stations.length + 1, -"/data".length);
    // A kept payload is of unknown age and would look fresh.
    if (retained) return this.#refusals.note(topic, "a retained payload, which may be old");
    if (!SERIAL.test(sn)) {
      return this.#refusals.note("bridge", `a topic without a serial number: "${topic.slice(0, 100)}"`);
    }
    this.#feed(sn)?.take(payload, topic);
  }

  /** A reading by cable goes to the station of that name or serial number. */
  #takeSource({ topic, payload, retained }: BusMessage): void {
    if (this.#isStopped) return;
    const device = topic.split("/").at(-3) ?? "";
    // An empty one only proves that it may be written.
    if (payload.length === 0) return;
    if (retained) return this.#refusals.note(topic, "a retained reading, which may be old");
    try {
      const reading = parseSourceReading(payload, `MQTT topic "${topic}"`);
      const feed = this.#feedOf(device) ?? this.#cableFeed(device);
      if (!feed) return this.#refusals.note(topic, `no station is called "${device}"`);
      // Two servers in one state would say its grid lost and back with every poll: one is believed, whichever speaks.
      const first = this.context.config.cables?.find((one) => this.#feedOf(one) === feed);
      if (first !== undefined && first !== device) {
        return this.#secondCables.heard(device, first, feed.device);
      }
      if (this.#cableOnly.get(device) === feed) this.#noteTwin(device, reading.serial);
      feed.takeSource(reading, heldUpMs(reading, this.context.clock.wallMs()));
    } catch (error) {
      this.#refusals.note(topic, errorText(error));
    }
  }

  /** The station of that name or serial number that others than a cable know. */
  #feedOf(device: string): StationPublisher | undefined {
    return this.#feeds.get(device) ?? [...this.#feeds.values()].find((one) => one.device === device);
  }

  /** The feed of a serial number; undefined for models that no table knows. */
  #feed(sn: string): StationPublisher | undefined {
    const known = this.#feeds.get(sn);
    if (known || this.#strangers.has(sn)) return known;
    if (this.#feeds.size + this.#strangers.size >= MAX_STATIONS) {
      this.#refusals.note("bridge", `more than ${MAX_STATIONS} stations`);
      return undefined;
    }
    const found = matchModel(sn, this.#models);
    if (!found) {
      this.#strangers.add(sn);
      this.#tellStrangers();
      const text = `No table for station ${sn}: its values stay unknown; add a model file or report it`;
      this.context.log.notice("STATION UNKNOWN", { sn, text });
      this.#journal({ kind: "station_unknown", severity: "notice", text, data: { sn } });
      return undefined;
    }
    const { spec, isGuess } = found;
    this.#yieldName(sn);
    const { config } = this.context;
    const feed = new StationPublisher(sn, this.#partsOf(() => this.#nameOf(sn)));
    this.#feeds.set(sn, feed);
    this.#endCableOnly();
    if (!this.#configured.has(sn)) {
      this.context.log.notice("STATION FOUND", { sn, model: spec.model, device: this.#nameOf(sn) });
    }
    if (config.gridRule === "tag27" && !spec.tag27 && spec.role === "station") {
      this.context.log.notice("GRID_RULE=tag27 does not apply", { sn, model: spec.model, used: "auto" });
    }
    void this.#compile(spec).then((model) => {
      if (this.#isStopped) return;
      const { gridRule, staleAfterSec } = config;
      feed.begin(
        new PowerStation({ sn, model, gridRule, staleAfterMs: staleAfterSec * 1000, isGuess }),
        this.#isCloudDown,
      );
    });
    return feed;
  }

  *#everyFeed(): Generator<StationPublisher> {
    yield* this.#feeds.values();
    yield* this.#cableOnly.values();
  }

  /** A station that the configuration gives a cable and nobody else knows; undefined: it has none. */
  #cableFeed(device: string): StationPublisher | undefined {
    const known = this.#cableOnly.get(device);
    const { config, log } = this.context;
    if (known || !config.cables?.includes(device)) return known;
    log.notice("STATION BY CABLE ALONE", { device });
    const feed = new StationPublisher(device, { ...this.#partsOf(() => device), isCableOnly: true });
    this.#cableOnly.set(device, feed);
    void this.#compile(CABLE_ONLY).then((model) => {
      if (this.#isStopped) return;
      const staleAfterMs = config.staleAfterSec * 1000;
      feed.begin(new PowerStation({ sn: device, model, gridRule: "auto", staleAfterMs }), false);
    });
    return feed;
  }

  /** A station by cable alone is one before its cable speaks: or what an earlier run left of it would look live for ever. */
  #beginSilentCables(): void {
    const { clock, config } = this.context;
    if (clock.monoMs() < this.#cablesDueMonoMs) return;
    for (const device of config.cables ?? []) {
      const isAlone = this.#isAccountRead || this.#gone.isCableOnly(device);
      if (isAlone && this.#feedOf(device) === undefined) this.#cableFeed(device);
    }
  }

  /** A station by cable alone whose serial number the cloud knows is one battery twice: told, until it has that station's name. */
  #noteTwin(device: string, serial: string | undefined): void {
    if (serial === undefined) return;
    const twin = [...this.#feeds.values()].find(({ sn }) => isSameSerial(sn, serial));
    if (!twin || this.#twins.get(device) === twin.device) return;
    this.#twins.set(device, twin.device);
    this.context.log.warn("CABLE OF A KNOWN STATION", { device, station: twin.device, sn: twin.sn });
  }

  #partsOf(device: () => string): FeedParts {
    return {
      ...this.context,
      topics: this.#topics,
      refusals: this.#refusals,
      publishRawJson: this.context.config.publishRawJson,
      journal: (event) => this.#journal(event),
      device,
    };
  }

  #nameOf(sn: string): string {
    return this.#names.get(sn) ?? sn;
  }

  #nameAll(heard = [...this.#feeds.keys()]): void {
    this.#names = nameStations(this.context.config.devices, this.#listed, heard);
    this.#takenNames = new Set(this.#names.values());
    for (const feed of this.#feeds.values()) feed.leaveOldName();
    for (const feed of this.#feeds.values()) feed.takeNewName();
    this.#endCableOnly();
  }

  /** Somebody else knows the station now: it has one state, which takes the cable's readings from here on. */
  #endCableOnly(): void {
    for (const { sn, device } of this.#feeds.values()) {
      this.#cableOnly.delete(sn);
      this.#cableOnly.delete(device);
      this.#twins.delete(sn);
      this.#twins.delete(device);
    }
  }

  /** A station from traffic alone is named by its serial number; whoever was given that as a name loses it. */
  #yieldName(sn: string): void {
    if (!this.#names.has(sn) && this.#takenNames.has(sn)) {
      this.#nameAll([...this.#feeds.keys(), sn]);
    }
  }

  #takeStationList({ topic, payload }: BusMessage): void {
    if (this.#isStopped) return;
    try {
      const { stations } = parseStationList(payload, `MQTT topic "${topic}"`);
      this.#listed = stations;
      this.#nameAll();
      for (const { sn, online } of stations) {
        const feed = this.#feed(sn);
        if (online === false) feed?.cloudLostStation();
      }
    } catch (error) {
      this.#refusals.note(topic, errorText(error));
    }
  }

  #noteKept({ topic, payload, retained }: BusMessage): void {
    const device = topic.split("/").at(-3) ?? "";
    if (!retained || payload.length === 0) return this.#gone.spoken(device);
    try {
      this.#gone.kept(device, parsePowerState(payload, topic));
    } catch {
      // Not one of ours.
    }
  }

  /** A station that is off the list for good leaves no state behind that could be taken for its present one. */
  #takeGone(): void {
    // While the cloud is away nobody can speak, and nothing is taken away.
    if (this.#isCloudDown) return;
    const { clock, log, bus } = this.context;
    const list = { nowMonoMs: clock.monoMs(), isListed: this.#isListed() };
    for (const [sn, feed] of this.#feeds) {
      if (!this.#gone.isGone(sn, feed.link === "live", list)) continue;
      log.notice("STATION GONE", { sn, device: feed.device });
      this.#feeds.delete(sn);
      feed.clear();
    }
    for (const device of this.#gone.takeLeftovers((sn) => this.#feeds.get(sn)?.device, list)) {
      log.notice("OLD STATE TAKEN AWAY", { device });
      void bus.publish(this.#topics.state(device), "", { retain: true }).catch(() => {});
    }
  }

  /** undefined while nobody has named any station. */
  #isListed(): ((sn: string) => boolean) | undefined {
    if (this.#configured.size > 0) return (sn) => this.#configured.has(sn);
    if (this.#listed.length === 0) return undefined;
    return (sn) => this.#listed.some((station) => station.sn === sn);
  }

  #takeCloudStatus({ topic, payload }: BusMessage): void {
    if (this.#isStopped) return;
    try {
      const { link } = parseCloudStatus(payload, `MQTT topic "${topic}"`);
      this.#isCloudDown = link === "down" || link === "refused";
      this.#isAccountRead ||= link === "up" || link === "off";
      for (const feed of this.#feeds.values()) feed.setCloudDown(this.#isCloudDown);
    } catch (error) {
      this.#refusals.note(topic, errorText(error));
    }
  }

  #tellSilence(): void {
    this.#beginSilentCables();
    const feeds = [...this.#everyFeed()].filter((f) => f.isProtecting);
    this.#tellTwins();
    this.#secondCables.tell();
    this.#raise("station_silent", feeds.filter((f) => f.link !== "live"), "No fresh word from");
    this.#raise(
      "source_disagreement",
      feeds.filter((f) => f.isDisputed),
      "The cloud contradicts the cable, which decides the grid, of",
    );
    this.#raise(
      "source_doubtful",
      feeds.filter((f) => f.isDrainingOnLine),
      'The cable says "on line" while the charge falls, and no host is shut down while it does, of',
    );
    this.#raise(
      "source_of_another",
      feeds.filter((f) => f.hasAnothersCable),
      "The cable says another serial number, and is not believed, of",
    );
    this.#raise(
      "station_model_guess",
      feeds.filter((f) => f.isModelGuess && f.link === "live"),
      "The model is only guessed by two letters of the serial number of",
    );
  }

  #tellTwins(): void {
    if (this.#twins.size === 0) return this.context.health.clear("source_unpaired");
    const pairs = [...this.#twins].map(([device, station]) => `"${device}" is ${station}`);
    const text = `By its serial number the cable of ${pairs.join(", ")}: name it so in NUT_SOURCES_JSON`;
    this.context.health.raise({ code: "source_unpaired", severity: "warning", text: text.slice(0, 500) });
  }

  #raise(code: string, feeds: readonly StationPublisher[], about: string): void {
    if (feeds.length === 0) return this.context.health.clear(code);
    const text = `${about} ${feeds.map((f) => f.device).join(", ")}`.slice(0, 500);
    this.context.health.raise({ code, severity: "warning", text });
  }

  /** A configured station without a table protects nobody: that is never only a line in the log. */
  #tellStrangers(): void {
    const names = [...this.#strangers].filter((sn) => this.#configured.has(sn)).map((sn) => this.#nameOf(sn));
    if (names.length === 0) return;
    const text = `No table for ${names.join(", ")}: nothing that they send is understood`.slice(0, 500);
    this.context.health.raise({ code: "station_unknown", severity: "warning", text });
  }

  #journal(event: Omit<JournalEvent, "ts" | "source">): void {
    const { bus, clock, log, name } = this.context;
    const ts = new Date(clock.wallMs()).toISOString();
    void bus.publish(this.#topics.events, encodeEvent({ ts, source: name, ...event }), { qos: 1 })
      .catch((error) => log.debug("journal entry lost", { text: errorText(error) }));
  }
}

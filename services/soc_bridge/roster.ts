/**
 * Which stations there are: those of the configuration, of the account's list, of traffic, and those that only a cable knows.
 * Gives each its name and its publisher, and takes away those that are gone.
 */
import type { CloudStatus } from "../../lib/messages/cloud_status.ts";
import type { SourceReading } from "../../lib/messages/source_reading.ts";
import { isSameSerial } from "../../lib/nut/serial.ts";
import type { Topics } from "../../lib/mqtt/topics.ts";
import type { ServiceContext } from "../../lib/workers/service.ts";
import type { SocBridgeConfig } from "./config.ts";
import { CABLE_ONLY } from "./models/cable_only.ts";
import type { ModelTables } from "./models/model_tables.ts";
import type { FoundModel } from "./models/models.ts";
import { PowerStation } from "./judge/power_station.ts";
import { CABLE_STALE_MS } from "./judge/weigh.ts";
import type { Gathering } from "../../lib/time/gathering.ts";
import { GoneStations, type Kept } from "./publish/gone_stations.ts";
import type { RefusalLog } from "./publish/refusal_log.ts";
import { SecondCables } from "./publish/second_cables.ts";
import type { JournalEntry } from "./publish/station_log.ts";
import { type PublisherParts, StationPublisher } from "./publish/station_publisher.ts";
import { type NamedStation, nameStations } from "./publish/station_names.ts";

/** More stations than this on one broker are not believed. */
const MAX_STATIONS = 5000;

/** What the roster needs of its service. */
export interface RosterParts extends ServiceContext<SocBridgeConfig> {
  readonly topics: Topics;
  readonly refusals: RefusalLog;
  readonly tables: ModelTables;
  readonly gathering: Gathering<StationPublisher>;
  /** Told when time alone may change what a station says, monotonic ms. */
  dueAt(monoMs: number): void;
  journal(event: JournalEntry): void;
}

/** See the file comment. */
export class Roster {
  readonly #stations = new Map<string, StationPublisher>();
  /** Stations that nobody but a cable knows, by name. */
  readonly #cableOnly = new Map<string, StationPublisher>();
  /** Of those, whose serial number is a known station's: that one's name. */
  readonly #twins = new Map<string, string>();
  /** Serial numbers that no table knows. */
  readonly #strangers = new Set<string>();
  readonly #gone: GoneStations;
  readonly #secondCables: SecondCables;
  readonly #configured: ReadonlySet<string>;
  #listed: readonly NamedStation[] = [];
  #names: ReadonlyMap<string, string> = new Map();
  #takenNames: ReadonlySet<string> = new Set();
  #isCloudDown = false;
  /** The cloud has named the stations of the account, or there is none. */
  #isAccountRead = false;
  /** From then on a cable that has said nothing is silent, monotonic ms. */
  #cablesDueMonoMs = Infinity;
  #isStopped = false;

  constructor(private readonly parts: RosterParts) {
    this.#configured = new Set(parts.config.devices.map(({ sn }) => sn));
    this.#gone = new GoneStations((device) => parts.config.cables?.includes(device) === true);
    this.#secondCables = new SecondCables(parts);
  }

  /** Begins with the stations of the configuration. */
  start(): void {
    this.#cablesDueMonoMs = this.parts.clock.monoMs() + CABLE_STALE_MS;
    this.#nameAll();
    for (const sn of this.#configured) this.station(sn);
  }

  /** Knows nobody any more. */
  stop(): void {
    this.#isStopped = true;
    this.#stations.clear();
    this.#cableOnly.clear();
  }

  /** How many stations there are, besides those by cable alone. */
  get size(): number {
    return this.#stations.size;
  }

  /** Every station, also those by cable alone. */
  *all(): Generator<StationPublisher> {
    yield* this.#stations.values();
    yield* this.#cableOnly.values();
  }

  /** Stations by cable alone whose serial number is a known station's: that one's name. */
  get twins(): ReadonlyMap<string, string> {
    return this.#twins;
  }

  /** The station of a serial number, from now on; undefined for models that no table knows. */
  station(sn: string): StationPublisher | undefined {
    const known = this.#stations.get(sn);
    if (known || this.#strangers.has(sn)) return known;
    if (this.#stations.size + this.#strangers.size >= MAX_STATIONS) {
      this.parts.refusals.note("bridge", `more than ${MAX_STATIONS} stations`);
      return undefined;
    }
    const found = this.parts.tables.match(sn);
    return found ? this.#add(sn, found) : this.#noteStranger(sn);
  }

  /**
   * Takes what a cable says.
   *
   * @param device The name or serial number in its topic
   * @param heldUpMs How long it was on its way
   * @returns false: no station is called so, and the configuration gives none of that name a cable
   */
  takeSource(device: string, reading: SourceReading, heldUpMs: number): boolean {
    const station = this.#known(device) ?? this.#cableAlone(device);
    if (!station) return false;
    // Two servers in one state would say its grid lost and back with every poll: one is believed, whichever speaks.
    const first = this.parts.config.cables?.find((one) => this.#known(one) === station);
    if (first !== undefined && first !== device) {
      this.#secondCables.heard(device, first, station.device);
      return true;
    }
    if (this.#cableOnly.get(device) === station) this.#noteTwin(device, reading.serial);
    station.takeSource(reading, heldUpMs);
    return true;
  }

  /** When time alone may change what a station says, monotonic ms. Cables are looked at each time. */
  dueMonoMs(): number {
    if ((this.parts.config.cables?.length ?? 0) > 0) return -Infinity;
    const nowMonoMs = this.parts.clock.monoMs();
    let dueMonoMs = Infinity;
    for (const station of this.all()) {
      dueMonoMs = Math.min(dueMonoMs, station.dueMonoMs);
      if (dueMonoMs <= nowMonoMs) break;
    }
    return dueMonoMs;
  }

  /** Looks at the cables: which are silent from the beginning, and which are a station's second. */
  tick(): void {
    this.#beginSilentCables();
    this.#secondCables.tell();
  }

  /** The account's list has come. */
  takeList(stations: readonly (NamedStation & { readonly online?: boolean })[]): void {
    this.#listed = stations;
    this.#nameAll();
    for (const { sn, online } of stations) {
      const station = this.station(sn);
      if (online === false) station?.cloudLostStation();
    }
  }

  /** What the cloud's connection says of itself. */
  setCloud(link: CloudStatus["link"]): void {
    this.#isCloudDown = link === "down" || link === "refused";
    this.#isAccountRead ||= link === "up" || link === "off";
    for (const station of this.#stations.values()) station.setCloudDown(this.#isCloudDown);
  }

  /** The broker keeps a state from before this run. */
  noteKept(device: string, state: Kept): void {
    this.#gone.kept(device, state);
  }

  /** Somebody speaks under this name: it is in use. */
  noteSpoken(device: string): void {
    this.#gone.spoken(device);
  }

  /** A station that is off the list for good leaves no state behind that could be taken for its present one. */
  takeGone(): void {
    // While the cloud is away nobody can speak, and nothing is taken away.
    if (this.#isCloudDown) return;
    const { clock, log, bus, topics } = this.parts;
    const list = { nowMonoMs: clock.monoMs(), isListed: this.#isListed() };
    for (const [sn, station] of this.#stations) {
      if (!this.#gone.isGone(sn, station.link === "live", list)) continue;
      log.notice("STATION GONE", { sn, device: station.device });
      this.#stations.delete(sn);
      station.clear();
    }
    for (const device of this.#gone.takeLeftovers((sn) => this.#stations.get(sn)?.device, list)) {
      log.notice("OLD STATE TAKEN AWAY", { device });
      void bus.publish(topics.state(device), "", { retain: true }).catch(() => {});
    }
  }

  /** undefined while nobody has named any station. */
  #isListed(): ((sn: string) => boolean) | undefined {
    if (this.#configured.size > 0) return (sn) => this.#configured.has(sn);
    if (this.#listed.length === 0) return undefined;
    return (sn) => this.#listed.some((station) => station.sn === sn);
  }

  #add(sn: string, { spec, isGuess }: FoundModel): StationPublisher {
    const { log, config } = this.parts;
    this.#yieldName(sn);
    const station = new StationPublisher(sn, this.#partsOf(() => this.#nameOf(sn)));
    this.#stations.set(sn, station);
    this.#endCableOnly();
    if (!this.#configured.has(sn)) {
      log.notice("STATION FOUND", { sn, model: spec.model, device: this.#nameOf(sn) });
    }
    if (config.gridRule === "tag27" && !spec.tag27 && spec.role === "station") {
      log.notice("GRID_RULE=tag27 does not apply", { sn, model: spec.model, used: "auto" });
    }
    void this.parts.tables.compile(spec).then((model) => {
      if (this.#isStopped) return;
      const { gridRule, staleAfterSec } = config;
      const staleAfterMs = staleAfterSec * 1000;
      station.begin(new PowerStation({ sn, model, gridRule, staleAfterMs, isGuess }), this.#isCloudDown);
    });
    return station;
  }

  /** A configured station without a table protects nobody: that is never only a line in the log. */
  #noteStranger(sn: string): undefined {
    const { log, health, journal } = this.parts;
    this.#strangers.add(sn);
    const configured = [...this.#strangers].filter((one) => this.#configured.has(one));
    if (configured.length > 0) {
      const names = configured.map((one) => this.#nameOf(one)).join(", ");
      const text = `No table for ${names}: nothing that they send is understood`.slice(0, 500);
      health.raise({ code: "station_unknown", severity: "warning", text });
    }
    const text = `No table for station ${sn}: its values stay unknown; add a model file or report it`;
    log.notice("STATION UNKNOWN", { sn, text });
    journal({ kind: "station_unknown", severity: "notice", text, data: { sn } });
  }

  /** A station that the configuration gives a cable and nobody else knows; undefined: it has none. */
  #cableAlone(device: string): StationPublisher | undefined {
    const known = this.#cableOnly.get(device);
    const { config, log, tables } = this.parts;
    if (known || !config.cables?.includes(device)) return known;
    log.notice("STATION BY CABLE ALONE", { device });
    const station = new StationPublisher(device, { ...this.#partsOf(() => device), isCableOnly: true });
    this.#cableOnly.set(device, station);
    void tables.compile(CABLE_ONLY).then((model) => {
      if (this.#isStopped) return;
      const staleAfterMs = config.staleAfterSec * 1000;
      station.begin(new PowerStation({ sn: device, model, gridRule: "auto", staleAfterMs }), false);
    });
    return station;
  }

  /** The station of that name or serial number that others than a cable know. */
  #known(device: string): StationPublisher | undefined {
    return this.#stations.get(device) ?? [...this.#stations.values()].find((one) => one.device === device);
  }

  /** A station by cable alone is one before its cable speaks: or what an earlier run left of it would look live for ever. */
  #beginSilentCables(): void {
    const { clock, config } = this.parts;
    if (clock.monoMs() < this.#cablesDueMonoMs) return;
    for (const device of config.cables ?? []) {
      const isAlone = this.#isAccountRead || this.#gone.isCableOnly(device);
      if (isAlone && this.#known(device) === undefined) this.#cableAlone(device);
    }
  }

  /** A station by cable alone whose serial number the cloud knows is one battery twice: told, until it has that station's name. */
  #noteTwin(device: string, serial: string | undefined): void {
    if (serial === undefined) return;
    const twin = [...this.#stations.values()].find(({ sn }) => isSameSerial(sn, serial));
    if (!twin || this.#twins.get(device) === twin.device) return;
    this.#twins.set(device, twin.device);
    this.parts.log.warn("CABLE OF A KNOWN STATION", { device, station: twin.device, sn: twin.sn });
  }

  /** Somebody else knows the station now: it has one state, which takes the cable's readings from here on. */
  #endCableOnly(): void {
    for (const { sn, device } of this.#stations.values()) {
      for (const name of [sn, device]) {
        this.#cableOnly.delete(name);
        this.#twins.delete(name);
      }
    }
  }

  #partsOf(device: () => string): PublisherParts {
    const { publishRawJson } = this.parts.config;
    return { ...this.parts, publishRawJson, device };
  }

  #nameOf(sn: string): string {
    return this.#names.get(sn) ?? sn;
  }

  #nameAll(heard = [...this.#stations.keys()]): void {
    this.#names = nameStations(this.parts.config.devices, this.#listed, heard);
    this.#takenNames = new Set(this.#names.values());
    for (const station of this.#stations.values()) station.leaveOldName();
    for (const station of this.#stations.values()) station.takeNewName();
    this.#endCableOnly();
  }

  /** A station from traffic alone is named by its serial number; whoever was given that as a name loses it. */
  #yieldName(sn: string): void {
    if (!this.#names.has(sn) && this.#takenNames.has(sn)) {
      this.#nameAll([...this.#stations.keys(), sn]);
    }
  }
}

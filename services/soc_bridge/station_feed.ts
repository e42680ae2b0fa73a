/** One station between the broker and the pure {@link PowerStation}: when to publish, what to log. */
import type { Bus } from "../../lib/bus.ts";
import type { Clock } from "../../lib/clock.ts";
import { errorText } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import { encodePowerState, type PowerState } from "../../lib/messages/power_state.ts";
import type { Topics } from "../../lib/mqtt/topics.ts";
import type { Accepted, Link, PowerStation } from "./power_station.ts";
import type { RefusalLog } from "./refusal_log.ts";

/** What a feed needs of its service. */
export interface FeedParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly topics: Topics;
  readonly refusals: RefusalLog;
  readonly publishRawJson: boolean;
  journal(event: Omit<JournalEvent, "ts" | "source">): void;
  /** The station's present name in topics. */
  device(): string;
}

/** A live state is published at least this often, ms. */
export const HEARTBEAT_MS = 10_000;
/** A state that is not live is published again at this pace, so that its ages stay true, ms. */
export const QUIET_HEARTBEAT_MS = 60_000;
/** Changes of no consequence for a decision are gathered for this long, ms. */
export const GATHER_MS = 1000;
/** A station is asked for its whole state at most this often, ms. */
export const REFRESH_MS = 5000;
/** Payloads kept while the model's table is being compiled. */
const MAX_EARLY = 64;

/** Keys whose change somebody may act upon: published at once. */
const URGENT = ["soc", "grid_connected", "grid_unconfirmed", "link"] as const;

/** See the file comment. */
export class StationFeed {
  #station: PowerStation | undefined;
  #early: { payload: Uint8Array; topic: string }[] = [];
  #device: string;
  #published: PowerState | undefined;
  #publishedMonoMs = -Infinity;
  #refreshedMonoMs = -Infinity;
  #loggedLink: Link | undefined;
  #changed = false;
  readonly #unknownPairs = new Map<string, number>();

  constructor(readonly sn: string, private readonly parts: FeedParts) {
    this.#device = parts.device();
  }

  /** The name that is in use. */
  get device(): string {
    return this.#device;
  }

  /** Alive or not; stale before the table is compiled. */
  get link(): Link {
    return this.#station?.link(this.parts.clock.monoMs()) ?? "stale";
  }

  /** Whether this is a power station at all, and not a plug or a panel. */
  get isProtecting(): boolean {
    return this.#station?.model.spec.role === "station";
  }

  /** The table is ready: payloads that came before are read now. */
  begin(station: PowerStation, isCloudDown: boolean): void {
    this.#station = station;
    if (isCloudDown) station.setOffline("cloud", this.parts.clock.monoMs());
    for (const { payload, topic } of this.#early.splice(0)) this.take(payload, topic);
    if (!this.#published) this.#publish();
    if (this.link !== "live") this.#askForAll();
  }

  /** Takes a payload from the raw topic. */
  take(payload: Uint8Array, topic: string): void {
    const station = this.#station;
    if (!station) {
      if (this.#early.length < MAX_EARLY) this.#early.push({ payload, topic });
      return;
    }
    let accepted: Accepted;
    try {
      accepted = station.accept(payload, this.parts.clock.monoMs(), `MQTT topic "${topic}"`);
    } catch (error) {
      return this.parts.refusals.note(topic, errorText(error));
    }
    this.#report(station, accepted, topic);
    if (this.parts.publishRawJson) this.#publishRawJson(accepted);
    if (accepted.values > 0 || accepted.online !== undefined) this.#afterChange();
  }

  /** The connection to the cloud went, or came back. */
  setCloudDown(isDown: boolean): void {
    if (isDown) this.#station?.setOffline("cloud", this.parts.clock.monoMs());
    else this.#station?.clearOffline("cloud");
    this.#afterChange();
  }

  /** The account's list says "offline"; the station's own fresh words weigh more. */
  cloudLostStation(): void {
    if (this.link === "live") return;
    this.#station?.setOffline("station", this.parts.clock.monoMs());
    this.#afterChange();
  }

  /** Moves to the station's present name; the old topic is emptied. */
  renamed(): void {
    const device = this.parts.device();
    if (device === this.#device) return;
    this.parts.log.notice("STATION NAMED", { sn: this.sn, from: this.#device, to: device });
    if (this.#published) {
      void this.parts.bus.publish(this.parts.topics.state(this.#device), "", { retain: true });
    }
    this.#device = device;
    if (this.#station) this.#publish();
  }

  /** Looks at the ages; called every second. */
  tick(): void {
    if (!this.#station) return;
    const sincePublishMs = this.parts.clock.monoMs() - this.#publishedMonoMs;
    const heartbeatMs = this.link === "live" ? HEARTBEAT_MS : QUIET_HEARTBEAT_MS;
    if (this.link !== this.#published?.link || sincePublishMs >= heartbeatMs) this.#publish();
    else if (this.#changed && sincePublishMs >= GATHER_MS) this.#publish();
  }

  /** The broker was away: what was published meanwhile is lost. */
  publishAgain(): void {
    if (this.#station && this.#published) this.#publish();
  }

  /** The last state, no longer live. */
  publishLastWord(): void {
    if (!this.#station) return;
    const state = this.#state(this.#station);
    this.#send({ ...state, link: state.link === "live" ? "stale" : state.link });
  }

  #state(station: PowerStation): PowerState {
    return station.state(this.#device, this.parts.clock.monoMs(), this.parts.clock.wallMs());
  }

  #afterChange(): void {
    if (!this.#station) return;
    const state = this.#state(this.#station);
    const last = this.#published;
    const waitedMs = this.parts.clock.monoMs() - this.#publishedMonoMs;
    if (
      !last || URGENT.some((key) => state[key] !== last[key]) || waitedMs >= GATHER_MS && differs(state, last)
    ) {
      this.#publish(state);
    } else this.#changed ||= differs(state, last);
  }

  #publish(state = this.#station && this.#state(this.#station)): void {
    if (!state) return;
    this.#logLink(state);
    this.#published = state;
    this.#publishedMonoMs = this.parts.clock.monoMs();
    this.#changed = false;
    this.#send(state);
  }

  #send(state: PowerState): void {
    void this.parts.bus.publish(this.parts.topics.state(this.#device), encodePowerState(state), {
      retain: true,
    });
  }

  #publishRawJson(accepted: Accepted): void {
    try {
      const text = this.#rawJson(accepted);
      void this.parts.bus.publish(this.parts.topics.rawJson(this.#device), text);
    } catch (error) {
      // Arrays can be nested deeper than JSON can be written.
      this.parts.refusals.note(this.sn, errorText(error));
    }
  }

  #rawJson({ messages }: Accepted): string {
    return JSON.stringify({
      device: this.#device,
      sn: this.sn,
      ts: new Date(this.parts.clock.wallMs()).toISOString(),
      messages: messages.map((m) => ({
        cmd_func: m.cmd_func,
        cmd_id: m.cmd_id,
        name: m.name,
        fields: m.fields(),
        pdata_hex: m.pdata?.toHex(),
      })),
      unknown: this.#unknownPairs.size > 0 ? Object.fromEntries(this.#unknownPairs) : undefined,
    });
  }

  #report(station: PowerStation, accepted: Accepted, topic: string): void {
    const { log, refusals } = this.parts;
    for (const problem of accepted.problems) refusals.note(topic, problem);
    for (const pair of accepted.unknownPairs) {
      const count = this.#unknownPairs.get(pair) ?? 0;
      if (count === 0) log.info("message of unknown layout", { device: this.#device, pair });
      if (count > 0 || this.#unknownPairs.size < 256) this.#unknownPairs.set(pair, count + 1);
    }
    if (accepted.gridChanged) {
      const { present, evidence = "" } = station.grid;
      if (evidence.startsWith("tag27=")) {
        log.notice("GRID TAG 27 DETECTED", { device: this.#device, evidence, grid_connected: present });
      }
      log.notice(present ? "GRID PRESENT" : "GRID LOST", { device: this.#device, evidence });
    }
    if (accepted.socHeld !== undefined) {
      log.notice("SOC HELD BACK", { device: this.#device, soc: accepted.socHeld });
    }
    if (station.grid.pending || accepted.socHeld !== undefined) this.#askForAll();
  }

  /** A word that waits for confirmation is worth a question now, not at the next keep-alive. */
  #askForAll(): void {
    const now = this.parts.clock.monoMs();
    if (now - this.#refreshedMonoMs < REFRESH_MS) return;
    this.#refreshedMonoMs = now;
    void this.parts.bus.publish(this.parts.topics.refresh(this.sn), "");
  }

  #logLink({ link, age_s }: PowerState): void {
    if (link === undefined || link === this.#loggedLink) return;
    const { log, journal } = this.parts;
    const before = this.#loggedLink;
    this.#loggedLink = link;
    const device = this.#device;
    if (link === "live") {
      log.notice("STATION HEARD", { device, sn: this.sn });
      if (before) {
        journal({ kind: "station_heard", severity: "info", text: `${device} is heard again`, device });
      }
      return;
    }
    if (before !== "live") return;
    const why = link === "offline" ? "is offline, says the cloud" : "has gone silent";
    log.warn(link === "offline" ? "STATION OFFLINE" : "STATION SILENT", { device, age_s });
    journal({
      kind: `station_${link === "offline" ? "offline" : "silent"}`,
      severity: "warning",
      text: `${device} ${why}`,
      device,
    });
  }
}

/** Whether anything but times and ages differs. */
function differs(a: PowerState, b: PowerState): boolean {
  return withoutTimes(a) !== withoutTimes(b);
}

function withoutTimes({ ts: _ts, age_s: _a, grid_age_s: _g, soc_age_s: _s, ...rest }: PowerState): string {
  return JSON.stringify(rest);
}

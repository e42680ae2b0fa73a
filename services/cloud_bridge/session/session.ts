/** One connection to EcoFlow's broker, from connect to its end: hears the stations and asks them for their whole state. */
import * as v from "valibot";
import type { Clock } from "../../../lib/time/clock.ts";
import { parseJson } from "../../../lib/messages/parse.ts";
import type { Logger } from "../../../lib/log/log.ts";
import type { MqttConnect, MqttDown } from "../../../lib/mqtt/client.ts";
import type { CloudAccess } from "../api/cloud_api.ts";
import { appTopics, formOf, readOnly, type ReadOnlyCloud } from "../api/cloud_topics.ts";
import type { FaultKind } from "../api/faults.ts";
import { Asking } from "./asking.ts";
import { isOfflineReply } from "./offline_reply.ts";
import type { RefusalKind, StationAccess } from "./station_access.ts";
import type { WatchedStations } from "./watched_stations.ts";

/** What a session works with. */
export interface SessionParts {
  readonly access: CloudAccess;
  readonly stations: WatchedStations;
  /** What is known of the broker's refusals; outlives the session. */
  readonly permits: StationAccess;
  readonly clock: Clock;
  readonly log: Logger;
  readonly connect: MqttConnect;
  readonly caPem?: string;
  readonly keepAliveMs: number;
  /** The connection is kept at least this long, ms, even when every station is silent. */
  readonly patienceMs: number;
  /** Connected and subscribed. */
  onUp(): void;
  /** A payload as it came. */
  onPayload(sn: string, payload: Uint8Array): void;
  /** The station list has changed: a station came or went. */
  onList(): void;
  /** The broker refused a station; undefined: one that it had refused is there after all. */
  onRefusal(sn: string, kind: RefusalKind | undefined): void;
}

/** How a session ended. */
export interface SessionEnd {
  readonly kind: FaultKind;
  readonly text: string;
  /** How long it had been up, ms; absent when it never was. */
  readonly upMs?: number;
}

const statusSchema = v.object({ params: v.object({ status: v.picklist([0, 1]) }) });

const CONNECT_TIMEOUT_MS = 15_000;
const SUBSCRIBE_TIMEOUT_MS = 15_000;
/** MQTT keep alive, s: the apps use 15 to 60. */
const MQTT_KEEP_ALIVE_SEC = 30;

/** What a topic brings: a station's pushes, answers to our requests, or what the cloud says of the station. */
type SourceKind = "push" | "reply" | "status";

/** See the file comment. Runs once. */
export class Session {
  readonly #ended = Promise.withResolvers<SessionEnd | undefined>();
  readonly #sources = new Map<string, { sn: string; kind: SourceKind }>();
  #cloud: ReadOnlyCloud | undefined;
  #asking: Asking | undefined;
  #upMonoMs: number | undefined;
  /** Stations whose subscriptions the broker has not answered yet. */
  #subscribing = new Set<string>();
  /** Stations that are heard on this connection. */
  readonly #granted = new Set<string>();
  #requestId: number;
  #cancelTimer: () => void = () => {};

  constructor(private readonly parts: SessionParts) {
    this.#requestId = Math.floor(parts.clock.wallMs() / 1000);
    const { access } = parts;
    for (const sn of parts.stations.sns) {
      const replyTopic = access.userId === undefined ? undefined : appTopics.getReply(access.userId, sn);
      for (const topic of access.topicsOf(sn)) {
        this.#sources.set(topic, { sn, kind: topic === replyTopic ? "reply" : "push" });
      }
      const statusTopic = access.statusTopicOf?.(sn);
      if (statusTopic !== undefined) this.#sources.set(statusTopic, { sn, kind: "status" });
    }
  }

  /** Connects and stays until the connection ends. @returns how; undefined when `signal` ended it */
  async run(signal: AbortSignal): Promise<SessionEnd | undefined> {
    if (signal.aborted) return undefined;
    const onAbort = () => this.#ended.resolve(undefined);
    signal.addEventListener("abort", onAbort, { once: true });
    const { access: { broker, clientId }, caPem } = this.parts;
    const client = this.parts.connect({
      ...broker,
      tls: { ca: caPem },
      clientId,
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: MQTT_KEEP_ALIVE_SEC,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    }, {
      onUp: () => void this.#begin(),
      onDown: (reason) => this.#lost(reason),
      onMessage: ({ topic, payload, retained }) => this.#take(topic, payload, retained),
      onLeftOut: (topic, bytes) => {
        const { sn } = this.#sources.get(topic) ?? {};
        this.parts.log.warn("MESSAGE LEFT OUT: too large to be read", { sn, bytes });
      },
    });
    this.#cloud = readOnly(client);
    try {
      return await this.#ended.promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#release();
      await client.close();
    }
  }

  /** Somebody in the house wants fresh values of a station. */
  refresh(sn: string): void {
    this.#asking?.refresh(sn, this.parts.clock.monoMs());
    this.#schedule();
  }

  /** How long nothing came from this station, ms; undefined while the connection is not up. */
  silenceMs(sn: string): number | undefined {
    return this.#asking?.silenceMs(sn, this.parts.clock.monoMs());
  }

  async #begin(): Promise<void> {
    const { clock, stations, permits } = this.parts;
    this.#cancelTimer = clock.after(SUBSCRIBE_TIMEOUT_MS, () => {
      this.#end("server", "the broker did not confirm the subscriptions");
    });
    const sns = stations.sns.filter((sn) => permits.isHeardFreely(sn));
    this.#subscribing = new Set(sns);
    const granted = await Promise.all(sns.map((sn) => this.#subscribe(sn)));
    if (this.#upMonoMs !== undefined || !this.#cloud) return;
    if (sns.length === stations.sns.length && !granted.includes(true)) {
      return this.#end("not_authorised", `the broker refused every subscription (${sns.join(", ")})`);
    }
    this.#cancelTimer();
    this.#subscribing.clear();
    this.#upMonoMs = clock.monoMs();
    for (const [index, sn] of sns.entries()) if (!granted[index]) this.#refuse(sn, "subscription");
    this.#asking = new Asking({
      sns: stations.sns,
      access: permits,
      intervalMs: this.parts.keepAliveMs,
      startMonoMs: this.#upMonoMs,
      onCleared: (sn) => this.parts.onRefusal(sn, undefined),
    });
    this.parts.onUp();
    this.#tick();
  }

  /** @returns whether the broker granted every topic of the station */
  async #subscribe(sn: string): Promise<boolean> {
    const topics = [...this.#sources].filter(([, source]) => source.sn === sn).map(([topic]) => topic);
    const answers = await Promise.allSettled(topics.map((topic) => this.#cloud?.subscribe(topic)));
    const isGranted = answers.every(({ status }) => status === "fulfilled");
    if (isGranted && this.#cloud) {
      this.#granted.add(sn);
      this.parts.permits.grant(sn);
    }
    return isGranted;
  }

  #refuse(sn: string, kind: RefusalKind): void {
    const { permits, clock, onRefusal } = this.parts;
    this.#asking?.refuse(sn);
    if (permits.refuse(sn, kind, clock.monoMs())) onRefusal(sn, kind);
  }

  #take(topic: string, payload: Uint8Array, retained: boolean): void {
    const { log } = this.parts;
    const source = this.#sources.get(topic);
    if (!source) return log.debug("message of an unknown topic", { topic });
    const { sn, kind } = source;
    // Nobody knows how old it is.
    if (retained) return log.debug("retained message of the cloud left out", { sn });
    if (this.#learn(sn, kind, payload)) this.parts.onList();
    this.parts.onPayload(sn, payload);
  }

  /** @returns whether it is news on the station list */
  #learn(sn: string, kind: SourceKind, payload: Uint8Array): boolean {
    const { clock, stations } = this.parts;
    if (kind === "status") {
      // The cloud says it, not the station: it proves no stream.
      const online = readStatus(payload);
      return online !== undefined && stations.setOnline(sn, online);
    }
    // Whoever answers, the connection works.
    this.#asking?.heard(sn, clock.monoMs());
    if (kind === "reply" && isOfflineReply(payload)) return stations.setOnline(sn, false);
    return stations.heard(sn, formOf(payload));
  }

  #tick(): void {
    const { clock } = this.parts;
    const now = clock.monoMs();
    if (!this.#asking || this.#upMonoMs === undefined) return;
    for (let sn = this.#asking.take(now); sn !== undefined; sn = this.#asking?.take(now)) this.#ask(sn);
    if (now >= this.#doubtMonoMs()) {
      return this.#end("silent", "no station answered although each was asked again");
    }
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#asking) return;
    const nextMonoMs = Math.min(this.#asking.nextMonoMs(), this.#doubtMonoMs());
    this.#cancelTimer();
    this.#cancelTimer = this.parts.clock.after(nextMonoMs - this.parts.clock.monoMs(), () => this.#tick());
  }

  #doubtMonoMs(): number {
    // Where nobody can be asked, silence proves nothing.
    if (this.parts.access.userId === undefined) return Infinity;
    const doubt = this.#asking?.doubtMonoMs() ?? Infinity;
    return Math.max(doubt, (this.#upMonoMs ?? 0) + this.parts.patienceMs);
  }

  #ask(sn: string): void {
    if (this.#granted.has(sn)) return this.#request(sn);
    const cloud = this.#cloud;
    void this.#subscribe(sn).then((isGranted) => {
      if (!cloud || this.#cloud !== cloud) return;
      if (isGranted) this.#request(sn);
      else this.#refuse(sn, "subscription");
    });
  }

  #request(sn: string): void {
    const { access: { userId }, stations, log } = this.parts;
    // The developer API's stations cannot be asked over MQTT.
    if (userId === undefined) return;
    for (const form of stations.formsOf(sn)) {
      this.#cloud?.askForAll({ userId, sn, form, id: this.#requestId++ })
        .catch((error) => log.debug("request lost", { sn, form, reason: String(error) }));
    }
  }

  /** The connection ended without us: for a station that the broker refuses, or for all. */
  #lost(down: MqttDown): void {
    const { permits, clock, stations, onRefusal } = this.parts;
    const kind = faultOf(down);
    if (kind !== "dropped") return this.#end(kind, down.text);
    const now = clock.monoMs();
    if (stations.sns.length > 1) { for (const sn of this.#subscribing) permits.doubt(sn); }
    const blamed = this.#asking?.blame(now);
    if (!blamed) return this.#end(kind, down.text);
    if (!blamed.isProven) permits.doubt(blamed.sn);
    else if (permits.refuse(blamed.sn, "hang_up", now)) onRefusal(blamed.sn, "hang_up");
    this.#end("hung_up_on_station", `${blamed.sn}: ${down.text}`);
  }

  #end(kind: FaultKind, text: string): void {
    const upMs = this.#upMonoMs === undefined ? undefined : this.parts.clock.monoMs() - this.#upMonoMs;
    this.#release();
    this.#ended.resolve({ kind, text, ...(upMs === undefined ? {} : { upMs }) });
  }

  #release(): void {
    this.#cancelTimer();
    this.#cloud = undefined;
    this.#asking = undefined;
  }
}

/** `{"params":{"status":1}}`: what the cloud says of a station; undefined when it is something else. */
function readStatus(payload: Uint8Array): boolean | undefined {
  try {
    return parseJson(statusSchema, payload, "status").params.status === 1;
  } catch {
    return undefined;
  }
}

/** What the end of a connection means at EcoFlow's brokers. */
export function faultOf({ kind, code, wasUp }: MqttDown): FaultKind {
  if (kind === "tls") return "tls";
  if (kind === "refused") {
    // MQTT 3.1.1: 1 protocol version, 2 client id, 3 server unavailable, 4 user or password, 5 not authorised.
    if (code === 2) return "client_id_refused";
    return code === 4 || code === 5 ? "not_authorised" : "server";
  }
  if (wasUp) return "dropped";
  return kind === "closed" ? "closed_early" : "network";
}

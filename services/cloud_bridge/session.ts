/** One connection to EcoFlow's broker, from connect to its end: hears the stations and asks them for their whole state. */
import * as v from "valibot";
import type { Clock } from "../../lib/clock.ts";
import { parseJson } from "../../lib/messages/parse.ts";
import type { Logger } from "../../lib/log.ts";
import type { MqttConnect, MqttDown } from "../../lib/mqtt/client.ts";
import type { CloudAccess } from "./cloud_api.ts";
import { appTopics, formOf, readOnly, type ReadOnlyCloud } from "./cloud_topics.ts";
import type { FaultKind } from "./faults.ts";
import { KeepAlive } from "./keepalive.ts";
import { isOfflineReply } from "./offline_reply.ts";
import type { WatchedStations } from "./watched_stations.ts";

/** What a session works with. */
export interface SessionParts {
  readonly access: CloudAccess;
  readonly stations: WatchedStations;
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

/** What a topic brings: a station's pushes, answers to our requests, or the cloud's word on the station. */
type SourceKind = "push" | "reply" | "status";

/** See the file comment. Runs once. */
export class Session {
  readonly #ended = Promise.withResolvers<SessionEnd | undefined>();
  readonly #sources = new Map<string, { sn: string; kind: SourceKind }>();
  #cloud: ReadOnlyCloud | undefined;
  #keepAlive: KeepAlive | undefined;
  #upMonoMs: number | undefined;
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
      onDown: (reason) => this.#end(faultOf(reason), reason.text),
      onMessage: ({ topic, payload, retained }) => this.#take(topic, payload, retained),
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
    this.#keepAlive?.refresh(sn, this.parts.clock.monoMs());
    this.#schedule();
  }

  /** How long nothing came from this station, ms; undefined while the connection is not up. */
  silenceMs(sn: string): number | undefined {
    return this.#keepAlive?.silenceMs(sn, this.parts.clock.monoMs());
  }

  async #begin(): Promise<void> {
    const { clock, stations, access } = this.parts;
    this.#cancelTimer = clock.after(SUBSCRIBE_TIMEOUT_MS, () => {
      this.#end("server", "the broker did not confirm the subscriptions");
    });
    const refused = await this.#subscribe();
    if (this.#upMonoMs !== undefined || !this.#cloud) return;
    if (refused.length === this.#sources.size) {
      return this.#end("not_authorised", "the broker refused every subscription");
    }
    this.#cancelTimer();
    this.#upMonoMs = clock.monoMs();
    this.#keepAlive = new KeepAlive(stations.sns, {
      intervalMs: this.parts.keepAliveMs,
      startMonoMs: this.#upMonoMs,
    });
    for (const sn of new Set(refused)) this.parts.log.warn("SUBSCRIPTION REFUSED BY THE CLOUD", { sn });
    this.parts.onUp();
    // The developer API's stations cannot be asked over MQTT.
    if (access.userId !== undefined) this.#tick();
  }

  /** @returns the serial number of each topic that the broker refused */
  async #subscribe(): Promise<string[]> {
    const refused: string[] = [];
    await Promise.all(
      [...this.#sources].map(([topic, { sn }]) =>
        this.#cloud?.subscribe(topic).catch(() => refused.push(sn))
      ),
    );
    return refused;
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
      // The cloud's word, not the station's: it proves no stream.
      const online = readStatus(payload);
      return online !== undefined && stations.setOnline(sn, online);
    }
    // Whoever answers, the connection works.
    this.#keepAlive?.heard(sn, clock.monoMs());
    if (kind === "reply" && isOfflineReply(payload)) return stations.setOnline(sn, false);
    return stations.heard(sn, formOf(payload));
  }

  #tick(): void {
    const { clock } = this.parts;
    const now = clock.monoMs();
    if (!this.#keepAlive || this.#upMonoMs === undefined) return;
    for (let sn = this.#keepAlive.take(now); sn !== undefined; sn = this.#keepAlive.take(now)) this.#ask(sn);
    if (now >= this.#doubtMonoMs()) {
      return this.#end("silent", "no station answered although each was asked again");
    }
    this.#schedule();
  }

  #schedule(): void {
    if (!this.#keepAlive || this.parts.access.userId === undefined) return;
    const nextMonoMs = Math.min(this.#keepAlive.nextMonoMs(), this.#doubtMonoMs());
    this.#cancelTimer();
    this.#cancelTimer = this.parts.clock.after(nextMonoMs - this.parts.clock.monoMs(), () => this.#tick());
  }

  #doubtMonoMs(): number {
    const doubt = this.#keepAlive?.doubtMonoMs() ?? Infinity;
    return Math.max(doubt, (this.#upMonoMs ?? 0) + this.parts.patienceMs);
  }

  #ask(sn: string): void {
    const { access: { userId }, stations, log } = this.parts;
    if (userId === undefined) return;
    for (const form of stations.formsOf(sn)) {
      this.#cloud?.askForAll({ userId, sn, form, id: this.#requestId++ })
        .catch((error) => log.debug("request lost", { sn, form, reason: String(error) }));
    }
  }

  #end(kind: FaultKind, text: string): void {
    const upMs = this.#upMonoMs === undefined ? undefined : this.parts.clock.monoMs() - this.#upMonoMs;
    this.#release();
    this.#ended.resolve({ kind, text, ...(upMs === undefined ? {} : { upMs }) });
  }

  #release(): void {
    this.#cancelTimer();
    this.#cloud = undefined;
    this.#keepAlive = undefined;
  }
}

/** `{"params":{"status":1}}`: the cloud's word on a station; undefined when it is something else. */
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

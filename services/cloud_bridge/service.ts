/** Joins EcoFlow's cloud and mirrors the stations' raw bytes to the local broker. */
import { Backoff } from "../../lib/time/backoff.ts";
import type { BusMessage } from "../../lib/workers/bus.ts";
import { errorText } from "../../lib/errors.ts";
import type { MqttConnect } from "../../lib/mqtt/client.ts";
import { type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import type { CloudAccess, CloudApi } from "./api/cloud_api.ts";
import type { CloudBridgeConfig } from "./config.ts";
import { CloudFault } from "./api/faults.ts";
import type { Http } from "./api/http.ts";
import { makeCloudApi } from "./api/make_api.ts";
import { OpenApi } from "./api/open_api.ts";
import { QuotaPoll } from "./session/quota_poll.ts";
import { Reporter } from "./reporter.ts";
import { Retry } from "./session/retry.ts";
import { Session, type SessionEnd } from "./session/session.ts";
import { StationAccess } from "./session/station_access.ts";
import { WatchedStations } from "./session/watched_stations.ts";

export type { CloudBridgeConfig } from "./config.ts";

/** The outside world of this service. */
export interface CloudPorts {
  readonly connect: MqttConnect;
  readonly http: Http;
  /** Releases what the ports hold. */
  close(): void;
}

/** How long a silent connection is kept before it is made anew, ms: at once, then 10 min and growing. */
const SILENCE_PATIENCE = { firstMs: 600_000, maxMs: 3_600_000, jitter: 0 };
/** See the file comment. The app account serves every station when it is there, else the developer keys do. */
export class CloudBridge implements Service {
  readonly #topics: Topics;
  readonly #stations: WatchedStations;
  readonly #reporter: Reporter;
  readonly #retry: Retry;
  readonly #patience: Backoff;
  readonly #permits = new StationAccess();
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #session: Session | undefined;
  #poll: QuotaPoll | undefined;
  #patienceMs = 0;
  /** The broker that accepted us last. */
  #provenBroker: string | undefined;

  constructor(
    private readonly context: ServiceContext<CloudBridgeConfig>,
    private readonly ports: CloudPorts,
  ) {
    this.#topics = topicsUnder(context.config.roots);
    this.#stations = new WatchedStations(context.config.devices, context.config.mapped);
    this.#reporter = new Reporter(context, this.#topics, this.#stations);
    this.#retry = new Retry(context.random);
    this.#patience = new Backoff(SILENCE_PATIENCE, context.random);
  }

  /** Sets out to connect; a cloud that is away is no error. @throws Error when the client id cannot be stored */
  // deno-lint-ignore require-await -- what it throws must be a rejection
  async start(): Promise<void> {
    const { bus, config } = this.context;
    this.#reporter.start();
    if (!config.enabled) return this.#reporter.say("off", "switched off by ECOFLOW_CLOUD=off");
    const api = makeCloudApi(this.context, this.ports.http);
    if (api instanceof OpenApi) this.#poll = this.#makePoll(api);
    this.#reporter.api = api.name;
    this.#reporter.say("connecting", "logging in");
    bus.subscribe(this.#topics.refresh("+"), (message) => this.#refresh(message));
    this.#running = this.#run(api, this.#stopping.signal);
  }

  async stop(): Promise<void> {
    if (this.#stopping.signal.aborted) return;
    this.#stopping.abort();
    await this.#running;
    await this.#poll?.stop();
    this.ports.close();
    // Without it the retained "up" would stay.
    if (this.context.config.enabled) this.#reporter.say("down", "cloud_bridge has stopped");
  }

  #makePoll(api: OpenApi): QuotaPoll {
    const { config, clock, log, health, random } = this.context;
    return new QuotaPoll({
      clock,
      log,
      health,
      random,
      intervalMs: config.keepAliveSec * 1000,
      sns: () => this.#stations.sns,
      quotaAll: (sn, signal) => api.quotaAll(sn, signal),
      silenceMs: (sn) => this.#session?.silenceMs(sn),
      onBody: (sn, body) => {
        this.#stations.answered(sn);
        this.#mirror(sn, body);
      },
      onWorks: (works) => this.#reporter.polls(works),
    });
  }

  async #run(api: CloudApi, signal: AbortSignal): Promise<void> {
    let access: CloudAccess | undefined;
    try {
      while (!signal.aborted) {
        const end = await this.#attempt(api, access, signal, (made) => access = made);
        if (!end) return;
        const plan = this.#retry.after(end.kind, end.upMs, end.waitMs);
        if (plan.triesNextHost && access) api.postpone(access.apiHost);
        if (plan.renews) access = undefined;
        this.#reporter.fault({ ...plan, text: end.text, wasUp: end.upMs !== undefined });
        await this.context.clock.sleep(plan.waitMs, signal);
      }
    } catch (error) {
      // Anything but the stop is a bug: the worker ends, and the supervisor starts it anew.
      if (!signal.aborted) throw error;
    }
  }

  /** One way up to the broker and the time there. @returns how it ended; undefined when `signal` ended it */
  async #attempt(
    api: CloudApi,
    known: CloudAccess | undefined,
    signal: AbortSignal,
    onAccess: (access: CloudAccess) => void,
  ): Promise<(SessionEnd & { waitMs?: number }) | undefined> {
    try {
      const access = known ?? await api.connect(signal);
      onAccess(access);
      this.#learn(access);
      return await this.#stay(access, signal);
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof CloudFault)) throw error;
      return {
        kind: error.kind,
        text: error.message,
        ...(error.waitMs === undefined ? {} : { waitMs: error.waitMs }),
      };
    }
  }

  #learn({ stations }: CloudAccess): void {
    const { log } = this.context;
    const { notWatched, notInAccount } = this.#stations.learn(stations);
    for (const { sn, name } of notWatched) {
      log.notice("STATION NOT WATCHED: add it to ECOFLOW_DEVICE_LIST to watch it", { sn, name });
    }
    this.#reporter.missing(this.#stations.missing);
    for (const sn of notInAccount) {
      // It may be shared in a way that the list does not show: it is tried, after the others.
      if (this.#stations.sns.length > 1) this.#permits.doubt(sn);
      log.warn("STATION NOT IN THE ACCOUNT: check the serial number, or share the station with the account", {
        sn,
      });
    }
    this.#reporter.publishList();
    if (this.#stations.sns.length === 0) {
      throw new CloudFault(
        "no_stations",
        stations ? "the account has no station" : "the account's list is unknown",
      );
    }
    this.#poll?.start();
  }

  async #stay(access: CloudAccess, signal: AbortSignal): Promise<SessionEnd | undefined> {
    const { clock, log, config } = this.context;
    const broker = `${access.broker.host}:${access.broker.port}`;
    const session = new Session({
      access,
      stations: this.#stations,
      permits: this.#permits,
      clock,
      log,
      connect: this.ports.connect,
      caPem: config.caPem,
      keepAliveMs: config.keepAliveSec * 1000,
      patienceMs: this.#patienceMs,
      onUp: () => {
        this.#provenBroker = broker;
        this.#reporter.up({ apiHost: access.apiHost, broker });
      },
      onPayload: (sn, payload) => {
        this.#retry.heard();
        this.#patience.reset();
        this.#patienceMs = 0;
        this.#mirror(sn, payload);
      },
      onList: () => this.#reporter.publishList(),
      onRefusal: (sn, kind) => this.#reporter.refusal(this.#permits.refused, kind && { sn, kind }),
    });
    this.#session = session;
    try {
      const end = await session.run(signal);
      if (end?.kind === "silent") this.#patienceMs = this.#patience.nextMs();
      const isKnown = this.#provenBroker === broker;
      return end?.kind === "closed_early" && isKnown ? { ...end, kind: "hung_up" } : end;
    } finally {
      this.#session = undefined;
    }
  }

  #mirror(sn: string, payload: Uint8Array): void {
    // One that speaks is not missing, whatever the list says.
    this.#reporter.found(sn, () => this.#stations.missing);
    void this.context.bus.publish(this.#topics.raw(sn), payload)
      .catch((error) => this.context.log.error("RAW PAYLOAD LOST", { sn, reason: errorText(error) }));
  }

  #refresh({ topic, retained }: BusMessage): void {
    const [head = "", tail = ""] = this.#topics.refresh("+").split("+");
    const sn = topic.slice(head.length, -tail.length);
    if (retained || !this.#stations.isWatched(sn)) return;
    this.#session?.refresh(sn);
    this.#poll?.refresh(sn);
  }
}

/** Says what the cloud connection is doing: retained status and station list, health, log and journal. */
import { errorText } from "../../lib/errors.ts";
import { type CloudStatus, encodeCloudStatus } from "../../lib/messages/cloud_status.ts";
import { encodeEvent, type JournalEvent } from "../../lib/messages/event.ts";
import { encodeStationList } from "../../lib/messages/station_list.ts";
import type { Topics } from "../../lib/mqtt/topics.ts";
import type { ServiceContext } from "../../lib/workers/service.ts";
import { type FaultKind, faultRule } from "./api/faults.ts";
import type { RefusalKind, RefusedStation } from "./session/station_access.ts";
import type { WatchedStations } from "./session/watched_stations.ts";

/** A lost connection is shown as `connecting` for so long, ms: most are back by then. */
export const CALM_MS = 30_000;
/** A fault that goes on is logged again each time after this many tries. */
const LOG_EVERY = 10;

/** What a refusal of one station means. */
const REFUSED: Readonly<Record<RefusalKind, string>> = {
  subscription: "EcoFlow's broker does not let this account hear it",
  hang_up: "EcoFlow's broker ends the connection when it is asked",
};
const REFUSED_CURE =
  "correct its serial number in ECOFLOW_DEVICE_LIST, or share the station with the account in " +
  "EcoFlow's app, then restart; hosts on it are not protected";

/** See the file comment. */
export class Reporter {
  #status: CloudStatus | undefined;
  /** The fault that lasts, with how often it came in a row. */
  #fault: { readonly kind: FaultKind; readonly text: string; readonly times: number } | undefined;
  #pollsWork = false;
  #lostMonoMs = -Infinity;

  #missing = "";

  constructor(
    private readonly context: Omit<ServiceContext<{ readonly keepAliveSec: number }>, "random">,
    private readonly topics: Topics,
    private readonly stations: WatchedStations,
  ) {}

  /** The way into the cloud, once it is chosen. */
  api: "app" | "open" | undefined;

  /** Repeats the retained messages whenever the local broker is there: one that forgets loses them. */
  start(): void {
    this.context.bus.onLink((up) => {
      if (!up) return;
      this.publishList();
      if (this.#status) this.#publishStatus(this.#status);
    });
  }

  /** Connected and subscribed. */
  up(where: { readonly apiHost: string; readonly broker: string }): void {
    const stations = this.stations.sns.length;
    if (this.#fault) this.context.health.clear(faultRule(this.#fault.kind).code);
    this.#fault = undefined;
    this.context.log.notice("CLOUD CONNECTED", {
      api: this.api,
      api_host: where.apiHost,
      broker: where.broker,
      stations,
    });
    this.say("up", `${stations} station${stations === 1 ? "" : "s"} at ${where.broker}`);
  }

  /** A try or a connection ended. @param wasUp Whether it had been up @param waitMs Until the next try */
  fault(
    { kind, text, wasUp, waitMs }: { kind: FaultKind; text: string; wasUp: boolean; waitMs: number },
  ): void {
    if (wasUp) this.#lostMonoMs = this.context.clock.monoMs();
    const rule = faultRule(kind);
    const times = this.#fault?.kind === kind ? this.#fault.times + 1 : 1;
    if (this.#fault && faultRule(this.#fault.kind).code !== rule.code) {
      this.context.health.clear(faultRule(this.#fault.kind).code);
    }
    this.#fault = { kind, text, times };
    if (times === 1 || times % LOG_EVERY === 0) {
      const fields = { code: rule.code, reason: text, times, retry_s: Math.round(waitMs / 1000) };
      this.context.log.warn(`CLOUD FAULT: ${rule.advice}`, fields);
    }
    this.#show(kind, text);
  }

  /**
   * The broker refuses single stations. The others go on.
   *
   * @param refused All that are refused now
   * @param news The one that was refused just now; absent: one of them is there again
   */
  refusal(refused: readonly RefusedStation[], news?: RefusedStation): void {
    const { health, log } = this.context;
    if (news) {
      log.warn("STATION REFUSED BY THE CLOUD", {
        sn: news.sn,
        reason: REFUSED[news.kind],
        advice: REFUSED_CURE,
      });
      const text = `${news.sn}: ${REFUSED[news.kind]}; ${REFUSED_CURE}`;
      this.#journal("station_refused", "warning", text, { sn: news.sn });
    }
    const texts = refused.map(({ sn, kind }) => `${sn}: ${REFUSED[kind]}`);
    if (texts.length === 0) return health.clear("station_refused_by_broker");
    const text = `${texts.join("; ")}; ${REFUSED_CURE}`;
    health.raise({ code: "station_refused_by_broker", severity: "warning", text: shortened(text) });
  }

  /** Stations that should be there and are not of the account, all that are missing now. */
  missing(names: readonly string[]): void {
    const text = names.length === 0
      ? ""
      : `The account has no station ${
        names.join(", ")
      }: hosts on it are NOT protected; correct ECOFLOW_DEVICE_LIST or ` +
        "DEVICE_TO_AGENTS_JSON, or bind it in EcoFlow's app";
    if (text === this.#missing) return;
    this.#missing = text;
    if (text === "") return this.context.health.clear("station_missing");
    this.context.health.raise({ code: "station_missing", severity: "warning", text: shortened(text) });
    this.#journal("station_missing", "warning", shortened(text), {
      stations: names.join(", ").slice(0, 300),
    });
  }

  /** A station spoke: what is missing is looked at anew, if it was told to be. */
  found(sn: string, missing: () => readonly string[]): void {
    if (this.#missing.includes(sn)) this.missing(missing());
  }

  /** Whether values come by polling, so that a broker that is away is only half as bad. */
  polls(work: boolean): void {
    this.#pollsWork = work;
    if (this.#fault) this.#show(this.#fault.kind, this.#fault.text);
  }

  /** Sets the status; the journal hears of it when the link changed. */
  say(link: CloudStatus["link"], detail: string): void {
    const before = this.#status?.link;
    this.#status = {
      link,
      ...(this.api ? { api: this.api } : {}),
      detail: detail.slice(0, 500),
      ts: this.#now(),
    };
    this.#publishStatus(this.#status);
    if (before === link || before === undefined || link === "connecting") return;
    const severity = link === "up" ? "notice" : "warning";
    this.#journal("cloud_link", severity, `EcoFlow cloud ${link}: ${detail}`, { link });
  }

  /** The stations, with what is known about them now. */
  publishList(): void {
    this.#publishRetained(this.topics.stationList, encodeStationList(this.stations.toList()));
  }

  #show(kind: FaultKind, text: string): void {
    const { health, clock, config } = this.context;
    const { code, link, advice } = faultRule(kind);
    const detail = `${advice} (${text})`;
    health.raise({ code, severity: this.#pollsWork ? "warning" : "error", text: detail.slice(0, 500) });
    if (this.#pollsWork) {
      return this.say("up", `polling every ${config.keepAliveSec} s, without the broker: ${detail}`);
    }
    const isFresh = clock.monoMs() - this.#lostMonoMs < CALM_MS;
    this.say(isFresh && link === "down" && kind !== "kicked_out" ? "connecting" : link, detail);
  }

  #publishStatus(status: CloudStatus): void {
    this.#publishRetained(this.topics.cloudStatus, encodeCloudStatus(status));
  }

  #publishRetained(topic: string, payload: string): void {
    void this.context.bus.publish(topic, payload, { retain: true })
      .catch((error) => this.context.log.error("PUBLISH FAILED", { topic, reason: errorText(error) }));
  }

  #journal(
    kind: "cloud_link" | "station_refused" | "station_missing",
    severity: JournalEvent["severity"],
    text: string,
    data: JournalEvent["data"],
  ): void {
    const event = encodeEvent({
      ts: this.#now(),
      kind,
      severity,
      source: this.context.name,
      text: text.slice(0, 500),
      data,
    });
    void this.context.bus.publish(this.topics.events, event, { qos: 1 })
      .catch((error) => this.context.log.debug("journal entry lost", { reason: errorText(error) }));
  }

  #now(): string {
    return new Date(this.context.clock.wallMs()).toISOString();
  }
}

/** The end of a long text is its cure: the middle goes. */
function shortened(text: string): string {
  return text.length <= 500 ? text : `${text.slice(0, 200)} … ${text.slice(-297)}`;
}

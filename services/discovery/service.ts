/**
 * Shows the house to Home Assistant: device configurations under its discovery prefix, how each station stands, and
 * the journal as events. Values themselves are read by Home Assistant where the house publishes them.
 */
import { Backoff } from "../../lib/time/backoff.ts";
import type { BusMessage, SubscribeOptions } from "../../lib/workers/bus.ts";
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { Isolation } from "../../lib/workers/isolation.ts";
import { type JournalEvent, parseEvent } from "../../lib/messages/event.ts";
import { parsePolicyStatus, type PolicyStatus } from "../../lib/messages/policy_status.ts";
import { parsePowerState } from "../../lib/messages/power_state.ts";
import { parseStationList } from "../../lib/messages/station_list.ts";
import { levelAtPlus, type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import { type DiscoveryConfig, discoveryTopics } from "./config.ts";
import { Devices, isSharedKey } from "./devices.ts";
import { eventPayload } from "./event_types.ts";
import { DAEMON_ID, type DeviceKind, hostId, kindOfId } from "./ids.ts";
import { parseOwnConfig } from "./own_config.ts";
import { Roster } from "./roster.ts";
import { shownSentence } from "./sentence.ts";
import { own } from "../../lib/own.ts";

/** After the broker is there, its retained messages are awaited for so long before anything is said, ms. */
export const SETTLE_MS = 3000;
/** After its birth Home Assistant is given this long to subscribe, ms. */
export const BIRTH_WAIT_MS = 2000;
/** An event that could not be delivered in this time would start somebody's automation too late, s. */
const EVENT_LIFE_SEC = 60;
const TICK_MS = 1000;
/** More stations than a house has would only fill the memory. */
const MAX_POLICIES = 500;
/** What the broker refuses is tried again after this long, then ever more seldom, ms. */
const AGAIN_MS = { firstMs: 10_000, maxMs: 600_000, jitter: 0 };

/** Makes the service. */
export function createDiscovery(context: ServiceContext<DiscoveryConfig>): Service {
  return new DiscoveryService(context);
}

/** See the file comment. */
export class DiscoveryService implements Service {
  readonly #topics: Topics;
  readonly #own: ReturnType<typeof discoveryTopics>;
  readonly #devices: Devices;
  readonly #roster: Roster;
  readonly #hosts: ReadonlyMap<string, string>;
  /** What the broker keeps of ours, by topic, as far as we know. */
  readonly #kept = new Map<string, string>();
  /** Devices whose configuration may differ from what the broker keeps. */
  readonly #dirty = new Set<string>();
  /** Topics that could not be published on, and when they may be tried again. */
  readonly #refused = new Map<string, { readonly backoff: Backoff; untilMonoMs: number }>();
  /** State topics with a live message since the broker came: what it kept is older, but may be delivered after it. */
  readonly #spoken = new Set<string>();
  /** What the policy last said, by the station's name in topics. */
  readonly #policies = new Map<string, PolicyStatus>();
  readonly #isolation: Isolation;
  #settledAtMonoMs = Infinity;
  #cancelTick = () => {};
  #cancelBirth = () => {};
  #isLinkUp = false;
  #isStopped = false;

  constructor(private readonly context: ServiceContext<DiscoveryConfig>) {
    const { config } = context;
    this.#topics = topicsUnder(config.roots);
    this.#isolation = new Isolation(context, "part_failed");
    this.#own = discoveryTopics(config);
    this.#devices = new Devices(config);
    this.#roster = new Roster(config);
    const agents = [...Object.values(config.agentsByStation).flat(), ...config.nutHosts];
    this.#hosts = new Map(agents.map((agent) => [hostId(agent), agent]));
  }

  start(): Promise<void> {
    const { bus, clock } = this.context;
    this.#subscribe(this.#own.config("+"), (message) => this.#onOwnConfig(message));
    this.#subscribe(this.#topics.stationList, (message) => this.#onList(message), { qos: 0 });
    this.#subscribe(this.#topics.state("+"), (message) => this.#onState(message), { qos: 0 });
    this.#subscribe(this.#topics.policy("+"), (message) => this.#onPolicy(message), { qos: 0 });
    this.#subscribe(this.#topics.events, (message) => this.#onEvent(message));
    for (const topic of this.#own.births) {
      this.#subscribe(topic, (message) => this.#onBirth(message), { qos: 0 });
    }
    bus.onLink((up) => this.#onLink(up));
    this.#cancelTick = clock.every(TICK_MS, () => this.#tick());
    return Promise.resolve();
  }

  /** Takes back that anything is live; the configurations stay. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelTick();
    this.#cancelBirth();
    if (!this.#isLinkUp) return;
    for (const id of this.#roster.ids) {
      const topic = this.#topics.shownStanding(id);
      if (this.#kept.get(topic) === "silent") continue;
      await this.context.bus.publish(topic, "silent", { retain: true }).catch(() => {});
    }
  }

  #onLink(up: boolean): void {
    const isNews = up && !this.#isLinkUp;
    this.#isLinkUp = up;
    if (!up) return this.#spoken.clear();
    if (!isNews) return;
    // A broker without persistence has forgotten everything.
    this.#kept.clear();
    this.#refused.clear();
    this.#settledAtMonoMs = this.context.clock.monoMs() + SETTLE_MS;
    this.#markAll();
  }

  #markAll(): void {
    for (const id of [DAEMON_ID, ...this.#hosts.keys(), ...this.#roster.ids]) this.#dirty.add(id);
  }

  #tick(): void {
    const nowMonoMs = this.context.clock.monoMs();
    if (!this.#isLinkUp) return;
    for (const id of this.#roster.ids) this.#isolation.run(`device "${id}"`, () => this.#tellStanding(id));
    if (nowMonoMs < this.#settledAtMonoMs) return;
    for (const id of this.#roster.takeGone(nowMonoMs)) this.#remove(id);
    for (const id of [...this.#dirty]) {
      this.#dirty.delete(id);
      this.#isolation.run(`device "${id}"`, () => this.#announce(id));
    }
  }

  #announce(id: string): void {
    const payload = this.#payloadOf(id);
    if (payload) this.#keep(this.#own.config(id), JSON.stringify(payload), () => this.#dirty.add(id));
  }

  #payloadOf(id: string) {
    if (id === DAEMON_ID) return this.#devices.daemon();
    const agent = this.#hosts.get(id);
    if (agent !== undefined) return this.#devices.host(agent);
    const shown = this.#roster.shown(id);
    return shown && this.#devices.station(shown.station, shown.obsolete);
  }

  #tellStanding(id: string): void {
    const standing = this.#roster.standing(id, this.context.clock.monoMs());
    this.#keep(this.#topics.shownStanding(id), standing);
    const name = this.#roster.shown(id)?.station.name;
    const status = name === undefined ? undefined : this.#policies.get(name);
    if (status) this.#keep(this.#topics.shownSentence(id), shownSentence(status, standing));
  }

  #onPolicy({ topic, payload }: BusMessage): void {
    const name = levelAtPlus(topic, this.#topics.policy("+"));
    if (payload.length === 0) return void this.#policies.delete(name);
    if (!this.#policies.has(name) && this.#policies.size >= MAX_POLICIES) return;
    this.#policies.set(name, parsePolicyStatus(payload, `MQTT topic "${topic}"`));
    const id = this.#roster.idOf(name);
    if (id !== undefined) this.#tellStanding(id);
  }

  #remove(id: string): void {
    this.context.log.notice("DEVICE TAKEN AWAY", { id });
    this.#dirty.delete(id);
    this.#keep(this.#own.config(id), "");
    this.#keep(this.#topics.shownStanding(id), "");
    this.#keep(this.#topics.shownSentence(id), "");
  }

  /** Publishes what the broker does not keep yet. */
  #keep(topic: string, payload: string, onFailure: () => void = () => {}): void {
    if (this.#kept.get(topic) === payload) return;
    const refused = this.#refused.get(topic);
    if (refused && this.context.clock.monoMs() < refused.untilMonoMs) return onFailure();
    this.#kept.set(topic, payload);
    this.context.bus.publish(topic, payload, { retain: true, qos: 1 }).then(
      () => this.#refused.delete(topic),
      (error) => {
        if (this.#kept.get(topic) === payload) this.#kept.delete(topic);
        this.#noteRefusal(topic, error);
        onFailure();
      },
    );
  }

  /** One line for all: the broker link names each topic that the broker refuses. */
  #noteRefusal(topic: string, error: unknown): void {
    const { clock, log, random } = this.context;
    const isFirst = this.#refused.size === 0;
    const refused = this.#refused.get(topic) ?? { backoff: new Backoff(AGAIN_MS, random), untilMonoMs: 0 };
    refused.untilMonoMs = clock.monoMs() + refused.backoff.nextMs();
    this.#refused.set(topic, refused);
    if (!this.#isStopped) {
      own(log, isFirst ? "warn" : "debug")("CANNOT PUBLISH", { topic, error: errorText(error) });
    }
  }

  #onOwnConfig({ topic, payload, retained }: BusMessage): void {
    // Live messages on our own topic are our own, or a person's who deletes the device in Home Assistant.
    if (!retained || payload.length === 0) return;
    const id = levelAtPlus(topic, this.#own.config("+"));
    if (!this.#kept.has(topic)) this.#kept.set(topic, new TextDecoder().decode(payload));
    const kind = kindOfId(id);
    if (kind === "host" && !this.#hosts.has(id)) return this.#remove(id);
    if (kind !== "station") return;
    this.#roster.remember(id, parseOwnConfig(payload, `MQTT topic "${topic}"`), isSharedKey);
    this.#tellStanding(id);
    this.#dirty.add(id);
  }

  #onList({ topic, payload }: BusMessage): void {
    this.#roster.list(parseStationList(payload, `MQTT topic "${topic}"`));
    for (const id of this.#roster.ids) this.#dirty.add(id);
  }

  #onState({ topic, payload, retained }: BusMessage): void {
    if (retained && this.#spoken.has(topic)) return;
    const name = levelAtPlus(topic, this.#topics.state("+"));
    if (!retained && this.#spoken.size < 5000) this.#spoken.add(topic);
    if (payload.length === 0) {
      const id = this.#roster.emptied(name);
      if (id !== undefined) this.#tellStanding(id);
      return;
    }
    const state = parsePowerState(payload, `MQTT topic "${topic}"`);
    const changed = this.#roster.state(name, state, { retained, nowMonoMs: this.context.clock.monoMs() });
    if (changed !== undefined) this.#dirty.add(changed);
    const id = this.#roster.idOf(name);
    if (id !== undefined) this.#tellStanding(id);
  }

  #onEvent({ topic, payload, retained }: BusMessage): void {
    if (retained || payload.length === 0) return;
    const event = parseEvent(payload, `MQTT topic "${topic}"`);
    const station = event.device === undefined ? undefined : this.#roster.idOf(event.device);
    const host = event.agent === undefined ? undefined : hostId(event.agent);
    if (station !== undefined) this.#tellEvent(station, "station", event);
    if (host !== undefined && this.#hosts.has(host)) this.#tellEvent(host, "host", event);
    if (event.device === undefined && event.agent === undefined) this.#tellEvent(DAEMON_ID, "daemon", event);
  }

  #tellEvent(id: string, kind: DeviceKind, event: JournalEvent): void {
    const topic = this.#topics.shownEvent(id);
    this.context.bus.publish(topic, eventPayload(event, kind), { qos: 1, expirySec: EVENT_LIFE_SEC })
      .catch((error) => this.context.log.debug("event not shown", { topic, error: errorText(error) }));
  }

  /** Home Assistant has started: it is told everything again, for a broker may have lost it. */
  #onBirth({ payload, retained }: BusMessage): void {
    if (retained || new TextDecoder().decode(payload) !== "online") return;
    this.#cancelBirth();
    this.#cancelBirth = this.context.clock.after(BIRTH_WAIT_MS, () => {
      this.#kept.clear();
      this.#markAll();
    });
  }

  /** Refuses what cannot be read, once a message, and goes on. */
  #subscribe(filter: string, handle: (message: BusMessage) => void, options?: SubscribeOptions): void {
    this.context.bus.subscribe(filter, (message) => {
      if (this.#isStopped) return;
      try {
        handle(message);
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error;
        this.context.log.warn("INPUT REFUSED", { text: error.message });
      }
    }, options);
  }
}

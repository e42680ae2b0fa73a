/**
 * The process's only connection to the local broker: connects again and again, and carries messages between the broker and
 * the services, each by its topics. What they publish is `sender.ts`'s, what of it the others hear at once `direct.ts`'s; who has
 * our place on the broker is `presence/`'s.
 */
import { Backoff } from "../../lib/time/backoff.ts";
import type { BusMessage, TopicCapability } from "../../lib/workers/bus.ts";
import { errorText, TopicForbiddenError } from "../../lib/errors.ts";
import type {
  MqttClient,
  MqttConnect,
  MqttConnectOptions,
  MqttDown,
  MqttMessage,
} from "../../lib/mqtt/client.ts";
import {
  connectEitherVersion,
  type EitherOptions,
  type Spoken,
  versionName,
} from "../../lib/mqtt/either_version.ts";
import { Mqtt5Probe } from "../../lib/mqtt/mqtt5_probe.ts";
import { type TopicRoots, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { BusPort, BusReply, BusRequest } from "../../lib/workers/port_bus.ts";
import type { HostedParts } from "../../lib/workers/worker_host.ts";
import { encodeEvent, type JournalEvent } from "../../lib/messages/event.ts";
import { BrokerFilters } from "./broker_filters.ts";
import { type Client, Clients, mayPublish, maySubscribe } from "./clients.ts";
import { DirectWay, handingOver } from "./direct.ts";
import { FloodWatch } from "./flood_watch.ts";
import { LeftOut } from "./left_out.ts";
import { DaemonPresence, GOODBYE } from "./presence/daemon_presence.ts";
import { SESSION_TAKEN_OVER } from "./presence/takeovers.ts";
import { RefusalWatch } from "./refusal_watch.ts";
import { Sender } from "./sender.ts";
import { Unheard, UNHEARD_LIFE_MS } from "./unheard.ts";

/** The slice of the configuration that this service gets. */
export interface BrokerLinkConfig {
  readonly roots: TopicRoots;
  /** The broker in the house; absent: an embedded one is started on loopback. */
  readonly broker?: Pick<MqttConnectOptions, "host" | "port" | "tls" | "username" | "password">;
  /** Port of the embedded broker, 0 for any free one. */
  readonly embeddedPort: number;
  /** Client id on the broker, the same at every start: the broker keeps our session under it. */
  readonly clientId: string;
  /** Topics on which the broker must let us write when it matters: proven at every connect; none when absent. */
  readonly mustWrite?: readonly string[];
}

/** A broker in this process. */
export interface EmbeddedBroker {
  readonly port: number;
  stop(): Promise<void>;
}

/** The outside world of this service. */
export interface BrokerLinkPorts {
  readonly connect: MqttConnect;
  startEmbedded(port: number): Promise<EmbeddedBroker>;
}

/** How long the broker keeps our session while we are away, s: one day. */
const SESSION_EXPIRY_SEC = 86_400;
/** A broker that does not acknowledge our presence is waited for so long before the services may speak, ms. */
const LOOK_MS = 1000;
/** A broker that does not say that it has given a subscription up is not waited for longer, ms. */
const FORGOTTEN_MS = 1000;
const RETRY = { firstMs: 500, maxMs: 15_000 };
/** Why a command was not sent after a takeover. */
const TAKEN_TEXT = "Cannot publish: somebody else uses our client id and sends the commands";

/** See the file comment. */
export class BrokerLink {
  readonly #clients = new Clients();
  readonly #unheard = new Unheard();
  readonly #backoff: Backoff;
  readonly #presenceTopic: string;
  readonly #eventsTopic: string;
  readonly #refusals: RefusalWatch;
  readonly #floods: FloodWatch;
  readonly #leftOut: LeftOut;
  readonly #direct = new DirectWay();
  readonly #filters = new BrokerFilters();
  /** Subscriptions that the broker is giving up. */
  readonly #forgetting = new Map<string, Promise<void>>();
  readonly #sender: Sender;
  readonly #presence: DaemonPresence;
  readonly #probe: Mqtt5Probe;
  #embedded: EmbeddedBroker | undefined;
  #client: MqttClient | undefined;
  #up = false;
  #cancelLook: () => void = () => {};
  #stopped = false;
  #cancelRetry: () => void = () => {};

  constructor(
    private readonly config: BrokerLinkConfig,
    private readonly parts: HostedParts,
    private readonly ports: BrokerLinkPorts,
  ) {
    this.#backoff = new Backoff(RETRY, parts.random);
    const topics = topicsUnder(config.roots);
    this.#presenceTopic = topics.orchestratorStatus;
    this.#eventsTopic = topics.events;
    const journal = (event: Pick<JournalEvent, "kind" | "severity" | "text">) => this.#journal(event);
    this.#refusals = new RefusalWatch(topics, parts, {
      mustWrite: config.mustWrite ?? [],
      username: config.broker?.username,
      hasAccessList: config.broker !== undefined,
      subscribe: (filter) => void this.#subscribe(filter),
      journal,
    });
    this.#floods = new FloodWatch(topics, parts, { onMessage: (message) => this.#deliver(message), journal });
    this.#leftOut = new LeftOut(parts, journal);
    this.#sender = new Sender(parts, this.#refusals);
    this.#presence = new DaemonPresence(config.clientId, parts, {
      publish: (presence) => this.#publishPresence(presence),
      giveWay: (awayMs, goodbye) => void this.#giveWay(awayMs, goodbye),
      abandonCommands: () => this.#sender.abandonCommands(TAKEN_TEXT),
      journal,
    });
    const { clock, random, log } = parts;
    this.#probe = new Mqtt5Probe(
      { connect: ports.connect, clock, random, log },
      () => void this.#connectAnew(),
    );
  }

  /** Starts the embedded broker if there is no other, and sets out to connect; a broker that is late is no error. */
  async start(): Promise<void> {
    if (!this.config.broker) {
      this.#embedded = await this.ports.startEmbedded(this.config.embeddedPort);
      this.parts.log.notice("EMBEDDED BROKER LISTENS", { host: "127.0.0.1", port: this.#embedded.port });
    }
    this.#connect();
  }

  /** Says goodbye with a retained offline status, then closes everything. May be called twice. */
  async stop(): Promise<void> {
    if (this.#stopped) return;
    this.#stopped = true;
    this.#cancelRetry();
    this.#cancelLook();
    this.#presence.stop();
    this.#probe.stop();
    this.#refusals.stop();
    this.#floods.stop();
    const client = this.#client;
    if (client && this.#up) {
      await client.publish(this.#presenceTopic, GOODBYE, { retain: true, qos: 1 }).catch(() => {});
      await this.#leaveEchoes();
    }
    await client?.close();
    this.#sender.abandon("Cannot publish: the broker link is stopping");
    this.#clients.close();
    await this.#embedded?.stop();
  }

  /** Serves one more service, from now on, on `port`. */
  attach(capability: TopicCapability, port: BusPort): void {
    const client = this.#clients.attach(capability, port, this.parts.clock.monoMs());
    // One that comes later may publish what nobody did.
    for (const filter of this.#clients.filters()) {
      const isOther = this.#mayEcho(filter) && this.#filters.isOther(filter, this.#direct.isOpen);
      if (this.#up && isOther) void this.#subscribe(filter);
    }
    port.onmessage = ({ data }) => this.#serve(client, data as BusRequest);
    port.postMessage({ kind: "link", up: this.#sender.isOpen } satisfies BusReply);
  }

  /** The worker of a service has ended; what comes for it waits for its successor. */
  detach(service: string): void {
    this.#clients.detach(service, this.parts.clock.monoMs());
  }

  /** Publishes the daemon's status as its retained presence, now and after every reconnect. */
  setPresence(payload: string): void {
    this.#presence.set(payload);
  }

  #serve(client: Client, request: BusRequest): void {
    const { capability, port } = client;
    if (request.kind === "subscribe") {
      if (!maySubscribe(capability, request.filter)) {
        return this.#refuse(client, "subscribe", request.filter, capability.subscribes);
      }
      const { qos = 1, noLocal = false } = request;
      const isNew = this.#clients.subscribe(client, request.filter, { qos, noLocal });
      // A second subscriber of a known filter needs the retained messages too, so the broker is asked again.
      if (this.#up) void this.#subscribe(request.filter);
      else if (isNew) this.parts.log.debug("subscription waits for the broker", { filter: request.filter });
      const nowMonoMs = this.parts.clock.monoMs();
      for (const message of this.#unheard.take(capability.service, request.filter, nowMonoMs)) {
        port.postMessage(asReply(message));
      }
      return;
    }
    const { id, topic, payload, options } = request;
    if (!mayPublish(capability, topic)) {
      if (id !== undefined) {
        const error = new TopicForbiddenError(capability.service, "publish", topic, capability.publishes);
        port.postMessage({ kind: "published", id, error: error.message } satisfies BusReply);
      }
      return this.#refuse(client, "publish", topic, capability.publishes);
    }
    if (id === undefined) return this.#sender.sendPassing(topic, payload, options);
    this.#sender.sendSurely(topic, payload, options, (error) => {
      port.postMessage({ kind: "published", id, error } satisfies BusReply);
    });
  }

  #refuse(
    client: Client,
    direction: "publish" | "subscribe",
    topic: string,
    allowed: readonly string[],
  ): void {
    const error = new TopicForbiddenError(client.capability.service, direction, topic, allowed);
    this.parts.log.error("TOPIC REFUSED", { service: client.capability.service, direction, topic });
    client.port.postMessage({ kind: "refused", text: error.message } satisfies BusReply);
  }

  #connect(): void {
    const { broker, clientId } = this.config;
    const target = broker ?? { host: "127.0.0.1", port: this.#embedded?.port ?? this.config.embeddedPort };
    const options: EitherOptions = {
      ...target,
      clientId,
      cleanSession: false,
      sessionExpirySec: SESSION_EXPIRY_SEC,
      keepAliveSec: 15,
      connectTimeoutMs: 10_000,
      will: { topic: this.#presenceTopic, payload: GOODBYE, retain: true, qos: 1 },
    };
    const connection = connectEitherVersion(this.ports.connect, options, {
      onUp: (hasSession, spoken) => this.#onUp(hasSession, spoken, options),
      onDown: (reason) => {
        // One that gave way is nobody's any more.
        if (this.#client === client) this.#onDown(reason);
      },
      onMessage: (message) => this.#take(message),
      onLeftOut: (topic, bytes) => this.#leftOut.note(topic, bytes),
    });
    const client = handingOver(connection, (message, isKept) => this.#beginHandOver(message, isKept));
    this.#client = client;
  }

  #beginHandOver(message: MqttMessage, isKept: boolean): (() => void) | undefined {
    const { topic, payload } = message;
    // Of our presence we must hear what the broker says in our name.
    if (topic === this.#presenceTopic) return undefined;
    if (!this.#direct.send(topic, payload, this.parts.clock.monoMs())) return undefined;
    const sentAt = this.#filters.send();
    return () => {
      if (isKept) this.#filters.handedOver(topic, sentAt);
      this.#handOver(message, isKept);
    };
  }

  /** From the broker. */
  #take(message: MqttMessage): void {
    const heard = this.#direct.hear(message, this.parts.clock.monoMs());
    if (heard === "pass") {
      this.#leftOut.taken(message.topic);
      return this.#floods.receive(message);
    }
    if (heard === "first_echo") {
      this.#filters.doubt();
      void this.#subscribeAnew();
    }
    if (heard === "echoes") {
      this.parts.log.notice(
        "BROKER ECHOES what we publish, or somebody repeats it: the services hear each other by way of the broker",
      );
      void this.#subscribeAnew();
    }
  }

  /** From one of the services. Their pace is their own. */
  #handOver(message: MqttMessage, isKept: boolean): void {
    this.#leftOut.taken(message.topic);
    this.#deliver(message, this.#clients.subscribersOfOwn(message.topic), isKept);
  }

  /** @param isKept The broker has it for whoever subscribes later */
  #deliver(
    message: MqttMessage,
    clients = this.#clients.subscribersOf(message.topic),
    isKept = message.retained,
  ): void {
    const { topic } = message;
    if (message.retained && this.#filters.isOutdated(topic)) return;
    if (topic === this.#presenceTopic) this.#presence.hear(message);
    const reply = asReply(message);
    for (const { port } of clients) port.postMessage(reply);
    // What is kept comes again with the subscription, and what the broker never kept may be lost.
    if (isKept || message.qos === 0) return;
    const nowMonoMs = this.parts.clock.monoMs();
    for (const { capability } of this.#clients.missing(topic, nowMonoMs - UNHEARD_LIFE_MS)) {
      this.#unheard.keep(capability.service, message, nowMonoMs);
    }
  }

  #onUp(hasSession: boolean, spoken: Spoken, options: EitherOptions): void {
    this.#up = true;
    this.#direct.connected(spoken.version);
    this.#filters.connected(hasSession);
    this.#forgetting.clear();
    this.#leftOut.connected();
    const mustLookFirst = this.#presence.connected();
    this.#backoff.reset();
    this.parts.health.clear("broker_unreachable");
    this.parts.log.notice("BROKER CONNECTED", { mqtt: versionName(spoken.version) });
    this.#probe.connected(spoken, options);
    // Before we say that we are there: whose presence stands there now?
    for (const filter of new Set([this.#presenceTopic, ...this.#clients.filters()])) {
      void this.#subscribe(filter);
    }
    const client = this.#client;
    // What the broker kept comes before it acknowledges our own: whoever was there is known then.
    void this.#presence.say().then(() => this.#client === client && this.#open());
    if (client) this.#refusals.connected(client, spoken.version);
    // Whoever comes back may have given way to another, and know nothing of what that one did meanwhile.
    if (mustLookFirst) this.#cancelLook = this.parts.clock.after(LOOK_MS, () => this.#open());
    else this.#open();
  }

  /** The services may speak from now on; what waited for it goes first. */
  #open(): void {
    this.#cancelLook();
    if (!this.#up || !this.#client || this.#sender.isOpen) return;
    this.#sender.open(this.#client);
    this.#clients.tellAll({ kind: "link", up: true });
    this.#presence.opened();
  }

  /** The services may not speak any more. */
  #close(): void {
    this.#up = false;
    this.#cancelLook();
    if (!this.#sender.isOpen) return;
    this.#sender.close();
    this.#clients.tellAll({ kind: "link", up: false });
  }

  #onDown(reason: MqttDown): void {
    const wasUp = this.#up;
    this.#disconnected();
    if (this.#stopped) {
      this.#up = false;
      return this.#sender.close();
    }
    this.#close();
    this.parts.health.raise({ code: "broker_unreachable", severity: "error", text: reason.text });
    const isThrownOut = wasUp && reason.code === SESSION_TAKEN_OVER;
    const waitMs = Math.max(this.#backoff.nextMs(), isThrownOut ? this.#presence.thrownOut() : 0);
    if (wasUp || this.#backoff.attempts === 1 || this.#backoff.attempts % 20 === 0) {
      this.parts.log.warn("BROKER DOWN", {
        reason: reason.text,
        tries: this.#backoff.attempts,
        retry_ms: waitMs,
      });
    }
    this.#cancelRetry = this.parts.clock.after(waitMs, () => this.#connect());
  }

  #disconnected(): void {
    this.#client = undefined;
    this.#presence.disconnected();
    this.#refusals.disconnected();
    this.#probe.stop();
  }

  /** The broker takes MQTT 5 after all. It keeps for us what comes in between; what the services say at QoS 1 waits. */
  async #connectAnew(): Promise<void> {
    const client = this.#client;
    this.#disconnected();
    this.#close();
    await client?.close();
    if (!this.#stopped) this.#connect();
  }

  /** Another has our place: we leave it to that one for a while. */
  async #giveWay(awayMs: number, goodbye: string): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#probe.stop();
    this.#close();
    this.#sender.abandonCommands(TAKEN_TEXT);
    this.#cancelRetry = this.parts.clock.after(awayMs, () => this.#connect());
    await client?.publish(this.#presenceTopic, goodbye, { retain: true, qos: 1 }).catch(() => {});
    await client?.close();
  }

  /** Whether what this filter hears may be our own. Where it is not, a subscription stays as it is: no answer of a host is missed. */
  #mayEcho(filter: string): boolean {
    if (filter === this.#presenceTopic) return false;
    return filter === this.#eventsTopic || this.#clients.publishesUnder(filter);
  }

  async #subscribeAnew(): Promise<void> {
    const filters = this.#clients.filters().filter((filter) => this.#mayEcho(filter));
    await Promise.all(filters.map((filter) => this.#subscribe(filter)));
  }

  /** An older program lives by the echo: one that is put in now finds our session, and would hear nothing of itself. */
  async #leaveEchoes(): Promise<void> {
    if (!this.#direct.isOpen) return;
    this.#direct.close();
    await this.#subscribeAnew();
  }

  async #subscribe(filter: string): Promise<void> {
    const client = this.#client;
    if (!client) return;
    const mayEcho = this.#mayEcho(filter);
    const noLocal = mayEcho && this.#direct.isOpen;
    if (this.#filters.subscribe(filter, noLocal, mayEcho)) {
      this.#forgetting.set(filter, this.#forgotten(client, filter));
    }
    const forgetting = this.#forgetting.get(filter);
    if (forgetting) {
      await forgetting;
      // Whoever came later, with No Local or without, does it.
      if (this.#client !== client || this.#forgetting.get(filter) !== forgetting) return;
      this.#forgetting.delete(filter);
      this.#filters.subscribing(filter);
    }
    await client.subscribe(filter, this.#clients.qosOf(filter), noLocal).then(
      () => this.#refusals.passed("subscribe", filter),
      (error) => {
        if (this.#stopped || !this.#up || this.#client !== client) return;
        if (this.#refusals.refused("subscribe", filter, error)) return;
        this.parts.log.error("SUBSCRIPTION FAILED", { filter, reason: errorText(error) });
      },
    );
  }

  /** When the broker has given a subscription up: not every broker keeps to the order in which it is told, and one would be left without. */
  async #forgotten(client: MqttClient, filter: string): Promise<void> {
    const limit = new AbortController();
    const late = this.parts.clock.sleep(FORGOTTEN_MS, limit.signal).catch(() => {});
    await Promise.race([client.unsubscribe(filter).catch(() => {}), late]);
    limit.abort();
  }

  /** An entry of our own in the house's journal. */
  #journal(event: Pick<JournalEvent, "kind" | "severity" | "text">): void {
    const ts = new Date(this.parts.clock.wallMs()).toISOString();
    const payload = encodeEvent({ ts, source: "broker_link", ...event });
    this.#client?.publish(this.#eventsTopic, payload, { qos: 1, expirySec: 86_400 })
      .catch((error) => this.#refusals.refused("publish", this.#eventsTopic, error));
  }

  async #publishPresence(presence: string): Promise<void> {
    try {
      await this.#client?.publish(this.#presenceTopic, presence, { retain: true, qos: 1 });
      this.#refusals.passed("publish", this.#presenceTopic);
    } catch (error) {
      // Said again at the next connect.
      this.#refusals.refused("publish", this.#presenceTopic, error);
    }
  }
}

function asReply({ topic, payload, retained }: BusMessage): BusReply {
  return { kind: "message", topic, payload, retained };
}

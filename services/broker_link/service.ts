/**
 * The process's only connection to the local broker. Enforces each service's topics, keeps QoS 1 messages over an
 * outage of the broker, and shows the daemon's presence with a will.
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
import { type TopicRoots, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { BusPort, BusReply, BusRequest } from "../../lib/workers/port_bus.ts";
import type { HostedParts } from "../../lib/workers/worker_host.ts";
import { encodeEvent, type JournalEvent } from "../../lib/messages/event.ts";
import { encodeOrchestratorStatus, parseOrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import { type Client, Clients, mayPublish, maySubscribe } from "./clients.ts";
import { isCommand, Outbox, type Outgoing } from "./outbox.ts";
import { FloodWatch } from "./flood_watch.ts";
import { LeftOut } from "./left_out.ts";
import { PresenceGuard } from "./presence_guard.ts";
import { RefusalWatch } from "./refusal_watch.ts";
import { markOf, SESSION_TAKEN_OVER, takenOverText, Takeovers, UNDISTURBED_MS } from "./takeover.ts";
import { SECOND_DAEMON_CODE, SECOND_REMEMBERED_MS, SecondDaemon, secondDaemonText } from "./second_daemon.ts";
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
const RETRY = { firstMs: 500, maxMs: 15_000 };
/** A broker that acknowledges a command later than this is silent, ms: a full card writes slowly, but not so. */
const ACKNOWLEDGED_MS = 10_000;
/** Why a command was not sent after a takeover. */
const TAKEN_TEXT = "Cannot publish: somebody else uses our client id and sends the commands";
/** MQTT 5 CONNACK 132 and MQTT 3.1.1 CONNACK 1: the broker does not speak this version. */
const UNSUPPORTED_VERSION_CODES: readonly number[] = [1, 132];

/** See the file comment. */
export class BrokerLink {
  readonly #clients = new Clients();
  readonly #outbox = new Outbox();
  readonly #unheard = new Unheard();
  readonly #backoff: Backoff;
  readonly #presenceTopic: string;
  readonly #eventsTopic: string;
  readonly #refusals: RefusalWatch;
  readonly #floods: FloodWatch;
  readonly #leftOut: LeftOut;
  readonly #presenceGuard = new PresenceGuard();
  #cancelCorrection: (() => void) | undefined;
  #presence = encodeOrchestratorStatus({ online: true });
  #embedded: EmbeddedBroker | undefined;
  #client: MqttClient | undefined;
  #protocolVersion: 4 | 5 = 5;
  #up = false;
  /** The services may speak: we are connected, and know whose place we took. */
  #isOpen = false;
  /** Another was seen at this connection: its presence comes once for each filter that fits it. */
  #isTwinSeen = false;
  #cancelLook: () => void = () => {};
  #stopped = false;
  readonly #takeovers = new Takeovers();
  readonly #second = new SecondDaemon();
  #cancelSecond: () => void = () => {};
  /** The owner is to be told of another when we may speak again. */
  #isTwinUntold = false;
  #connections = 0;
  #cancelRetry: () => void = () => {};
  #cancelUndisturbed: () => void = () => {};

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
      subscribe: (filter) => this.#subscribe(filter),
      journal,
    });
    this.#floods = new FloodWatch(topics, parts, { onMessage: (message) => this.#take(message), journal });
    this.#leftOut = new LeftOut(parts, journal);
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
    this.#cancelUndisturbed();
    this.#cancelLook();
    this.#cancelSecond();
    this.#refusals.stop();
    this.#floods.stop();
    this.#cancelCorrection?.();
    const client = this.#client;
    if (client && this.#up) {
      const offline = encodeOrchestratorStatus({ online: false });
      await client.publish(this.#presenceTopic, offline, { retain: true, qos: 1 }).catch(() => {});
    }
    await client?.close();
    this.#outbox.abandon("Cannot publish: the broker link is stopping");
    this.#clients.close();
    await this.#embedded?.stop();
  }

  /** Serves one more service, from now on, on `port`. */
  attach(capability: TopicCapability, port: BusPort): void {
    const client = this.#clients.attach(capability, port, this.parts.clock.monoMs());
    port.onmessage = ({ data }) => this.#serve(client, data as BusRequest);
    port.postMessage({ kind: "link", up: this.#isOpen } satisfies BusReply);
  }

  /** The worker of a service has ended; what comes for it waits for its successor. */
  detach(service: string): void {
    this.#clients.detach(service, this.parts.clock.monoMs());
  }

  /** Publishes the daemon's status as its retained presence, now and after every reconnect. */
  setPresence(payload: string): void {
    this.#presence = payload;
    if (this.#up) void this.#publishPresence();
  }

  #serve(client: Client, request: BusRequest): void {
    const { capability, port } = client;
    if (request.kind === "subscribe") {
      if (!maySubscribe(capability, request.filter)) {
        return this.#refuse(client, "subscribe", request.filter, capability.subscribes);
      }
      const isNew = this.#clients.subscribe(client, request.filter, request.qos ?? 1);
      // A second subscriber of a known filter needs the retained messages too, so the broker is asked again.
      if (this.#up) this.#subscribe(request.filter);
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
    if (id === undefined) {
      if (this.#isOpen) void this.#client?.publish(topic, payload, options).catch(() => {});
      return;
    }
    const lifeMs = options.expirySec === undefined ? Infinity : options.expirySec * 1000;
    const outgoing: Outgoing = {
      topic,
      payload,
      options,
      untilMonoMs: this.parts.clock.monoMs() + lifeMs,
      settle: (error) => port.postMessage({ kind: "published", id, error } satisfies BusReply),
    };
    if (this.#isOpen) void this.#send(outgoing, options.expirySec);
    else this.#outbox.add(outgoing, this.parts.clock.monoMs());
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

  async #send(outgoing: Outgoing, expirySec: number | undefined): Promise<void> {
    const client = this.#client;
    const { clock, log } = this.parts;
    if (!client) return this.#outbox.add(outgoing, clock.monoMs());
    let isGivenUp = false;
    // Whoever sent a command must know that nobody knows whether the broker has it, and may send it again.
    const cancelSilence = !isCommand(outgoing) ? () => {} : clock.after(ACKNOWLEDGED_MS, () => {
      isGivenUp = true;
      log.warn("BROKER SILENT: it does not acknowledge a command", { topic: outgoing.topic });
      const forSec = ACKNOWLEDGED_MS / 1000;
      outgoing.settle(
        `Cannot publish "${outgoing.topic}": the broker has not acknowledged it for ${forSec} s`,
      );
    });
    try {
      await client.publish(outgoing.topic, outgoing.payload, { ...outgoing.options, expirySec });
      cancelSilence();
      this.#refusals.passed("publish", outgoing.topic);
      if (!isGivenUp) outgoing.settle();
    } catch (error) {
      cancelSilence();
      if (isGivenUp) return;
      this.#refusals.refused("publish", outgoing.topic, error);
      // The broker refused it: whoever sent it must know, and a later message must not be overtaken by it.
      if (this.#client === client) return outgoing.settle(errorText(error));
      // The connection ended before the acknowledgement: it is not known whether the broker has it. Send it again.
      this.#outbox.add(outgoing, this.parts.clock.monoMs());
    }
  }

  #connect(): void {
    const { broker, clientId } = this.config;
    const target = broker ?? { host: "127.0.0.1", port: this.#embedded?.port ?? this.config.embeddedPort };
    const client = this.ports.connect({
      ...target,
      clientId,
      protocolVersion: this.#protocolVersion,
      cleanSession: false,
      sessionExpirySec: SESSION_EXPIRY_SEC,
      keepAliveSec: 15,
      connectTimeoutMs: 10_000,
      will: {
        topic: this.#presenceTopic,
        payload: encodeOrchestratorStatus({ online: false }),
        retain: true,
        qos: 1,
      },
    }, {
      onUp: () => this.#onUp(),
      onDown: (reason) => {
        // One that gave way is nobody's any more.
        if (this.#client === client) this.#onDown(reason);
      },
      onMessage: (message) => {
        this.#leftOut.taken(message.topic);
        this.#floods.receive(message);
      },
      onLeftOut: (topic, bytes) => this.#leftOut.note(topic, bytes),
    });
    this.#client = client;
  }

  #take(message: MqttMessage): void {
    this.#lookAtPresence(message);
    if (message.topic === this.#presenceTopic) {
      this.#guardPresence(message.payload);
      if (!message.retained) this.#lookForSecond(message.payload);
    }
    const reply = asReply(message);
    for (const { port } of this.#clients.hearing(message.topic)) port.postMessage(reply);
    // What is retained comes again with the subscription, and what the broker never kept may be lost.
    if (message.retained || message.qos === 0) return;
    const nowMonoMs = this.parts.clock.monoMs();
    for (const { capability } of this.#clients.missing(message.topic, nowMonoMs - UNHEARD_LIFE_MS)) {
      this.#unheard.keep(capability.service, message, nowMonoMs);
    }
  }

  #onUp(): void {
    this.#up = true;
    this.#connections++;
    this.#leftOut.connected();
    this.#presenceGuard.connected();
    this.#second.connected(this.parts.clock.monoMs());
    this.#isTwinSeen = false;
    this.#backoff.reset();
    this.parts.health.clear("broker_unreachable");
    this.parts.log.notice("BROKER CONNECTED", { mqtt: this.#protocolVersion === 5 ? "5" : "3.1.1" });
    // Before we say that we are there: whose presence stands there now?
    for (const filter of new Set([this.#presenceTopic, ...this.#clients.filters()])) this.#subscribe(filter);
    const client = this.#client;
    // What the broker kept comes before it acknowledges our own: whoever was there is known then.
    void this.#publishPresence().then(() => this.#client === client && this.#open());
    if (this.#takeovers.isSeen) this.#afterTakeover();
    if (client) this.#refusals.connected(client, this.#protocolVersion);
    // Whoever comes back may have given way to another, and know nothing of what that one did meanwhile.
    if (this.#connections === 1) this.#open();
    else this.#cancelLook = this.parts.clock.after(LOOK_MS, () => this.#open());
  }

  /** The services may speak from now on; what waited for it goes first. */
  #open(): void {
    this.#cancelLook();
    if (!this.#up || this.#isOpen) return;
    this.#isOpen = true;
    this.#clients.tellAll({ kind: "link", up: true });
    if (this.#isTwinUntold) this.#tellOfTwin();
    for (const { message, expirySec } of this.#outbox.drain(this.parts.clock.monoMs())) {
      void this.#send(message, expirySec);
    }
  }

  /** The services may not speak any more. */
  #close(): void {
    this.#up = false;
    this.#cancelLook();
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#clients.tellAll({ kind: "link", up: false });
  }

  #onDown(reason: MqttDown): void {
    const wasUp = this.#up;
    this.#client = undefined;
    this.#cancelUndisturbed();
    this.#refusals.disconnected();
    if (this.#stopped) return void (this.#up = false);
    this.#close();
    if (
      reason.kind === "refused" && this.#protocolVersion === 5 &&
      UNSUPPORTED_VERSION_CODES.includes(reason.code ?? -1)
    ) {
      this.#protocolVersion = 4;
      return this.#connect();
    }
    this.parts.health.raise({ code: "broker_unreachable", severity: "error", text: reason.text });
    const isThrownOut = wasUp && reason.code === SESSION_TAKEN_OVER;
    if (isThrownOut && !this.#takeovers.isSeen) this.#isTwinUntold = true;
    const waitMs = Math.max(this.#backoff.nextMs(), isThrownOut ? this.#takeovers.thrownOut() : 0);
    if (isThrownOut) this.#noteTaken();
    if (wasUp || this.#backoff.attempts === 1 || this.#backoff.attempts % 20 === 0) {
      this.parts.log.warn("BROKER DOWN", {
        reason: reason.text,
        tries: this.#backoff.attempts,
        retry_ms: waitMs,
      });
    }
    this.#cancelRetry = this.parts.clock.after(waitMs, () => this.#connect());
  }

  /** At the first connection of this process a presence may be left over from the one before. */
  #lookAtPresence({ topic, payload, retained }: MqttMessage): void {
    const isFirstLook = this.#up && this.#connections > 1 && !this.#isTwinSeen;
    if (topic !== this.#presenceTopic || !retained || !isFirstLook) return;
    const twin = this.#takeovers.look(payload, markOf(this.#presence)?.instance);
    if (!twin) return;
    this.#isTwinSeen = true;
    this.#noteTaken(twin.kind === "gives_way" ? twin.awayMs : undefined);
    if (twin.kind === "gives_way") void this.#giveWay(twin.awayMs);
    else this.#tellOfTwin();
  }

  #noteTaken(givesWayMs?: number): void {
    const { health, log } = this.parts;
    const text = takenOverText(this.config.clientId);
    health.raise({ code: "client_id_taken", severity: "error", text });
    log.error("CLIENT ID TAKEN", { text, gives_way_ms: givesWayMs });
  }

  /** The other one takes our place again, and then says that it is there. */
  async #giveWay(awayMs: number): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#close();
    this.#cancelUndisturbed();
    this.#outbox.abandonCommands(TAKEN_TEXT);
    this.#cancelRetry = this.parts.clock.after(awayMs, () => this.#connect());
    const offline = encodeOrchestratorStatus({ online: false, instance: markOf(this.#presence)?.instance });
    await client?.publish(this.#presenceTopic, offline, { retain: true, qos: 1 }).catch(() => {});
    await client?.close();
  }

  #tellOfTwin(): void {
    const text = takenOverText(this.config.clientId);
    this.#isTwinUntold = false;
    this.#journal({ kind: "client_id_taken", severity: "warning", text });
  }

  /** Whoever had our place has sent the commands meanwhile: ours, if any wait, would double them. */
  #afterTakeover(): void {
    const { clock, health } = this.parts;
    this.#outbox.abandonCommands(TAKEN_TEXT);
    this.#cancelUndisturbed = clock.after(UNDISTURBED_MS, () => {
      this.#takeovers.undisturbed();
      health.clear("client_id_taken");
    });
  }

  #subscribe(filter: string): void {
    const client = this.#client;
    client?.subscribe(filter, this.#clients.qosOf(filter)).then(
      () => this.#refusals.passed("subscribe", filter),
      (error) => {
        if (!this.#up || this.#client !== client || this.#refusals.refused("subscribe", filter, error)) {
          return;
        }
        this.parts.log.error("SUBSCRIPTION FAILED", { filter, reason: errorText(error) });
      },
    );
  }

  /** An entry of our own in the house's journal. */
  #journal(event: Pick<JournalEvent, "kind" | "severity" | "text">): void {
    const ts = new Date(this.parts.clock.wallMs()).toISOString();
    const payload = encodeEvent({ ts, source: "broker_link", ...event });
    this.#client?.publish(this.#eventsTopic, payload, { qos: 1, expirySec: 86_400 })
      .catch((error) => this.#refusals.refused("publish", this.#eventsTopic, error));
  }

  /** One with our client id is told of as such. */
  #lookForSecond(payload: Uint8Array): void {
    const { clock, health, log } = this.parts;
    if (this.#takeovers.isSeen) return;
    const isNews = this.#second.hear(payload, markOf(this.#presence)?.instance, clock.monoMs());
    if (this.#second.isThere(clock.monoMs())) {
      this.#cancelSecond();
      this.#cancelSecond = clock.after(SECOND_REMEMBERED_MS, () => health.clear(SECOND_DAEMON_CODE));
    }
    if (!isNews) return;
    const { host_name: host } = parseOrchestratorStatus(payload, "the other daemon's presence");
    const text = secondDaemonText(host === undefined ? "" : ` (on ${host})`);
    health.raise({ code: SECOND_DAEMON_CODE, severity: "error", text });
    log.error("SECOND DAEMON", { text });
    this.#journal({ kind: SECOND_DAEMON_CODE, severity: "warning", text });
  }

  /** Nobody else may say that the daemon is gone: hosts would act alone, and the owner would believe it. */
  #guardPresence(payload: Uint8Array): void {
    const { clock, log } = this.parts;
    const waitMs = this.#presenceGuard.hear(payload, clock.monoMs());
    if (waitMs === undefined || this.#cancelCorrection) return;
    this.#cancelCorrection = clock.after(waitMs, () => {
      this.#cancelCorrection = undefined;
      if (!this.#up || this.#stopped) return;
      const times = this.#presenceGuard.correct(clock.monoMs());
      // Our own last will comes as what the broker kept for us and as what it keeps for all, or late.
      if (times === 3 || times % 100 === 0) {
        log.warn("PRESENCE FORGED: somebody says that we are gone", { times });
      }
      void this.#publishPresence();
    });
  }

  async #publishPresence(): Promise<void> {
    try {
      await this.#client?.publish(this.#presenceTopic, this.#presence, { retain: true, qos: 1 });
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

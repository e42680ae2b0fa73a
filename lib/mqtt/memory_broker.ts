/**
 * A broker in memory for tests: retained messages, wills, wildcards, sessions, QoS 1 acknowledgement, message expiry,
 * and an off switch. Delivery is asynchronous, in order, one microtask away.
 */
import type { Bus, BusMessage, PublishOptions, TopicCapability } from "../workers/bus.ts";
import type { Clock } from "../time/clock.ts";
import { TopicForbiddenError } from "../errors.ts";
import type { MqttClient, MqttConnect, MqttConnectOptions, MqttEvents, MqttMessage } from "./client.ts";
import { coversFilter, matchesFilter } from "./topics.ts";

interface Session {
  readonly filters: Map<string, { readonly qos: 0 | 1; readonly noLocal: boolean }>;
  readonly missed: { message: MqttMessage; untilMonoMs: number }[];
  live: Connection | undefined;
}

/** Filter, handler, and whether the bus's own messages are left out. */
type BusHandler = readonly [filter: string, handle: (message: BusMessage) => void, noLocal: boolean];

interface Connection {
  readonly options: MqttConnectOptions;
  readonly events: MqttEvents;
  open: boolean;
}

/** See the file comment. Use {@link MemoryBroker.bus} for services and {@link MemoryBroker.connect} for clients. */
export class MemoryBroker {
  readonly #retained = new Map<string, Uint8Array>();
  readonly #sessions = new Map<string, Session>();
  readonly #buses = new Set<
    { handlers: BusHandler[]; links: ((up: boolean) => void)[] }
  >();
  readonly #watchers = new Set<(message: BusMessage) => void>();
  /** Topics on which QoS 1 messages of the buses are refused, as by an access list, with how often one was tried. */
  readonly refuses = new Map<string, number>();
  /** Whether clients hear what they publish themselves in spite of No Local, as from a broker that does not know it. */
  echoes = false;
  #up = true;
  #isSilent = false;

  constructor(private readonly clock: Clock) {}

  /** The last retained payload of a topic as text. */
  retained(topic: string): string | undefined {
    const payload = this.#retained.get(topic);
    return payload && new TextDecoder().decode(payload);
  }

  /** Sees every message that passes; returns what ends it. */
  watch(see: (message: BusMessage) => void): () => void {
    this.#watchers.add(see);
    return () => void this.#watchers.delete(see);
  }

  /** Publishes as an outsider. */
  publish(topic: string, payload: Uint8Array | string, options: PublishOptions = {}): void {
    this.#publish(topic, payload, options);
  }

  #publish(
    topic: string,
    payload: Uint8Array | string,
    options: PublishOptions = {},
    from?: { readonly session?: Session; readonly handlers?: unknown },
  ): void {
    if (!this.#up) throw new Error("Cannot publish: the memory broker is down");
    if (this.#isSilent) return;
    const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload.slice();
    if (options.retain) {
      if (bytes.length === 0) this.#retained.delete(topic);
      else this.#retained.set(topic, bytes);
    }
    const message: MqttMessage = { topic, payload: bytes, retained: false, qos: options.qos ?? 0 };
    for (const see of this.#watchers) see(message);
    for (const bus of this.#buses) {
      for (const [filter, handle, noLocal] of bus.handlers) {
        if (noLocal && from?.handlers === bus.handlers) continue;
        if (matchesFilter(filter, topic)) queueMicrotask(() => handle(message));
      }
    }
    for (const session of this.#sessions.values()) {
      const granted = [...session.filters].filter(([filter, { noLocal }]) =>
        matchesFilter(filter, topic) && !(noLocal && !this.echoes && from?.session === session)
      );
      if (granted.length === 0) continue;
      const { live } = session;
      if (live) queueMicrotask(() => live.open && live.events.onMessage(message));
      else if (options.qos === 1 && granted.some(([, { qos }]) => qos === 1)) {
        const lifeMs = (options.expirySec ?? Infinity) * 1000;
        session.missed.push({ message, untilMonoMs: this.clock.monoMs() + lifeMs });
      }
    }
  }

  /** Delivers a payload to the buses as kept from before, whatever is retained now: such words may come late. */
  redeliver(topic: string, payload: string): void {
    const message = { topic, payload: new TextEncoder().encode(payload), retained: true };
    for (const bus of this.#buses) {
      for (const [filter, handle] of bus.handlers) {
        if (matchesFilter(filter, topic)) queueMicrotask(() => handle(message));
      }
    }
  }

  /** Cuts everybody off. Retained messages and sessions stay, as on a broker with persistence. */
  goDown(): void {
    this.#up = false;
    for (const session of this.#sessions.values()) {
      const { live } = session;
      session.live = undefined;
      if (live) this.#end(live, true);
    }
    for (const bus of this.#buses) for (const tell of bus.links) tell(false);
  }

  /** Back again: buses hear their retained messages anew. */
  goUp(): void {
    this.#up = true;
    for (const bus of this.#buses) {
      for (const tell of [...bus.links]) tell(true);
      for (const [filter, handle] of bus.handlers) this.#sendRetained(filter, handle);
    }
  }

  /** Loses what it retained, as a broker without persistence does over a restart. */
  forgetRetained(): void {
    this.#retained.clear();
  }

  /** The topics with a retained message, in order. */
  get retainedTopics(): readonly string[] {
    return [...this.#retained.keys()].sort();
  }

  /** While silent, what anybody publishes is lost: the goodbye of a process that was killed never comes. */
  silence(isSilent: boolean): void {
    this.#isSilent = isSilent;
  }

  /** Drops every bus made so far, as when the process that held them was killed. */
  forgetBuses(): void {
    this.#buses.clear();
  }

  /** A service's bus with its capability enforced, as `broker_link` does. */
  bus(capability: TopicCapability): Bus {
    const entry = {
      handlers: [] as BusHandler[],
      links: [] as ((up: boolean) => void)[],
    };
    this.#buses.add(entry);
    const { service, publishes, subscribes } = capability;
    return {
      publish: (topic, payload, options = {}) => {
        if (!publishes.some((filter) => matchesFilter(filter, topic))) {
          return Promise.reject(new TopicForbiddenError(service, "publish", topic, publishes));
        }
        const tries = this.refuses.get(topic);
        if (this.#up && options.qos === 1 && tries !== undefined) {
          this.refuses.set(topic, tries + 1);
          return Promise.reject(new Error(`Cannot publish "${topic}": Publish error: Not authorized`));
        }
        if (this.#up) this.#publish(topic, payload, options, entry);
        else if (options.qos === 1) {
          return this.#whenUp(() => this.#publish(topic, payload, options, entry), entry.links);
        }
        return Promise.resolve();
      },
      subscribe: (filter, handle, { noLocal = false } = {}) => {
        if (!subscribes.some((outer) => coversFilter(outer, filter))) {
          throw new TopicForbiddenError(service, "subscribe", filter, subscribes);
        }
        entry.handlers.push([filter, handle, noLocal]);
        if (this.#up) this.#sendRetained(filter, handle);
      },
      onLink: (handle) => {
        entry.links.push(handle);
        handle(this.#up);
      },
    };
  }

  /** A client connection, for agents and clouds under test. */
  readonly connect: MqttConnect = (options, events): MqttClient => {
    const connection: Connection = { options, events, open: false };
    queueMicrotask(() => {
      if (this.#up) this.#open(connection);
      else events.onDown({ kind: "network", text: "memory broker is down", wasUp: false });
    });
    const session = () => this.#sessions.get(options.clientId);
    return {
      publish: (topic, payload, publishOptions) => {
        if (!connection.open) return Promise.reject(new Error(`Cannot publish "${topic}": not connected`));
        this.#publish(topic, payload, publishOptions, { session: session() });
        return Promise.resolve();
      },
      subscribe: (filter, qos, noLocal = false) => {
        if (!connection.open) return Promise.reject(new Error(`Cannot subscribe "${filter}": not connected`));
        // As Mosquitto: a subscription that is known takes another QoS, and keeps the rest.
        const known = session()?.filters.get(filter);
        session()?.filters.set(filter, { qos, noLocal: known?.noLocal ?? noLocal });
        this.#sendRetained(filter, (message) => connection.open && events.onMessage({ ...message, qos: 1 }));
        return Promise.resolve();
      },
      unsubscribe: (filter) => {
        session()?.filters.delete(filter);
        return Promise.resolve();
      },
      close: () => {
        connection.open = false;
        const own = session();
        if (own?.live === connection) own.live = undefined;
        if (options.cleanSession) this.#sessions.delete(options.clientId);
        return Promise.resolve();
      },
    };
  };

  /** Ends one client's connection without a goodbye: its will is published. */
  drop(clientId: string): void {
    const session = this.#sessions.get(clientId);
    const live = session?.live;
    if (!session || !live) return;
    session.live = undefined;
    this.#end(live, true);
    const { will } = live.options;
    if (will) this.publish(will.topic, will.payload, { retain: will.retain, qos: will.qos });
  }

  #open(connection: Connection): void {
    const { clientId, cleanSession } = connection.options;
    this.drop(clientId);
    const known = cleanSession ? undefined : this.#sessions.get(clientId);
    const session: Session = known ?? { filters: new Map(), missed: [], live: undefined };
    session.live = connection;
    this.#sessions.set(clientId, session);
    connection.open = true;
    connection.events.onUp(known !== undefined);
    for (const { message, untilMonoMs } of session.missed.splice(0)) {
      if (this.clock.monoMs() < untilMonoMs) {
        queueMicrotask(() => connection.open && connection.events.onMessage(message));
      }
    }
  }

  #end(connection: Connection, wasUp: boolean): void {
    if (!connection.open) return;
    connection.open = false;
    connection.events.onDown({ kind: "closed", text: "connection closed by the memory broker", wasUp });
  }

  #sendRetained(filter: string, handle: (message: BusMessage) => void): void {
    for (const [topic, payload] of this.#retained) {
      if (matchesFilter(filter, topic)) queueMicrotask(() => handle({ topic, payload, retained: true }));
    }
  }

  #whenUp(run: () => void, links: ((up: boolean) => void)[]): Promise<void> {
    return new Promise((resolve) => {
      const onUp = (up: boolean) => {
        if (!up) return;
        links.splice(links.indexOf(onUp), 1);
        run();
        resolve();
      };
      links.push(onUp);
    });
  }
}

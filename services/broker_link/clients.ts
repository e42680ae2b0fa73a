/** The services on the other ends of the ports: what each may do, and who hears which topic. */
import type { TopicCapability } from "../../lib/workers/bus.ts";
import { coversFilter, matchesFilter } from "../../lib/mqtt/topics.ts";
import type { BusPort, BusReply } from "../../lib/workers/port_bus.ts";

/** One attached service. */
export interface Client {
  readonly capability: TopicCapability;
  readonly port: BusPort;
  /** What it subscribed to, with the QoS that it wants. */
  readonly filters: Map<string, 0 | 1>;
  readonly attachedMonoMs: number;
}

/** The port of a service whose worker has ended. */
const NOBODY: BusPort = { onmessage: null, postMessage() {}, close() {} };

/** Remembers at most this many topic-to-clients answers; a large house has a few thousand topics. */
const ROUTES_LIMIT = 10_000;

/** See the file comment. */
export class Clients {
  readonly #byService = new Map<string, Client>();
  readonly #routes = new Map<string, readonly Client[]>();

  /** Adds a service; an earlier port of the same name is closed. */
  attach(capability: TopicCapability, port: BusPort, nowMonoMs: number): Client {
    this.#byService.get(capability.service)?.port.close();
    const client: Client = { capability, port, filters: new Map(), attachedMonoMs: nowMonoMs };
    this.#byService.set(capability.service, client);
    this.#routes.clear();
    return client;
  }

  /** The service's worker has ended: it hears nothing until it is attached again. */
  detach(service: string, nowMonoMs: number): void {
    const client = this.#byService.get(service);
    if (client) this.attach(client.capability, NOBODY, nowMonoMs);
  }

  /** Notes a subscription. @returns whether nobody had this filter before, so the broker must be asked */
  subscribe(client: Client, filter: string, qos: 0 | 1): boolean {
    const known = this.filters().includes(filter);
    client.filters.set(filter, qos);
    this.#routes.clear();
    return !known;
  }

  /** Every filter that somebody has, once. */
  filters(): string[] {
    return [...new Set([...this.#byService.values()].flatMap((client) => [...client.filters.keys()]))];
  }

  /** 1 when one of those who have this filter wants the broker to keep what comes while we are away. */
  qosOf(filter: string): 0 | 1 {
    return [...this.#byService.values()].some((client) => client.filters.get(filter) === 1) ? 1 : 0;
  }

  /** The services that hear `topic`, each once. */
  hearing(topic: string): readonly Client[] {
    const known = this.#routes.get(topic);
    if (known) return known;
    const found = [...this.#byService.values()].filter((client) =>
      [...client.filters.keys()].some((filter) => matchesFilter(filter, topic))
    );
    if (this.#routes.size >= ROUTES_LIMIT) this.#routes.clear();
    this.#routes.set(topic, found);
    return found;
  }

  /** The services attached since `sinceMonoMs` that may hear `topic` and have not subscribed to it yet. */
  missing(topic: string, sinceMonoMs: number): readonly Client[] {
    return [...this.#byService.values()].filter(({ capability, filters, attachedMonoMs }) =>
      attachedMonoMs > sinceMonoMs && capability.subscribes.some((filter) => matchesFilter(filter, topic)) &&
      ![...filters.keys()].some((filter) => matchesFilter(filter, topic))
    );
  }

  /** Sends to every service. */
  tellAll(reply: BusReply): void {
    for (const { port } of this.#byService.values()) port.postMessage(reply);
  }

  /** Closes all ports. */
  close(): void {
    for (const { port } of this.#byService.values()) port.close();
    this.#byService.clear();
    this.#routes.clear();
  }
}

/** Whether the capability allows to publish on `topic`. Wildcards in a topic are never allowed. */
export function mayPublish({ publishes }: TopicCapability, topic: string): boolean {
  return !/[+#]/.test(topic) && publishes.some((filter) => matchesFilter(filter, topic));
}

/** Whether the capability allows to subscribe to `filter`. */
export function maySubscribe({ subscribes }: TopicCapability, filter: string): boolean {
  return subscribes.some((outer) => coversFilter(outer, filter));
}

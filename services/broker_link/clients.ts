/** The services on the other ends of the ports: what each may do, and who hears which topic. */
import type { TopicCapability } from "../../lib/workers/bus.ts";
import { coversFilter, matchesFilter } from "../../lib/mqtt/topics.ts";
import type { BusPort, BusReply } from "../../lib/workers/port_bus.ts";

/** How a service wants what it subscribed to. */
export interface Subscription {
  readonly qos: 0 | 1;
  /** Not what it publishes itself. */
  readonly noLocal: boolean;
}

/** One attached service. */
export interface Client {
  readonly capability: TopicCapability;
  readonly port: BusPort;
  /** What it subscribed to, with the QoS that it wants, and whether it wants its own messages too. */
  readonly filters: Map<string, Subscription>;
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
  /** The same for what services publish themselves. */
  readonly #ownRoutes = new Map<string, readonly Client[]>();

  /** Adds a service; an earlier port of the same name is closed. */
  attach(capability: TopicCapability, port: BusPort, nowMonoMs: number): Client {
    this.#byService.get(capability.service)?.port.close();
    const client: Client = { capability, port, filters: new Map(), attachedMonoMs: nowMonoMs };
    this.#byService.set(capability.service, client);
    this.#forgetRoutes();
    return client;
  }

  /** The service's worker has ended: it hears nothing until it is attached again. */
  detach(service: string, nowMonoMs: number): void {
    const client = this.#byService.get(service);
    if (client) this.attach(client.capability, NOBODY, nowMonoMs);
  }

  /** Notes a subscription. @returns whether nobody had this filter before, so the broker must be asked */
  subscribe(client: Client, filter: string, subscription: Subscription): boolean {
    const known = this.filters().includes(filter);
    client.filters.set(filter, subscription);
    this.#forgetRoutes();
    return !known;
  }

  /** Every filter that somebody has, once. */
  filters(): string[] {
    return [...new Set([...this.#byService.values()].flatMap((client) => [...client.filters.keys()]))];
  }

  /** 1 when one of those who have this filter wants the broker to keep what comes while we are away. */
  qosOf(filter: string): 0 | 1 {
    return [...this.#byService.values()].some((client) => client.filters.get(filter)?.qos === 1) ? 1 : 0;
  }

  /**
   * Whether one of them publishes what this filter hears. Two filters that merely cross, as those of a host's answers and of a
   * station called "ack", are not meant.
   */
  publishesUnder(filter: string): boolean {
    return [...this.#byService.values()].some(({ capability }) =>
      capability.publishes.some((own) => coversFilter(own, filter) || coversFilter(filter, own))
    );
  }

  /** The services that hear `topic`, each once. */
  subscribersOf(topic: string): readonly Client[] {
    return remembered(
      this.#routes,
      topic,
      () =>
        [...this.#byService.values()].filter((client) =>
          [...client.filters.keys()].some((filter) => matchesFilter(filter, topic))
        ),
    );
  }

  /** The services that hear `topic` when one of them publishes it: not the one that does, where it does not want that. */
  subscribersOfOwn(topic: string): readonly Client[] {
    return remembered(
      this.#ownRoutes,
      topic,
      () =>
        this.subscribersOf(topic).filter(({ capability, filters }) =>
          !mayPublish(capability, topic) ||
          [...filters].some(([filter, { noLocal }]) => !noLocal && matchesFilter(filter, topic))
        ),
    );
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
    this.#forgetRoutes();
  }

  #forgetRoutes(): void {
    this.#routes.clear();
    this.#ownRoutes.clear();
  }
}

/** The answer of before; else `find`'s, which is kept. */
function remembered(
  routes: Map<string, readonly Client[]>,
  topic: string,
  find: () => readonly Client[],
): readonly Client[] {
  const known = routes.get(topic);
  if (known) return known;
  const found = find();
  if (routes.size >= ROUTES_LIMIT) routes.clear();
  routes.set(topic, found);
  return found;
}

/** Whether the capability allows to publish on `topic`. Wildcards in a topic are never allowed. */
export function mayPublish({ publishes }: TopicCapability, topic: string): boolean {
  return !/[+#]/.test(topic) && publishes.some((filter) => matchesFilter(filter, topic));
}

/** Whether the capability allows to subscribe to `filter`. */
export function maySubscribe({ subscribes }: TopicCapability, filter: string): boolean {
  return subscribes.some((outer) => coversFilter(outer, filter));
}

/** The {@link Bus} of a service that lives in a worker: a message port to `broker_link`. */
import type { Bus, BusMessage, PublishOptions, SubscribeOptions, TopicCapability } from "./bus.ts";
import { TopicForbiddenError } from "../errors.ts";
import type { Logger } from "../log/log.ts";
import type { Isolation } from "./isolation.ts";
import { coversFilter, matchesFilter } from "../mqtt/topics.ts";

/** Service to `broker_link`. `id` is present when an answer is wanted. */
export type BusRequest =
  | {
    readonly kind: "publish";
    readonly id?: number;
    readonly topic: string;
    readonly payload: Uint8Array | string;
    readonly options: PublishOptions;
  }
  | { readonly kind: "subscribe"; readonly filter: string; readonly qos?: 0 | 1; readonly noLocal?: boolean };

/** `broker_link` to service. */
export type BusReply =
  | ({ readonly kind: "message" } & BusMessage)
  | { readonly kind: "published"; readonly id: number; readonly error?: string }
  /** A request outside the capability: the sender is broken or lying. */
  | { readonly kind: "refused"; readonly text: string }
  | { readonly kind: "link"; readonly up: boolean };

/** The part of a `MessagePort` that is used. */
export type BusPort = Pick<MessagePort, "postMessage" | "onmessage" | "close">;

interface Waiting {
  readonly request: BusRequest;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * Checks the capability before it sends, so that the offender gets the error where it stands; `broker_link` checks
 * it again, because a worker's word is not to be trusted. After a restart of `broker_link` it subscribes anew and
 * repeats what was not acknowledged.
 */
export class PortBus implements Bus {
  #port: BusPort | undefined;
  #up = false;
  #nextId = 1;
  readonly #handlers: {
    readonly filter: string;
    readonly qos: 0 | 1;
    readonly noLocal: boolean;
    readonly handle: (message: BusMessage) => void;
  }[] = [];
  readonly #linkHandlers: ((up: boolean) => void)[] = [];
  readonly #waiting = new Map<number, Waiting>();

  /** @param isolation Keeps a handler that throws from stopping the others; absent: it throws into the port */
  constructor(
    private readonly capability: TopicCapability,
    private readonly log: Logger,
    private readonly isolation?: Isolation,
  ) {}

  /** Uses `port` from now on; the earlier one is closed. */
  attach(port: BusPort): void {
    this.#port?.close();
    this.#port = port;
    port.onmessage = ({ data }) => this.#receive(data as BusReply);
    this.#setLink(false);
    for (const filter of new Set(this.#handlers.map((h) => h.filter))) {
      this.#sendSubscription(filter);
    }
    for (const { request } of this.#waiting.values()) this.#send(request);
  }

  publish(topic: string, payload: Uint8Array | string, options: PublishOptions = {}): Promise<void> {
    const { service, publishes } = this.capability;
    if (!publishes.some((filter) => matchesFilter(filter, topic))) {
      return Promise.reject(new TopicForbiddenError(service, "publish", topic, publishes));
    }
    if (options.qos !== 1) {
      this.#send({ kind: "publish", topic, payload, options });
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      const request: BusRequest = { kind: "publish", id, topic, payload, options };
      this.#waiting.set(id, { request, resolve, reject });
      this.#send(request);
    });
  }

  subscribe(
    filter: string,
    handle: (message: BusMessage) => void,
    { qos = 1, noLocal = false }: SubscribeOptions = {},
  ): void {
    const { service, subscribes } = this.capability;
    if (!subscribes.some((outer) => coversFilter(outer, filter))) {
      throw new TopicForbiddenError(service, "subscribe", filter, subscribes);
    }
    this.#handlers.push({ filter, qos, noLocal, handle });
    this.#sendSubscription(filter);
  }

  onLink(handle: (up: boolean) => void): void {
    this.#linkHandlers.push(handle);
    handle(this.#up);
  }

  /** Closes the port; what still waits is rejected. */
  close(): void {
    this.#port?.close();
    this.#port = undefined;
    for (const { reject } of this.#waiting.values()) reject(new Error("Cannot publish: the bus is closed"));
    this.#waiting.clear();
  }

  /** What one handler of a filter needs, all of its handlers get. */
  #sendSubscription(filter: string): void {
    const handlers = this.#handlers.filter((one) => one.filter === filter);
    const qos = handlers.some((one) => one.qos === 1) ? 1 : 0;
    this.#send({ kind: "subscribe", filter, qos, noLocal: handlers.every((one) => one.noLocal) });
  }

  #send(request: BusRequest): void {
    this.#port?.postMessage(request);
  }

  #receive(reply: BusReply): void {
    switch (reply.kind) {
      case "message":
        for (const { filter, handle } of this.#handlers) {
          if (matchesFilter(filter, reply.topic)) this.#run(`topic "${reply.topic}"`, () => handle(reply));
        }
        return;
      case "published": {
        const waiting = this.#waiting.get(reply.id);
        this.#waiting.delete(reply.id);
        if (reply.error === undefined) waiting?.resolve();
        else waiting?.reject(new Error(reply.error));
        return;
      }
      case "refused":
        return this.log.error("REFUSED BY BROKER LINK", { text: reply.text });
      case "link":
        return this.#setLink(reply.up);
    }
  }

  #setLink(up: boolean): void {
    if (up === this.#up) return;
    this.#up = up;
    for (const tell of this.#linkHandlers) this.#run("the state of the connection", () => tell(up));
  }

  #run(what: string, act: () => void): void {
    if (this.isolation) this.isolation.run(what, act);
    else act();
  }
}

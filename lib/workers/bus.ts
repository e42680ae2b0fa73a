/** The port through which a service speaks MQTT without a connection of its own. */

/** A message as it came from the broker. */
export interface BusMessage {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** True when the broker kept it from before the subscription: it may be old. */
  readonly retained: boolean;
}

/** How to publish; everything off when absent. */
export interface PublishOptions {
  /** The broker keeps it as the topic's last word. */
  readonly retain?: boolean;
  /** 0 (default): sent once, may be lost. 1: the promise resolves when the broker has acknowledged. */
  readonly qos?: 0 | 1;
  /** The broker drops it undelivered after this many seconds, 1 or more. */
  readonly expirySec?: number;
}

/** How to subscribe. */
export interface SubscribeOptions {
  /**
   * 1 (default): the broker keeps what comes while we are away. 0: it does not, for what is true only while it is being said.
   * A topic that two services subscribe to with the same filter is kept when one of them asks for it.
   */
  readonly qos?: 0 | 1;
  /**
   * Not what the service itself publishes, wherever it is handed over without the broker's echo: it may come all the same,
   * and then does no harm.
   */
  readonly noLocal?: boolean;
}

/** A service's share of the local broker: only the topics that the registry declares for it. */
export interface Bus {
  /**
   * Publishes.
   *
   * QoS 0 is dropped while the broker is away. QoS 1 waits for it; the promise then rejects only when the
   * queue is full or the bus is closed.
   *
   * @throws TopicForbiddenError (as a rejection) outside the declared topics
   */
  publish(topic: string, payload: Uint8Array | string, options?: PublishOptions): Promise<void>;
  /**
   * Calls `handle` for every message that matches, for as long as the bus lives, also after a reconnect
   * (when retained messages come again). One that throws is told of, and the
   * others still hear.
   *
   * @throws TopicForbiddenError outside the declared filters
   */
  subscribe(filter: string, handle: (message: BusMessage) => void, options?: SubscribeOptions): void;
  /** Tells whether the broker is reachable: at once with the present state, then at each change. */
  onLink(handle: (up: boolean) => void): void;
}

/** What a service may do, as the registry declares it. */
export interface TopicCapability {
  readonly service: string;
  /** Topic filters it may publish to. */
  readonly publishes: readonly string[];
  /** Topic filters it may subscribe to. */
  readonly subscribes: readonly string[];
}

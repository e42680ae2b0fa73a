/** Proves that the broker lets us do what an outage needs, and tells the owner of each refusal once. */
import { BrokerRefusedError } from "../../lib/errors.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import type { MqttClient } from "../../lib/mqtt/client.ts";
import type { Topics } from "../../lib/mqtt/topics.ts";
import type { HostedParts } from "../../lib/workers/worker_host.ts";
import { Refusals, REFUSED_CODE, type RefusedAction } from "./refusals.ts";
import { own } from "../../lib/own.ts";

/** Rights are proven, and refused subscriptions tried again, this often, ms: the access list may change while we run. */
export const PROVE_EVERY_MS = 3_600_000;
/** Refusals that come together are told together, after this long, ms. */
export const TELL_AFTER_MS = 3000;
/** So many refusals are one line each in the log; the others are counted in the condition. */
const REFUSAL_LINES = 20;

/** What the watch must know and may do. */
export interface RefusalWatchOptions {
  /** Topics on which we must be able to write when it matters. */
  readonly mustWrite: readonly string[];
  /** The broker's user name for us. */
  readonly username: string | undefined;
  /** Whether the broker has an access list at all: the embedded one has none. */
  readonly hasAccessList: boolean;
  subscribe(filter: string): void;
  journal(event: Pick<JournalEvent, "kind" | "severity" | "text">): void;
}

/** See the file comment. */
export class RefusalWatch {
  readonly #refusals: Refusals;
  #cancelTelling: (() => void) | undefined;
  #cancelProof: () => void = () => {};

  constructor(
    topics: Topics,
    private readonly parts: Pick<HostedParts, "clock" | "log" | "health">,
    private readonly options: RefusalWatchOptions,
  ) {
    this.#refusals = new Refusals(topics, options.username);
  }

  /**
   * Proves that we may write where it matters in an outage, before there is one: by an empty message, which every
   * reader leaves out and no broker keeps. Only MQTT 5 brokers answer a forbidden message with a reason.
   */
  connected(client: MqttClient, protocolVersion: 4 | 5): void {
    const { clock, log } = this.parts;
    const { mustWrite, hasAccessList } = this.options;
    this.#cancelProof();
    this.#cancelProof = clock.after(PROVE_EVERY_MS, () => {
      for (const filter of this.#refusals.filters) this.options.subscribe(filter);
      this.connected(client, protocolVersion);
    });
    if (mustWrite.length === 0 || !hasAccessList) return;
    if (protocolVersion === 4) {
      return log.notice("RIGHTS UNPROVEN: only MQTT 5 brokers tell of refused messages; run a drill");
    }
    for (const topic of mustWrite) {
      client.publish(topic, "", { qos: 1, expirySec: 1 }).then(
        () => this.passed("publish", topic),
        (error) => this.refused("publish", topic, error),
      );
    }
  }

  /** The connection is gone. */
  disconnected(): void {
    this.#cancelProof();
  }

  /** Nothing more is told. */
  stop(): void {
    this.#cancelProof();
    this.#cancelTelling?.();
  }

  /** The broker let it pass. */
  passed(action: RefusedAction, topic: string): void {
    if (!this.#refusals.pass(action, topic)) return;
    this.parts.log.notice("BROKER ALLOWS AGAIN", { action, topic });
    this.#show();
  }

  /** Something failed. @returns whether it was the broker that refused */
  refused(action: RefusedAction, topic: string, error: unknown): boolean {
    if (!(error instanceof BrokerRefusedError)) return false;
    const { clock, log } = this.parts;
    if (!this.#refusals.note(action, topic)) return true;
    own(log, this.#refusals.size <= REFUSAL_LINES ? "warn" : "debug")("BROKER REFUSES", {
      action,
      topic,
      code: error.code,
      cost: this.#refusals.costOf(action, topic),
      advice: this.#refusals.cureOf(action, topic),
    });
    this.#show();
    this.#cancelTelling ??= clock.after(TELL_AFTER_MS, () => this.#tell());
    return true;
  }

  #show(): void {
    const { condition } = this.#refusals;
    if (condition) this.parts.health.raise(condition);
    else this.parts.health.clear(REFUSED_CODE);
  }

  /** Through the journal to the owner's phone. A broker that refuses this too leaves the log and the dashboard. */
  #tell(): void {
    this.#cancelTelling = undefined;
    const { event } = this.#refusals;
    if (event) this.options.journal(event);
  }
}

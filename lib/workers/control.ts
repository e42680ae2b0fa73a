/** What the main worker and a service's worker tell each other. Telemetry never travels here. */
import type { TopicCapability } from "./bus.ts";
import type { TimeScale } from "../time/clock.ts";
import type { HealthCondition } from "../health.ts";
import type { LogLevel } from "../log/log.ts";

/** The first message to every worker: all that it needs to build its service. */
export interface InitMessage {
  readonly kind: "init";
  readonly service: string;
  /** The service's slice of the configuration; validated before, so the worker may trust its type. */
  readonly config: unknown;
  readonly capability: TopicCapability;
  readonly log: { readonly level: LogLevel; readonly style: "journal" | "plain" };
  readonly time: TimeScale;
  /** The way to `broker_link`; absent for `broker_link` itself. */
  readonly busPort?: MessagePort;
}

/** Main worker to service worker. */
export type ToWorker =
  | InitMessage
  /** Answer with `pong` at once. */
  | { readonly kind: "ping"; readonly seq: number }
  /** `broker_link` was restarted: use this port from now on. */
  | { readonly kind: "bus"; readonly port: MessagePort }
  /** For `broker_link` only: a service that it shall serve. Replaces an earlier port of the same service. */
  | { readonly kind: "attach"; readonly capability: TopicCapability; readonly port: MessagePort }
  /** For `broker_link` only: the worker of this service has ended; its successor is attached later. */
  | { readonly kind: "detach"; readonly service: string }
  /** For `broker_link` only: the daemon's status, to be kept as the retained presence. */
  | { readonly kind: "presence"; readonly payload: string }
  /** Release everything and answer `stopped`. */
  | { readonly kind: "stop" };

/** Service worker to main worker. */
export type FromWorker =
  | { readonly kind: "ready" }
  | { readonly kind: "pong"; readonly seq: number }
  /** What is wrong now has changed. Nothing is, until it is said. */
  | { readonly kind: "health"; readonly problems: readonly HealthCondition[] }
  /** The service could not start; the worker is of no more use. */
  | { readonly kind: "failed"; readonly text: string }
  | { readonly kind: "stopped" };

/** In a worker that several services share: for, or from, the one at this seat. Each start of a service has a seat of its own. */
export interface AtSeat<Message> {
  readonly seat: number;
  readonly message: Message;
}

/** What a service is to the rest of the house. */
import type { Bus } from "./bus.ts";
import type { Clock } from "../time/clock.ts";
import type { Health } from "../health.ts";
import type { Logger } from "../log/log.ts";
import type { Random } from "../time/backoff.ts";

/** Everything that a service is given; it reaches the world through nothing else but its Deno permissions. */
export interface ServiceContext<Config> {
  /** The service's name in the registry. */
  readonly name: string;
  /** Its slice of the configuration, validated. */
  readonly config: Config;
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly random: Random;
}

/** A running part. The constructor does nothing that needs undoing. */
export interface Service {
  /** Acquires what it needs and resolves when it works, or is set to work as soon as its peers are there. */
  start(): Promise<void>;
  /** Releases everything; may be called twice, and after a failed start. */
  stop(): Promise<void>;
}

/** How `worker.ts` makes its service. */
export type ServiceFactory<Config> = (context: ServiceContext<Config>) => Service;

/** What every worker calls, once: it hands the main worker's messages to the service in it, or to the services that share it. */
import { errorText } from "../errors.ts";
import { type CountingClock, systemClock } from "../time/clock.ts";
import { collectNowAndThen } from "./collect_garbage.ts";
import type { AtSeat, FromWorker, ToWorker } from "./control.ts";
import { GroupHost, type LoadFactory } from "./group_host.ts";
import { type MakeHosted, ServiceHost, withBus } from "./service_host.ts";
import type { ServiceFactory } from "./service.ts";

export type { Hosted, HostedParts } from "./service_host.ts";

/** The part of a worker's global scope that is used. */
interface WorkerScope<To, From> {
  onmessage: ((event: MessageEvent<To>) => void) | null;
  postMessage(message: From): void;
  close(): void;
}

/** Runs an ordinary service in this worker, with a bus to `broker_link`. Call once, at the top of `worker.ts`. */
export function runWorker<Config>(create: ServiceFactory<Config>): void {
  hostWorker(withBus(create));
}

/** Runs anything in this worker. The handler is set before the first `await`: a message that arrives earlier would be lost. */
export function hostWorker(make: MakeHosted): void {
  const scope = globalThis as unknown as WorkerScope<ToWorker, FromWorker>;
  const host = new ServiceHost(make, {
    say: (message) => {
      scope.postMessage(message);
      if (message.kind === "stopped") scope.close();
    },
    clockOf: systemClock,
    onStarted: collectNowAndThen,
  });
  scope.onmessage = ({ data }) => host.receive(data);
}

/**
 * Runs several services in this worker, each as if it were alone: with its own bus, health and log.
 *
 * @param factories By the name of each service that may come; only those that come are loaded
 */
export function runTogether(factories: Readonly<Record<string, LoadFactory>>): void {
  const scope = globalThis as unknown as WorkerScope<AtSeat<ToWorker>, AtSeat<FromWorker>>;
  let clock: CountingClock | undefined;
  let isCollecting = false;
  const group = new GroupHost(factories, {
    say: (message) => scope.postMessage(message),
    // One for all of them: they run at the same speed, and their timers are counted together.
    clockOf: (time) => clock ??= systemClock(time),
    onStarted: (clock, log) => {
      if (!isCollecting) collectNowAndThen(clock, log);
      isCollecting = true;
    },
    giveUp: (error) =>
      // Nobody catches it: the worker ends, and the supervisor begins a new one.
      void setTimeout(() => {
        throw new Error(errorText(error));
      }),
  });
  scope.onmessage = ({ data }) => group.receive(data);
}

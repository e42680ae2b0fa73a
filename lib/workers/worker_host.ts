/** What every `worker.ts` calls: builds the service from the first message, answers pings, stops on request. */
import type { Random } from "../time/backoff.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { collectNowAndThen } from "./collect_garbage.ts";
import type { FromWorker, InitMessage, ToWorker } from "./control.ts";
import { errorText } from "../errors.ts";
import { createHealth, type Health } from "../health.ts";
import { budgeted } from "../log/log_budget.ts";
import { consoleSink, createLogger, type Logger } from "../log/log.ts";
import { Isolation } from "./isolation.ts";
import { PortBus } from "./port_bus.ts";
import type { Service, ServiceFactory } from "./service.ts";

/** The surroundings of a service that do not depend on what it does. */
export interface HostedParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly random: Random;
}

/** A service in its worker, with what it does on control messages beyond init, ping and stop. */
export interface Hosted extends Service {
  control?(message: ToWorker): void;
}

/** The part of a worker's global scope that is used. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null;
  postMessage(message: FromWorker): void;
  close(): void;
}

/** Runs an ordinary service in this worker, with a bus to `broker_link`. Call once, at the top of `worker.ts`. */
export function runWorker<Config>(create: ServiceFactory<Config>): void {
  hostWorker((init, parts) => {
    const bus = new PortBus(init.capability, parts.log, new Isolation(parts, "message_failed"));
    if (init.busPort) bus.attach(init.busPort);
    const service = create({ ...parts, name: init.service, config: init.config as Config, bus });
    return {
      start: () => service.start(),
      stop: async () => {
        await service.stop();
        bus.close();
      },
      control: (message) => {
        if (message.kind === "bus") bus.attach(message.port);
      },
    };
  });
}

/**
 * Runs anything in this worker. The handler is set before the first `await`, because a message that arrives earlier would be lost.
 * Messages between `init` and the end of the start are answered, too, so a slow start is not a silent worker.
 */
export function hostWorker(make: (init: InitMessage, parts: HostedParts) => Hosted): void {
  const scope = globalThis as unknown as WorkerScope;
  let hosted: Hosted | undefined;
  let health: Health | undefined;

  const start = async (init: InitMessage) => {
    try {
      const clock = systemClock(init.time);
      const log = createLogger(
        init.service,
        init.log.level,
        budgeted(consoleSink(init.log.style, clock.wallMs), clock.monoMs),
      );
      health = createHealth();
      hosted = make(init, { clock, log, health, random: Math.random });
      await hosted.start();
      collectNowAndThen(clock, log);
      scope.postMessage({ kind: "ready" });
    } catch (error) {
      scope.postMessage({ kind: "failed", text: errorText(error) });
    }
  };
  const stop = async () => {
    try {
      await hosted?.stop();
    } finally {
      scope.postMessage({ kind: "stopped" });
      scope.close();
    }
  };

  scope.onmessage = ({ data }) => {
    switch (data.kind) {
      case "init":
        return void start(data);
      case "ping":
        return scope.postMessage({ kind: "pong", seq: data.seq, health: health?.list() ?? [] });
      case "stop":
        return void stop();
      default:
        hosted?.control?.(data);
    }
  };
}

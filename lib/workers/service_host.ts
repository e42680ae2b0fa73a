/** One service in a worker: made from the first message, it answers pings and stops on request. */
import { createHealth, type Health, type HealthCondition } from "../health.ts";
import { errorText } from "../errors.ts";
import { budgeted } from "../log/log_budget.ts";
import { consoleSink, createLogger, type Logger } from "../log/log.ts";
import type { Random } from "../time/backoff.ts";
import type { Clock, CountingClock, TimeScale } from "../time/clock.ts";
import type { FromWorker, InitMessage, ToWorker } from "./control.ts";
import { Isolation } from "./isolation.ts";
import { PortBus } from "./port_bus.ts";
import type { Service, ServiceFactory } from "./service.ts";

/** Changes of what is wrong are gathered for so long, ms. */
const TELL_HEALTH_MS = 100;

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

/** How a worker makes what runs in it. */
export type MakeHosted = (init: InitMessage, parts: HostedParts) => Hosted;

/** What a {@link ServiceHost} needs of its worker. */
export interface HostSurroundings {
  say(message: FromWorker): void;
  clockOf(time: TimeScale): CountingClock;
  /** It works; `ready` is said afterwards. */
  onStarted(clock: CountingClock, log: Logger): void;
}

/** See the file comment. Messages between `init` and the end of the start are answered too: a slow start is no silent worker. */
export class ServiceHost {
  #hosted: Hosted | undefined;

  constructor(private readonly make: MakeHosted, private readonly surroundings: HostSurroundings) {}

  /** What the main worker tells this service. */
  receive(message: ToWorker): void {
    switch (message.kind) {
      case "init":
        return void this.#start(message);
      case "ping":
        return this.surroundings.say({ kind: "pong", seq: message.seq });
      case "stop":
        return void this.#stop();
      default:
        this.#hosted?.control?.(message);
    }
  }

  async #start(init: InitMessage): Promise<void> {
    const { say, clockOf, onStarted } = this.surroundings;
    try {
      const clock = clockOf(init.time);
      const sink = budgeted(consoleSink(init.log.style, clock.wallMs), clock.monoMs);
      const log = createLogger(init.service, init.log.level, sink);
      const health = toldHealth(clock, (problems) => say({ kind: "health", problems }));
      this.#hosted = this.make(init, { clock, log, health, random: Math.random });
      await this.#hosted.start();
      onStarted(clock, log);
      say({ kind: "ready" });
    } catch (error) {
      say({ kind: "failed", text: errorText(error) });
    }
  }

  async #stop(): Promise<void> {
    try {
      await this.#hosted?.stop();
    } finally {
      this.surroundings.say({ kind: "stopped" });
    }
  }
}

/** A health that tells its changes, several at once together. */
function toldHealth(clock: Clock, tell: (problems: readonly HealthCondition[]) => void): Health {
  let isWaiting = false;
  const health = createHealth(() => {
    if (isWaiting) return;
    isWaiting = true;
    clock.after(TELL_HEALTH_MS, () => {
      isWaiting = false;
      tell(health.list());
    });
  });
  return health;
}

/** An ordinary service: one with a bus to `broker_link` that carries its own topics and no others. */
export function withBus<Config>(create: ServiceFactory<Config>): MakeHosted {
  return (init, parts) => {
    const bus = new PortBus(init.capability, parts.log, new Isolation(parts, "message_failed"));
    if (init.busPort) bus.attach(init.busPort);
    const service = create({ ...parts, name: init.service, config: init.config as Config, bus });
    return {
      start: () => service.start(),
      stop: async () => {
        try {
          await service.stop();
        } finally {
          bus.close();
        }
      },
      control: (message) => {
        if (message.kind === "bus") bus.attach(message.port);
      },
    };
  };
}

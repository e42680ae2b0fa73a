/** What most tests of a service need: a log that remembers and a context on a memory broker. */
import type { TopicCapability } from "./workers/bus.ts";
import type { Clock } from "./time/clock.ts";
import { createHealth } from "./health.ts";
import { createLogger, formatEntry, type LogEntry, type Logger } from "./log/log.ts";
import { MemoryBroker } from "./mqtt/memory_broker.ts";
import type { ServiceContext } from "./workers/service.ts";
import { TestClock } from "./time/test_clock.ts";

/** A logger whose entries a test can look at. */
export interface MemoryLog extends Logger {
  readonly entries: LogEntry[];
  /** All lines as they would be printed. */
  text(): string;
}

/** A {@link MemoryLog} that keeps every level. */
export function memoryLog(service = "test"): MemoryLog {
  const entries: LogEntry[] = [];
  const logger = createLogger(service, "debug", (entry) => entries.push(entry));
  return { ...logger, entries, text: () => entries.map(formatEntry).join("\n") };
}

/** A context for one service, with handles on everything that it touches. */
export function testContext<Config>(
  capability: TopicCapability,
  config: Config,
  { clock = new TestClock(), broker = new MemoryBroker(clock) }: {
    clock?: TestClock;
    broker?: MemoryBroker;
  } = {},
): ServiceContext<Config> & { clock: TestClock & Clock; broker: MemoryBroker; log: MemoryLog } {
  return {
    name: capability.service,
    config,
    bus: broker.bus(capability),
    clock,
    log: memoryLog(capability.service),
    health: createHealth(),
    random: () => 0.5,
    broker,
  };
}

/** For tests: a NUT server on a free port of loopback, with a memory broker in place of the house, and a plain client. */
import type { Bus, BusMessage } from "../../../lib/workers/bus.ts";
import { type Clock, systemClock } from "../../../lib/time/clock.ts";
import type { HealthCondition } from "../../../lib/health.ts";
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import { encodePolicyStatus } from "../../../lib/messages/policy_status.ts";
import { encodePowerState, type PowerState } from "../../../lib/messages/power_state.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, matchesFilter, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { type MemoryLog, testContext } from "../../../lib/testing.ts";
import { DEFAULT_LIMITS } from "../access/nut_house.ts";
import { createNutServer, type NutService } from "../service.ts";
import { type NutServerConfig, nutServerTopics } from "../slice.ts";

/** The topics of the test's house. */
export const TOPICS = topicsUnder(DEFAULT_ROOTS);

/** A server for loopback clients: UPS `ups` is the host `nas`, `plain` is the station as a whole. */
export const TEST_CONFIG: NutServerConfig = {
  roots: DEFAULT_ROOTS,
  enabled: true,
  listenHost: "127.0.0.1",
  port: 0,
  staleAfterSec: 120,
  lowBatteryPercent: 3,
  allow: ["127.0.0.1"],
  users: [
    { name: "monuser", password: "secret", role: "secondary" },
    { name: "prim", password: "primpw", role: "primary", host: "nas" },
  ],
  upses: [
    { name: "ups", device: "Study", description: 'Delta "test"', host: "nas" },
    { name: "plain", device: "Study" },
  ],
  limits: { ...DEFAULT_LIMITS, connectsPerSec: 1000 },
};

/** A live state with the grid. */
export const ONLINE: PowerState = {
  device: "Study",
  soc: 87.4,
  grid_connected: true,
  temp_celsius: 31,
  ac_in_watts: 151,
  sn: "R651ZAB1ST5H0001",
  model: "DELTA 2",
  ac_in_volts: 231,
  out_watts: 90,
  ac_out_watts: 90,
  discharge_min: 320,
  max_soc: 100,
  link: "live",
  age_s: 1,
  grid_age_s: 1,
};

/** The same station on battery. */
export const ON_BATTERY: PowerState = { ...ONLINE, grid_connected: false, ac_in_watts: 0, ac_in_volts: 0 };

/** A running house. */
export interface TestHouse {
  readonly service: NutService;
  readonly broker: MemoryBroker;
  readonly log: MemoryLog;
  readonly port: number;
  state(state: PowerState): void;
  policy(status: Partial<PolicyStatus> & Pick<PolicyStatus, "state">): void;
  command(host: string, command: Record<string, unknown>): void;
  /** The last retained presence of a host. */
  presence(host: string): Record<string, unknown> | undefined;
  /** Hands a message to the server as the broker would, for example as retained. */
  deliver(message: BusMessage): void;
  health(): readonly HealthCondition[];
  /** Answers to commands so far, as `host action status`. */
  readonly acks: readonly string[];
  stop(): Promise<void>;
}

/** Starts a server; real time unless a clock is given. */
export async function startHouse(
  { config = {}, clock = systemClock() }: { config?: Partial<NutServerConfig>; clock?: Clock } = {},
): Promise<TestHouse> {
  const whole = { ...TEST_CONFIG, ...config };
  const broker = new MemoryBroker(clock);
  const base = testContext({ service: "nut_server", ...nutServerTopics(whole) }, whole, { broker });
  const handlers: ((message: BusMessage) => void)[] = [];
  const bus: Bus = {
    ...base.bus,
    subscribe(filter, handle, options) {
      handlers.push((message) => matchesFilter(filter, message.topic) && handle(message));
      base.bus.subscribe(filter, handle, options);
    },
  };
  const context = { ...base, bus, clock };
  const service = createNutServer(context);
  const acks: string[] = [];
  const ackTopic = new RegExp(`^${TOPICS.ack("([^/]+)")}$`);
  broker.watch(({ topic, payload }) => {
    if (!ackTopic.test(topic)) return;
    const { agent, action, status } = JSON.parse(new TextDecoder().decode(payload));
    acks.push(`${agent} ${action} ${status}`);
  });
  await service.start();
  return {
    service,
    broker,
    log: context.log,
    port: service.port ?? 0,
    acks,
    state: (state) => broker.publish(TOPICS.state(state.device), encodePowerState(state), { retain: true }),
    policy: (status) => {
      const ts = new Date(clock.wallMs()).toISOString();
      const all: PolicyStatus = { device: "Study", sentence: "test", blind: false, ts, ...status };
      broker.publish(TOPICS.policy(all.device), encodePolicyStatus(all), { retain: true });
    },
    deliver: (message) => handlers.forEach((handle) => handle(message)),
    health: () => context.health.list(),
    command: (host, command) => broker.publish(TOPICS.command(host), JSON.stringify(command), { qos: 1 }),
    presence: (host) => {
      const text = broker.retained(TOPICS.agentStatus(host));
      return text === undefined ? undefined : JSON.parse(text);
    },
    stop: () => service.stop(),
  };
}

/** The policy's status while hosts are being shut down. */
export function shuttingDown(
  ...commanded: readonly string[]
): Pick<PolicyStatus, "state" | "hosts" | "soc_min"> {
  return {
    state: "shutting_down",
    soc_min: 10,
    hosts: commanded.map((agent) => ({ agent, state: "told", stage: 1 })),
  };
}

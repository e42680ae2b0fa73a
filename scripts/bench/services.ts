/** What each service that may be left out costs: memory and idle processor time of the daemon, without and with it. */
import { stationModels } from "../../commands/simulate/play.ts";
import { FIRST_COLLECT_MS } from "../../lib/workers/collect_garbage.ts";
import type { Scenario } from "../../commands/simulate/scenario.ts";
import { type RealWorld, startRealWorld } from "../simulate/real_world.ts";
import { cpuSeconds, type Memory, MEMORY_HEAD, memoryOf, memoryText } from "./memory.ts";
import { ownRuntime } from "./own_program.ts";

/** One run of the daemon. */
export interface ServiceFigures {
  readonly name: string;
  /** Settled. */
  readonly memory: Memory;
  /** Of one core, %, while one station speaks every two seconds. */
  readonly idlePercent: number;
  /** Process start to READY, ms. */
  readonly readyMs: number;
}

/** What a run has beside its settings. */
export interface Beside {
  readonly dashboard?: boolean;
  /** A NUT server on loopback speaks for the station, and is asked every 3 s. */
  readonly cable?: boolean;
}

/** One run: its name, its settings, what it has beside them. */
export type ServiceRun = readonly [
  name: string,
  settings: Readonly<Record<string, string>>,
  beside: Beside,
];

const DISCOVERY = { HOME_ASSISTANT_DISCOVERY: "on" };
const NOTIFIER = { NTFY_URL: "http://127.0.0.1:9/nobody" };
const TOGETHER = { OPTIONAL_SERVICES: "together" };

/** What protects, and nothing else. */
const LEAST: ServiceRun = ["the least that protects", { HISTORY: "off" }, {}];
/** Everything but a cable, which few houses have. */
const ALL: ServiceRun = ["with all but a station by cable", { ...DISCOVERY, ...NOTIFIER }, {
  dashboard: true,
}];
const ALL_TOGETHER: ServiceRun = [
  `${ALL[0]}, the optional ones in one worker`,
  { ...ALL[1], ...TOGETHER },
  ALL[2],
];
const ALL_WITH_CABLE: ServiceRun = ["with all of them", ALL[1], { ...ALL[2], cable: true }];

/** The first is the least that protects, to which the others are compared. */
export const RUNS: readonly ServiceRun[] = [
  LEAST,
  ["with a station by cable", { HISTORY: "off" }, { cable: true }],
  ["with the historian", {}, {}],
  ["with the dashboard", { HISTORY: "off" }, { dashboard: true }],
  ["with discovery", { HISTORY: "off", ...DISCOVERY }, {}],
  ["with the notifier", { HISTORY: "off", ...NOTIFIER }, {}],
  ALL,
  ALL_TOGETHER,
  ALL_WITH_CABLE,
];

/** What the forms of the program are compared with. */
export const FORM_RUNS: readonly ServiceRun[] = [LEAST, ALL, ALL_TOGETHER, ALL_WITH_CABLE];

/** The collection after the start is over by then, and what is used often is compiled again. */
const SETTLE_MS = FIRST_COLLECT_MS + 20_000;
const IDLE_MS = 20_000;

/** Starts the daemon once for each. */
export async function measureServices(): Promise<ServiceFigures[]> {
  const figures: ServiceFigures[] = [];
  for (const run of RUNS) figures.push(await measureOne(run));
  return figures;
}

async function measureOne(run: ServiceRun): Promise<ServiceFigures> {
  const { world, stop } = await startServices(run);
  try {
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const { pid } = world.daemon();
    const before = cpuSeconds(pid);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    return {
      name: run[0],
      idlePercent: (cpuSeconds(pid) - before) / (IDLE_MS / 1000) * 100,
      memory: memoryOf(pid),
      readyMs: world.readyAtMs - world.launchedAtMs,
    };
  } finally {
    await stop();
  }
}

/**
 * The daemon with these services at an emulated cloud and Mosquitto; its station speaks every two seconds.
 *
 * @param binary A built daemon; the sources when absent
 */
export async function startServices(
  [, settings, beside]: ServiceRun,
  binary?: string,
): Promise<{ world: RealWorld; stop: () => Promise<void> }> {
  const scenario: Scenario = {
    name: "services_bench",
    title: "One station.",
    stations: [{
      name: "Study",
      sn: "R631SIM000000001",
      socPercent: 80,
      loadWatts: 60,
      batteryWh: 286,
      hasCable: beside.cable,
    }],
    hosts: { Study: ["study-pc"] },
    settings,
    steps: [],
    endSec: 0,
    expect: [],
  };
  const models = stationModels(scenario);
  const dashboard = beside.dashboard ? { listen: "127.0.0.1:0", password: "nobody logs in here" } : undefined;
  const world = await startRealWorld({
    scenario,
    models,
    speed: 1,
    broker: "mosquitto",
    onLog: () => {},
    dashboard,
    withAgents: true,
    binary,
    runtime: ownRuntime(),
  });
  const speaking = setInterval(() => {
    for (const [sn, model] of models) world.say(sn, model.now());
  }, 2000);
  const stop = async () => {
    clearInterval(speaking);
    await world.stop();
  };
  return { world, stop };
}

/** The figures as a table. */
export function servicesText(figures: readonly ServiceFigures[]): string {
  const base = figures[0]?.memory.pss ?? 0;
  return [
    `| daemon | ${MEMORY_HEAD} | Pss more | idle, % of a core | READY ms |`,
    "| --- | --- | --- | --- | --- |",
    ...figures.map(({ name, memory, idlePercent, readyMs }) =>
      `| ${name} | ${memoryText(memory)} | ${(memory.pss - base).toFixed(0)} | ${idlePercent.toFixed(1)} | ${
        readyMs.toFixed(0)
      } |`
    ),
  ].join("\n");
}

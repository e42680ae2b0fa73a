/** A house for the bench: as many stations as asked for, one host each, empty batteries, no debounce. */
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { stationModels } from "../../commands/simulate/play.ts";
import type { Scenario } from "../../commands/simulate/scenario.ts";
import type { StationModel } from "../../commands/simulate/station_model.ts";
import { type RealWorld, startRealWorld } from "../simulate/real_world.ts";
import { ownRuntime } from "./own_program.ts";

/** A running house. */
export interface OutageHouse {
  readonly world: RealWorld;
  /** By serial number. */
  readonly models: ReadonlyMap<string, StationModel>;
  stop(): Promise<void>;
}

/** Which broker stands in the house. */
export type BenchBroker = "embedded" | "mosquitto";

/** What is on the broker that the bench looks at; everything would cost it more than the product. */
const topics = topicsUnder(DEFAULT_ROOTS);
const OBSERVED = [topics.command("+"), topics.state("+")];

/** The host on a station. */
export function hostOf(station: string): string {
  return `host-${station}`;
}

/** Starts it and resolves when the daemon is ready and each station has a state. */
export async function startOutageHouse(
  broker: BenchBroker,
  stations: number,
  { settings = {}, observed = OBSERVED, binary, runtime = ownRuntime(), speed = 1, onLog = () => {} }: {
    readonly settings?: Readonly<Record<string, string>>;
    readonly observed?: readonly string[];
    readonly binary?: string;
    readonly runtime?: string;
    readonly speed?: number;
    readonly onLog?: (program: string, line: string) => void;
  } = {},
): Promise<OutageHouse> {
  const scenario = outageScenario(stations, settings);
  const models = stationModels(scenario);
  const world = await startRealWorld({
    scenario,
    models,
    speed,
    broker,
    withAgents: false,
    observed,
    mosquittoSaves: "seldom",
    binary,
    runtime,
    onLog,
  });
  return { world, models, stop: () => world.stop() };
}

function outageScenario(count: number, settings: Readonly<Record<string, string>>): Scenario {
  const names = Array.from({ length: count }, (_, i) => `S${String(i).padStart(5, "0")}`);
  return {
    name: "bench",
    title: "each station loses the grid in its turn",
    stations: names.map((name, i) => ({
      name,
      sn: `R631SIM${String(i).padStart(9, "0")}`,
      socPercent: 9,
      loadWatts: 60,
      batteryWh: 286,
    })),
    hosts: Object.fromEntries(names.map((name) => [name, [hostOf(name)]])),
    settings: { POLICY_DEBOUNCE_SEC: "0", LOG_LEVEL: "notice", ...settings },
    steps: [],
    endSec: 0,
    expect: [],
  };
}

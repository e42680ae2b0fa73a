/** The whole chain with real processes: how long from the cloud's publish to the agent's receipt, start, memory. */
import type { BusMessage } from "../../lib/bus.ts";
import { parseAgentCommand } from "../../lib/messages/agent_command.ts";
import { DEFAULT_ROOTS, matchesFilter, topicsUnder } from "../../lib/mqtt/topics.ts";
import { stationModels } from "../../commands/simulate/play.ts";
import { startRealWorld } from "../simulate/real_world.ts";
import type { Scenario } from "../../commands/simulate/scenario.ts";
import { type Distribution, distributionOf } from "./distribution.ts";
import { pssMegabytes } from "./memory.ts";

/** What one run of the chain shows. */
export interface PipelineFigures {
  readonly broker: "embedded" | "mosquitto";
  readonly stations: number;
  /** Cloud publish to receipt of the signed command, ms. */
  readonly latencyMs: Distribution;
  /** Process start to READY, ms. */
  readonly readyMs: number;
  /** Of the daemon with all services, after the runs. */
  readonly pssMegabytes: number;
}

/**
 * Each run is a station that loses the grid with an empty battery and no debounce, and gets it back once its host was
 * told.
 *
 * @param rounds How often each station does so; `stations` × `rounds` runs in all
 */
export async function measurePipeline(
  broker: "embedded" | "mosquitto",
  stations: number,
  rounds: number,
): Promise<PipelineFigures> {
  const scenario = outages(stations);
  const models = stationModels(scenario);
  const world = await startRealWorld({
    scenario,
    models,
    speed: 1,
    broker,
    withAgents: false,
    onLog: () => {},
  });
  try {
    const readyMs = world.readyAtMs - world.launchedAtMs;
    const topics = topicsUnder(DEFAULT_ROOTS);
    const waiting = new Map<string, () => void>();
    world.onMessage(({ topic, payload }: BusMessage) => {
      if (!matchesFilter(topics.command("+"), topic)) return;
      if (parseAgentCommand(payload, topic).action === "shutdown") waiting.get(topic)?.();
    });
    const samples: number[] = [];
    for (let round = 0; round < rounds; round++) {
      for (const [sn, model] of models) {
        model.setGrid(false);
        const received = Promise.withResolvers<void>();
        waiting.set(topics.command(agentOf(model.station.name)), received.resolve);
        const sentMs = performance.now();
        world.replyNow(sn, model.now());
        await withLimit(received.promise, 10_000, `the command for ${model.station.name}`);
        samples.push(performance.now() - sentMs);
      }
      // No station changes its mind within a second; the decoder gathers what comes faster.
      await settle();
      for (const [sn, model] of models) {
        model.setGrid(true);
        world.replyNow(sn, model.now());
      }
      await settle();
    }
    return {
      broker,
      stations,
      latencyMs: distributionOf(samples),
      readyMs,
      pssMegabytes: pssMegabytes(world.daemon().pid),
    };
  } finally {
    await world.stop();
  }
}

function outages(count: number): Scenario {
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
    hosts: Object.fromEntries(names.map((name) => [name, [agentOf(name)]])),
    settings: { POLICY_DEBOUNCE_SEC: "0", LOG_LEVEL: "notice" },
    steps: [],
    endSec: 0,
    expect: [],
  };
}

function agentOf(station: string): string {
  return `host-${station}`;
}

function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2000));
}

async function withLimit<T>(promise: Promise<T>, limitMs: number, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`Cannot measure: ${what} did not come within ${limitMs} ms`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([promise, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The whole chain with real processes while every station speaks once a second: how long from the cloud's publish to the
 * receipt of the signed command, and what the daemon needs.
 */
import { FIRST_COLLECT_MS } from "../../lib/workers/collect_garbage.ts";
import type { BusMessage } from "../../lib/workers/bus.ts";
import { parseAgentCommand } from "../../lib/messages/agent/command.ts";
import { DEFAULT_ROOTS, matchesFilter, topicsUnder } from "../../lib/mqtt/topics.ts";
import { type Distribution, distributionOf } from "./figures/distribution.ts";
import { cpuSeconds, type Memory, MEMORY_HEAD, memoryOf, memoryText } from "./memory.ts";
import { type BenchBroker, hostOf, type OutageHouse, startOutageHouse } from "./outage_house.ts";
import { streamOf } from "./stream.ts";
import { column, pause, withLimit } from "./figures/waiting.ts";

/** What one run of the chain shows. */
export interface PipelineFigures {
  readonly broker: BenchBroker;
  readonly stations: number;
  /** Cloud publish to receipt of the signed command, ms. */
  readonly latencyMs: Distribution;
  /** Process start to READY, ms. */
  readonly readyMs: number;
  /** Of one core, while every station speaks once a second and nothing happens. */
  readonly cpuShare: number;
  /** Of the daemon, at that time. */
  readonly memory: Memory;
  /** Of the daemon, after the outages. */
  readonly memoryAfter: Memory;
}

/** The stations speak for so long before anything is measured, ms: the collection after the start is over by then. */
const WARM_UP_MS = FIRST_COLLECT_MS + 5000;
/** No station changes its mind within a second; the decoder gathers what comes faster. */
const SETTLE_MS = 2000;
const COMMAND_LIMIT_MS = 10_000;
const topics = topicsUnder(DEFAULT_ROOTS);

/**
 * Each round every station loses the grid in its turn, with an empty battery and no debounce, and all get it back.
 *
 * @param rounds How often each station does so; `stations` × `rounds` samples in all
 * @param calmSec How long it is measured what the traffic alone needs
 */
export async function measurePipeline(
  broker: BenchBroker,
  stations: number,
  rounds: number,
  calmSec = 10,
): Promise<PipelineFigures> {
  const house = await startOutageHouse(broker, stations);
  const { world, models } = house;
  const stream = streamOf(world, models);
  try {
    const { cpuShare, memory } = await calm(house, calmSec);
    const samples = await loseGridInTurn(house, rounds);
    return {
      broker,
      stations,
      latencyMs: distributionOf(samples),
      readyMs: world.readyAtMs - world.launchedAtMs,
      cpuShare,
      memory,
      memoryAfter: memoryOf(world.daemon().pid),
    };
  } finally {
    stream.stop();
    await house.stop();
  }
}

/** What the daemon needs while the traffic alone runs. */
async function calm(
  { world }: OutageHouse,
  calmSec: number,
): Promise<{ readonly cpuShare: number; readonly memory: Memory }> {
  await pause(WARM_UP_MS);
  const { pid } = world.daemon();
  const cpuBefore = cpuSeconds(pid);
  await pause(calmSec * 1000);
  return { cpuShare: (cpuSeconds(pid) - cpuBefore) / calmSec, memory: memoryOf(pid) };
}

/**
 * The daemon's memory with the traffic of many stations from a few: V8 keeps more room the more messages pass, whoever sends
 * them, and that is no cost of a station.
 *
 * @returns Pss, MB
 */
export async function measureTraffic(
  broker: BenchBroker,
  stations: number,
  perSecond: number,
  calmSec = 10,
): Promise<number> {
  const house = await startOutageHouse(broker, stations);
  const stream = streamOf(house.world, house.models, perSecond);
  try {
    return (await calm(house, calmSec)).memory.pss;
  } finally {
    stream.stop();
    await house.stop();
  }
}

/** @returns the time from publish to command of each outage, ms */
async function loseGridInTurn({ world, models }: OutageHouse, rounds: number): Promise<number[]> {
  const waiting = new Map<string, () => void>();
  world.onMessage(({ topic, payload }: BusMessage) => {
    if (!matchesFilter(topics.command("+"), topic) || payload.length === 0) return;
    if (parseAgentCommand(payload, topic).action === "shutdown") waiting.get(topic)?.();
  });
  const samples: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [sn, model] of models) {
      const received = Promise.withResolvers<void>();
      waiting.set(topics.command(hostOf(model.station.name)), received.resolve);
      model.setGrid(false);
      const sentMs = performance.now();
      world.replyNow(sn, model.now());
      await withLimit(received.promise, COMMAND_LIMIT_MS, `the command for ${model.station.name}`);
      samples.push(performance.now() - sentMs);
    }
    await pause(SETTLE_MS);
    for (const [sn, model] of models) {
      model.setGrid(true);
      world.replyNow(sn, model.now());
    }
    await pause(SETTLE_MS);
  }
  return samples;
}

/** The head of {@link pipelineRow}'s table. */
export const PIPELINE_HEAD =
  `| broker | stations | outages | median ms | p99 ms | max ms | CPU % of a core | ${MEMORY_HEAD} | after the outages | READY ms |\n` +
  "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |";

/** One line of the table. */
export function pipelineRow(figures: PipelineFigures): string {
  const { broker, stations, latencyMs, readyMs, cpuShare } = figures;
  const { count, median, p99, max } = latencyMs;
  return `| ${broker} | ${column(stations)} | ${column(count)} | ${column(median, 1)} | ${
    column(p99, 1)
  } | ` +
    `${column(max, 1)} | ${column(cpuShare * 100, 1)} | ${memoryText(figures.memory)} | ` +
    `${memoryText(figures.memoryAfter)} | ${column(readyMs)} |`;
}

/** Memory for each further station between the smallest and the largest run, kB; undefined with one run. */
export function growthPerStation(runs: readonly PipelineFigures[]): number | undefined {
  const sorted = runs.toSorted((a, b) => a.stations - b.stations);
  const [least, most] = [sorted[0], sorted.at(-1)];
  if (!least || !most || least.stations === most.stations) return undefined;
  return (most.memory.pss - least.memory.pss) * 1000 / (most.stations - least.stations);
}

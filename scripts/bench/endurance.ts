/**
 * Whether the daemon grows: real processes, either on a faster clock, with the calm hours of a day left out, or in real time. Every period
 * has an outage with its shutdown and return, a silent cloud, and now and then a broker that restarts.
 */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { cpuSeconds, type Memory, MEMORY_HEAD, memoryOf, memoryText } from "./memory.ts";
import { type OutageHouse, startOutageHouse } from "./outage_house.ts";
import { Resources } from "./figures/resources.ts";
import { isFlat, type Slope, slopeOf } from "./figures/slope.ts";
import { column, pause } from "./figures/waiting.ts";

/** How long, and how fast. */
export interface EnduranceOptions {
  /** Periods to play; a sample is taken at the end of each. */
  readonly periods: number;
  /** Length of one, s of the simulation: a day when accelerated. */
  readonly periodSec: number;
  /** Simulated seconds in a real one. */
  readonly speed: number;
}

/** What the daemon held at the end of a period. */
export interface EnduranceSample {
  readonly period: number;
  readonly memory: Memory;
  readonly descriptors: number;
  readonly threads: number;
  /** Of all workers, as they last said; undefined before their first word, an hour after the start. */
  readonly timers: number | undefined;
  /** What V8's heaps hold after a collection, MB, of all workers; undefined as above. */
  readonly heapMegabytes: number | undefined;
  /** Its state directory, kB. */
  readonly diskKilobytes: number;
}

/** What came out. Slopes are per period, without the first quarter of the periods, in which memory settles. */
export interface EnduranceFigures {
  readonly options: EnduranceOptions;
  readonly samples: readonly EnduranceSample[];
  /** MB of Pss, and of what is anonymous. */
  readonly memory: Slope;
  readonly anonymous: Slope;
  /** MB of V8's heaps; undefined when too few samples have it. */
  readonly heap: Slope | undefined;
  /** kB. */
  readonly disk: Slope;
  /** Of one core, over the whole run. */
  readonly cpuShare: number;
  readonly outages: number;
  readonly brokerRestarts: number;
  /** Times that a worker had to be started again: must be 0. */
  readonly failures: number;
}

/** Stations in the house. */
const STATIONS = 3;
/** A station speaks so often, s of the simulation, and never faster than this, ms of real time. */
const SAY_EVERY_SEC = 10;
const LEAST_SAY_MS = 40;
/** Parts of a period: the outage and the silence of the cloud begin, and end; the rest is calm. */
const OUTAGE = { from: 0.2, to: 0.4 };
const SILENCE = { from: 0.6, to: 0.65 };
const RESTART_AT = 0.8;
/** The broker restarts in every so many periods. */
const RESTART_EVERY = 5;
/** What settles before the slope counts. */
const SETTLING_SHARE = 0.25;

/**
 * What happens in a day, in an hour that takes a minute. Faster, the house's own time limits of a few seconds are shorter
 * than a machine's pauses.
 */
export const FAST_DAY = { periodSec: 3600, speed: 60 } as const;
/** An hour in an hour. */
export const REAL_HOUR = { periodSec: 3600, speed: 1 } as const;

/** Fewer samples have no slope. */
const LEAST_PERIODS = 3;

/** Plays it. @param progress Hears every sample */
export async function measureEndurance(
  options: EnduranceOptions,
  progress: (sample: EnduranceSample) => void = () => {},
): Promise<EnduranceFigures> {
  const { periods, periodSec, speed } = options;
  if (periods < LEAST_PERIODS) {
    throw new RangeError(`Cannot tell a slope: must be at least ${LEAST_PERIODS} periods, found ${periods}`);
  }
  let failures = 0;
  const resources = new Resources();
  const house = await startOutageHouse("mosquitto", STATIONS, {
    speed,
    // Fresh enough for words that come this seldom on a clock this fast.
    settings: {
      STATE_STALE_SEC: String(Math.min(3600, Math.max(120, Math.ceil(speed)))),
      LOG_LEVEL: "debug",
    },
    onLog(_program, line) {
      if (line.includes("SERVICE FAILED")) failures++;
      resources.hear(line);
    },
  });
  const { pid } = house.world.daemon();
  const periodMs = periodSec / speed * 1000;
  const samples: EnduranceSample[] = [];
  let brokerRestarts = 0;
  const stopSpeaking = speak(house, speed);
  const cpuBefore = cpuSeconds(pid);
  const startMs = performance.now();
  try {
    for (let period = 0; period < periods; period++) {
      const until = (share: number) => pause(startMs + (period + share) * periodMs - performance.now());
      await until(OUTAGE.from);
      setGrids(house, false);
      await until(OUTAGE.to);
      setGrids(house, true);
      await until(SILENCE.from);
      house.world.setCloudDelivers(false);
      await until(SILENCE.to);
      house.world.setCloudDelivers(true);
      await until(RESTART_AT);
      if (period % RESTART_EVERY === RESTART_EVERY - 1) {
        brokerRestarts++;
        await house.world.setBroker(false);
        await house.world.setBroker(true);
      }
      await until(1);
      const sample = sampleOf(pid, house.world.stateDir, resources, period + 1);
      samples.push(sample);
      progress(sample);
    }
    const settled = samples.slice(Math.floor(samples.length * SETTLING_SHARE));
    const line = (read: (sample: EnduranceSample) => number) =>
      slopeOf(settled.map((sample) => ({ x: sample.period, y: read(sample) })));
    return {
      options,
      samples,
      memory: line((sample) => sample.memory.pss),
      anonymous: line((sample) => sample.memory.anon),
      heap: settled.some(({ heapMegabytes }) => heapMegabytes === undefined)
        ? undefined
        : line((sample) => sample.heapMegabytes ?? NaN),
      disk: line((sample) => sample.diskKilobytes),
      cpuShare: (cpuSeconds(pid) - cpuBefore) / ((performance.now() - startMs) / 1000),
      outages: periods * STATIONS,
      brokerRestarts,
      failures,
    };
  } finally {
    stopSpeaking();
    await house.stop();
  }
}

function setGrids({ models }: OutageHouse, present: boolean): void {
  for (const model of models.values()) model.setGrid(present);
}

function speak({ world, models }: OutageHouse, speed: number): () => void {
  const timer = setInterval(() => {
    for (const [sn, model] of models) world.say(sn, model.now());
  }, Math.max(LEAST_SAY_MS, SAY_EVERY_SEC * 1000 / speed));
  return () => clearInterval(timer);
}

function sampleOf(pid: number, stateDir: string, resources: Resources, period: number): EnduranceSample {
  return {
    period,
    memory: memoryOf(pid),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    threads: readdirSync(`/proc/${pid}/task`).length,
    timers: resources.timers,
    heapMegabytes: resources.heapMegabytes,
    diskKilobytes: bytesUnder(stateDir) / 1000,
  };
}

function bytesUnder(dir: string): number {
  return readdirSync(dir, { recursive: true, encoding: "utf8" }).reduce((sum, name) => {
    try {
      const stat = statSync(join(dir, name));
      return sum + (stat.isFile() ? stat.size : 0);
    } catch {
      // Renamed or removed a moment ago.
      return sum;
    }
  }, 0);
}

/** One sample as a line. */
export function enduranceRow(
  { period, memory, heapMegabytes, descriptors, threads, timers, diskKilobytes }: EnduranceSample,
): string {
  const heap = heapMegabytes === undefined ? "" : column(heapMegabytes, 1);
  return `| ${period} | ${memoryText(memory, 1)} | ${heap} | ${descriptors} | ${threads} | ${
    timers ?? ""
  } | ${column(diskKilobytes)} |`;
}

/** The head of {@link enduranceRow}'s table. */
export const ENDURANCE_HEAD =
  `| period | ${MEMORY_HEAD} | heaps MB | file descriptors | threads | timers | state directory kB |\n` +
  "| --- | --- | --- | --- | --- | --- | --- |";

/** What the samples say. */
export function enduranceText(figures: EnduranceFigures): string {
  const { options, memory, anonymous, heap, disk, cpuShare, outages, brokerRestarts, failures, samples } =
    figures;
  const slope = ({ perUnit, error }: Slope, unit: string) =>
    `${perUnit.toFixed(2)} ± ${error.toFixed(2)} ${unit}`;
  const most = (read: (sample: EnduranceSample) => number) => Math.max(...samples.map(read));
  const [first, last] = [samples[0], samples.at(-1)];
  const verdict = (of: Slope) => isFlat(of) ? "not to be told from 0" : "NOT flat";
  return [
    `${options.periods} periods of ${options.periodSec} s at speed ${options.speed}: ${outages} outages, ` +
    `${brokerRestarts} restarts of the broker, ${failures} failed services, ` +
    `${column(cpuShare * 100, 1)} % of a core`,
    `memory (Pss): ${slope(memory, "MB a period")}, ${verdict(memory)}; anonymous: ${
      slope(anonymous, "MB a period")
    }, ${verdict(anonymous)}`,
    heap
      ? `heaps after a collection: ${slope(heap, "MB a period")}, ${verdict(heap)}`
      : "heaps: nobody has said",
    `disk: ${slope(disk, "kB a period")}`,
    `file descriptors ${first?.descriptors} at first, ${last?.descriptors} at last, ` +
    `at most ${most((s) => s.descriptors)}; threads ${first?.threads}, ${last?.threads}, ` +
    `at most ${most((s) => s.threads)}; timers ${
      samples.find(({ timers }) => timers)?.timers
    }, ${last?.timers}, ` +
    `at most ${most((s) => s.timers ?? 0)}`,
  ].join("\n");
}

/**
 * The same stream on the same Mosquitto, in the same run: read by the daemon, which decodes, judges and publishes states,
 * and by a straightforward Python program, which shows the bytes as JSON.
 */
import { FIRST_COLLECT_MS } from "../../../lib/workers/collect_garbage.ts";
import { startMosquitto } from "../../simulate/mosquitto.ts";
import { type Distribution, distributionOf } from "../figures/distribution.ts";
import { cpuSeconds, type Memory, MEMORY_HEAD, memoryOf, memoryText } from "../memory.ts";
import { pythonProblem, pythonWalkRate } from "./python_program.ts";
import {
  type RunningReading,
  SAYS_A_CHARGE,
  SN,
  startDaemonReading,
  startPython,
  STATIONS,
  streamOf,
  withFeeder,
} from "./reading.ts";
import { column, pause, withLimit } from "../figures/waiting.ts";
import { compileModel } from "../../../services/soc_bridge/models/compiled_model.ts";
import { findModel } from "../../../services/soc_bridge/models/models.ts";
import { PowerStation } from "../../../services/soc_bridge/judge/power_station.ts";

/** One side of the comparison. */
export interface ReadingFigures {
  readonly name: string;
  /** From the raw payload's publish to the JSON's arrival, ms. */
  readonly latencyMs: Distribution;
  /** Processor time for 1,000 messages at {@link LOAD_PER_SEC}, ms. */
  readonly cpuMsPerThousand: number;
  readonly memory: Memory;
  /** Payloads a second by one core that does nothing but take them apart. */
  readonly walkPerSec: number;
}

/** Messages a second while processor time is measured. */
export const LOAD_PER_SEC = 1000;
/** The daemon's collection after the start is over by then, and what is used often is compiled again, s. */
const WARM_UP_SEC = FIRST_COLLECT_MS / 1000 + 5;
const LOAD_SEC = 8;
const PROBES = 200;

/** Both sides; a text instead when Python's package is not there. */
export async function measureComparison(): Promise<readonly ReadingFigures[] | string> {
  const problem = await pythonProblem();
  if (problem !== undefined) return `Skipped: ${problem}`;
  const mosquitto = await startMosquitto({ saves: "seldom" });
  try {
    const payloads = await streamOf();
    return [
      await measureDaemon(mosquitto.port, payloads),
      await measurePython(mosquitto.port, payloads),
    ];
  } finally {
    await mosquitto.stop();
  }
}

async function measureDaemon(port: number, payloads: readonly Uint8Array[]): Promise<ReadingFigures> {
  const daemon = startDaemonReading(port, STATIONS);
  try {
    const walkPerSec = await ownWalkRate(payloads);
    return { name: "ecoflow-power", ...await load(port, payloads, daemon), walkPerSec };
  } finally {
    await daemon.stop();
  }
}

async function measurePython(port: number, payloads: readonly Uint8Array[]): Promise<ReadingFigures> {
  const walkPerSec = await pythonWalkRate(payloads);
  const reading = await startPython(port);
  try {
    return { name: "Python reading", ...await load(port, payloads, reading), walkPerSec };
  } finally {
    await reading.stop();
  }
}

/** Feeds one side and watches it. */
function load(
  port: number,
  payloads: readonly Uint8Array[],
  reading: RunningReading,
): Promise<Omit<ReadingFigures, "name" | "walkPerSec">> {
  const { pid, answer } = reading;
  return withFeeder(port, payloads, reading, async ({ say, listen, feed }) => {
    const samples: number[] = [];
    for (let nth = 1; nth <= PROBES; nth++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      listen(resolve);
      const sentMs = performance.now();
      // Each charge is another one, so that each is published at once.
      await say(0, nth * SAYS_A_CHARGE);
      await withLimit(promise, 10_000, `the answer on "${answer}"`);
      samples.push(performance.now() - sentMs);
      await pause(10);
    }
    listen(() => {});
    await feed(WARM_UP_SEC, LOAD_PER_SEC, STATIONS);
    const before = cpuSeconds(pid);
    const sent = await feed(LOAD_SEC, LOAD_PER_SEC, STATIONS);
    await pause(1000);
    return {
      latencyMs: distributionOf(samples),
      cpuMsPerThousand: (cpuSeconds(pid) - before) * 1000 / sent * 1000,
      memory: memoryOf(pid),
    };
  });
}

/** Envelope, schema, normalised values, grid and filter: as much as the daemon does with a payload. */
async function ownWalkRate(payloads: readonly Uint8Array[]): Promise<number> {
  const spec = findModel(SN(0));
  if (!spec) throw new Error("Cannot measure: no table for the bench's station");
  const model = await compileModel(spec);
  const station = new PowerStation({ sn: SN(0), model, gridRule: "auto", staleAfterMs: 120_000 });
  const startMs = performance.now();
  let count = 0;
  while (performance.now() - startMs < 2000) {
    for (const payload of payloads) station.accept(payload, count++);
  }
  return count / (performance.now() - startMs) * 1000;
}

/** The figures as a table, or why there are none. */
export function comparisonText(found: readonly ReadingFigures[] | string): string {
  if (typeof found === "string") return found;
  const rows = found.map(({ name, latencyMs, cpuMsPerThousand, memory, walkPerSec }) =>
    `| ${name} | ${column(walkPerSec)} | ${column(cpuMsPerThousand)} | ${column(latencyMs.median, 1)} | ` +
    `${column(latencyMs.p99, 1)} | ${memoryText(memory)} |`
  );
  return [
    `| reading | payloads/s taken apart by one core | processor ms for 1,000 messages | median ms | p99 ms | ${MEMORY_HEAD} |`,
    "| --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

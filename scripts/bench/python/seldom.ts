/** Processor time where messages are seldom: the daemon, whose services sleep between two messages, and the Python program. */
import { startMosquitto } from "../../simulate/mosquitto.ts";
import { column } from "../figures/waiting.ts";
import { cpuSeconds } from "../memory.ts";
import { pythonProblem } from "./python_program.ts";
import { type RunningReading, startDaemonReading, startPython, streamOf, withFeeder } from "./reading.ts";

/** Stations that speak once a second each. */
const SELDOM_STATIONS = [1, 100];
/** What is used often is compiled in the first minutes: before the measurement each side hears what an hour brings, in a minute. */
const WARM_UP_SEC = 60;
const WARM_UP_PER_SEC = 60;
/** What is left to be done of that is over then, s. */
const REST_SEC = 5;
const MEASURED_SEC = 60;

/** Processor time where messages are seldom, ms for 1,000 of them. */
export interface SeldomFigures {
  /** Each says a message a second. */
  readonly stations: number;
  readonly daemonMs: number;
  readonly pythonMs: number;
}

/** Both sides while each station speaks once a second; a text instead when Python's package is not there. */
export async function measureSeldom(): Promise<readonly SeldomFigures[] | string> {
  const problem = await pythonProblem();
  if (problem !== undefined) return `Skipped: ${problem}`;
  const mosquitto = await startMosquitto({ saves: "seldom" });
  try {
    const payloads = await streamOf();
    const figures: SeldomFigures[] = [];
    for (const stations of SELDOM_STATIONS) {
      const [daemonMs, pythonMs] = [
        await cpuAtOneASecond(mosquitto.port, payloads, stations, startDaemonReading),
        await cpuAtOneASecond(mosquitto.port, payloads, stations, startPython),
      ];
      figures.push({ stations, daemonMs, pythonMs });
    }
    return figures;
  } finally {
    await mosquitto.stop();
  }
}

async function cpuAtOneASecond(
  port: number,
  payloads: readonly Uint8Array[],
  stations: number,
  start: (port: number, stations: number) => RunningReading | Promise<RunningReading>,
): Promise<number> {
  const reading = await start(port, stations);
  try {
    return await withFeeder(port, payloads, reading, async ({ feed }) => {
      await feed(WARM_UP_SEC, Math.max(WARM_UP_PER_SEC, stations), stations);
      await feed(REST_SEC, stations, stations);
      const before = cpuSeconds(reading.pid);
      const sent = await feed(MEASURED_SEC, stations, stations);
      return (cpuSeconds(reading.pid) - before) * 1000 / sent * 1000;
    });
  } finally {
    await reading.stop();
  }
}

/** The figures as a table, or why there are none. */
export function seldomText(found: readonly SeldomFigures[] | string): string {
  if (typeof found === "string") return found;
  const rows = found.map(({ stations, daemonMs, pythonMs }) =>
    `| ${stations} | ${column(daemonMs)} | ${column(pythonMs)} | ${column(daemonMs / pythonMs, 1)} |`
  );
  return [
    "| stations, each once a second | ecoflow-power, ms of a core for 1,000 messages | Python reading, ms | ratio |",
    "| ---: | ---: | ---: | ---: |",
    ...rows,
  ].join("\n");
}

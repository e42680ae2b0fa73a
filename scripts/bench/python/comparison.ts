/**
 * The same stream on the same Mosquitto, in the same run: read by the daemon, which decodes, judges and publishes states,
 * and by a straightforward Python program, which shows the bytes as JSON.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { FIRST_COLLECT_MS } from "../../../lib/workers/collect_garbage.ts";
import type { MqttClient } from "../../../lib/mqtt/client.ts";
import { connectMqtt } from "../../../lib/mqtt/npm_client.ts";
import { IDLE_ON_GRID, stationEncoder } from "../../../proto/encode_station.ts";
import { startMosquitto } from "../../simulate/mosquitto.ts";
import { startDaemonProcess } from "../../simulate/processes.ts";
import { type Distribution, distributionOf } from "../figures/distribution.ts";
import { cpuSeconds, type Memory, MEMORY_HEAD, memoryOf, memoryText } from "../memory.ts";
import { ownRuntime } from "../own_program.ts";
import { pythonProblem, pythonWalkRate, startPythonReading } from "./python_program.ts";
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

/** Stations in the stream. */
const STATIONS = 100;
/** Messages a second while processor time is measured. */
export const LOAD_PER_SEC = 1000;
/** The daemon's collection after the start is over by then, and what is used often is compiled again, s. */
const WARM_UP_SEC = FIRST_COLLECT_MS / 1000 + 5;
const LOAD_SEC = 8;
const PROBES = 200;
const SN = (i: number) => `R631SIM${String(i).padStart(9, "0")}`;

/** Both sides; a text instead when Python's package is not there. */
export async function measureComparison(): Promise<readonly ReadingFigures[] | string> {
  const problem = await pythonProblem();
  if (problem !== undefined) return `Skipped: ${problem}`;
  const mosquitto = await startMosquitto({ saves: "seldom" });
  try {
    const encoder = await stationEncoder("RIVER 3 Plus", SN(0));
    const payloads = Array.from(
      { length: 90 },
      (_, i) => encoder.reply({ ...IDLE_ON_GRID, socPercent: 10 + i }),
    );
    return [
      await measureDaemon(mosquitto.port, payloads),
      await measurePython(mosquitto.port, payloads),
    ];
  } finally {
    await mosquitto.stop();
  }
}

async function measureDaemon(port: number, payloads: readonly Uint8Array[]): Promise<ReadingFigures> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-bench-"));
  const stateDir = join(dir, "state");
  mkdirSync(stateDir, { mode: 0o700 });
  const envFile = join(dir, "daemon.env");
  const devices = Array.from({ length: STATIONS }, (_, i) => `${SN(i)}:${SN(i)}`).join(",");
  writeFileSync(
    envFile,
    `MQTT_HOST='127.0.0.1'\nMQTT_PORT='${port}'\nECOFLOW_CLOUD='off'\nECOFLOW_DEVICE_LIST='${devices}'\n` +
      `STATE_DIR='${stateDir}'\nLOG_LEVEL='warn'\n`,
  );
  const daemon = startDaemonProcess({ envFile, stateDir, runtime: ownRuntime() });
  try {
    const walkPerSec = await ownWalkRate(payloads);
    return {
      name: "ecoflow-power",
      ...await load(port, payloads, daemon.pid, `bridge-ecoflow/${SN(0)}/json/state`),
      walkPerSec,
    };
  } finally {
    await daemon.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

async function measurePython(port: number, payloads: readonly Uint8Array[]): Promise<ReadingFigures> {
  const walkPerSec = await pythonWalkRate(payloads);
  const reading = await startPythonReading(port);
  try {
    return {
      name: "Python reading",
      ...await load(port, payloads, reading.pid, `python-reading/${SN(0)}`),
      walkPerSec,
    };
  } finally {
    await reading.stop();
  }
}

/** Feeds one side and watches it. @param answer The topic on which it answers for the first station */
async function load(
  port: number,
  payloads: readonly Uint8Array[],
  pid: number,
  answer: string,
): Promise<Omit<ReadingFigures, "name" | "walkPerSec">> {
  let answered: () => void = () => {};
  const client = await connect(port, () => answered());
  const say = (station: number, nth: number) =>
    client.publish(`bridge-ecoflow/${SN(station)}/data`, payloads[nth % payloads.length] ?? new Uint8Array());
  try {
    await client.subscribe(answer, 0);
    await untilItAnswers(() => say(0, 0), (heard) => answered = heard);
    const samples: number[] = [];
    for (let nth = 1; nth <= PROBES; nth++) {
      const { promise, resolve } = Promise.withResolvers<void>();
      answered = resolve;
      const sentMs = performance.now();
      // Each charge is another one, so that each is published at once.
      await say(0, nth);
      await withLimit(promise, 10_000, `the answer on "${answer}"`);
      samples.push(performance.now() - sentMs);
      await pause(10);
    }
    answered = () => {};
    const feed = async (seconds: number): Promise<number> => {
      const startMs = performance.now();
      let sent = 0;
      while (performance.now() - startMs < seconds * 1000) {
        const due = (performance.now() - startMs) / 1000 * LOAD_PER_SEC;
        for (; sent < due; sent++) {
          void say(sent % STATIONS, Math.floor(sent / STATIONS / 10)).catch(() => {});
        }
        await pause(5);
      }
      return sent;
    };
    await feed(WARM_UP_SEC);
    const before = cpuSeconds(pid);
    const sent = await feed(LOAD_SEC);
    await pause(1000);
    return {
      latencyMs: distributionOf(samples),
      cpuMsPerThousand: (cpuSeconds(pid) - before) * 1000 / sent * 1000,
      memory: memoryOf(pid),
    };
  } finally {
    await client.close();
  }
}

async function untilItAnswers(say: () => Promise<void>, listen: (heard: () => void) => void): Promise<void> {
  for (let tries = 0; tries < 120; tries++) {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    listen(() => resolve(true));
    await say();
    if (await Promise.race([promise, pause(500).then(() => false)])) return;
  }
  throw new Error("Cannot measure: no answer within a minute");
}

function connect(port: number, onMessage: () => void): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client: MqttClient = connectMqtt({
      host: "127.0.0.1",
      port,
      clientId: "bench-comparison",
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: 60,
      connectTimeoutMs: 10_000,
    }, { onUp: () => resolve(client), onDown: ({ text }) => reject(new Error(text)), onMessage });
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

/** The two sides of the comparison as they run, and who speaks to them: a client of the broker, for as many stations as asked for. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MqttClient } from "../../../lib/mqtt/client.ts";
import { connectMqtt } from "../../../lib/mqtt/npm_client.ts";
import { IDLE_ON_GRID, stationEncoder } from "../../../proto/encode_station.ts";
import { startDaemonProcess } from "../../simulate/processes.ts";
import { pause } from "../figures/waiting.ts";
import { ownRuntime } from "../own_program.ts";
import { startPythonReading } from "./python_program.ts";

/** Stations of the house where many messages a second come. */
export const STATIONS = 100;

/** The serial number of the nth station. */
export function SN(i: number): string {
  return `R631SIM${String(i).padStart(9, "0")}`;
}

/** A reading that runs: the daemon, or the Python program. */
export interface RunningReading {
  readonly pid: number;
  /** The topic on which it answers for the first station. */
  readonly answer: string;
  stop(): Promise<unknown>;
}

/**
 * The daemon, from an executable of its own, with the least that protects: Python keeps no past either.
 *
 * @param stations As many are in the house
 */
export function startDaemonReading(port: number, stations: number): RunningReading {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-bench-"));
  const stateDir = join(dir, "state");
  mkdirSync(stateDir, { mode: 0o700 });
  const envFile = join(dir, "daemon.env");
  const devices = Array.from({ length: stations }, (_, i) => `${SN(i)}:${SN(i)}`).join(",");
  writeFileSync(
    envFile,
    `MQTT_HOST='127.0.0.1'\nMQTT_PORT='${port}'\nECOFLOW_CLOUD='off'\nECOFLOW_DEVICE_LIST='${devices}'\n` +
      `STATE_DIR='${stateDir}'\nHISTORY='off'\nLOG_LEVEL='warn'\n`,
  );
  const daemon = startDaemonProcess({ envFile, stateDir, runtime: ownRuntime() });
  return {
    pid: daemon.pid,
    answer: `bridge-ecoflow/${SN(0)}/json/state`,
    async stop() {
      await daemon.stop();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The Python program. */
export async function startPython(port: number): Promise<RunningReading> {
  const reading = await startPythonReading(port);
  return { pid: reading.pid, answer: `python-reading/${SN(0)}`, stop: () => reading.stop() };
}

/** Who speaks to one side. */
export interface Feeder {
  /** One payload of a station. */
  say(station: number, nth: number): Promise<void>;
  /** Called at each answer for the first station. */
  listen(heard: () => void): void;
  /** @returns how many payloads were said */
  feed(seconds: number, perSec: number, stations: number): Promise<number>;
}

/** Whoever speaks to one side, once it answers. */
export async function withFeeder<T>(
  port: number,
  payloads: readonly Uint8Array[],
  { answer }: RunningReading,
  act: (feeder: Feeder) => Promise<T>,
): Promise<T> {
  let answered: () => void = () => {};
  const client = await connect(port, () => answered());
  const say = (station: number, nth: number) =>
    client.publish(`bridge-ecoflow/${SN(station)}/data`, payloads[nth % payloads.length] ?? new Uint8Array());
  const listen = (heard: () => void) => void (answered = heard);
  const feed = async (seconds: number, perSec: number, stations: number): Promise<number> => {
    const startMs = performance.now();
    let sent = 0;
    while (performance.now() - startMs < seconds * 1000) {
      const due = (performance.now() - startMs) / 1000 * perSec;
      for (; sent < due; sent++) {
        void say(sent % stations, Math.floor(sent / stations)).catch(() => {});
      }
      await pause(5);
    }
    return sent;
  };
  try {
    await client.subscribe(answer, 0);
    await untilItAnswers(() => say(0, 0), listen);
    return await act({ say, listen, feed });
  } finally {
    await client.close();
  }
}

/** So many messages of {@link streamOf} tell the same charge. */
export const SAYS_A_CHARGE = 10;

/** What a station says: the watts change with each message, and now and then the charge. */
export async function streamOf(): Promise<readonly Uint8Array[]> {
  const encoder = await stationEncoder("RIVER 3 Plus", SN(0));
  return Array.from(
    { length: 90 * SAYS_A_CHARGE },
    (_, i) =>
      encoder.reply({
        ...IDLE_ON_GRID,
        socPercent: 10 + Math.floor(i / SAYS_A_CHARGE),
        acOutWatts: 100 + i % 7 * 9,
      }),
  );
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

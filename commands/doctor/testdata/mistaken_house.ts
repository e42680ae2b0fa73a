/** A real daemon in a house where something is wrong, and what `doctor`, the log and the page say of it. */
import assert from "node:assert/strict";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MqttClient } from "../../../lib/mqtt/client.ts";
import { connectMqtt } from "../../../lib/mqtt/npm_client.ts";
import { type CloudOptions, type EmulatedCloud, startCloud } from "../../../scripts/simulate/cloud/cloud.ts";
import { freePort } from "../../../scripts/simulate/mosquitto.ts";
import { type RunningProgram, startDaemonProcess } from "../../../scripts/simulate/processes.ts";

const MAIN = fileURLToPath(new URL("../../../main.ts", import.meta.url));
/** How long anything may take to be said. A test that waits longer has failed. */
const PATIENCE_MS = 30_000;

export const ACCOUNT = { user: "simulation@example.com", pass: "simulated-pass" };

/** What the house is like. */
export interface MistakenHouse {
  /** Lines of the env file besides the broker, the state directory and the cloud; `DIR` stands for the house's own directory. */
  readonly env: readonly string[];
  /** The emulated cloud; absent: `ECOFLOW_CLOUD=off`. */
  readonly cloud?: Partial<CloudOptions>;
  /** Called before the daemon starts. */
  readonly prepare?: (at: { readonly cloud: EmulatedCloud | undefined; readonly dir: string }) => void;
  /** Where the state lies; below the house's own directory when absent. */
  readonly stateDir?: string;
  /** `host:port` lines of a broker of somebody else; the daemon's own when absent. */
  readonly broker?: readonly string[];
  /** The API host that is configured instead of the emulated cloud's. */
  readonly apiHost?: string;
  /** Where the page is to be had; a free port when absent. */
  readonly pagePort?: number;
  /** Whether the emulated cloud's authority is trusted; true when absent. */
  readonly trusts?: boolean;
}

/** What can be done and heard there. */
export interface Scene {
  readonly daemon: RunningProgram;
  readonly dir: string;
  readonly port: number;
  readonly cloud: EmulatedCloud | undefined;
  readonly envFile: string;
  /** A client of the daemon's own broker. */
  enter(name: string): Promise<MqttClient>;
  /** Asks doctor until it says this. @returns all that it said, blanks folded */
  doctorSays(wanted: RegExp): Promise<string>;
  /** Waits until the daemon's log has a line like this. */
  logSays(wanted: RegExp): Promise<void>;
  /**
   * The owner changes the configuration and starts the daemon anew.
   *
   * @param caPem Of an authority that is to be trusted besides
   */
  restartWith(change: (env: string) => string, caPem: string): Promise<void>;
  /** What the page shows of the house, once it shows this. */
  pageSays(wanted: RegExp): Promise<void>;
}

/** Starts the house, plays the mistake, ends everything. */
export async function inMistakenHouse(
  house: MistakenHouse,
  play: (scene: Scene) => Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-mistake-"));
  const stateDir = house.stateDir ?? join(dir, "state");
  const envFile = join(dir, "test.env");
  const port = freePort();
  const pagePort = house.pagePort ?? freePort();
  const clients: MqttClient[] = [];
  const cloud = house.cloud && await startCloud({ ...ACCOUNT, stations: [], ...house.cloud });
  if (cloud) writeFileSync(join(dir, "ca.pem"), cloud.caPem);
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(
    envFile,
    [
      ...(cloud
        ? [
          `ECOFLOW_API_HOSTS=${house.apiHost ?? cloud.apiHost}`,
          `ECOFLOW_BROKER_HOSTS=${cloud.brokerHost}`,
          ...(house.trusts === false ? [] : [`ECOFLOW_CA_FILE=${join(dir, "ca.pem")}`]),
        ]
        : ["ECOFLOW_CLOUD=off"]),
      ...(house.broker ?? [`MQTT_EMBEDDED_PORT=${port}`]),
      `STATE_DIR=${stateDir}`,
      `DASHBOARD_LISTEN=127.0.0.1:${pagePort}`,
      "DASHBOARD_READ_WITHOUT_LOGIN=on",
      ...house.env.map((line) => line.replaceAll("DIR/", `${dir}/`)),
      "",
    ].join("\n"),
    { mode: 0o600 },
  );
  house.prepare?.({ cloud, dir });
  let daemon = startDaemonProcess({ envFile, stateDir });
  try {
    await play({
      daemon,
      dir,
      port,
      cloud,
      envFile,
      enter: (name) => enter(name, port, clients),
      async restartWith(change, caPem) {
        await daemon.kill();
        writeFileSync(envFile, change(readFileSync(envFile, "utf8")), { mode: 0o600 });
        appendFileSync(join(dir, "ca.pem"), caPem);
        daemon = startDaemonProcess({ envFile, stateDir });
      },
      doctorSays: (wanted) => until(() => doctor(envFile), wanted),
      logSays: async (wanted) => void await until(() => daemon.lines.join("\n"), wanted),
      pageSays: async (wanted) => void await until(() => shownAt(pagePort), wanted),
    });
  } finally {
    for (const client of clients) await client.close();
    await daemon.kill();
    await cloud?.stop();
    rmSync(dir, { recursive: true });
  }
}

/** @returns what was said, once it matches */
async function until(ask: () => string | Promise<string>, wanted: RegExp): Promise<string> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const said = await ask();
    if (wanted.test(said)) return said;
    if (performance.now() > endMs) assert.match(said, wanted);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

/** What `doctor` prints, blanks and line ends as one blank. */
async function doctor(envFile: string): Promise<string> {
  const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--no-prompt", "--allow-read", "--allow-env", "--allow-net"]
      .concat(["--allow-sys=hostname,statfs", MAIN, "doctor", "--env", envFile]),
  }).output();
  return [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("").replaceAll(/\s+/g, " ");
}

/** The first picture of the house that the page is sent. */
async function shownAt(port: number): Promise<string> {
  const ending = new AbortController();
  try {
    const { body } = await fetch(`http://127.0.0.1:${port}/api/live`, { signal: ending.signal });
    let text = "";
    for await (const part of body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += part;
      if (text.includes("event: house") && text.endsWith("\n\n")) break;
    }
    return text;
  } catch (error) {
    return String(error);
  } finally {
    ending.abort();
  }
}

function enter(name: string, port: number, clients: MqttClient[]): Promise<MqttClient> {
  return new Promise((resolve, reject) => {
    const client = connectMqtt({
      host: "127.0.0.1",
      port,
      clientId: `test-${name}`,
      protocolVersion: 4,
      cleanSession: true,
      keepAliveSec: 60,
      connectTimeoutMs: 30_000,
    }, { onUp: () => resolve(client), onDown: ({ text }) => reject(new Error(text)), onMessage: () => {} });
    clients.push(client);
  });
}

/** Finds and runs the Python program of the comparison. */
import { fileURLToPath } from "node:url";
import { inOwnGroup } from "../own_program.ts";

/** Debian's own Python: others lack Debian's packages. */
const PYTHON = "/usr/bin/python3";
const SCRIPT = fileURLToPath(new URL("./python_reading.py", import.meta.url));

/** What is missing for the comparison; undefined when nothing is. */
export async function pythonProblem(): Promise<string | undefined> {
  try {
    const { success } = await new Deno.Command(PYTHON, {
      args: ["-c", "import paho.mqtt.client"],
      stdout: "null",
      stderr: "null",
    }).output();
    return success ? undefined : "Debian's paho is not there; get it with: apt-get install python3-paho-mqtt";
  } catch {
    return "Python is not there; get it with: apt-get install python3-paho-mqtt";
  }
}

/** A running reading. */
export interface PythonReading {
  readonly pid: number;
  stop(): Promise<void>;
}

/** Starts it and resolves when it listens. */
export async function startPythonReading(port: number): Promise<PythonReading> {
  // Its own file: Debian's libraries are looked for where that lies.
  const child = new Deno.Command(inOwnGroup(PYTHON), {
    args: [SCRIPT],
    clearEnv: true,
    env: { MQTT_HOST: "127.0.0.1", MQTT_PORT: String(port) },
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const reader = child.stdout.getReader();
  const { value } = await reader.read();
  if (!value) throw new Error("Cannot measure: the Python reading ended before it listened");
  return {
    pid: child.pid,
    async stop() {
      child.kill("SIGKILL");
      await child.status;
      await reader.cancel();
    },
  };
}

/** How many payloads a second its walk alone takes, without any broker. */
export async function pythonWalkRate(payloads: readonly Uint8Array[]): Promise<number> {
  const path = Deno.makeTempFileSync();
  try {
    Deno.writeTextFileSync(path, payloads.map((bytes) => bytes.toHex()).join("\n"));
    const { stdout, success, stderr } = await new Deno.Command(PYTHON, { args: [SCRIPT, "walk", path] })
      .output();
    if (!success) throw new Error(`Cannot measure the Python walk: ${new TextDecoder().decode(stderr)}`);
    return Number(new TextDecoder().decode(stdout));
  } finally {
    Deno.removeSync(path);
  }
}

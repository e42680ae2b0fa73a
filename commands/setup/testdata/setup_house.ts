/** A directory with a configuration that points at an emulated cloud, and the real program to set it up with. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { IDLE_ON_GRID, stationEncoder } from "../../../proto/encode_station.ts";
import { type EmulatedCloud, startCloud } from "../../../scripts/simulate/cloud/cloud.ts";
import { freePort } from "../../../scripts/simulate/mosquitto.ts";

export const SN = "R631SIM000000001";
export const SILENT_SN = "R651SIM000000002";
export const ACCOUNT = { user: "me@example.com", pass: "app pass-wörd 'x'" };

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
export const PERMISSIONS = [
  "--no-prompt",
  "--allow-net",
  "--allow-read",
  "--allow-write",
  "--allow-env",
  "--allow-sys=hostname,networkInterfaces,statfs,systemMemoryInfo",
];

export interface SetupHouse {
  readonly dir: string;
  readonly env: string;
  readonly cloud: EmulatedCloud;
  /** A file of the directory. */
  read(name: string): string;
  write(name: string, text: string): string;
  /** The command line that runs the real program. */
  command(...args: readonly string[]): string[];
  /** Runs it with this on its standard input. */
  run(input: string, ...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }>;
}

/** Makes it, hands it over, and takes it away. */
export async function inSetupHouse(run: (house: SetupHouse) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-setup-"));
  const encoder = await stationEncoder("RIVER 3 Plus", SN);
  const cloud = await startCloud({
    ...ACCOUNT,
    stations: [
      {
        sn: SN,
        name: "Study",
        productName: "",
        family: "protobuf",
        getAllReply: () => encoder.reply(IDLE_ON_GRID),
      },
      { sn: SILENT_SN, name: "Cellar", productName: "", family: "protobuf", getAllReply: () => undefined },
    ],
  });
  const env = join(dir, "house.env");
  writeFileSync(join(dir, "cloud.pem"), cloud.caPem);
  const text = [
    "# Written by hand, and kept.",
    `ECOFLOW_API_HOSTS=${cloud.apiHost}`,
    `ECOFLOW_BROKER_HOSTS=${cloud.brokerHost}`,
    `ECOFLOW_CA_FILE=${join(dir, "cloud.pem")}`,
    `STATE_DIR=${join(dir, "state")}`,
    `MQTT_EMBEDDED_PORT=${freePort()}`,
    "ECOFLOW_CLOUD=off",
    "",
  ];
  writeFileSync(env, text.join("\n"), { mode: 0o640 });
  const command = (...args: readonly string[]) => [
    Deno.execPath(),
    "run",
    "--quiet",
    ...PERMISSIONS,
    join(ROOT, "main.ts"),
    ...args,
    "--env",
    env,
  ];
  try {
    await run({
      dir,
      env,
      cloud,
      command,
      read: (name) => readFileSync(join(dir, name), "utf8"),
      write(name, text) {
        const path = join(dir, name);
        writeFileSync(path, text, { mode: 0o600 });
        return path;
      },
      async run(input, ...args) {
        const [program = "", ...rest] = command(...args);
        const child = new Deno.Command(program, {
          args: rest,
          stdin: "piped",
          stdout: "piped",
          stderr: "piped",
        })
          .spawn();
        const writer = child.stdin.getWriter();
        await writer.write(new TextEncoder().encode(input));
        await writer.close();
        const { code, stdout, stderr } = await child.output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return { code, stdout: text(stdout), stderr: text(stderr) };
      },
    });
  } finally {
    await cloud.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}

/** The servers that the NUT figures compare: ours and Debian's `upsd`, each in a process of its own, showing the same values. */
import { utimesSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { DEFAULT_ROOTS } from "../../../lib/mqtt/topics.ts";
import { DEFAULT_LIMITS, type NutLimits } from "../../../services/nut_server/access/nut_house.ts";
import type { NutServerConfig } from "../../../services/nut_server/slice.ts";
import { inOwnGroup, ownRuntime } from "../own_program.ts";
import { type Running, startProgram, until } from "../../../services/nut_server/testdata/debian_programs.ts";

/** A server under load. Its UPS is `ups`; `host1` … log in with the password `secret`. */
export interface NutServer {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** Lets the battery run low: ours is told by the policy, Debian's sees `OB LB` and leaves the rest to its primary. */
  outage(): Promise<void>;
  stop(): Promise<void>;
}

/** What differs between the figures. */
export interface ServerWants {
  /** A directory for files. */
  readonly dir: string;
  readonly hosts: number;
  readonly limits: Partial<NutLimits>;
}

/** Starts one. */
export type StartNutServer = (wants: ServerWants) => Promise<NutServer>;

const encoder = new TextEncoder();

/** Ours, without the rest of the daemon. */
export const startOurs: StartNutServer = async ({ hosts, limits }) => {
  const names = Array.from({ length: hosts }, (_, i) => `host${i + 1}`);
  const config: NutServerConfig = {
    roots: DEFAULT_ROOTS,
    enabled: true,
    listenHost: "127.0.0.1",
    port: 0,
    staleAfterSec: 120,
    lowBatteryPercent: 3,
    allow: ["127.0.0.0/8"],
    users: names.map((name) => ({ name, password: "secret", role: "secondary", host: name })),
    upses: [{ name: "ups", device: "Study" }],
    limits: { ...DEFAULT_LIMITS, ...limits },
  };
  const child = new Deno.Command(ownRuntime(), {
    args: [
      "run",
      "--allow-net=127.0.0.1",
      new URL("./nut_process.ts", import.meta.url).href,
      JSON.stringify(config),
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const port = await portOf(child);
  return {
    name: "ours",
    pid: child.pid,
    port,
    outage: () => stdin.write(encoder.encode("outage\n")),
    async stop() {
      child.kill("SIGTERM");
      await stdin.close().catch(() => {});
      await Promise.all([child.status, child.stdout.cancel()]);
    },
  };
};

/** Debian's, with its dummy driver, and a primary `upsmon` that says `FSD`, as a house with it has. */
export const startUpsd: StartNutServer = async ({ dir, hosts, limits }) => {
  const port = freePort();
  const { maxConnections } = { ...DEFAULT_LIMITS, ...limits };
  const put = (name: string, text: string) => writeFileSync(`${dir}/${name}`, text, { mode: 0o600 });
  put("ups.conf", "[ups]\n driver = dummy-ups\n port = ups.dev\n mode = dummy-once\n pollinterval = 1\n");
  put("upsd.conf", `LISTEN 127.0.0.1 ${port}\nMAXCONN ${maxConnections}\n`);
  const users = Array.from(
    { length: hosts },
    (_, i) => `[host${i + 1}]\n password = secret\n upsmon secondary\n`,
  );
  put("upsd.users", `${users.join("")}[prim]\n password = secret\n upsmon primary\n`);
  const values = (status: string) =>
    `ups.status: ${status}\nbattery.charge: 87\nbattery.runtime: 19200\ndevice.mfr: EcoFlow\nups.load: 5\n`;
  put("ups.dev", values("OL"));
  const env = { NUT_CONFPATH: dir, NUT_STATEPATH: dir, NUT_ALTPIDPATH: dir };
  const user = userInfo().username;
  const driver = startProgram("dummy-ups", ["-a", "ups", "-u", user, "-D"], env);
  await until("the driver is ready", () => driver.text().includes("upsdrv_updateinfo"), 20_000);
  const upsd = startProgram("upsd", ["-u", user, "-F", "-P", `${dir}/upsd.pid`], env, { wrap: inOwnGroup });
  await until("upsd has data", () => upsd.text().includes("Connected to UPS [ups]"), 20_000);
  return {
    name: "Debian's upsd",
    pid: upsd.pid,
    port,
    outage() {
      put("ups.dev", values("OB LB DISCHRG"));
      // The driver looks at the whole seconds of the file's time.
      const later = Date.now() / 1000 + 2;
      utimesSync(`${dir}/ups.dev`, later, later);
      return Promise.resolve();
    },
    async stop() {
      for (const program of [upsd, driver]) await program.stop();
    },
  };
};

/** Debian's `upsmon` as one host of many on this machine: each has its own place for its process number. */
export function startHost(
  { dir, port, user, role = "secondary" }: {
    readonly dir: string;
    readonly port: number;
    readonly user: string;
    readonly role?: "secondary" | "primary";
  },
): Running & { readonly downFile: string } {
  const own = `${dir}/${user}`;
  Deno.mkdirSync(own);
  const downFile = `${own}/down`;
  const lines = [
    `MONITOR ups@127.0.0.1:${port} 1 ${user} secret ${role}`,
    "MINSUPPLIES 1",
    `SHUTDOWNCMD "touch ${downFile}"`,
    "POLLFREQ 5",
    "POLLFREQALERT 5",
    "HOSTSYNC 15",
    "DEADTIME 15",
    "FINALDELAY 5",
    `POWERDOWNFLAG ${own}/killpower`,
  ];
  writeFileSync(`${own}/upsmon.conf`, `${lines.join("\n")}\n`, { mode: 0o600 });
  return { ...startProgram("upsmon", ["-D", "-p"], { NUT_CONFPATH: own }, { isAlone: false }), downFile };
}

async function portOf(server: Deno.ChildProcess): Promise<number> {
  const reader = server.stdout.getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { value, done } = await reader.read();
    if (done) throw new Error("Cannot measure: the server ended before it listened");
    text += new TextDecoder().decode(value);
  }
  reader.releaseLock();
  return Number(text);
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

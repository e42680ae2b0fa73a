/** How long hosts with a stock client take from the decision to their shutdown command, and to get in under a flood. */
import { statSync } from "node:fs";
import { inTempDir, until } from "../../../services/nut_server/testdata/debian_programs.ts";
import { type Distribution, distributionOf } from "../figures/distribution.ts";
import { startHost, type StartNutServer, startOurs, startUpsd } from "./nut_servers.ts";

/** What one server shows. */
export interface OutageFigures {
  readonly name: string;
  readonly hosts: number;
  /** From the decision to each host's SHUTDOWNCMD, s; hosts that never ran it are not in it. */
  readonly shutdownSec: Distribution;
}

/** Hosts that poll every 5 s, one outage. */
export function measureOutage(start: StartNutServer, hosts = 30): Promise<OutageFigures> {
  return inTempDir({}, async (dir) => {
    const server = await start({
      dir,
      hosts: hosts + 1,
      limits: { maxPerAddress: 200, connectsPerSec: 200 },
    });
    const names = Array.from({ length: hosts }, (_, i) => `host${i + 1}`);
    const running = names.map((user) => startHost({ dir, port: server.port, user }));
    // A house with Debian's server has a primary that turns low battery into a forced shutdown.
    const primary = start === startUpsd
      ? startHost({ dir, port: server.port, user: "prim", role: "primary" })
      : undefined;
    try {
      await until("all hosts are logged in", () => running.every(isIn), 30_000);
      const decidedMs = Date.now();
      await server.outage();
      const downs = () =>
        running.flatMap(({ downFile }) => statSync(downFile, { throwIfNoEntry: false }) ?? []);
      await until("all hosts shut down", () => downs().length === hosts, 60_000).catch(() => {});
      const shutdownSec = distributionOf(downs().map(({ mtimeMs }) => (mtimeMs - decidedMs) / 1000));
      return { name: server.name, hosts, shutdownSec };
    } finally {
      await Promise.all([...running, ...primary ? [primary] : []].map((host) => host.stop()));
      await server.stop();
    }
  });
}

/** What one server shows under a flood. */
export interface FloodFigures {
  readonly name: string;
  /** From the start of a new `upsmon` to its log-in, s; undefined: not within `limitSec`. */
  readonly loginSec: number | undefined;
  readonly limitSec: number;
}

/** A new host while eight other addresses take every place that they can get. */
export function measureFlood(start: StartNutServer, limitSec = 60): Promise<FloodFigures> {
  return inTempDir({}, async (dir) => {
    const server = await start({ dir, hosts: 1, limits: {} });
    const flood = new Worker(new URL("./nut_flood.ts", import.meta.url), { type: "module" });
    const addresses = Array.from({ length: 8 }, (_, i) => `127.0.0.${101 + i}`);
    flood.postMessage({ port: server.port, addresses, each: 60 });
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const startedMs = performance.now();
    const host = startHost({ dir, port: server.port, user: "host1" });
    try {
      const isLoggedIn = await until("the host is logged in", () => isIn(host), limitSec * 1000).then(
        () => true,
        () => false,
      );
      const loginSec = isLoggedIn ? (performance.now() - startedMs) / 1000 : undefined;
      return { name: server.name, loginSec, limitSec };
    } finally {
      flood.terminate();
      await host.stop();
      await server.stop();
    }
  });
}

/** Both servers, one after the other. */
export const SERVERS: readonly StartNutServer[] = [startOurs, startUpsd];

function isIn({ text }: { text(): string }): boolean {
  return text().includes("Logged into UPS");
}

/** A site that is bridged to a cluster as `ecoflow-power broker bridge` does it: the house's Mosquitto, and the bridge beside it. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BRIDGE_RUN_DIR, BRIDGE_STATE_DIR } from "../../commands/broker/bridge_conf.ts";
import { BridgeFiles, type BridgeWishes } from "../../commands/broker/bridge_files.ts";
import { ManagedBroker } from "../../commands/broker/managed_broker.ts";
import { type HouseConfig, loadConfig } from "../../lib/config/load.ts";
import { DAEMON_USER } from "../../services/broker_access.ts";
import { freePort, startMosquittoWith } from "./mosquitto.ts";

const DROP_IN = new URL("../../systemd/mosquitto.conf", import.meta.url);

/** A house's Mosquitto with the package's own configuration, not bridged yet. */
export interface SiteBroker {
  /** Below it lie Mosquitto's files, as below `/` on a real machine. */
  readonly root: string;
  readonly house: HouseConfig;
  readonly files: ManagedBroker;
  /** On loopback, without TLS. */
  readonly port: number;
  /** How the daemon logs in there. */
  readonly daemon: { readonly username: string; readonly password: string };
  readonly pid: number;
  /** Lets it read users and rights again. */
  reload(): void;
  /** Starts the bridge as its file says. `restartSec`: how soon it calls again, instead of 5 to 120 s. */
  startBridge(restartSec?: number): Promise<Bridge>;
  /** Ends it and removes its files. */
  stop(): Promise<void>;
}

/** A running bridge. */
export type Bridge = Awaited<ReturnType<typeof startMosquittoWith>>;

/** Starts one. @param connections More than the package allows on loopback, where many bridges read from one house */
export async function startSiteBroker({ connections = 200 } = {}): Promise<SiteBroker> {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-site-"));
  const [port, lan] = [freePort(), freePort()];
  const house = loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      MQTT_HOST: "127.0.0.1",
      MQTT_PORT: String(port),
      DEVICE_TO_AGENTS_JSON: JSON.stringify({ Study: ["pc"] }),
    },
    exists: () => false,
    readFile: () => "",
  });
  const files = new ManagedBroker(root);
  await files.setUp(house, ["localhost", "127.0.0.1"], false);
  const password = readFileSync(join(root, "etc/ecoflow-power/credentials/mqtt_pass"), "utf8").trim();
  const configuration = readFileSync(DROP_IN, "utf8")
    .replaceAll("/etc/mosquitto/", `${root}/etc/mosquitto/`)
    .replace("listener 1883 ", `listener ${port} `)
    .replace("max_connections 200", `max_connections ${connections}`)
    .replace("listener 8883", `listener ${lan} 127.0.0.1`);
  const broker = await startMosquittoWith(configuration, port);
  return {
    root,
    house,
    files,
    port,
    daemon: { username: DAEMON_USER, password },
    pid: broker.pid,
    reload: broker.reload,
    startBridge: (restartSec) => startMosquittoWith(bridgeText(root, files, restartSec)),
    async stop() {
      await broker.stop();
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Bridges a site, as the command does. */
export function bridgeSite({ root, files, house, reload }: SiteBroker, wishes: BridgeWishes): void {
  new BridgeFiles(root, files).write(house, wishes);
  reload();
}

/** The bridge's own file, with the unit's folders below `root`. */
function bridgeText(root: string, files: ManagedBroker, restartSec: number | undefined): string {
  const text = readFileSync(new BridgeFiles(root, files).confPath, "utf8");
  for (const dir of [BRIDGE_RUN_DIR, BRIDGE_STATE_DIR]) mkdirSync(join(root, dir), { recursive: true });
  const moved = text.replace(BRIDGE_RUN_DIR, join(root, BRIDGE_RUN_DIR))
    .replace(BRIDGE_STATE_DIR, join(root, BRIDGE_STATE_DIR));
  if (restartSec === undefined) return moved;
  return moved.replaceAll(/^restart_timeout .*$/gm, `restart_timeout ${restartSec} ${restartSec * 2}`);
}

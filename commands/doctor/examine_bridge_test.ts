/** The doctor's look at a bridge, with real Mosquittos in the cluster's place. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "../../lib/certificates.ts";
import { type HouseConfig, loadConfig } from "../../lib/config/load.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { startMosquitto } from "../../scripts/simulate/mosquitto.ts";
import { BridgeFiles } from "../broker/bridge_files.ts";
import { ManagedBroker } from "../broker/managed_broker.ts";
import { examineBridge } from "./examine_bridge.ts";

const load = (environment: Record<string, string> = {}) =>
  loadConfig({
    environment: { ECOFLOW_CLOUD: "off", MQTT_HOST: "127.0.0.1", ...environment },
    exists: () => false,
    readFile: () => "",
  });

async function look(house: HouseConfig, root: string): Promise<string> {
  const findings = await examineBridge(house, root, connectMqtt);
  return findings.map(({ what, verdict, text }) => `${what} ${verdict} ${text}`).join("\n");
}

Deno.test("examineBridge() tells a bridge that the cluster lets in from one that it does not, and one that no longer fits the house", async () => {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-bridge-look-"));
  const [authority, stranger] = [await createAuthority(), await createAuthority()];
  const users = [{ username: "home", password: "geheim", publishes: ["site/home/#"], subscribes: [] }];
  const cluster = await startMosquitto({ tls: await authority.issue(), users, saves: "never" });
  const elsewhere = await startMosquitto({
    tls: await authority.issue({ names: ["elsewhere.example.com"] }),
    users,
    saves: "never",
  });
  const plain = await startMosquitto({ saves: "never" });
  try {
    const house = load();
    const managed = new ManagedBroker(root);
    await managed.setUp(house, ["localhost"], false);
    const files = new BridgeFiles(root, managed);
    const write = (port: number, { password = "geheim", pem = authority.caPem } = {}) =>
      files.write(house, {
        site: "home",
        to: { host: "127.0.0.1", port },
        login: { user: "home", password },
        ca: { pem, path: "ca.pem" },
      });
    assert.equal(await look(house, root), "");
    write(cluster.port);
    assert.match(
      await look(house, root),
      /^bridge good site "home": the cluster 127\.0\.0\.1:\d+ lets it in/,
    );
    for (
      const [port, change, wanted] of [
        [cluster.port, { password: "falsch" }, /bad site "home".*; see --user and --pass-file/],
        [cluster.port, { pem: stranger.caPem }, /bad site "home".*; see --ca/],
        [elsewhere.port, {}, /bad site "home".*; see --ca .*the name in --to/],
        [plain.port, {}, /bad site "home".*does the cluster speak MQTT with TLS at this port/],
        [1, {}, /bad site "home".*what is said meanwhile waits/],
      ] as const
    ) {
      write(port, change);
      const text = await look(house, root);
      assert.match(text, wanted);
      assert.doesNotMatch(text, /geheim|falsch/);
    }
    write(cluster.port);
    const old = /^bridge bad it was written for other topics, another port or an older version/;
    const changes: readonly Record<string, string>[] = [{ MQTT_PORT: "1884" }, {
      POWER_MANAGER_BASE: "elsewhere",
    }];
    for (const change of changes) {
      assert.match(await look(load(change), root), old, JSON.stringify(change));
    }
    managed.removeUser("site-bridge");
    assert.match(await look(house, root), old);
    writeFileSync(files.confPath, "\0\0\0\0");
    assert.match(await look(house, root), /^bridge bad its file \(bridge\.conf\) is none; write it anew/);
    files.remove(house);
    assert.equal(await look(house, root), "");
  } finally {
    for (const broker of [cluster, elsewhere, plain]) await broker.stop();
    rmSync(root, { recursive: true });
  }
});

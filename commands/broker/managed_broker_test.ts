import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../lib/config/load.ts";
import type { MqttConnectOptions, MqttDown } from "../../lib/mqtt/client.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { freePort, startMosquittoWith } from "../../scripts/simulate/mosquitto.ts";
import { DAEMON_USER } from "../../services/broker_access.ts";
import { ManagedBroker } from "./managed_broker.ts";

const DROP_IN = new URL("../../systemd/mosquitto.conf", import.meta.url);

const house = (agents: readonly string[]) =>
  loadConfig({
    environment: { ECOFLOW_CLOUD: "off", DEVICE_TO_AGENTS_JSON: JSON.stringify({ Study: agents }) },
    exists: () => false,
    readFile: () => "",
  });

/** Connects, tries to publish, and says what came of it. */
function tryConnect(options: Partial<MqttConnectOptions>, topic: string): Promise<"done" | MqttDown> {
  const { promise, resolve } = Promise.withResolvers<"done" | MqttDown>();
  const client = connectMqtt({
    host: "127.0.0.1",
    port: 0,
    clientId: crypto.randomUUID(),
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 10,
    connectTimeoutMs: 10_000,
    ...options,
  }, {
    onUp: () => void client.publish(topic, "x", { qos: 1 }).then(() => resolve("done"), () => {}),
    onDown: resolve,
    onMessage: () => {},
  });
  return promise.finally(() => client.close());
}

Deno.test("ManagedBroker makes files with which a real Mosquitto lets in whom it must, and nobody else", async () => {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-managed-"));
  try {
    const files = new ManagedBroker(root);
    assert.equal(files.caPem, undefined);
    const made = await files.setUp(house(["pc"]), ["localhost", "127.0.0.1"], false);
    assert.equal(made.length, 4, made.join());
    const caPem = files.caPem ?? "";
    const daemonPassword = readFileSync(join(root, "etc/ecoflow-power/credentials/mqtt_pass"), "utf8").trim();
    const agentPassword = files.newPassword();
    files.setPassword("pc", agentPassword);

    const [plain, lan] = [freePort(), freePort()];
    const conf = readFileSync(DROP_IN, "utf8")
      .replaceAll("/etc/mosquitto/", `${root}/etc/mosquitto/`)
      .replace("listener 1883 ", `listener ${plain} `)
      .replace("listener 8883", `listener ${lan} 127.0.0.1`);
    const broker = await startMosquittoWith(conf, plain);
    try {
      const daemon = { port: plain, username: DAEMON_USER, password: daemonPassword };
      const agent = { port: lan, tls: { ca: caPem }, username: "pc", password: agentPassword };
      assert.equal(await tryConnect(daemon, "power-manager/events"), "done");
      assert.equal(await tryConnect(agent, "power-manager/pc/status"), "done");
      const kindOf = async (options: Partial<MqttConnectOptions>) => {
        const end = await tryConnect(options, "power-manager/pc/status");
        return end === "done" ? end : end.kind;
      };
      assert.equal(await kindOf({ ...agent, password: "wrong" }), "refused");
      assert.equal(await kindOf({ ...agent, username: undefined, password: undefined }), "refused");
      assert.equal(await kindOf({ port: plain }), "refused");
      assert.equal(await kindOf({ ...agent, tls: {} }), "tls");

      assert.deepEqual(await files.setUp(house(["pc"]), ["localhost", "127.0.0.1"], false), []);
      assert.equal(files.caPem, caPem);
      files.removeUser("pc");
      broker.reload();
      // The signal is handled in Mosquitto's own time.
      let last = await kindOf(agent);
      for (let i = 0; last === "done" && i < 100; i++) last = await kindOf(agent);
      assert.equal(last, "refused");
      assert.equal(await tryConnect(daemon, "power-manager/events"), "done");
    } finally {
      await broker.stop();
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});

Deno.test("ManagedBroker gives a new certificate by the old authority, and lets only its owner read what is secret", async () => {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-managed-"));
  try {
    const files = new ManagedBroker(root);
    await files.setUp(house([]), ["pi"], false);
    const read = (path: string) => readFileSync(join(root, path), "utf8");
    const [before, ca] = [read("etc/mosquitto/ecoflow-power/server.pem"), files.caPem];
    assert.deepEqual(await files.setUp(house([]), ["pi", "192.168.1.2"], true), [
      "a certificate for pi, 192.168.1.2",
    ]);
    assert.notEqual(read("etc/mosquitto/ecoflow-power/server.pem"), before);
    assert.equal(files.caPem, ca);
    for (const path of ["authority/ca.key", "credentials/mqtt_pass"]) {
      assert.equal(statSync(join(root, "etc/ecoflow-power", path)).mode & 0o777, 0o600, path);
    }
    assert.equal(statSync(join(root, "etc/mosquitto/ecoflow-power/passwords")).mode & 0o777, 0o640);
    assert.equal(files.refresh(house([])), false);
    assert.equal(files.refresh(house(["nas"])), true);
    assert.match(read("etc/mosquitto/ecoflow-power/acl"), /^user nas$/m);
    writeFileSync(join(root, "etc/mosquitto/ecoflow-power/passwords"), "broken");
    assert.throws(() => files.setPassword("nas", "x"), /line 1 must be/);
  } finally {
    rmSync(root, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../lib/config/load.ts";
import { RESERVED_USERS } from "../services/broker_access.ts";
import { ManagedBroker } from "./broker/managed_broker.ts";
import { KeyDesk } from "./keys.ts";

Deno.test("KeyDesk.run() gives no host the name of a user of the broker who is none, the daemon above all", async () => {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-keys-"));
  try {
    const house = loadConfig({
      environment: { ECOFLOW_CLOUD: "off", MQTT_HOST: "127.0.0.1", STATE_DIR: join(root, "state") },
      exists: () => false,
      readFile: () => "",
    });
    const desk = new KeyDesk(house, { root });
    // Where the broker is somebody else's, its users are too.
    assert.equal(desk.run(["add", "home-assistant"]).code, 0);
    const managed = new ManagedBroker(root);
    await managed.setUp(house, ["localhost"], false);
    managed.setPassword("site-bridge", "x");
    const passwords = () => readFileSync(join(root, "etc/mosquitto/ecoflow-power/passwords"), "utf8");
    const before = passwords();
    for (const name of RESERVED_USERS) {
      for (const action of ["add", "rotate", "remove"]) {
        // One that is a host already keeps its key and its login.
        if (name === "home-assistant" && action !== "add") continue;
        const { code, text } = desk.run([action, name]);
        assert.notEqual(code, 0, `${action} ${name}: ${text}`);
        assert.equal(passwords(), before, `${action} ${name}`);
      }
      assert.match(
        desk.run(["add", name]).text,
        /^Cannot add ".+": the broker has a user of that name who is no host/,
      );
    }
    assert.equal(desk.run(["add", "pc"]).code, 0);
    assert.match(passwords(), /^pc:/m);
  } finally {
    rmSync(root, { recursive: true });
  }
});

import assert from "node:assert/strict";
import { ConfigError } from "../lib/errors.ts";
import { loadAgentConfig } from "./config.ts";

const KEY = "ab".repeat(32);
const FILES: Record<string, string> = { "/k": `${KEY}\n`, "/short": "abcd", "/pass": "word\n" };
const load = (text: string, environment: Record<string, string> = {}) =>
  loadAgentConfig({
    file: { name: "agent.env", text },
    environment,
    readFile: (path) => {
      const found = FILES[path];
      if (found === undefined) throw new Error("no such file");
      return found;
    },
  });
const BASE = "AGENT_ID=pc\nMQTT_HOST=broker\nAGENT_KEY_FILE=/k\n";

Deno.test("loadAgentConfig() reads the predecessor's names and fills in defaults", () => {
  const config = load(
    'AGENT_ID=pc\nMQTT_BROKER=broker\nPRE_SHUTDOWN_CMD_2=sync\nPRE_SHUTDOWN_CMD_1="stop it"\nSHUTDOWN_CMD=off\n',
  );
  assert.deepEqual(config.preShutdown, ["stop it", "sync"]);
  assert.equal(config.broker.host, "broker");
  assert.equal(config.broker.port, 1883);
  assert.equal(config.keyHex, undefined);
  assert.equal(config.rehearsal, false);
  assert.equal(config.shutdownCommand, "off");
});

Deno.test("loadAgentConfig() tells all problems at once and shows no secret", () => {
  assert.throws(
    () =>
      load(
        "AGENT_ID=policy\nMQTT_PORT=0\nREHEARSAL=perhaps\nAGENT_KEY_FILE=/short\nCOLOUR=red\nMQTT_PASS=hush\nMQTT_PASS_FILE=/pass\n",
      ),
    (error) => {
      assert.ok(error instanceof ConfigError);
      assert.equal(error.problems.length, 7);
      assert.ok(!error.message.includes("hush") && !error.message.includes("abcd"));
      return true;
    },
  );
});

Deno.test("loadAgentConfig() takes a password from a file and a port for TLS", () => {
  const config = load(`${BASE}MQTT_USER=u\nMQTT_PASS_FILE=/pass\nMQTT_TLS=on\n`);
  assert.equal(config.broker.password, "word");
  assert.equal(config.broker.port, 8883);
  assert.equal(config.keyHex, KEY);
});

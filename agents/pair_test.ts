import assert from "node:assert/strict";
import { encodePairing, type Pairing } from "../lib/pairing/pairing.ts";
import { loadAgentConfig } from "./settings/config.ts";
import { pair } from "./pair.ts";
import { agentPaths } from "./settings/paths.ts";
import { linuxPlatform } from "./platform/linux.ts";

const KEY = "ab".repeat(32);
const NEXT = "cd".repeat(32);
const PATHS = agentPaths("linux");
const PAIRING: Pairing = {
  agent: "pc",
  key: KEY,
  host: "pi.lan",
  port: 8884,
  tls: true,
  user: "pc",
  pass: "it's #1",
};

function host(files: Record<string, string> = {}) {
  const said: string[] = [];
  const run = (pairing: Pairing | string) =>
    pair(typeof pairing === "string" ? pairing : encodePairing(pairing), {
      paths: PATHS,
      read: (path) => files[path],
      writeSecret: (path, text) => void (files[path] = text),
      say: (text) => void said.push(text),
    });
  return { files, said, run };
}
const KEY_FILE = "/var/lib/ecoflow-agent/agent_key";

Deno.test("pair() on a fresh host leaves a configuration that the agent can run with", () => {
  const { files, run } = host();
  assert.equal(run({ ...PAIRING, ca: "-----BEGIN CERTIFICATE-----" }), 0);
  const config = loadAgentConfig({
    file: { name: "env", text: files[PATHS.envFile] ?? "" },
    environment: {},
    readFile: (path) => files[path] ?? assert.fail(path),
    platform: linuxPlatform(true),
    isRoot: true,
    defaultStateDir: PATHS.stateDir,
  });
  assert.equal(config.agent, "pc");
  assert.deepEqual(config.broker, {
    host: "pi.lan",
    port: 8884,
    username: "pc",
    password: "it's #1",
    tls: { ca: "-----BEGIN CERTIFICATE-----" },
  });
  assert.equal(config.keyFile, KEY_FILE);
  assert.equal(files[KEY_FILE], `${KEY}\n`);
});

Deno.test("pair() once more puts the new key before the old one, and changes nothing else", () => {
  const env = "AGENT_ID=pc\nMQTT_HOST=mine\nMQTT_PORT=1\nMQTT_USER=u\nMQTT_PASS=p\nMQTT_TLS=off\n";
  const { files, run } = host({ [PATHS.envFile]: env, [KEY_FILE]: `${KEY}\n` });
  assert.equal(run({ ...PAIRING, key: NEXT }), 0);
  assert.equal(files[KEY_FILE], `${NEXT}\n${KEY}\n`);
  assert.equal(files[PATHS.envFile], env);
  assert.equal(run({ ...PAIRING, key: NEXT }), 0);
  assert.equal(files[KEY_FILE], `${NEXT}\n${KEY}\n`);
});

Deno.test("pair() on a host of before takes the new login and authority, and keeps what its owner set", () => {
  const files: Record<string, string> = {};
  const { said, run } = host(files);
  assert.equal(run({ ...PAIRING, ca: "OLD PEM" }), 0);
  files[PATHS.envFile] += "# mine\nPRE_SHUTDOWN_CMD_1=true\n";
  assert.equal(run({ ...PAIRING, key: NEXT, host: "new.lan", pass: "other", ca: "NEW PEM" }), 0);
  const env = files[PATHS.envFile] ?? "";
  assert.match(env, /^MQTT_PASS=other$/m);
  assert.equal(env.match(/MQTT_PASS/g)?.length, 1);
  assert.match(env, /^MQTT_HOST=pi\.lan$/m);
  assert.match(env, /^# mine\nPRE_SHUTDOWN_CMD_1=true$/m);
  assert.equal(files["/etc/ecoflow-agent/broker-ca.pem"], "NEW PEM");
  assert.match(said.join("\n"), /login at the broker is new, too: .*ecoflow-agent install/);
  assert.match(said.join("\n"), /MQTT_HOST in .* stays "pi\.lan", the line says "new\.lan"/);
  assert.ok(!said.join("\n").includes("other"), "no secret is shown");
});

Deno.test("pair() takes a new login in place of a file with the old one", () => {
  const env = "AGENT_ID=pc\nMQTT_HOST=pi.lan\nMQTT_USER=pc\nMQTT_PASS_FILE=/root/pass\n";
  const { files, run } = host({ [PATHS.envFile]: env });
  assert.equal(run(PAIRING), 0);
  assert.match(files[PATHS.envFile] ?? "", /^MQTT_PASS=["`]it's #1["`]$/m);
  assert.doesNotMatch(files[PATHS.envFile] ?? "", /MQTT_PASS_FILE/);
});

Deno.test("pair() leaves a login of the owner's own, and says that", () => {
  const env = "AGENT_ID=pc\nMQTT_HOST=pi.lan\nMQTT_USER=mine\nMQTT_PASS=p\n";
  const { files, said, run } = host({ [PATHS.envFile]: env });
  assert.equal(run(PAIRING), 0);
  assert.match(files[PATHS.envFile] ?? "", /^MQTT_USER=mine\nMQTT_PASS=p$/m);
  assert.match(said.join("\n"), /MQTT_USER in .* stays "mine", the line says "pc"/);
});

Deno.test("pair() with the same line again changes nothing and asks for nothing", () => {
  const files: Record<string, string> = {};
  const { said, run } = host(files);
  run({ ...PAIRING, ca: "-----BEGIN CERTIFICATE-----" });
  const before = JSON.stringify(files);
  said.length = 0;
  run({ ...PAIRING, ca: "-----BEGIN CERTIFICATE-----" });
  assert.equal(JSON.stringify(files), before);
  assert.doesNotMatch(said.join("\n"), /login|stays/);
});

Deno.test("pair() says what is still to be set", () => {
  const { said, run } = host();
  assert.equal(run({ agent: "pc", key: KEY }), 0);
  assert.match(said.join("\n"), /Now set MQTT_HOST/);
  assert.ok(!said.join("\n").includes(KEY));
});

const refused: readonly [
  name: string,
  files: Record<string, string>,
  line: Pairing | string,
  wanted: RegExp,
][] = [
  [
    "a line for another host",
    { [PATHS.envFile]: "AGENT_ID=nas\n" },
    PAIRING,
    /says AGENT_ID=nas, the line is for "pc"/,
  ],
  ["a torn line", {}, encodePairing(PAIRING).slice(0, -3), /must be copied whole/],
  ["something else", {}, "hello", /must be the line/],
  ["an env file that cannot be read", { [PATHS.envFile]: "what?\n" }, PAIRING, /line 1 must be KEY=value/],
];
for (const [name, files, line, wanted] of refused) {
  Deno.test(`pair() refuses ${name} and writes nothing`, () => {
    const before = JSON.stringify(files);
    const { said, run } = host(files);
    assert.equal(run(line), 1);
    assert.match(said.join("\n"), wanted);
    assert.equal(JSON.stringify(files), before);
  });
}

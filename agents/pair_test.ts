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
  assert.equal(run({ ...PAIRING, ca: "PEM" }), 0);
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
    tls: { ca: "PEM" },
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

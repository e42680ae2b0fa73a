import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findingsText } from "../../lib/findings.ts";
import { DROP_IN, examineOwnersMosquitto, examineRulesBeside, OWN_RULES } from "./owners_mosquitto.ts";

const ENV = "/etc/ecoflow-power/ecoflow-power.env";
const own = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

function withFiles(files: Readonly<Record<string, string>>, run: (root: string) => void) {
  const root = Deno.makeTempDirSync();
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    run(root);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
}

const MAIN = "etc/mosquitto/mosquitto.conf";
const OTHER = "etc/mosquitto/conf.d/own.conf";

const alone: readonly [name: string, text: string, port: number, wanted: RegExp | undefined][] = [
  ["no rules", "# listener 1883\npersistence true\n", 1883, undefined],
  [
    "the daemon's port",
    "listener 1883\nallow_anonymous true\n",
    1883,
    /^WRONG.*own\.conf: "listener 1883"\).*port 1883 taken: set MQTT_HOST=127\.0\.0\.1/m,
  ],
  ["the daemon's port in the old way", "port 1883\n", 1883, /^WRONG.*port 1883 taken/m],
  ["no port at all, so the usual one", "allow_anonymous true\n", 1883, /^WRONG.*port 1883 taken/m],
  ["the port that the owner gave the daemon", "listener 1899 127.0.0.1\n", 1899, /^WRONG.*port 1899 taken/m],
  ["another port", "listener 1884 127.0.0.1\n", 1883, /^\?.*only NUT clients can be told/m],
];
for (const [name, text, port, wanted] of alone) {
  Deno.test(`examineOwnersMosquitto() of ${name}`, () =>
    withFiles({ [MAIN]: "include_dir /etc/mosquitto/conf.d\n", [OTHER]: text }, (root) => {
      const said = findingsText(examineOwnersMosquitto(ENV, port, root));
      if (wanted) assert.match(said, wanted);
      else assert.equal(said, "");
    }));
}

const beside: readonly [name: string, text: string, wanted: RegExp | undefined][] = [
  ["nothing", "log_type all\n", undefined],
  ["a rule that ours has, too", "allow_anonymous false\nper_listener_settings false\n", undefined],
  [
    "our port once more",
    "listener 1883\n",
    /^WRONG.*own\.conf: "listener 1883": with both Mosquitto does not start/m,
  ],
  ["an open door", "allow_anonymous true\n", /^WRONG.*own\.conf: "allow_anonymous true"/m],
  [
    "another list of users",
    "password_file /etc/mosquitto/mine\n",
    /^WRONG.*"password_file \/etc\/mosquitto\/mine"/m,
  ],
];
for (const [name, text, wanted] of beside) {
  Deno.test(`examineRulesBeside() of ${name}`, () =>
    withFiles({ [MAIN]: "", [DROP_IN]: own("systemd/mosquitto.conf"), [OTHER]: text }, (root) => {
      const said = findingsText(examineRulesBeside(root));
      if (wanted) assert.match(said, wanted);
      else assert.equal(said, "");
    }));
}

Deno.test("OWN_RULES are those that the package's script looks for", () => {
  const [, words = ""] =
    /grep -aE '\^\[\[:space:\]\]\*\(([a-z_|]+)\)/.exec(own("scripts/deb/broker-parts")) ?? [];
  assert.deepEqual(words.split("|"), [...OWN_RULES]);
});

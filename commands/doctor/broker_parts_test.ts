import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { findingsText } from "../../lib/findings.ts";
import { examineBrokerParts } from "./broker_parts.ts";

const OURS = "MQTT_HOST=127.0.0.1\nMQTT_USER=ecoflow-power\n";
const PARTS = ["ca.pem", "server.pem", "server.key", "passwords", "acl"].map((name) =>
  `etc/mosquitto/ecoflow-power/${name}`
);
const WHOLE = [
  "usr/sbin/mosquitto",
  "etc/mosquitto/conf.d/ecoflow-power.conf",
  "etc/ecoflow-power/credentials/mqtt_pass",
  ...PARTS,
];

const rows: readonly [name: string, env: string, files: readonly string[], wanted: RegExp | undefined][] = [
  ["whole", OURS, WHOLE, undefined],
  ["never had Mosquitto", "STATE_DIR=/x\n", [], undefined],
  ["a Mosquitto of the owner's that nobody uses", "STATE_DIR=/x\n", ["usr/sbin/mosquitto"], undefined],
  ["a broker elsewhere", "MQTT_HOST=nas.local\n", [], undefined],
  ["a user of the owner's own", "MQTT_HOST=127.0.0.1\nMQTT_USER=me\n", ["usr/sbin/mosquitto"], undefined],
  [
    "Mosquitto's part alone",
    "#MQTT_HOST=127.0.0.1\n",
    WHOLE,
    /^WRONG +broker: half-made: .*does not name it.*doctor --heal$/m,
  ],
  [
    "a password alone, which keeps the daemon down",
    "",
    ["etc/ecoflow-power/credentials/mqtt_pass"],
    /^WRONG +broker: half-made/m,
  ],
  ["Mosquitto gone", OURS, WHOLE.slice(1), /^WRONG +broker: half-made: .*none is installed/m],
  ["no access list", OURS, WHOLE.slice(0, -1), /^WRONG +broker: half-made: Mosquitto lacks acl;/m],
  [
    "no drop-in",
    OURS,
    WHOLE.filter((path) => !path.includes("conf.d")),
    /lacks conf\.d\/ecoflow-power\.conf;/m,
  ],
  [
    "a memory that was put aside",
    OURS,
    [...WHOLE, "var/lib/mosquitto/mosquitto.db.refused-20261128T120000Z"],
    /^\? +broker's memory: could not be read.*mosquitto\.db\.refused-20261128T120000Z/m,
  ],
];
for (const [name, env, files, wanted] of rows) {
  Deno.test(`examineBrokerParts() sees ${name}`, () => {
    const root = Deno.makeTempDirSync();
    try {
      for (const path of ["etc/ecoflow-power/ecoflow-power.env", ...files]) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), path.endsWith(".env") ? env : "x");
      }
      const found = examineBrokerParts(join(root, "etc/ecoflow-power/ecoflow-power.env"), root);
      if (wanted === undefined) assert.deepEqual(found, []);
      else assert.match(findingsText(found), wanted);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  });
}

Deno.test("examineBrokerParts() says nothing of a checkout", () => {
  assert.deepEqual(examineBrokerParts(".env", "/"), []);
  assert.deepEqual(examineBrokerParts(undefined, "/"), []);
});

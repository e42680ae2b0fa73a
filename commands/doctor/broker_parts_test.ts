import assert from "node:assert/strict";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { loadConfig } from "../../lib/config/load.ts";
import { findingsText } from "../../lib/findings.ts";
import { parsePairing } from "../../lib/pairing/pairing.ts";
import { ManagedBroker } from "../broker/managed_broker.ts";
import { KeyDesk } from "../keys.ts";
import { DISK } from "../read_config.ts";
import { examineBrokerParts, examineLogins } from "./broker_parts.ts";

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

const house = (root: string) =>
  loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      STATE_DIR: join(root, "state"),
      DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}',
      MQTT_HOST: "127.0.0.1",
    },
    ...DISK,
  });

/** A broker of the package that is put together, whose files can all be used. @returns the configuration's path */
async function wholeBroker(root: string): Promise<string> {
  mkdirSync(join(root, "state"));
  await new ManagedBroker(root).setUp(house(root), ["pi"], false);
  for (const path of WHOLE.slice(0, 2)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), "x");
  }
  const envPath = join(root, "etc/ecoflow-power/ecoflow-power.env");
  writeFileSync(envPath, OURS);
  return envPath;
}

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
  Deno.test(`examineBrokerParts() sees ${name}`, async () => {
    const root = Deno.makeTempDirSync();
    try {
      mkdirSync(join(root, "state"));
      await new ManagedBroker(root).setUp(house(root), ["pi"], false);
      for (const path of WHOLE) if (!files.includes(path)) rmSync(join(root, path), { force: true });
      for (const path of ["etc/ecoflow-power/ecoflow-power.env", ...files]) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        if (path.endsWith(".env")) writeFileSync(join(root, path), env);
        else if (!WHOLE.includes(path) || !path.includes("ecoflow-power/")) {
          writeFileSync(join(root, path), "x");
        }
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

for (
  const [name, path, wanted] of [
    ["an authority of zeros", "etc/mosquitto/ecoflow-power/ca.pem", /authority's certificate \(ca\.pem\)/],
    [
      "a certificate of zeros",
      "etc/mosquitto/ecoflow-power/server.pem",
      /the server's certificate or its key/,
    ],
    [
      "a server's key of zeros",
      "etc/mosquitto/ecoflow-power/server.key",
      /the server's certificate or its key/,
    ],
    [
      "a list of logins of zeros",
      "etc/mosquitto/ecoflow-power/passwords",
      /the list of logins \(passwords\)/,
    ],
  ] as const
) {
  Deno.test(`examineBrokerParts() sees ${name}`, async () => {
    const root = Deno.makeTempDirSync();
    try {
      const envPath = await wholeBroker(root);
      assert.deepEqual(examineBrokerParts(envPath, root), []);
      writeFileSync(join(root, path), "\0\0\0\0");
      const text = findingsText(examineBrokerParts(envPath, root));
      assert.match(text, /^WRONG +broker: cannot be used: .*doctor --heal$/m);
      assert.match(text, wanted);
      await new ManagedBroker(root).setUp(house(root), ["pi"], false);
      assert.deepEqual(examineBrokerParts(envPath, root), []);
    } finally {
      Deno.removeSync(root, { recursive: true });
    }
  });
}

Deno.test("examineLogins() sees a host that the broker forgot, and its next line lets it in again", async () => {
  const root = Deno.makeTempDirSync();
  try {
    mkdirSync(join(root, "state"));
    const managed = new ManagedBroker(root);
    await managed.setUp(house(root), ["pi"], false);
    const lineOf = (action: string) => {
      const { code, text } = new KeyDesk(house(root), { root }).run([action, "pc"]);
      assert.equal(code, 0, text);
      return parsePairing(text.split("\n").find((line) => line.startsWith("ecoflow-agent-1.")) ?? "");
    };
    lineOf("add");
    assert.deepEqual(examineLogins(house(root), root), []);
    // A broker that knows the host keeps its login.
    assert.equal(lineOf("rotate").pass, undefined);
    writeFileSync(join(root, "etc/mosquitto/ecoflow-power/passwords"), "");
    assert.match(
      findingsText(examineLogins(house(root), root)),
      /^WRONG +host pc: the broker does not know it any more.*ecoflow-power keys rotate pc$/m,
    );
    const { user, pass } = lineOf("rotate");
    assert.deepEqual([user, typeof pass], ["pc", "string"]);
    assert.deepEqual(examineLogins(house(root), root), []);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

Deno.test("examineBrokerParts() is not sure of an authority without its key: hosts go on, and it cannot be made anew", async () => {
  const root = Deno.makeTempDirSync();
  try {
    const envPath = await wholeBroker(root);
    writeFileSync(join(root, "etc/ecoflow-power/authority/ca.key"), "");
    assert.deepEqual(await new ManagedBroker(root).setUp(house(root), ["pi"], false), []);
    assert.match(
      findingsText(examineBrokerParts(envPath, root)),
      /^\? +authority: its key .* cannot be used: paired hosts go on.*broker setup --renew$/m,
    );
    assert.equal((await new ManagedBroker(root).setUp(house(root), ["pi"], true)).length, 2);
    assert.deepEqual(examineBrokerParts(envPath, root), []);
  } finally {
    Deno.removeSync(root, { recursive: true });
  }
});

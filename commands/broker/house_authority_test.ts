/** Each file of the broker as a cut of power, a worn card or a hand may leave it: what hosts are paired with must go on. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { X509Certificate } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createAuthority } from "../../lib/certificates.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { isPasswordOf } from "../../lib/mqtt/mosquitto_passwords.ts";
import { DAEMON_USER } from "../../services/broker_access.ts";
import { ManagedBroker } from "./managed_broker.ts";

const HOUSE = loadConfig({
  environment: { ECOFLOW_CLOUD: "off", DEVICE_TO_AGENTS_JSON: '{"Study":["pc"]}' },
  exists: () => false,
  readFile: () => "",
});
const BROKER = "etc/mosquitto/ecoflow-power/";
const CA = `${BROKER}ca.pem`;
const CA_KEY = "etc/ecoflow-power/authority/ca.key";
const SERVER = `${BROKER}server.pem`;
const SERVER_KEY = `${BROKER}server.key`;
const PASSWORDS = `${BROKER}passwords`;
const SECRET = "etc/ecoflow-power/credentials/mqtt_pass";
const NAMES = ["pi", "192.168.1.2"];

const DAMAGES: Readonly<Record<string, (path: string) => void>> = {
  "is gone": (path) => rmSync(path),
  "is empty": (path) => writeFileSync(path, ""),
  "is zeros": (path) => writeFileSync(path, new Uint8Array(readFileSync(path).length)),
  "is noise": (path) =>
    writeFileSync(path, crypto.getRandomValues(new Uint8Array(readFileSync(path).length))),
  "is half": (path) => writeFileSync(path, readFileSync(path).subarray(0, readFileSync(path).length / 2)),
};

/** What a broker with these files would do. */
function judge(root: string) {
  const read = (path: string) => readFileSync(join(root, path), "utf8");
  const broker = new ManagedBroker(root);
  return {
    canServe: broker.authority.canServe,
    names: new X509Certificate(read(SERVER)).subjectAltName,
    hasDaemon: isPasswordOf(broker.logins?.get(DAEMON_USER) ?? "", read(SECRET).trim()),
    /** A host that was paired before trusts what the server shows now. */
    isTrusted: (caBefore: string) =>
      new X509Certificate(read(SERVER)).verify(new X509Certificate(caBefore).publicKey),
    hasHost: broker.logins?.has("pc"),
  };
}

async function withHouse(
  run: (root: string, caBefore: string, setUp: () => Promise<string[]>) => Promise<void>,
) {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-authority-"));
  try {
    const files = new ManagedBroker(root);
    await files.setUp(HOUSE, NAMES, false);
    files.setPassword("pc", "the host's");
    await run(root, files.caPem ?? "", () => new ManagedBroker(root).setUp(HOUSE, ["other"], false));
  } finally {
    rmSync(root, { recursive: true });
  }
}

/** File, and what must outlive its loss. */
const rows: readonly [path: string, isTrusted: boolean, hasHost: boolean, keepsNames: boolean][] = [
  [CA, true, true, true],
  [CA_KEY, true, true, true],
  [SERVER, true, true, false],
  [SERVER_KEY, true, true, true],
  [PASSWORDS, true, false, true],
  [SECRET, true, true, true],
];
for (const [path, isTrusted, hasHost, keepsNames] of rows) {
  for (const [name, damage] of Object.entries(DAMAGES)) {
    // The first login of two is still whole in the half of a list; that of a host may be, too.
    if (path === PASSWORDS && name === "is half") continue;
    Deno.test(`setUp() makes the broker whole when ${path} ${name}`, () =>
      withHouse(async (root, caBefore, setUp) => {
        damage(join(root, path));
        const made = await setUp();
        const found = judge(root);
        assert.equal(found.canServe, true, made.join());
        assert.equal(found.hasDaemon, true, made.join());
        assert.equal(found.isTrusted(caBefore), isTrusted, made.join());
        assert.equal(found.hasHost, hasHost, made.join());
        assert.equal(found.names, keepsNames ? "DNS:pi, IP Address:192.168.1.2" : "DNS:other");
        assert.equal(
          made.some((text) => text.includes("PAIRED ANEW")),
          path === PASSWORDS && name !== "is gone" && name !== "is empty",
        );
        // And then it rests.
        assert.deepEqual(await setUp(), []);
      }));
  }
}

Deno.test("setUp() makes another authority when neither its key nor the server's can be used, and says what that means", () =>
  withHouse(async (root, caBefore, setUp) => {
    for (const path of [CA_KEY, SERVER_KEY]) writeFileSync(join(root, path), "");
    const made = await setUp();
    assert.match(made.join(), /another authority.*EVERY HOST MUST BE PAIRED ANEW/);
    const found = judge(root);
    assert.deepEqual([found.canServe, found.isTrusted(caBefore)], [true, false]);
    assert.deepEqual(await setUp(), []);
  }));

Deno.test("setUp() has the daemon's two halves of its password fit each other", () =>
  withHouse(async (root, _caBefore, setUp) => {
    writeFileSync(join(root, SECRET), "from-a-backup\n");
    assert.deepEqual(await setUp(), ["the daemon's password"]);
    assert.equal(readFileSync(join(root, SECRET), "utf8"), "from-a-backup\n");
    assert.equal(judge(root).hasDaemon, true);
  }));

Deno.test("certificates hold from 1970 on: a host's clock may have lost its battery, and an outage takes the network's time", () =>
  withHouse(async (root, caBefore, setUp) => {
    const read = (path: string) => readFileSync(join(root, path), "utf8");
    for (const path of [CA, SERVER]) assert.equal(Date.parse(new X509Certificate(read(path)).validFrom), 0);
    // A house of before is given one by the authority that its hosts know.
    const keyPem = read(CA_KEY);
    const before = await createAuthority({
      keyPem,
      commonName: "ecoflow-power of this house",
      notBeforeMs: Date.UTC(2026, 0, 1),
    });
    const old = await before.issue({ names: NAMES, notBeforeMs: Date.UTC(2026, 0, 1) });
    for (const [path, text] of [[CA, before.caPem], [SERVER, old.cert], [SERVER_KEY, old.key]] as const) {
      writeFileSync(join(root, path), text);
    }
    assert.deepEqual(await setUp(), ["a certificate for pi, 192.168.1.2"]);
    assert.equal(Date.parse(new X509Certificate(read(SERVER)).validFrom), 0);
    assert.equal(read(CA), before.caPem);
    assert.equal(judge(root).isTrusted(caBefore), true);
    cpSync(join(root, CA), join(root, "copy"));
    assert.deepEqual(await setUp(), []);
  }));

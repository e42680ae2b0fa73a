/** `backup` and `restore` by the real program: what was paired before still connects after, on an empty machine. */
import assert from "node:assert/strict";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { parseBackup } from "./archive.ts";
import { loginIn } from "./testdata/login.ts";
import { PERMISSIONS } from "../setup/testdata/setup_house.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { freePort, startMosquittoWith } from "../../scripts/simulate/mosquitto.ts";
import { slotFile } from "../../lib/files/slot_file.ts";
import { takeState } from "../../lib/state_lock.ts";
import { startDaemonProcess } from "../../scripts/simulate/processes.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));

interface House {
  readonly dir: string;
  readonly env: string;
  readonly port: number;
  run(...args: string[]): Promise<{ code: number; text: string }>;
}

/** A house with a managed broker, two paired hosts, a policy file and a history. */
async function inHouse(broker: "managed" | "embedded", run: (house: House) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-backup-"));
  const [port, embedded] = [freePort(), freePort()];
  const config = join(dir, "etc/ecoflow-power");
  const env = join(config, "ecoflow-power.env");
  mkdirSync(join(config, "credentials"), { recursive: true });
  writeFileSync(join(config, "policy.toml"), "[station.Study]\nsoc_min = 20\n");
  writeFileSync(join(config, "credentials/ecoflow_pass"), "the-account-s-password\n", { mode: 0o600 });
  writeFileSync(
    env,
    [
      "ECOFLOW_CLOUD=off",
      "ECOFLOW_USER=me@example.com",
      "ECOFLOW_DEVICE_LIST=R651AAAA:Study",
      `DEVICE_TO_AGENTS_JSON='{"Study":["pc","nas"]}'`,
      `POLICY_FILE=${join(config, "policy.toml")}`,
      "HISTORY=on",
      `STATE_DIR=${join(dir, "state")}`,
      ...(broker === "managed"
        ? ["MQTT_HOST=127.0.0.1", `MQTT_PORT=${port}`, "MQTT_USER=ecoflow-power"]
        : [`MQTT_EMBEDDED_PORT=${embedded}`]),
      "",
    ].join("\n"),
    { mode: 0o640 },
  );
  try {
    await run({
      dir,
      env,
      port,
      async run(...args) {
        const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "--quiet",
            "--no-check",
            ...PERMISSIONS,
            MAIN,
            ...args,
            ...(args.includes("--env") ? [] : ["--env", env]),
          ],
        }).output();
        const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
        return { code, text: text(stdout) + text(stderr) };
      },
    });
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Whether this login is let in by a Mosquitto with the managed files. */
async function letsIn(dir: string, port: number, username: string, password: string): Promise<boolean> {
  const files = join(dir, "etc/mosquitto/ecoflow-power");
  const broker = await startMosquittoWith(
    `listener ${port} 127.0.0.1\nallow_anonymous false\npassword_file ${files}/passwords\nacl_file ${files}/acl\n`,
    port,
  );
  try {
    return await new Promise((resolve) => {
      const client = connectMqtt({
        host: "127.0.0.1",
        port,
        username,
        password,
        clientId: "test",
        protocolVersion: 4,
        cleanSession: true,
        keepAliveSec: 60,
        connectTimeoutMs: 30_000,
      }, {
        onUp: () => void client.close().then(() => resolve(true)),
        onDown: () => resolve(false),
        onMessage: () => {},
      });
    });
  } finally {
    await broker.stop();
  }
}

function tree(dir: string): string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir, { recursive: true, withFileTypes: true }).filter((one) => one.isFile())
    .map((one) => join(one.parentPath, one.name)).toSorted();
}

Deno.test("backup and restore: on an empty machine all is as it was, and the paired host is let in", () =>
  inHouse("managed", async ({ dir, env, port, run }) => {
    const root = ["--root", dir];
    mkdirSync(join(dir, "state/historian"), { recursive: true });
    assert.equal((await run("broker", "setup", "--name", "localhost", ...root)).code, 0);
    const paired = await run("keys", "add", "pc", "--broker-host", "localhost", ...root);
    assert.equal(paired.code, 0, paired.text);
    const login = loginIn(paired.text);
    const db = new DatabaseSync(join(dir, "state/historian/history.db"));
    db.exec("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (42)");
    const file = join(dir, "house.backup");
    // The database is open, and its newest row is still in the log beside it.
    const made = await run("backup", file, ...root);
    assert.equal(made.code, 0, made.text);
    db.close();
    assert.match(made.text, /IT HOLDS SECRETS/);
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const twice = await run("backup", file, ...root);
    assert.equal(twice.code, 1);
    assert.match(twice.text, /is there already, and is not overwritten/);

    const before = tree(join(dir, "etc")).map((
      path,
    ) => [path, readFileSync(path, "utf8"), statSync(path).mode]);
    const keys = readFileSync(join(dir, "state/agent_keys.json"), "utf8");
    for (const part of ["etc", "state"]) rmSync(join(dir, part), { recursive: true });

    // A damaged file changes nothing.
    const damaged = join(dir, "damaged.backup");
    writeFileSync(damaged, readFileSync(file).subarray(0, -20));
    const refused = await run("restore", damaged, ...root);
    assert.equal(refused.code, 78, refused.text);
    assert.match(refused.text, /a whole backup.*Nothing was changed/s);
    assert.deepEqual([tree(join(dir, "etc")), tree(join(dir, "state"))], [[], []]);

    const restored = await run("restore", file, ...root);
    assert.equal(restored.code, 0, restored.text);
    assert.match(restored.text, /the same client id at EcoFlow's cloud/);
    assert.deepEqual(
      tree(join(dir, "etc")).map((path) => [path, readFileSync(path, "utf8"), statSync(path).mode]),
      before,
    );
    assert.equal(readFileSync(join(dir, "state/agent_keys.json"), "utf8"), keys);
    const again = new DatabaseSync(join(dir, "state/historian/history.db"));
    assert.equal(again.prepare("SELECT x FROM t").get()?.x, 42);
    again.close();
    assert.equal(await letsIn(dir, port, login.user, login.pass), true);
    assert.equal(await letsIn(dir, port, login.user, "another"), false);
    assert.equal((await run("check")).code, 0);

    // What is there and says something else is not overwritten.
    writeFileSync(env, `${readFileSync(env, "utf8")}POLICY_SOC_MIN=33\n`);
    const kept = await run("restore", file, ...root);
    assert.equal(kept.code, 1);
    assert.match(kept.text, /1 of its files are there already.*Nothing was changed/s);
    assert.match(readFileSync(env, "utf8"), /=33/);
    const replaced = await run("restore", file, "--replace", ...root);
    assert.equal(replaced.code, 0, replaced.text);
    assert.doesNotMatch(readFileSync(env, "utf8"), /=33/);
    assert.match(readFileSync(`${env}.before-restore`, "utf8"), /=33/);
  }));

Deno.test("restore onto a running daemon is refused; backup beside one is not", () =>
  inHouse("embedded", async ({ dir, env, run }) => {
    const daemon = startDaemonProcess({ envFile: env, stateDir: dir });
    try {
      assert.ok(await daemon.until(/notice main READY/), daemon.lines.join("\n"));
      const file = join(dir, "house.backup");
      const made = await run("backup", file, "--root", dir);
      assert.equal(made.code, 0, made.text);
      const refused = await run("restore", file, "--replace", "--root", dir);
      assert.equal(refused.code, 1);
      assert.match(refused.text, /the daemon runs \(process \d+.*end it first.*Nothing was changed/s);
      await daemon.stop();
      // One that nobody hears of at the broker, for the broker is down or refuses it.
      const held = takeState(join(dir, "state"));
      const again = await run("restore", file, "--replace", "--root", dir);
      if (held.kind === "mine") held.release();
      assert.match(
        again.text,
        new RegExp(`the daemon runs \\(process ${Deno.pid},.*Nothing was changed`, "s"),
      );
    } finally {
      await daemon.stop();
    }
  }));

Deno.test("backup beside a daemon that stores all the time keeps a whole snapshot, as the plain file of any version", () =>
  inHouse("embedded", async ({ dir, run }) => {
    const folder = join(dir, "state/policy_engine");
    mkdirSync(folder, { recursive: true });
    const slots = slotFile(join(folder, "policy.json"));
    const text = (i: number) => `${i}:${"abcdefgh".repeat(1000 + i % 900)}`;
    const made: number[] = [];
    let isOver = false;
    let stored = 0;
    const storing = (async () => {
      while (!isOver) {
        for (let n = 0; n < 20; n++) slots.write(text(++stored));
        await new Promise((resolve) => setTimeout(resolve, 1));
      }
    })();
    try {
      for (let round = 0; round < 3; round++) {
        const file = join(dir, `house-${round}.backup`);
        const before = stored;
        const done = await run("backup", file, "--root", dir);
        assert.equal(done.code, 0, done.text);
        const { files } = parseBackup(readFileSync(file), file);
        assert.deepEqual(
          files.filter(({ name }) => name.startsWith("state/policy_engine/")).map(({ name }) => name),
          ["state/policy_engine/policy.json"],
        );
        const kept = new TextDecoder().decode(files.find(({ name }) => name.endsWith("policy.json"))?.bytes);
        const number = Number(kept.split(":")[0]);
        assert.equal(kept, text(number));
        assert.ok(number >= before && number <= stored, `${before} ${number} ${stored}`);
        made.push(number);
      }
    } finally {
      isOver = true;
      await storing;
    }
    // What nobody can read is kept as it is.
    const broken = new Uint8Array(2 * 16 * 1024).fill(1);
    writeFileSync(join(folder, "policy.json.slots"), broken);
    const file = join(dir, "broken.backup");
    assert.equal((await run("backup", file, "--root", dir)).code, 0);
    const kept = parseBackup(readFileSync(file), file).files.find(({ name }) => name.endsWith(".slots"));
    assert.deepEqual(kept?.bytes, broken);
    // A backup that is put back counts, whatever lies in the slots.
    slots.write("the daemon's last");
    const back = await run("restore", join(dir, "house-0.backup"), "--replace", "--root", dir);
    assert.equal(back.code, 0, back.text);
    assert.equal(slotFile(join(folder, "policy.json")).read(), text(made[0] as number));
    slots.writePlain("end");
  }));

Deno.test("backup of a checkout, whose configuration is .env, is restored as .env", () =>
  inHouse("embedded", async ({ dir, env, run }) => {
    const checkout = join(dir, "ecoflow power");
    mkdirSync(checkout);
    const policy = join(checkout, "mein Häuschen.toml");
    writeFileSync(policy, "[station.Study]\nsoc_min = 20\n");
    const text = readFileSync(env, "utf8").replace(/^POLICY_FILE=.*$/m, `POLICY_FILE="${policy}"`);
    writeFileSync(join(checkout, ".env"), text, { mode: 0o600 });
    cpSync(join(dir, "etc/ecoflow-power/credentials"), join(checkout, "credentials"), { recursive: true });
    const file = join(dir, "house.backup");
    const made = await run("backup", file, "--root", dir, "--env", join(checkout, ".env"));
    assert.equal(made.code, 0, made.text);
    for (const path of [policy, join(checkout, ".env")]) rmSync(path);
    const restored = await run("restore", file, "--root", dir, "--env", join(checkout, ".env"));
    assert.equal(restored.code, 0, restored.text);
    assert.equal(readFileSync(join(checkout, ".env"), "utf8"), text);
    assert.match(readFileSync(policy, "utf8"), /soc_min = 20/);
    assert.deepEqual(tree(checkout), [
      join(checkout, ".env"),
      join(checkout, "credentials/ecoflow_pass"),
      policy,
    ]);
  }));

Deno.test("restore is not refused for a daemon that a cut of power took, whatever the broker has kept of it", () =>
  inHouse("managed", async ({ dir, port, run }) => {
    const broker = await startMosquittoWith(`listener ${port} 127.0.0.1\nallow_anonymous true\n`, port);
    const says = (host_name: string) =>
      new Promise<void>((resolve, reject) => {
        const status = { online: true, host_name, state_dir: join(dir, "state"), pid: 1 };
        const client = connectMqtt({
          host: "127.0.0.1",
          port,
          clientId: "test",
          protocolVersion: 4,
          cleanSession: true,
          keepAliveSec: 60,
          connectTimeoutMs: 30_000,
        }, {
          onUp: () =>
            client.publish("power-manager/orchestrator/status", JSON.stringify(status), {
              qos: 1,
              retain: true,
            })
              .then(() => client.close()).then(resolve, reject),
          onDown: ({ text }) => reject(new Error(text)),
          onMessage: () => {},
        });
      });
    try {
      const file = join(dir, "house.backup");
      const password = join(dir, "etc/ecoflow-power/credentials/mqtt_pass");
      writeFileSync(password, "any", { mode: 0o600 });
      const made = await run("backup", file, "--root", dir);
      assert.equal(made.code, 0, made.text);
      await says(Deno.hostname());
      const restored = await run("restore", file, "--root", dir);
      assert.equal(restored.code, 0, restored.text);
      await says("another-pi");
      const refused = await run("restore", file, "--root", dir);
      assert.equal(refused.code, 1, refused.text);
      assert.match(refused.text, /the daemon runs on another-pi \(process 1, .*end it there first/);
    } finally {
      await broker.stop();
    }
  }));

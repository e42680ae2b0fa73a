import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parsePairing } from "../lib/pairing/pairing.ts";
import { COMMANDS } from "./table.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/** Runs the real program with the daemon's own permissions. */
async function ecoflowPower(stateDir: string, ...args: string[]) {
  const permissions = ["--allow-net", "--allow-read", `--allow-write=${stateDir}`, "--allow-env"];
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--no-prompt",
      ...permissions,
      "--allow-sys=hostname",
      join(ROOT, "main.ts"),
      ...args,
    ],
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, stdout: text(stdout), stderr: text(stderr) };
}

Deno.test("main() names every command in its overview, and refuses others with code 64", async () => {
  const { code, stdout } = await ecoflowPower("/nowhere", "--help");
  assert.equal(code, 0);
  for (const { name, summary } of COMMANDS) {
    assert.match(stdout, new RegExp(`^  ${name} +${summary.slice(0, 10)}`, "m"));
  }
  const refused = await ecoflowPower("/nowhere", "explode");
  assert.equal(refused.code, 64);
  assert.match(refused.stderr, /^Cannot run "explode": must be one of run, setup, check, keys/);
});

Deno.test("main() keys add stores a key that only its owner may read, and prints a line that an agent takes", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-keys-"));
  try {
    // Before the daemon's first start there is none.
    const state = join(dir, "state");
    const env = join(dir, "test.env");
    writeFileSync(env, `ECOFLOW_CLOUD=off\nSTATE_DIR=${state}\nDEVICE_TO_AGENTS_JSON={"Study":["pc"]}\n`);
    const { code, stdout, stderr } = await ecoflowPower(
      state,
      "keys",
      "add",
      "pc",
      "--env",
      env,
      "--broker-host",
      "pi.lan",
    );
    assert.equal(code, 0, stderr);
    const line = stdout.split("\n").find((text) => text.startsWith("ecoflow-agent-1.")) ?? "";
    const { agent, key, host } = parsePairing(line);
    assert.deepEqual([agent, host], ["pc", "pi.lan"]);
    const file = join(state, "agent_keys.json");
    assert.match(readFileSync(file, "utf8"), new RegExp(key));
    assert.equal(statSync(file).mode & 0o777, 0o600);
    assert.equal(statSync(state).mode & 0o777, 0o700);
    const again = await ecoflowPower(state, "keys", "add", "pc", "--env", env);
    assert.equal(again.code, 1);
    assert.match(again.stderr, /^Cannot add the key: /);
    // What a cut of power leaves of it is put aside for the first key of a new one.
    writeFileSync(file, new Uint8Array(100));
    const anew = await ecoflowPower(state, "keys", "add", "pc", "--env", env);
    assert.equal(anew.code, 0, anew.stderr);
    assert.deepEqual(Object.keys(JSON.parse(readFileSync(file, "utf8"))), ["pc"]);
    assert.equal(statSync(`${file}.refused`).size, 100);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

Deno.test("main() simulate plays a scenario in memory and says whether the house did right", async () => {
  const { code, stdout } = await ecoflowPower("/nowhere", "simulate", "--speed", "1000");
  assert.equal(code, 0, stdout);
  assert.match(stdout, /3:0\d +→ study-pc +SHUTDOWN/);
  assert.match(stdout, /→ study-pc +ABORT/);
  const refused = await ecoflowPower("/nowhere", "simulate", "--scenario", "flood");
  assert.equal(refused.code, 64);
  assert.match(refused.stderr, /^Cannot play "flood": must be all, full_outage/);
});

/** The onlookers in one worker, in a real house: whatever happens to that worker, bridge, policy and NUT server go on. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ONLOOKERS } from "./onlookers.ts";
import { GONE, startHouse, THERE } from "./testdata/onlookers_house.ts";

const PROTECTING = ["broker_link", "cloud_bridge", "soc_bridge", "policy_engine", "nut_server"];
const DEEDS_PROGRAM = fileURLToPath(new URL("./testdata/onlookers_deed.ts", import.meta.url));

async function inStateDir(run: (dir: string) => Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-onlookers-"));
  try {
    await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** A process of its own for what would not end in ours. @returns how it ended, and what it said */
async function inProcess(deed: string, dir: string): Promise<{ code: number; text: string }> {
  // A small heap is full sooner.
  const args = ["run", "--quiet", "--allow-all", "--no-check", "--v8-flags=--max-old-space-size=100"];
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: [...args, DEEDS_PROGRAM, deed, dir],
    stderr: "null",
  }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  // Not the services' own log.
  return { code, text: lines.filter((line) => /^(TOLD|SILENT|POLICY) /.test(line)).join("\n") };
}

for (const deed of ["crash", "blow"]) {
  Deno.test(`onlookers in one worker: ${deed} in it restarts these four, while the host is told and the NAS hears the truth`, () =>
    inStateDir(async (dir) => {
      const house = await startHouse(dir, (name) => assert.fail(`${name} is silent`));
      const { tell, say, until, state, restarts, commanded, status, page, supervisor, log } = house;

      await say({ cms_batt_soc: 40, ...THERE });
      await tell(deed);
      await until(() => state("historian") === "restarting");
      assert.deepEqual(ONLOOKERS.map(state), ONLOOKERS.map(() => "restarting"), "nobody is said to be there");
      await say({ cms_batt_soc: 40, ...GONE });
      await commanded("shutdown");
      assert.match(await status(), /"(OB|FSD)/);
      await until(() => ONLOOKERS.every((name) => state(name) === "ready"));
      assert.deepEqual(restarts(PROTECTING), PROTECTING.map(() => 0));
      assert.deepEqual(restarts(ONLOOKERS), ONLOOKERS.map(() => 1));
      assert.match(log.text(), /SERVICE FAILED.*in the worker of historian, dashboard, notifier, discovery/);
      // What the page shows after that is what the station said last.
      await say({ cms_batt_soc: 39, ...GONE });
      const shown = await untilShown(page, /ecoflow_power_charge_percent\{station="Ups"\} 39$/m);
      assert.match(shown, /ecoflow_power_grid_connected\{station="Ups"\} 0$/m);
      assert.ok(supervisor.ready);
      await house.stop();
    }));
}

/** The metrics, once they say so. */
async function untilShown(page: (path: string) => Promise<string>, wanted: RegExp): Promise<string> {
  for (let tries = 0;; tries++) {
    const text = await page("/metrics");
    if (wanted.test(text) || tries > 100) return text;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

Deno.test("onlookers in one worker: while it spins the host is told and the NAS hears the truth, until the process is ended for it", () =>
  inStateDir(async (dir) => {
    const { code, text } = await inProcess("spin", dir);
    assert.match(
      text,
      /^TOLD shutdown .* "(OB|FSD).*\nSILENT (historian|dashboard|notifier|discovery)$/,
    );
    assert.equal(code, 70);
  }));

Deno.test("onlookers in one worker: a full heap ends the process, as any worker's does, and the next start goes on in the outage", () =>
  inStateDir(async (dir) => {
    const full = await inProcess("fill", dir);
    assert.match(full.text, /^TOLD shutdown/);
    assert.ok(![0, 70].includes(full.code), `ended with ${full.code}`);
    const { code, text } = await inProcess("none", dir);
    assert.equal(code, 0);
    assert.match(text, /^POLICY (triggered|shutting_down)/);
  }));

/**
 * The real daemon under 64-bit Arm Deno in emulation: plays a whole outage faster than life against the emulated cloud and a real
 * Mosquitto, and says how long the start took and how much memory it has. Only the daemon is emulated.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { play, stationModels } from "../../commands/simulate/play.ts";
import { SCENARIOS } from "../../commands/simulate/scenarios.ts";
import { memoryOf } from "../bench/memory.ts";
import { startRealWorld } from "../simulate/real_world.ts";

/** What one run shows. */
export interface ArmDaemonFigures {
  /** Process start to READY, s, in emulation. */
  readonly readySec: number;
  /** Of the daemon and its emulator together, after the outage, MB of 1,000,000 bytes (Pss). */
  readonly megabytes: number;
  readonly held: number;
  /** Expectations that did not hold, in words. */
  readonly broken: readonly string[];
}

const SPEED = 1;

/** @param deno The Arm Deno's path */
export async function playOnArm(deno: string): Promise<ArmDaemonFigures> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-arm64-"));
  const binary = join(dir, "ecoflow-power");
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const permissions =
    "--no-prompt --allow-net --allow-read --allow-write --allow-env --allow-sys=hostname,networkInterfaces";
  writeFileSync(
    binary,
    `#!/bin/sh\nexec qemu-aarch64-static ${deno} run --no-check --quiet ${permissions} ${main} "$@"\n`,
    { mode: 0o755 },
  );
  const scenario = SCENARIOS.find(({ name }) => name === "full_outage");
  if (!scenario) throw new RangeError("Cannot play: there is no scenario full_outage");
  const models = stationModels(scenario);
  try {
    const world = await startRealWorld({
      scenario,
      models,
      speed: SPEED,
      broker: "mosquitto",
      onLog: () => {},
      binary,
    });
    try {
      const readySec = (world.readyAtMs - world.launchedAtMs) / 1000;
      const { verdicts } = await play(scenario, models, world);
      const megabytes = memoryOf(world.daemon().pid).pss;
      const broken = verdicts.filter(({ held }) => !held).map(({ text }) => text);
      return { readySec, megabytes, held: verdicts.length - broken.length, broken };
    } finally {
      await world.stop();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

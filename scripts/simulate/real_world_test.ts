/** The simulator's own promise: scenarios with real processes, one of them on Mosquitto with passwords and access list. */
import assert from "node:assert/strict";
import { play, stationModels } from "./play.ts";
import { startRealWorld } from "./real_world.ts";
import { SCENARIOS } from "./scenarios.ts";

for (
  const [name, broker] of [["full_outage", "mosquitto"], ["daemon_killed", "mosquitto"], [
    "fed_by_hand",
    "embedded",
  ]] as const
) {
  Deno.test(`startRealWorld() plays ${name} with real processes on ${broker}`, async () => {
    const scenario = SCENARIOS.find((one) => one.name === name);
    assert.ok(scenario);
    const models = stationModels(scenario);
    const lines: string[] = [];
    const onLog = (program: string, line: string) => void lines.push(`${program} | ${line}`);
    const world = await startRealWorld({ scenario, models, speed: 30, broker, onLog });
    try {
      const { verdicts } = await play(scenario, models, world);
      const failed = verdicts.filter(({ held }) => !held).map(({ text }) => text);
      assert.deepEqual(failed, [], `${failed.join("\n")}\n${lines.join("\n")}`);
      assert.ok(lines.length > 0);
    } finally {
      await world.stop();
    }
  });
}

/** The simulator's own promise: scenarios with real processes, one of them on Mosquitto with passwords and access list. */
import assert from "node:assert/strict";
import { play, stationModels } from "../../commands/simulate/play.ts";
import { startRealWorld } from "./real_world.ts";
import { SCENARIOS } from "../../commands/simulate/scenarios.ts";

for (const scenario of SCENARIOS) {
  // One of them shows the broker that comes along; all others Mosquitto with passwords and access list.
  const broker = scenario.name === "fed_by_hand" ? "embedded" : "mosquitto";
  Deno.test(`startRealWorld() plays ${scenario.name} with real processes on ${broker}`, async () => {
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

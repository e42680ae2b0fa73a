/** Every scenario of the simulator, from raw payload to the agent's answer, in memory and on the test clock. */
import assert from "node:assert/strict";
import { startMemoryWorld } from "../commands/simulate/memory_world.ts";
import { play, stationModels } from "../commands/simulate/play.ts";
import { SCENARIOS } from "../commands/simulate/scenarios.ts";

for (const scenario of SCENARIOS) {
  Deno.test(`pipeline plays ${scenario.name}: ${scenario.title}`, async () => {
    const models = stationModels(scenario);
    const world = await startMemoryWorld(scenario, models);
    // Some words on the grid before the play begins, as every house has.
    for (const [sn, model] of models) world.say(sn, model.now());
    await world.clock.advance(5000);
    let isOver = false;
    const played = play(scenario, models, world).finally(() => isOver = true);
    while (!isOver) await world.clock.advance(500);
    const { verdicts } = await played;
    await world.stop();
    assert.deepEqual(verdicts.filter(({ held }) => !held).map(({ text }) => text), []);
  });
}

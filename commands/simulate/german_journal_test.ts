/** What really comes into the journal has a sentence in German: the scenarios are played, and each entry is looked up. */
import assert from "node:assert/strict";
import { parseEvent } from "../../lib/messages/event.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { inGerman } from "../../services/dashboard/shown/daemon_words.ts";
import { startMemoryWorld } from "./memory_world.ts";
import { play, stationModels } from "./play.ts";
import { SCENARIOS } from "./scenarios.ts";

const EVENTS = topicsUnder(DEFAULT_ROOTS).events;

Deno.test("every text that the scenarios bring into the journal can be said in German", async () => {
  const kinds = new Set<string>();
  const unknown = new Set<string>();
  for (const scenario of SCENARIOS) {
    const models = stationModels(scenario);
    const world = await startMemoryWorld(scenario, models);
    world.onMessage(({ topic, payload }) => {
      if (topic !== EVENTS) return;
      const { kind, text } = parseEvent(payload, topic);
      kinds.add(kind);
      if (inGerman(text) === undefined) unknown.add(`${kind}: ${text}`);
    });
    for (const [sn, model] of models) world.say(sn, model.now());
    await world.clock.advance(5000);
    let isOver = false;
    const playing = play(scenario, models, world).finally(() => isOver = true);
    while (!isOver) {
      await world.clock.advance(1000);
      await settle();
    }
    await playing;
    await world.stop();
  }
  assert.deepEqual([...unknown], []);
  assert.ok(kinds.size >= 15, [...kinds].join());
});

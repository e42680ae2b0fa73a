import assert from "node:assert/strict";
import { heldUpMs, stateOnArrival } from "../../lib/messages/power_state.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { lateness } from "./requests/lateness.ts";
import { house, LOST } from "./testdata/test_policy.ts";

const NOW = Date.parse("2026-11-28T12:00:00Z");
const before = (seconds: number) => new Date(NOW - seconds * 1000).toISOString();

for (
  const [seconds, heldUpSec] of [[-3600, 0], [0, 0], [5, 0], [5.001, 5.001], [60, 60], [
    86_400,
    86_400,
  ]] as const
) {
  Deno.test(`heldUpMs() of a word from ${seconds} s ago is ${heldUpSec} s`, () => {
    assert.equal(heldUpMs({ ts: before(seconds) }, NOW), heldUpSec * 1000);
  });
}

Deno.test("stateOnArrival() makes every age older by what a state was held up, and leaves one without a time alone", () => {
  const state = { device: "a", soc: 50, grid_connected: false, age_s: 1, soc_age_s: 2 };
  assert.deepEqual(stateOnArrival(state, NOW), state);
  assert.deepEqual(stateOnArrival({ ...state, ts: before(60) }, NOW), {
    ...state,
    ts: before(60),
    age_s: 61,
    soc_age_s: 62,
    grid_age_s: undefined,
  });
});

for (const [seconds, isLate] of [[60, false], [60.001, true], [-600, false]] as const) {
  Deno.test(`lateness() of a request from ${seconds} s ago: ${isLate ? "refused" : "taken"}`, () => {
    assert.equal(lateness({ issued_at: before(seconds) }, NOW) !== undefined, isLate);
  });
}

for (const [heldUpSec, isTold] of [[3, true], [3599, true], [3600, false]] as const) {
  Deno.test(`PolicyEngine: "no grid" held up for ${heldUpSec} s again and again ${isTold ? "counts" : "begins no outage"}`, async () => {
    const h = await house();
    await h.presence(true);
    for (let left = 200; left > 0; left -= 10) {
      const ts = new Date(h.clock.wallMs() - heldUpSec * 1000).toISOString();
      await h.feed({ ...LOST, ts });
      await h.clock.advance(10_000);
    }
    assert.deepEqual(h.actions(), isTold ? ["shutdown pc"] : []);
    await h.stop();
  });
}

Deno.test("PolicyEngine refuses a drill and a hold that were asked for more than a minute ago, and says so", async () => {
  const h = await house({ takesDrills: true, takesAborts: true });
  await h.presence(true);
  const ask = async (topic: string, body: object, ageSec: number) => {
    const issued_at = new Date(h.clock.wallMs() - ageSec * 1000).toISOString();
    h.broker.publish(`power-manager/${topic}/request`, JSON.stringify({ ...body, issued_at }));
    await settle();
  };
  await ask("drill", { id: "old", all: true }, 61);
  assert.deepEqual(h.actions(), []);
  await h.pass(200, LOST);
  await ask("abort", { id: "old", device: "Study" }, 61);
  assert.deepEqual(h.actions(), ["shutdown pc"]);
  const refused = h.events.filter(({ kind }) => kind.endsWith("_refused"));
  assert.deepEqual(refused.map(({ kind }) => kind), ["drill_refused", "abort_refused"]);
  for (const { text } of refused) assert.match(text, /it was asked for 61 s ago/);
  await ask("abort", { id: "new", device: "Study" }, 2);
  assert.deepEqual(h.actions(), ["shutdown pc", "abort pc"]);
  await h.stop();
});

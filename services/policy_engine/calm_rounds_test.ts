/** How often the policy looks at its house: seldom while all is calm, each second as soon as anything is not. */
import assert from "node:assert/strict";
import { house } from "./testdata/test_policy.ts";

const CALM = { age_s: 0, grid_age_s: 0, soc_age_s: 0, soc: 71, grid_connected: true, link: "live" };
const SPAN_MS = 30_000;

for (
  const [name, state, least, most] of [
    ["seldom while all is calm", CALM, 5, 10],
    ["each second on battery", { ...CALM, grid_connected: false }, 29, 31],
    ["each second while the cloud has lost the station", { ...CALM, link: "offline" }, 29, 31],
    ["each second while the grid is not told any more", { ...CALM, grid_unknown: true }, 29, 31],
  ] as const
) {
  Deno.test(`PolicyEngine looks at its house ${name}`, async () => {
    const scene = await house({ stations: { Study: ["nas"] } });
    await scene.feed(CALM);
    await scene.clock.advance(61_500);
    const rounds: number[] = [];
    const start = scene.clock.monoMs();
    const after = scene.clock.after.bind(scene.clock);
    // Each round arms the next one, a period away or more.
    scene.clock.after = (delayMs, run) => {
      if (delayMs >= 1000 && delayMs <= 5000) rounds.push(scene.clock.monoMs() - start);
      return after(delayMs, run);
    };
    for (let tenSec = 0; tenSec < 3; tenSec++) {
      await scene.feed(state);
      await scene.clock.advance(SPAN_MS / 3);
    }
    assert.ok(rounds.length >= least && rounds.length <= most, `${rounds.length} rounds in ${SPAN_MS} ms`);
    if (state !== CALM) assert.ok((rounds[0] ?? Infinity) <= 1000, `the first after ${rounds[0]} ms`);
    await scene.stop();
  });
}

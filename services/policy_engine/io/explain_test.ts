/** What a status says in words: what was last known and since when, and never a present fact that nobody told. */
import assert from "node:assert/strict";
import { house } from "../testdata/test_policy.ts";

const FRESH = { age_s: 0, grid_age_s: 0, soc_age_s: 0, soc: 71, grid_connected: true, link: "live" };
const AFTER_S = 120;

const ROWS: readonly {
  readonly name: string;
  readonly feed?: object;
  readonly waitS?: number;
  readonly says: RegExp;
  readonly never?: RegExp;
}[] = [
  { name: "all is fresh", feed: FRESH, says: /^The grid is there, charge of 71 %\.$/ },
  {
    name: "at the limit of freshness",
    feed: FRESH,
    waitS: AFTER_S,
    says: /^The grid is there, charge of 71 %\.$/,
  },
  {
    name: "a second after it",
    feed: FRESH,
    waitS: AFTER_S + 1,
    says:
      /^The grid was there at the last reading, 2 min ago; the charge was 71 %, 2 min ago\. Nothing fresh for 2 min:/,
    never: /grid is there|unknown charge/,
  },
  {
    name: "only the charge is old",
    feed: { ...FRESH, soc_age_s: 200 },
    says: /^The grid is there; the charge was 71 %, 3 min ago\.$/,
    never: /unknown charge/,
  },
  {
    name: "the cloud says that it is offline, soon after its last word",
    feed: { ...FRESH, link: "offline", age_s: 9, grid_age_s: 9, soc_age_s: 9 },
    says:
      /^The grid was there at the last reading, 9 s ago; the charge was 71 %, 9 s ago\. Nothing fresh for 9 s: the cloud says that the station is offline\.$/,
    never: /grid is there/,
  },
  {
    name: "the charge was never told",
    feed: { ...FRESH, soc: undefined, soc_age_s: undefined },
    says: /^The grid is there; nobody has told the charge yet\.$/,
  },
  {
    name: "on battery and silent",
    feed: { ...FRESH, grid_connected: false },
    waitS: 300,
    says: /^On battery at the last reading, 5 min ago, estimated charge of \d/,
  },
  {
    name: "on battery and live",
    feed: { ...FRESH, grid_connected: false },
    waitS: 60,
    says: /^On battery, charge of 71 %[.;]/,
    never: /last reading/,
  },
  {
    name: "on battery, the charge unheard for too long",
    feed: { ...FRESH, grid_connected: false },
    waitS: 5 * 3600,
    says: /a charge that nobody has told for too long to estimate it/,
    never: /,[;.,]/,
  },
];

for (const { name, feed, waitS = 0, says, never } of ROWS) {
  Deno.test(`policyStatus() says in words: ${name}`, async () => {
    // Nobody is to go by the charge here.
    const scene = await house({ stations: { Study: [] }, debounceSec: 86_400 });
    if (feed) await scene.feed(feed);
    else await scene.clock.advance(1);
    for (let left = waitS; left > 0; left -= 60) await scene.clock.advance(Math.min(60, left) * 1000);
    const { sentence } = scene.status();
    assert.match(sentence, says);
    if (never) assert.doesNotMatch(sentence, never);
    await scene.stop();
  });
}

Deno.test("Publisher says a sentence that tells an age again every five seconds, not with each second", async () => {
  const scene = await house({ stations: { Study: [] } });
  await scene.feed({ ...FRESH, link: "offline" });
  let said = 0;
  scene.broker.watch(({ topic }) => {
    if (topic === "power-manager/policy/Study") said++;
  });
  for (let i = 0; i < 60; i++) await scene.clock.advance(1000);
  assert.ok(said >= 10 && said <= 13, `${said} times in a minute`);
  await scene.stop();
});

for (
  const [name, minutes, ages] of [
    ["goes on being told", 1011, { grid_age_s: 200, soc_age_s: 0, age_s: 0 }],
    ["is silent as well: it counts as empty in the end", 238, {
      grid_age_s: 200,
      soc_age_s: 200,
      age_s: 200,
    }],
  ] as const
) {
  Deno.test(`policyStatus() of a grid that nobody confirms names the time by a charge that ${name}`, async () => {
    const scene = await house();
    const load = { soc: 80, grid_connected: false, out_watts: 10, battery_wh: 1000 };
    await scene.feed({ ...load, age_s: 0 });
    for (let i = 0; i < 4; i++) await scene.clock.advance(50_000);
    await scene.feed({ ...load, ...ages });
    await scene.clock.advance(1000);
    const { blind, shutdown_earliest_s = NaN } = scene.status();
    assert.equal(blind, true);
    assert.ok(Math.abs(shutdown_earliest_s / 60 - minutes) <= 1, `${shutdown_earliest_s} s`);
    await scene.stop();
  });
}

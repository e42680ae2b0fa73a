/** WinNUT's own exchange through an outage in which the station falls silent: its limits must not act on what is missing. */
import { deepEqual, equal, ok } from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { withPolicy } from "../testdata/policy_scene.ts";
import { TestClock } from "../../../lib/time/test_clock.ts";
import { ON_BATTERY, ONLINE, startHouse } from "../testdata/test_house.ts";
import { POLLED, WinNut, type WinNutPoll } from "../testdata/winnut.ts";

const { discharge_min: _minutes, out_watts: _watts, ac_out_watts: _acWatts, ...BARE } = ON_BATTERY;

const WITH_GRID = { soc: 59, grid_connected: true, ac_in_watts: 151, ac_in_volts: 231 };

/** Stations by what they tell on battery. */
const STATIONS: readonly (readonly [string, PowerState])[] = [
  ["that tells minutes", { ...ON_BATTERY, soc: 59, discharge_min: 60 }],
  ["that tells load and energy alone", { ...BARE, soc: 59, out_watts: 300, battery_wh: 512 }],
  ["that tells its charge alone", { ...BARE, soc: 59 }],
  ["that says 0 minutes, as if it were not counting", { ...ON_BATTERY, soc: 59, discharge_min: 0 }],
];

for (const [name, onBattery] of STATIONS) {
  Deno.test(`WinNUT keeps a PC up through silence on battery, with a station ${name}, until the policy decides`, () =>
    withPolicy(async ({ house, pass, clock }) => {
      await pass(5, { ...ONLINE, soc: 59 });
      const winnut = await WinNut.connect(house.port, "ups");
      try {
        equal((await winnut.poll()).status, "OL CHRG");
        const polls: WinNutPoll[] = [];
        for (let second = 0; second < 30; second += 5) {
          await pass(5, onBattery);
          polls.push(await winnut.poll());
        }
        // From here on the station is silent.
        let fsd: WinNutPoll | undefined;
        for (let second = 0; second < 7200 && !fsd; second += 5) {
          await clock.advance(5_000);
          const poll = await winnut.poll();
          if (poll.status?.includes("FSD")) fsd = poll;
          else polls.push(poll);
        }
        const ownDecision = polls.findIndex(({ shutsDownOld }) => shutsDownOld);
        const first = polls[ownDecision];
        ok(
          first === undefined || first.charge >= 0 && first.runtime >= 0,
          `${ownDecision * 5} s into the outage a value is missing: ${JSON.stringify(first)}`,
        );
        deepEqual(
          polls.filter(({ shutsDown, charge, runtime }) => shutsDown && charge > 30 && runtime > 120),
          [],
        );
        deepEqual([...new Set(polls.map(({ status }) => status))], ["OB DISCHRG"]);
        for (const key of ["charge", "runtime"] as const) {
          const silent = polls.slice(6).map((poll) => poll[key]);
          deepEqual(
            silent,
            silent.toSorted((a, b) => b - a),
            `${key} only falls while nobody hears anything`,
          );
        }
        equal(fsd?.status?.includes("FSD OB LB"), true, "the policy decides in the end");
      } finally {
        winnut.close();
      }
    }));
}

Deno.test("WinNUT reads both values all the time from a station that tells the same charge for ten minutes", () =>
  withPolicy(async ({ house, pass }) => {
    const steady: PowerState = { ...BARE, soc: 59 };
    await pass(5, { ...ONLINE, soc: 59 });
    await pass(5, steady);
    const winnut = await WinNut.connect(house.port, "ups");
    try {
      for (let second = 0; second < 600; second += 5) {
        const { charge, runtime, shutsDownOld } = await winnut.poll();
        // 59 % at the 2 % a minute that are assumed when nothing is known of the load.
        deepEqual([charge, runtime, shutsDownOld], [59, 1770, false], `after ${second} s`);
        await pass(5, steady);
      }
    } finally {
      winnut.close();
    }
  }));

/** What a station tells before and after something changes: the grid goes, or its minutes do. */
const CHANGES: readonly (readonly [string, PowerState, PowerState])[] = [
  ["the grid goes", { ...BARE, ...WITH_GRID }, { ...BARE, soc: 59 }],
  ["the minutes go", { ...ON_BATTERY, soc: 59, discharge_min: 60 }, { ...BARE, soc: 59 }],
  ["the minutes come", { ...BARE, soc: 59 }, { ...ON_BATTERY, soc: 59, discharge_min: 60 }],
];

for (const [what, before, after] of CHANGES) {
  Deno.test(`WinNUT keeps a PC up when ${what} in the middle of its poll`, async () => {
    const clock = new TestClock();
    const house = await startHouse({ clock });
    try {
      const winnut = await WinNut.connect(house.port, "ups");
      for (let at = 0; at < POLLED.length; at++) {
        house.state(before);
        await clock.advance(5000);
        const poll = await winnut.poll(async (asked) => {
          if (asked === at) house.state(after);
          await clock.advance(1);
        });
        equal(poll.shutsDown, false, `before question ${at}: ${JSON.stringify(poll)}`);
        await clock.advance(5000);
        const next = await winnut.poll();
        equal(next.shutsDown, false, JSON.stringify(next));
      }
      winnut.close();
    } finally {
      await house.stop();
    }
  });
}

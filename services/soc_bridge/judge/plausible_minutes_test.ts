import assert from "node:assert/strict";
import { areMinutesDoubtful, MINUTES_DOUBT_FACTOR, type MinutesFacts } from "./plausible_minutes.ts";

/** 600 Wh to the limit at 185 W and 15 W of own use: (185 x 1.1 + 15) W, 164.6 min. */
const FACTS: MinutesFacts = {
  dischargeMin: 164,
  soc: 80,
  minSoc: 20,
  wattHours: 1000,
  outWatts: 185,
  dcInWatts: undefined,
};
const ESTIMATE = 600 * 60 / (185 * 1.1 + 15);
/** 800 Wh to nothing. */
const LONGEST = 800 * 60 / (185 * 1.1 + 15);

Deno.test("areMinutesDoubtful() doubts what is off by more than the factor, and nothing that it cannot judge", () => {
  const rows: [name: string, change: Partial<MinutesFacts>, doubtful: boolean][] = [
    ["as estimated", {}, false],
    ["a third", { dischargeMin: ESTIMATE / MINUTES_DOUBT_FACTOR + 0.01 }, false],
    ["less than a third", { dischargeMin: ESTIMATE / MINUTES_DOUBT_FACTOR - 0.01 }, true],
    ["three times", { dischargeMin: LONGEST * MINUTES_DOUBT_FACTOR - 0.01 }, false],
    ["more than three times", { dischargeMin: LONGEST * MINUTES_DOUBT_FACTOR + 0.01 }, true],
    ["more than three times, while the sun carries the load", { dischargeMin: 1000, dcInWatts: 185 }, false],
    ["few minutes are doubtful in the sun too", { dischargeMin: 3, dcInWatts: 185 }, true],
    ["few minutes at the limit", { dischargeMin: 1, soc: 20.5 }, false],
    ["at the limit", { dischargeMin: 0, soc: 20 }, false],
    ["no minutes", { dischargeMin: undefined }, false],
    ["no charge", { dischargeMin: 3, soc: undefined }, false],
    ["no energy", { dischargeMin: 6, wattHours: undefined }, false],
    ["no load", { dischargeMin: 6, outWatts: undefined }, false],
    ["few minutes, and a part of the load alone", {
      dischargeMin: 10,
      outWatts: undefined,
      leastOutWatts: 0,
    }, false],
    ["too many minutes for a part of the load", {
      dischargeMin: LONGEST * MINUTES_DOUBT_FACTOR + 0.01,
      outWatts: undefined,
      leastOutWatts: 185,
    }, true],
    ["the smallest energy is one", { dischargeMin: 100, wattHours: 0.5 }, true],
    ["a limit that is not known counts as 0 for too few", {
      dischargeMin: LONGEST / 3 - 0.01,
      minSoc: undefined,
    }, true],
    ["three times is the factor", { dischargeMin: LONGEST * 3 + 0.01 }, true],
    ["an energy of 0 is none", { dischargeMin: 6, wattHours: 0 }, false],
    ["no energy, faster than any station", { dischargeMin: 5.9, wattHours: undefined }, true],
    ["no load, faster than any station", { dischargeMin: 5.9, outWatts: undefined }, true],
    ["no limit known, as fast as none with the highest", {
      dischargeMin: 4.9,
      wattHours: undefined,
      minSoc: undefined,
    }, true],
    [
      "no limit known, and it may be near",
      { dischargeMin: 5, wattHours: undefined, minSoc: undefined },
      false,
    ],
    ["an idle station", { dischargeMin: 1000, outWatts: 0 }, false],
    ["a limit that is not known counts as 0", { dischargeMin: 80, minSoc: undefined }, false],
  ];
  for (const [name, change, doubtful] of rows) {
    assert.equal(areMinutesDoubtful({ ...FACTS, ...change }), doubtful, name);
  }
});

Deno.test("areMinutesDoubtful() doubts none of the minutes that real stations said on battery", () => {
  const real: [name: string, MinutesFacts][] = [
    ["RIVER 3 UPS in the recorded outage", {
      dischargeMin: 499,
      soc: 98,
      minSoc: 0,
      wattHours: 245.6,
      outWatts: 20,
      dcInWatts: 0,
    }],
    ["DELTA 3 Plus, 37 W", {
      dischargeMin: 1018,
      soc: 98.8,
      minSoc: 10,
      wattHours: 1024,
      outWatts: 37,
      dcInWatts: 0,
    }],
    ["DELTA 3 Plus, two packs, 220 W", {
      dischargeMin: 372,
      soc: 94.7,
      minSoc: 15,
      wattHours: 2046,
      outWatts: 220,
      dcInWatts: undefined,
    }],
  ];
  for (const [name, facts] of real) assert.equal(areMinutesDoubtful(facts), false, name);
});

import assert from "node:assert/strict";
import type { Battery } from "./battery.ts";
import type { Triggers } from "../rules/rules.ts";
import {
  criticalReason,
  minutesToCritical,
  type Needs,
  reliefReason,
  UNKNOWN_CHARGE_GRACE_MS,
} from "./triggers.ts";

const MIN = 60_000;
const battery = (change: Partial<Battery> & { soc?: number; est?: number; left?: number }): Battery => {
  const { soc, est, left, ...rest } = change;
  return {
    charge: soc !== undefined
      ? { percent: soc, isEstimate: false }
      : est !== undefined
      ? { percent: est, isEstimate: true }
      : undefined,
    remaining: left === undefined ? undefined : { minutes: left, isEstimate: false },
    onBatteryMs: 0,
    floorPercent: 0,
    assumedDischargePercentPerMin: 1,
    samples: [],
    sinceMonoMs: 0,
    ...rest,
  };
};
const falling = (perMin: number, minutes: number) =>
  Array.from({ length: minutes + 1 }, (_, i) => ({ atMonoMs: i * MIN, percent: 80 - i * perMin }));
const SOC: Triggers = { socMinPercent: 10 };
const LEFT: Triggers = { remainingMin: 15 };
const TIME: Triggers = { onBatteryMin: 20 };
const FALL: Triggers = { fall: { percentPerMin: 2, settleMs: MIN } };

const rows: readonly [
  name: string,
  battery: Battery,
  triggers: Triggers,
  needs: Needs,
  critical: RegExp | undefined,
][] = [
  ["above the charge limit", battery({ soc: 10.1 }), SOC, {}, undefined],
  ["at the charge limit", battery({ soc: 10 }), SOC, {}, /^the charge of 10 % is at or below 10 %$/],
  ["empty", battery({ soc: 0 }), SOC, {}, /charge of 0 %/],
  ["at the limit by an estimate", battery({ est: 9.46 }), SOC, {}, /^the estimated charge of 9.4 % is/],
  [
    "an estimate that is too old",
    battery({ charge: { percent: 0, isEstimate: true, isTooOld: true } }),
    SOC,
    {},
    /counts as empty/,
  ],
  [
    "no charge, 1 ms before hope ends",
    battery({ onBatteryMs: UNKNOWN_CHARGE_GRACE_MS - 1 }),
    SOC,
    {},
    undefined,
  ],
  [
    "no charge, when hope ends",
    battery({ onBatteryMs: UNKNOWN_CHARGE_GRACE_MS }),
    SOC,
    {},
    /never heard in 10 min/,
  ],
  ["no charge, without a charge limit", battery({ onBatteryMs: 9e9 }), LEFT, {}, undefined],
  ["above the station's own floor", battery({ soc: 18.1, floorPercent: 15 }), SOC, {}, undefined],
  [
    "3 points above the station's own floor",
    battery({ soc: 18, floorPercent: 15 }),
    SOC,
    {},
    /below 18 % \(the station switches off at 15 %\)/,
  ],
  ["a floor far below the limit", battery({ soc: 10.1, floorPercent: 5 }), SOC, {}, undefined],
  ["above the minutes", battery({ soc: 50, left: 15.1 }), LEFT, {}, undefined],
  ["at the minutes", battery({ soc: 50, left: 15 }), LEFT, {}, /^15 min to empty is at or below 15 min/],
  ["minutes that nobody knows", battery({ soc: 50 }), LEFT, {}, undefined],
  ["6 ms above the reserve", battery({ soc: 50, left: 8.0001 }), SOC, { reserveMin: 8 }, undefined],
  [
    "at the reserve",
    battery({ soc: 50, left: 8 }),
    SOC,
    { reserveMin: 8 },
    /no more than the 8 min that an orderly/,
  ],
  [
    "at the reserve by an estimate",
    battery({ est: 50, remaining: { minutes: 7.9, isEstimate: true } }),
    SOC,
    { reserveMin: 7.5 + 0.4 },
    /^an estimated 7 min to empty is no more than the 8 min/,
  ],
  ["no reserve kept", battery({ soc: 50, left: 1 }), SOC, {}, undefined],
  ["1 ms before the time on battery", battery({ soc: 90, onBatteryMs: 20 * MIN - 1 }), TIME, {}, undefined],
  ["at the time on battery", battery({ soc: 90, onBatteryMs: 20 * MIN }), TIME, {}, /^20 min on battery/],
  ["falling slower", battery({ soc: 70, samples: falling(1.9, 5) }), FALL, {}, undefined],
  [
    "falling at the limit",
    battery({ soc: 70, samples: falling(2, 5) }),
    FALL,
    {},
    /falls by 2 %\/min, at or above 2/,
  ],
  ["falling fast while it settles", battery({ soc: 70, samples: falling(9, 2) }), FALL, {}, undefined],
  ["nothing set", battery({ soc: 0, left: 0, onBatteryMs: 9e9, samples: falling(9, 9) }), {}, {}, undefined],
];
for (const [name, given, triggers, needs, critical] of rows) {
  Deno.test(`criticalReason() ${critical ? "warns" : "is calm"}: ${name}`, () => {
    const reason = criticalReason(given, triggers, needs);
    if (critical) assert.match(reason ?? "", critical);
    else assert.equal(reason, undefined);
    const minutes = minutesToCritical(given, triggers, needs);
    assert.equal(minutes === 0, critical !== undefined, `${minutes} min to danger`);
  });
}

const CHARGING = { reason: "it rises", lastsMs: 1.5 * MIN };

Deno.test("criticalReason() is calm while somebody charges the battery, at every limit, and minutesToCritical() names no time", () => {
  const low = battery({ soc: 0, left: 0, onBatteryMs: 9e9, samples: falling(9, 9) });
  for (const triggers of [SOC, LEFT, TIME, FALL, { ...SOC, ...LEFT, ...TIME, ...FALL }]) {
    const needs = { reserveMin: 8 };
    assert.ok(criticalReason(low, triggers, needs));
    assert.equal(minutesToCritical(low, triggers, needs), 0);
    const charged = { ...low, charging: CHARGING };
    assert.equal(criticalReason(charged, triggers, needs), undefined);
    assert.equal(minutesToCritical(charged, triggers, needs), undefined);
    assert.equal(minutesToCritical(charged, triggers, needs, true), 1.5, "in silence that lasts no longer");
  }
});

const reliefs: readonly [
  name: string,
  battery: Battery,
  triggers: Triggers,
  needs: Needs,
  isRelief: boolean,
][] = [
  ["risen a little", battery({ soc: 15 }), SOC, {}, false],
  ["risen well", battery({ soc: 15.1 }), SOC, {}, true],
  ["an estimate, however high", battery({ est: 90 }), SOC, {}, false],
  ["a charge that nobody knows", battery({}), SOC, {}, false],
  ["minutes a little above", battery({ soc: 50, left: 22.5 }), LEFT, {}, false],
  ["minutes well above", battery({ soc: 50, left: 22.6 }), LEFT, {}, true],
  ["the reserve a little above", battery({ soc: 50, left: 12 }), SOC, { reserveMin: 8 }, false],
  ["the reserve well above", battery({ soc: 50, left: 12.1 }), SOC, { reserveMin: 8 }, true],
  ["somebody charges it, at the limit", battery({ soc: 10, charging: CHARGING }), SOC, {}, true],
  [
    "somebody charged it, and the charge is an estimate by now",
    battery({ est: 10, charging: CHARGING }),
    SOC,
    {},
    false,
  ],
  ["a little above the station's own floor", battery({ soc: 23, floorPercent: 15 }), SOC, {}, false],
  ["well above the station's own floor", battery({ soc: 23.1, floorPercent: 15 }), SOC, {}, true],
  ["too long on battery never ends", battery({ soc: 99, onBatteryMs: 20 * MIN }), TIME, {}, false],
  ["still falling", battery({ soc: 70, samples: falling(1, 5) }), FALL, {}, false],
  ["hardly falling", battery({ soc: 70, samples: falling(0.9, 5) }), FALL, {}, true],
];
for (const [name, given, triggers, needs, isRelief] of reliefs) {
  Deno.test(`reliefReason() ${isRelief ? "relieves" : "does not relieve"}: ${name}`, () => {
    assert.equal(reliefReason(given, triggers, needs) !== undefined, isRelief);
  });
}

Deno.test("minutesToCritical() counts down to the earliest trigger at the assumed fall", () => {
  const given = battery({ soc: 40, assumedDischargePercentPerMin: 2 });
  assert.equal(minutesToCritical(given, SOC, {}), 15);
  assert.equal(minutesToCritical(given, { ...SOC, onBatteryMin: 12 }, {}), 12);
  assert.equal(minutesToCritical(given, { ...SOC, remainingMin: 8 }, {}), 12);
  assert.equal(minutesToCritical(given, SOC, { reserveMin: 9 }), 11);
  assert.equal(minutesToCritical(battery({ onBatteryMs: 4 * MIN }), SOC, {}), 6);
  assert.equal(minutesToCritical(battery({}), LEFT, {}), undefined);
  assert.equal(
    minutesToCritical(battery({ onBatteryMs: 9e9 }), LEFT, {}),
    undefined,
    "no limit of the charge",
  );
});

const ahead: readonly [
  name: string,
  battery: Battery,
  triggers: Triggers,
  needs: Needs,
  heard: number | undefined,
  silent: number | undefined,
][] = [
  ["the charge alone", battery({ soc: 40, assumedDischargePercentPerMin: 2 }), SOC, {}, 15, 15],
  [
    "a charge from 90 s ago",
    battery({ soc: 40, assumedDischargePercentPerMin: 2, unseenMs: 90_000 }),
    SOC,
    {},
    13.5,
    13.5,
  ],
  ["a charge that is at its limit by now", battery({ soc: 11, unseenMs: 5 * MIN }), SOC, {}, 0, 0],
  ["four minutes until it counts as empty", battery({ soc: 90, countsAsEmptyInMs: 4 * MIN }), SOC, {}, 80, 4],
  [
    "four minutes until it counts as empty, and a limit before",
    battery({ soc: 13, countsAsEmptyInMs: 4 * MIN }),
    SOC,
    {},
    3,
    3,
  ],
  ["minutes left, above the station's own floor", battery({ soc: 50, floorPercent: 20 }), LEFT, {}, 15, 15],
  [
    "minutes left, and four until it counts as empty",
    battery({ soc: 50, countsAsEmptyInMs: 4 * MIN }),
    LEFT,
    {},
    35,
    4,
  ],
  [
    "a reserve above the station's own floor",
    battery({ soc: 50, floorPercent: 20 }),
    {},
    { reserveMin: 8 },
    22,
    22,
  ],
  ["minutes left that are fewer by now", battery({ soc: 10 }), LEFT, {}, 0, 0],
  ["the time on battery", battery({ soc: 90, onBatteryMs: 5 * MIN }), TIME, {}, 15, 15],
  ["the time on battery, 30 s before it", battery({ onBatteryMs: 19.5 * MIN }), TIME, {}, 0.5, 0.5],
  ["no charge, 30 s before hope ends", battery({ onBatteryMs: 9.5 * MIN }), SOC, {}, 0.5, 0.5],
  [
    "a charge that rises, far above the limit",
    battery({ soc: 40, charging: CHARGING }),
    SOC,
    {},
    undefined,
    30,
  ],
  ["a charge that rises, below the limit", battery({ soc: 9, charging: CHARGING }), SOC, {}, undefined, 1.5],
  [
    "a charge that rises, a minute above the limit",
    battery({ soc: 11, charging: CHARGING }),
    SOC,
    {},
    undefined,
    1.5,
  ],
  [
    "a charge that rises, without a limit of it",
    battery({ soc: 40, charging: CHARGING }),
    FALL,
    {},
    undefined,
    undefined,
  ],
  ["a fall, which nobody can tell", battery({ soc: 50 }), FALL, {}, undefined, undefined],
];
for (const [name, given, triggers, needs, heard, silent] of ahead) {
  Deno.test(`minutesToCritical() of ${name}`, () => {
    assert.equal(minutesToCritical(given, triggers, needs), heard);
    assert.equal(minutesToCritical(given, triggers, needs, true), silent, "nothing more is heard");
  });
}

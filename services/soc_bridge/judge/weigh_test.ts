import assert from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { SourceReading } from "../../../lib/messages/source_reading.ts";
import { addReading, type Cable, CABLE_STALE_MS, noteCloud, weigh } from "./weigh.ts";

const TS = "2026-11-23T19:00:00Z";
const OB: SourceReading = { source: "nut", grid: false, soc: 50, evidence: "ups.status=OB", ts: TS };
const OL: SourceReading = { ...OB, grid: true, evidence: "ups.status=OL" };
const UNSURE: SourceReading = { source: "nut", evidence: "ups.status=OL", ts: TS };
const CLOUD: PowerState = {
  device: "Study",
  soc: 60,
  grid_connected: true,
  grid_age_s: 1,
  soc_age_s: 1,
  age_s: 1,
  link: "live",
  out_watts: 70,
  battery_wh: 245,
};
const LOST: PowerState = { ...CLOUD, grid_age_s: 600, soc_age_s: 600, age_s: 600, link: "offline" };
const at = (reading: SourceReading, atMonoMs = 0) => addReading(undefined, reading, atMonoMs);

/** A driver that stays at OL against the cloud, while its charge falls from 50 to this, each read twice. */
const fallen = (soc: number) =>
  [50, 50, soc, soc].reduce(
    (cable: Cable | undefined, each, i) => addReading(cable, { ...OL, soc: each }, i * 3000, false),
    undefined,
  );

/** A driver that says 50 % and then 0 % with this status, until then. */
const empty = (status: string, untilMs: number) => {
  let cable = at(OB);
  for (let ms = 3000; ms <= untilMs; ms += 3000) {
    cable = addReading(cable, { ...OB, soc: 0, evidence: `ups.status=${status}` }, ms);
  }
  return cable;
};

interface Row {
  readonly name: string;
  readonly cloud: PowerState;
  readonly cable: Cable | undefined;
  readonly now: number;
  readonly wanted: Partial<Record<keyof PowerState, unknown>>;
}

const rows: Row[] = [
  {
    name: "leaves a state without a cable as it is",
    cloud: CLOUD,
    cable: undefined,
    now: 0,
    wanted: { grid_source: undefined, soc: 60, grid_connected: true },
  },
  {
    name: "is live 15 s after the cable spoke",
    cloud: LOST,
    cable: at(OB),
    now: 15_000,
    wanted: { link: "live", age_s: 15 },
  },
  {
    name: "lets of two old readings the cable's count that is newer, by the cloud's one age",
    cloud: { ...CLOUD, grid_age_s: undefined, soc_age_s: undefined, age_s: 30 },
    cable: at(OB),
    now: 20_000,
    wanted: { grid_connected: false, grid_source: "nut", soc: 50, charge_source: "nut" },
  },
  {
    name: "lets the cable's count against a cloud that says no age",
    cloud: { ...CLOUD, grid_age_s: undefined, soc_age_s: undefined, age_s: undefined },
    cable: at(OB),
    now: 20_000,
    wanted: { grid_connected: false, grid_source: "nut", soc: 50, charge_source: "nut" },
  },
  {
    name: "lets of two readings as old as each other the cloud's count",
    cloud: { ...CLOUD, grid_age_s: 20, soc_age_s: 20, age_s: 20 },
    cable: at(OB),
    now: 20_000,
    wanted: { grid_connected: true, grid_source: "cloud", soc: 60, charge_source: "cloud" },
  },
  {
    name: "names no disagreement of two that agree",
    cloud: { ...CLOUD, grid_connected: false, grid_age_s: 0 },
    cable: at(OB),
    now: 3000,
    wanted: { grid_connected: false, source_disagreement: undefined },
  },
  {
    name: "names nobody for a charge that nobody tells",
    cloud: { ...CLOUD, soc: undefined, soc_age_s: undefined },
    cable: at(UNSURE),
    now: 3000,
    wanted: { soc: undefined, charge_source: undefined },
  },
  {
    name: "doubts a driver's minutes by the energy that the battery was built with",
    cloud: { ...CLOUD, battery_wh: undefined, battery_design_wh: 1000, out_watts: 185 },
    cable: at({ ...OB, soc: 80, discharge_min: 20 }),
    now: 3000,
    wanted: { discharge_min: 20, discharge_min_doubtful: true },
  },
  {
    name: "doubts a driver's minutes by its own load where the live cloud says none",
    cloud: { ...CLOUD, battery_wh: 1000, out_watts: undefined },
    cable: at({ ...OB, soc: 80, discharge_min: 20, out_watts: 185 }),
    now: 3000,
    wanted: { discharge_min: 20, discharge_min_doubtful: true },
  },
  {
    name: "takes a charge of the cloud that fell on battery since a silent cable's",
    cloud: { ...CLOUD, grid_connected: false, soc: 40 },
    cable: at(OB),
    now: 20_000,
    wanted: { soc: 40, charge_source: "cloud" },
  },
  {
    name: "takes one that rose while the sun gives half a watt",
    cloud: { ...CLOUD, grid_connected: false, soc: 60, dc_in_watts: 0.5 },
    cable: at(OB),
    now: 20_000,
    wanted: { soc: 60, charge_source: "cloud" },
  },
  {
    name: "lets of two readings the cloud's count that is newer, by its one age",
    cloud: { ...CLOUD, grid_age_s: undefined, soc_age_s: undefined, age_s: 10 },
    cable: at(OB),
    now: 20_000,
    wanted: { grid_connected: true, grid_source: "cloud", soc: 60, charge_source: "cloud" },
  },
  {
    name: "names no disagreement of a cloud that is not live",
    cloud: { ...CLOUD, link: "stale", grid_age_s: 0 },
    cable: at(OB),
    now: 3000,
    wanted: { grid_connected: false, source_disagreement: undefined },
  },
  {
    name: "lets a cable decide that spoke 15 s ago",
    cloud: CLOUD,
    cable: at(OB),
    now: 15_000,
    wanted: { grid_connected: false, grid_source: "nut" },
  },
  {
    name: "lets the live cloud decide 1 ms later",
    cloud: CLOUD,
    cable: at(OB),
    now: 15_001,
    wanted: { grid_connected: true, grid_source: "cloud" },
  },
  {
    name: "takes no charge of the cloud that rose on battery since a silent cable's",
    cloud: { ...CLOUD, grid_connected: false, soc: 51.1 },
    cable: at(OB),
    now: 20_000,
    wanted: { soc: 50, charge_source: "nut" },
  },
  {
    name: "takes one that the two may round differently",
    cloud: { ...CLOUD, grid_connected: false, soc: 51 },
    cable: at(OB),
    now: 20_000,
    wanted: { soc: 51, charge_source: "cloud" },
  },
  {
    name: "lets the cable decide against a cloud frame that came a moment ago",
    cloud: { ...CLOUD, grid_age_s: 0, age_s: 0 },
    cable: at(OB),
    now: 3000,
    wanted: {
      grid_connected: false,
      grid_source: "nut",
      soc: 50,
      charge_source: "nut",
      source_disagreement: true,
    },
  },
  {
    name: "shows nothing of the input, nor minutes, that belong to the cloud's other word on the grid",
    cloud: { ...CLOUD, ac_in_watts: 383, ac_in_volts: 230, charge_min: 74, discharge_min: 99 },
    cable: at({ ...OB, in_volts: 3 }),
    now: 3000,
    wanted: {
      grid_connected: false,
      ac_in_watts: undefined,
      ac_in_volts: 3,
      charge_min: undefined,
      discharge_min: undefined,
      out_watts: 70,
    },
  },
  {
    name: "shows no input of nothing on a grid that the cable sees",
    cloud: { ...CLOUD, grid_connected: false, ac_in_watts: 0, ac_in_volts: 0 },
    cable: at(OL),
    now: 3000,
    wanted: { grid_connected: true, ac_in_watts: undefined, ac_in_volts: undefined },
  },
  {
    name: "fills the input from a live cloud that says the same of the grid",
    cloud: { ...CLOUD, ac_in_watts: 383, ac_in_volts: 230, charge_min: 74 },
    cable: at({ ...OL, in_volts: 3 }),
    now: 3000,
    wanted: { ac_in_watts: 383, ac_in_volts: 230, charge_min: 74 },
  },
  {
    name: "shows nothing of the input where the charge proves that the battery carries the house",
    cloud: { ...CLOUD, ac_in_watts: 383 },
    cable: [60, 60, 59, 58, 58].reduce(
      (cable: Cable | undefined, soc, i) => addReading(cable, { ...UNSURE, soc }, i),
      undefined,
    ),
    now: 3000,
    wanted: { grid_connected: false, ac_in_watts: undefined },
  },
  {
    name: "takes no fall of a silence for a battery in use: the grid may have come back in it",
    cloud: { ...CLOUD, grid_connected: true },
    cable: [80_000, 83_000, 86_000, 89_000].reduce(
      (cable, atMonoMs, i) => addReading(cable, { ...(i === 0 ? UNSURE : OL), soc: 24 }, atMonoMs, false),
      addReading(undefined, { ...OB, soc: 37 }, 0),
    ),
    now: 90_000,
    wanted: { grid_connected: true, soc: 24 },
  },
  {
    name: "takes no fall of a silence for one, where the doubt is older",
    cloud: { ...CLOUD, grid_connected: true },
    cable: [80_000, 83_000, 86_000, 89_000].reduce(
      (cable, atMonoMs) => addReading(cable, { ...OL, soc: 33 }, atMonoMs, false),
      addReading(undefined, { ...UNSURE, soc: 37 }, 0),
    ),
    now: 90_000,
    wanted: { grid_connected: true, soc: 33 },
  },
  {
    name:
      "believes no charge of the cloud that is higher than a silent cable's on battery: it is from before",
    cloud: { ...CLOUD, grid_connected: false, soc: 53 },
    cable: at(OB),
    now: 100_000,
    wanted: { grid_connected: false, soc: 50, soc_age_s: 100, charge_source: "nut", grid_source: "cloud" },
  },
  {
    name: "believes one that is as high, but for how drivers round",
    cloud: { ...CLOUD, grid_connected: false, soc: 51 },
    cable: at(OB),
    now: 100_000,
    wanted: { soc: 51, charge_source: "cloud" },
  },
  {
    name: "believes a higher one where the sun charges",
    cloud: { ...CLOUD, grid_connected: false, soc: 53, dc_in_watts: 120 },
    cable: at(OB),
    now: 100_000,
    wanted: { soc: 53, charge_source: "cloud" },
  },
  {
    name: "believes a higher one where the cloud saw the grid since",
    cloud: { ...CLOUD, grid_connected: false, soc: 53 },
    cable: noteCloud(at(OB), { ...CLOUD, grid_age_s: 0 }, 50_000),
    now: 100_000,
    wanted: { soc: 53, charge_source: "cloud" },
  },
  {
    name: "believes no higher one where the cloud saw the grid only before the cable's word",
    cloud: { ...CLOUD, grid_connected: false, soc: 53 },
    cable: noteCloud(at(OB, 20_000), { ...CLOUD, grid_age_s: 31 }, 50_000),
    now: 100_000,
    wanted: { soc: 50, charge_source: "nut" },
  },
  {
    name: "believes a higher one on the grid",
    cloud: { ...CLOUD, soc: 53 },
    cable: at(OB),
    now: 100_000,
    wanted: { grid_connected: true, soc: 53, charge_source: "cloud" },
  },
  {
    name: "calls no word of the cloud a contradiction that is older than the cable's",
    cloud: { ...CLOUD, grid_age_s: 1.1, age_s: 1 },
    cable: addReading(at(OL), OB, 2000),
    now: 3000,
    wanted: { grid_connected: false, source_disagreement: undefined },
  },
  {
    name: "calls it one when it is as old",
    cloud: { ...CLOUD, grid_age_s: 1, age_s: 1 },
    cable: addReading(addReading(at(OL), OB, 2000), OB, 2500),
    now: 3000,
    wanted: { grid_connected: false, source_disagreement: true },
  },
  {
    name: "is live by the cable alone, and says no watts of a lost cloud",
    cloud: LOST,
    cable: at(OB),
    now: 2000,
    wanted: { link: "live", age_s: 2, out_watts: undefined, battery_wh: 245, source_disagreement: undefined },
  },
  {
    name: "takes the cable's watts and minutes when the cloud is lost",
    cloud: { ...LOST, discharge_min: 9, discharge_min_doubtful: true },
    cable: at({ ...OB, discharge_min: 77, out_watts: 40 }),
    now: 0,
    wanted: { discharge_min: 77, discharge_min_doubtful: undefined, out_watts: 40 },
  },
  {
    name: "fills watts and minutes from a live cloud",
    cloud: { ...CLOUD, grid_connected: false, discharge_min: 99 },
    cable: at({ ...OB, out_watts: 40 }),
    now: 0,
    wanted: { out_watts: 70, discharge_min: 99, source_disagreement: undefined },
  },
  {
    name: "holds by the cable at its limit",
    cloud: CLOUD,
    cable: at(OB),
    now: CABLE_STALE_MS,
    wanted: { grid_connected: false, grid_source: "nut" },
  },
  {
    name: "goes to the newer cloud 1 ms after the limit",
    cloud: CLOUD,
    cable: at(OB),
    now: CABLE_STALE_MS + 1,
    wanted: { grid_connected: true, grid_source: "cloud", soc: 60, link: "live" },
  },
  {
    name: "keeps a dead cable's word, with its age, against an older cloud",
    cloud: LOST,
    cable: at(OB),
    now: 60_000,
    wanted: { grid_connected: false, grid_source: "nut", grid_age_s: 60, link: "offline", age_s: 600 },
  },
  {
    name: "lets the grid of a flapping cable grow old while its charge is fresh",
    cloud: LOST,
    cable: addReading(at(OL), { ...UNSURE, soc: 44 }, 100_000),
    now: 101_000,
    wanted: { grid_connected: true, grid_age_s: 101, soc: 44, soc_age_s: 1, link: "live" },
  },
  {
    name: "says the grid that the cloud does not tell",
    cloud: { ...CLOUD, grid_connected: undefined, grid_unknown: true },
    cable: at(OL),
    now: 0,
    wanted: { grid_connected: true, grid_unknown: undefined },
  },
  {
    name: "takes the newer word of an old cable over a loss that the cloud does not tell any more",
    cloud: { ...CLOUD, grid_connected: false, grid_unknown: true, grid_age_s: 200 },
    cable: at(OL),
    now: CABLE_STALE_MS + 1,
    wanted: { grid_connected: true, grid_unknown: undefined, grid_source: "nut" },
  },
  {
    name: "keeps such a loss that is newer than the cable's word",
    cloud: { ...CLOUD, grid_connected: false, grid_unknown: true, grid_age_s: 200 },
    cable: at(OL),
    now: 300_000,
    wanted: { grid_connected: false, grid_unknown: true, grid_source: "cloud" },
  },
  {
    name: "leaves the grid unknown when the cable is old too",
    cloud: { ...CLOUD, grid_connected: undefined, grid_unknown: true },
    cable: at(OL),
    now: CABLE_STALE_MS + 1,
    wanted: { grid_connected: undefined, grid_unknown: true, grid_source: undefined },
  },
  {
    name: "says that the grid is gone when the charge fell against a driver that stays at OL",
    cloud: { ...CLOUD, grid_connected: false },
    cable: fallen(48),
    now: 9000,
    wanted: { grid_connected: false, grid_source: "nut", soc: 48 },
  },
  {
    name: "does so too when the cloud is lost meanwhile",
    cloud: LOST,
    cable: addReading(fallen(48), { ...OL, soc: 47 }, 12_000),
    now: 12_000,
    wanted: { grid_connected: false, grid_source: "nut", link: "live" },
  },
  {
    name: "does not, a point before that",
    cloud: { ...CLOUD, grid_connected: false },
    cable: fallen(49),
    now: 9000,
    wanted: { grid_connected: true, grid_source: "nut", source_disagreement: true },
  },
  {
    name:
      "believes no first charge of 100 % that is said once: drivers say so before they have read anything",
    cloud: LOST,
    cable: addReading(addReading(undefined, { ...OB, soc: 100 }, 0), { ...OB, soc: 4 }, 3000),
    now: 3000,
    wanted: { soc: 4, soc_age_s: 0 },
  },
  {
    name: "says no charge before that",
    cloud: LOST,
    cable: addReading(undefined, { ...OB, soc: 100 }, 0),
    now: 0,
    wanted: { soc: 60, charge_source: "cloud" },
  },
  {
    name: "believes a first charge of 100 % that is said twice",
    cloud: LOST,
    cable: addReading(addReading(undefined, { ...OL, soc: 100 }, 0), { ...OL, soc: 100 }, 3000),
    now: 3000,
    wanted: { soc: 100, soc_age_s: 0 },
  },
  {
    name: "believes no charge that jumps and is said once",
    cloud: LOST,
    cable: addReading(addReading(undefined, OB, 0), { ...OB, soc: 3 }, 3000),
    now: 3000,
    wanted: { soc: 50, soc_age_s: 3 },
  },
  {
    name:
      "takes nothing of the moment from a cloud that has said nothing for two minutes, however long a house calls it live",
    cloud: {
      ...CLOUD,
      age_s: 121,
      grid_age_s: 121,
      soc_age_s: 121,
      ac_in_watts: 71,
      discharge_min: 300,
      temp_celsius: 30,
    },
    cable: at({ ...OB, out_watts: 200 }),
    now: 3000,
    wanted: {
      out_watts: 200,
      ac_in_watts: undefined,
      discharge_min: undefined,
      temp_celsius: undefined,
      battery_wh: 245,
      source_disagreement: undefined,
      link: "live",
      age_s: 3,
    },
  },
  {
    name: "takes them from one that spoke two minutes ago",
    cloud: { ...CLOUD, age_s: 120, grid_age_s: 120, soc_age_s: 120, temp_celsius: 30 },
    cable: at({ ...OB, out_watts: 200 }),
    now: 3000,
    wanted: { out_watts: 70, temp_celsius: 30 },
  },
  {
    name:
      "takes no minutes to empty from a cloud whose word on the grid does not count: they are of a house on the grid",
    cloud: { ...CLOUD, discharge_min: 300, discharge_min_doubtful: true },
    cable: at(OB),
    now: 3000,
    wanted: {
      grid_connected: false,
      discharge_min: undefined,
      discharge_min_doubtful: undefined,
      out_watts: 70,
    },
  },
  {
    name: "believes a 0 % that the UPS itself calls a low battery at the third time",
    cloud: LOST,
    cable: empty("OB DISCHRG LB", 9000),
    now: 9000,
    wanted: { soc: 0, soc_age_s: 0, charge_source: "nut" },
  },
  {
    name: "does not at the second",
    cloud: LOST,
    cable: empty("OB DISCHRG LB", 6000),
    now: 6000,
    wanted: { soc: 50, soc_age_s: 6 },
  },
  {
    name: "believes a 0 % that no low battery goes with as little as the station's own",
    cloud: LOST,
    cable: empty("OB", 180_000),
    now: 180_000,
    wanted: { soc: 50, soc_age_s: 180 },
  },
  {
    name: "believes it at the third time",
    cloud: LOST,
    cable: [3000, 6000, 9000].reduce(
      (cable, ms) => addReading(cable, { ...OB, soc: 3 }, ms),
      addReading(undefined, OB, 0),
    ),
    now: 9000,
    wanted: { soc: 3, soc_age_s: 0 },
  },
  {
    name: "takes volts, temperature and model of the cable when the cloud has none",
    cloud: LOST,
    cable: at({ ...OB, in_volts: 230, temp_celsius: 21, model: "RIVER 3 Plus" }),
    now: 0,
    wanted: { ac_in_volts: 230, temp_celsius: 21, model: "RIVER 3 Plus" },
  },
  {
    name: "leaves them to a live cloud",
    cloud: { ...CLOUD, ac_in_volts: 229, temp_celsius: 30, model: "River 3" },
    cable: at({ ...OL, in_volts: 230, temp_celsius: 21, model: "RIVER 3 Plus" }),
    now: 0,
    wanted: { ac_in_volts: 229, temp_celsius: 30, model: "River 3" },
  },
  {
    name: "doubts minutes of the driver that charge, energy and load contradict",
    cloud: { ...CLOUD, grid_connected: false },
    cable: at({ ...OB, discharge_min: 1 }),
    now: 0,
    wanted: { discharge_min: 1, discharge_min_doubtful: true },
  },
];

for (const { name, cloud, cable, now, wanted } of rows) {
  Deno.test(`weigh() ${name}`, () => {
    const state = weigh(cloud, cable, now);
    const keys = Object.keys(wanted) as (keyof PowerState)[];
    assert.deepEqual(
      new Map(keys.map((key) => [key, state[key as "soc"]])),
      new Map<unknown, unknown>(Object.entries(wanted)),
    );
  });
}

Deno.test("addReading() of a reading without a charge keeps what was believed", () => {
  const before = at(OB);
  const { soc: _, ...withoutCharge } = OB;
  const after = addReading(before, withoutCharge, 3000);
  assert.deepEqual([after.soc, after.filter], [before.soc, before.filter]);
});

for (
  const [name, gapMs, laterMs, isLost] of [
    ["a fall over a pause of 15 s", 15_000, 3000, true],
    ["no fall over a longer one: the grid may have come back in it", 15_001, 3000, false],
    ["a fall that was proven before a longer one", 3000, 60_000, true],
  ] as const
) {
  Deno.test(`addReading() proves a battery in use by ${name}`, () => {
    let cable: Cable | undefined;
    let now = 100_000;
    for (const [soc, pauseMs] of [[50, 0], [50, 3000], [48, gapMs], [48, 3000], [48, laterMs]] as const) {
      now += pauseMs;
      cable = addReading(cable, { ...OL, soc }, now, false);
    }
    const { grid_connected } = weigh({ ...CLOUD, grid_connected: false }, cable, now);
    assert.equal(grid_connected, isLost ? false : true);
  });
}

const SEEN: readonly [name: string, cloud: Partial<PowerState>, hasSeen: boolean | undefined][] = [
  ["that was said since the charge", { grid_age_s: 9.995 }, true],
  ["that was said with the charge", { grid_age_s: 10 }, undefined],
  ["by the one age of a state", { grid_age_s: undefined, age_s: 1 }, true],
  ["of no known age", { grid_age_s: undefined, age_s: undefined }, undefined],
  ["that is gone", { grid_connected: false }, undefined],
  ["of a cloud that is not live", { link: "stale" }, undefined],
];
for (const [name, cloud, hasSeen] of SEEN) {
  Deno.test(`noteCloud() ${hasSeen ? "notes" : "does not note"} a grid ${name}`, () => {
    assert.equal(noteCloud(at(OB, 10_000), { ...CLOUD, ...cloud }, 20_000).hasSeenGrid, hasSeen);
  });
}

Deno.test("weigh() cuts evidence that is too long, and nothing from its beginning", () => {
  const evidence = "x".repeat(300);
  const { grid_evidence } = weigh(CLOUD, at({ ...OB, evidence }), 0);
  assert.equal(grid_evidence, `cable ${"x".repeat(194)}`);
  const cable = [50, 50, 47, 47].reduce(
    (before: Cable | undefined, soc, i) => addReading(before, { ...OL, soc, evidence }, i * 3000, false),
    undefined,
  );
  const proven = weigh({ ...CLOUD, grid_connected: false }, cable, 9000);
  assert.equal(proven.grid_evidence?.length, 200);
  assert.match(proven.grid_evidence ?? "", /^charge 50 to 47 % in doubt/);
});

/** What is believed of a driver's charges, one every so many ms. */
const believed = (charges: readonly number[], everyMs: number) =>
  charges.reduce(
    (before: Cable | undefined, soc, i) => addReading(before, { ...OL, soc }, i * everyMs),
    undefined,
  );
for (
  const [name, charges, everyMs, soc] of [
    ["a full battery that rose to it", [97, 100], 3000, 100],
    ["no jump at the second reading", [80, 30, 30], 3000, 80],
    ["zeros from the beginning after a minute", [0, 0, 0], 30_000, 0],
    ["no zeros from the beginning before", [0, 0, 0], 29_999, undefined],
  ] as readonly (readonly [string, readonly number[], number, number | undefined])[]
) {
  Deno.test(`addReading() believes ${name}`, () => {
    assert.equal(believed(charges, everyMs)?.soc?.value, soc);
  });
}

Deno.test("addReading() follows a charge that falls on line", () => {
  assert.deepEqual(believed([60, 57, 54], 60_000)?.drain, { fromSoc: 60, lowSoc: 54 });
});

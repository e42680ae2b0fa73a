import assert from "node:assert/strict";
import type { HouseView, PolicyView, StationView } from "../page_contract.ts";
import { countdownOf, glanceOf, sentenceOf } from "./glance.ts";
import { Reader } from "./reader.ts";

const EN = new Reader({ language: "en", locale: "en-GB" });
const HOUSE: HouseView = {
  now_ms: new Date(2026, 10, 28, 14, 0).getTime(),
  speed: 1,
  stale_after_s: 120,
  installation: "package",
  is_broker_up: true,
  daemon: { is_online: true },
  is_policy_running: true,
  problems: [],
  stations: [],
};
const POLICY: PolicyView = {
  state: "online",
  sentence: "The policy's own sentence, 186 min.",
  is_blind: false,
  soc_is_estimate: false,
  soc_min_percent: 10,
  age_s: 0,
};
const STATION: StationView = {
  device: "Study",
  link: "live",
  grid: { connected: true, age_s: 1 },
  soc: { percent: 50, age_s: 1 },
  age_s: 1,
  battery_wh: 1000,
  out_watts: 85,
  policy: POLICY,
  hosts: [{ agent: "nas", state: "down" }, { agent: "pc", state: "online" }],
};
const OUT = { grid: { connected: false, age_s: 1 } };
const STALE = { link: "stale" as const };
const CHARGING = { ac_in_watts: 200, charge_min: 98 };
const easy = (text: string) => text.replaceAll("\u00a0", " ");

const rows: readonly [string, Partial<StationView>, Partial<PolicyView>, string, RegExp | string][] = [
  ["calm", {}, {}, "Would last ≈ 5 h", /^If the grid fails, .* falls to 10%\.$/],
  ["charging", CHARGING, {}, "Full at 15:37, in 1 h 38 min", /^If the grid fails/],
  [
    "charging and stale",
    { ...CHARGING, ...STALE },
    { is_blind: true },
    "last known 50%, just now",
    /^Last reading/,
  ],
  ["out", OUT, { state: "on_battery" }, "Lasts ≈ 5 h", "When the first host goes down cannot be told."],
  [
    "out, with an estimate",
    OUT,
    { state: "on_battery", shutdown_earliest_s: 3780 },
    "First host goes down at about 15:03, in 1 h 3 min",
    "",
  ],
  [
    "in doubt",
    OUT,
    { state: "on_battery", is_in_doubt: true },
    "Lasts ≈ 5 h",
    "Nobody is told to shut down yet.",
  ],
  ["a timer", OUT, { state: "critical", timer_left_s: 290 }, "Hosts go down at 14:04, in 4:50", ""],
  [
    "a timer while the station is silent",
    { ...OUT, ...STALE },
    { state: "critical", timer_left_s: 290, is_blind: true, soc_is_estimate: true, soc_percent: 8.5 },
    "Hosts go down at 14:04, in 4:50",
    /^Last reading: grid gone.*Nothing fresh.*estimate, with caution: 8\.5%\.$/,
  ],
  [
    "a timer of which nobody speaks any more",
    OUT,
    { state: "critical", timer_left_s: 290, age_s: 31 },
    "Lasts ≈ 5 h",
    /^What would be done now is not known/,
  ],
  [
    "shutting down",
    OUT,
    { state: "shutting_down" },
    "Hosts that are down: 1 of 2",
    "Hosts that are down: 1 of 2.",
  ],
  [
    "recovery",
    {},
    { state: "recovery" },
    "Would last ≈ 5 h",
    "Shutdowns are being aborted, or hosts are woken.",
  ],
  ["no hosts", { hosts: [] }, {}, "Would last ≈ 5 h", /^No hosts are plugged into this station/],
  [
    "a grid that the owner does not use",
    {},
    { state: "unknown" },
    "Would last ≈ 5 h",
    /own sentence, 3 h 6 min/,
  ],
  [
    "stale",
    STALE,
    { is_blind: true },
    "last known 50%, just now",
    /^Last reading: grid there, just now\. Nothing fresh/,
  ],
  [
    "never heard",
    { grid: undefined, soc: undefined, age_s: undefined, link: undefined },
    { state: "unknown" },
    "This station has not been heard yet.",
    /^Nothing is shut down until somebody says/,
  ],
];
for (const [name, station, policy, time, sentence] of rows) {
  Deno.test(`glanceOf() and sentenceOf() of a station: ${name}`, () => {
    const view = { ...STATION, ...station, policy: { ...POLICY, ...policy } };
    const now = { sinceSentS: 0, silentS: 0 };
    assert.equal(easy(glanceOf(EN, HOUSE, view, now).time), time);
    const said = easy(sentenceOf(EN, HOUSE, view, now).text);
    if (typeof sentence === "string") assert.equal(said, sentence);
    else assert.match(said, sentence);
    if (name.includes("stale")) {
      assert.doesNotMatch(said, /The grid is there|unknown charge|If the grid fails/);
    }
  });
}

Deno.test("countdownOf() moves, and its clock time stands", () => {
  const view = { ...STATION, policy: { ...POLICY, state: "critical" as const, timer_left_s: 290 } };
  const at = (sinceSentS: number) => countdownOf(HOUSE, view, { sinceSentS, silentS: 0 });
  assert.equal(at(0)?.leftS, 290);
  assert.equal(at(20)?.leftS, 270);
  assert.equal(at(20)?.atMs, at(0)?.atMs);
  assert.equal(
    countdownOf({ ...HOUSE, is_broker_up: false }, view, { sinceSentS: 0, silentS: 0 }),
    undefined,
  );
});

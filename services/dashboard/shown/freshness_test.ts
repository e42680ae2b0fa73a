import assert from "node:assert/strict";
import type { HouseView, PolicyView, StationView } from "../page_contract.ts";
import { freshnessOf, isConnected, isDue, isPolicyLive, secondsLeft, STREAM_LIMIT_S } from "./freshness.ts";
import { glanceOf, sentenceOf } from "./glance.ts";
import { headline, hostWords, protectionOf } from "./labels.ts";
import { Reader } from "./reader.ts";

const EN = new Reader({ language: "en", locale: "en-GB" });

const HOUSE: HouseView = {
  now_ms: 0,
  speed: 1,
  stale_after_s: 120,
  installation: "package",
  is_broker_up: true,
  daemon: { is_online: true },
  is_policy_running: true,
  problems: [],
  stations: [],
};
const STATION: StationView = {
  device: "Study",
  link: "live",
  grid: { connected: true, age_s: 10 },
  soc: { percent: 80, age_s: 1 },
  age_s: 1,
  hosts: [],
};
const POLICY: PolicyView = {
  state: "critical",
  sentence: "",
  is_blind: false,
  soc_is_estimate: false,
  timer_left_s: 60,
  age_s: 0,
};
const at = (sinceSentS: number, silentS = 0) => ({ sinceSentS, silentS });

const rows: readonly [string, Partial<HouseView>, Partial<StationView>, ReturnType<typeof at>, string][] = [
  ["a fresh word", {}, {}, at(0), "live"],
  ["a word as old as the limit", {}, {}, at(110), "live"],
  ["a word older than the limit, with a stream that goes on", {}, {}, at(110.1), "old"],
  ["a silent stream at its limit", {}, {}, at(8, STREAM_LIMIT_S), "live"],
  ["a silent stream beyond its limit", {}, {}, at(8.1, STREAM_LIMIT_S + 0.1), "old"],
  ["no broker", { is_broker_up: false }, {}, at(0), "old"],
  ["a daemon that said goodbye", { daemon: { is_online: false } }, {}, at(0), "old"],
  ["a stale link", {}, { link: "stale" }, at(0), "old"],
  ["an offline station", {}, { link: "offline" }, at(0), "old"],
  ["a word of unknown age", {}, { grid: { connected: true } }, at(0), "old"],
  ["no word", {}, { grid: undefined }, at(0), "unknown"],
  ["a state fed by hand, without a link", {}, { link: undefined }, at(0), "live"],
];
for (const [name, house, station, now, expected] of rows) {
  Deno.test(`freshnessOf() calls ${name} ${expected}, and the headline follows`, () => {
    const [view, shown] = [{ ...HOUSE, ...house }, { ...STATION, ...station }];
    assert.equal(freshnessOf(shown.grid, view, shown, now), expected);
    const { tone, key } = headline(view, shown, now);
    assert.equal(tone === "well", expected === "live");
    assert.equal(key === "grid_there", expected === "live");
    const { charge, time } = glanceOf(EN, view, {
      ...shown,
      soc: shown.grid && { percent: 80, ...shown.grid },
    }, now);
    assert.equal(charge === "80%", expected === "live");
    assert.equal(time.startsWith("last known 80%"), expected === "old");
    const { text } = sentenceOf(EN, view, shown, now);
    assert.equal(text.includes("Last reading: grid there"), expected === "old");
  });
}

Deno.test("headline() says that the grid is gone only while that is fresh", () => {
  const station = { ...STATION, grid: { connected: false, age_s: 119 } };
  assert.equal(headline(HOUSE, station, at(1)).key, "grid_gone");
  assert.equal(headline(HOUSE, station, at(2)).key, "not_known_now");
  assert.match(sentenceOf(EN, HOUSE, station, at(2)).text, /^Last reading: grid gone, 2\smin ago\./);
});

Deno.test("headline() shows danger while the policy speaks, also when the station is silent", () => {
  const station = { ...STATION, link: "stale" as const, policy: POLICY };
  assert.equal(headline(HOUSE, station, at(0)).tone, "danger");
  assert.equal(headline({ ...HOUSE, is_policy_running: false }, station, at(0)).tone, "unknown");
});

Deno.test("secondsLeft() counts down, stops at 0, and is not shown when nobody stands behind it", () => {
  const station = { ...STATION, policy: POLICY };
  const left = (now: ReturnType<typeof at>, house: Partial<HouseView> = {}) =>
    secondsLeft(POLICY.timer_left_s, { ...HOUSE, ...house }, station, now);
  assert.equal(left(at(0)), 60);
  assert.equal(left(at(0.5)), 60);
  assert.equal(left(at(20.5)), 40);
  assert.equal(left(at(30)), 30);
  assert.equal(left(at(30.1)), undefined, "the policy speaks every five seconds while a timer runs");
  assert.equal(left(at(9, 9)), undefined);
  assert.equal(left(at(1), { is_broker_up: false }), undefined);
  assert.equal(left(at(1), { is_policy_running: false }), undefined);
});

Deno.test("isPolicyLive() holds for hours without news, but not for a countdown of unknown age", () => {
  const calm = {
    ...STATION,
    policy: { ...POLICY, state: "online" as const, timer_left_s: undefined, age_s: 90_000 },
  };
  assert.equal(isPolicyLive(HOUSE, calm, at(0)), true);
  assert.equal(isPolicyLive(HOUSE, { ...STATION, policy: { ...POLICY, age_s: undefined } }, at(0)), false);
  assert.equal(isPolicyLive(HOUSE, STATION, at(0)), false);
});

Deno.test("hostWords() calls a host protected only while that is known", () => {
  const host = { agent: "nas", state: "online" };
  assert.equal(hostWords(EN, host, "yes").text, "online and protected");
  assert.equal(hostWords(EN, host, undefined).text, "not known now");
  assert.doesNotMatch(hostWords(EN, { ...host, is_rehearsing: true }, "yes").text, /protected/);
  assert.doesNotMatch(hostWords(EN, { ...host, state: "something new" }, "yes").text, /protected/);
});

Deno.test("isConnected() waits for nothing but a word from the daemon", () => {
  assert.equal(isConnected({ ...HOUSE, daemon: undefined }, at(0)), true);
});

for (
  const [state, tone, key] of [
    [undefined, "unknown", "grid_untold"],
    ["unknown", "unknown", "grid_untold"],
    ["online", "well", "grid_by_witness"],
    ["on_battery", "battery", "on_battery_likely"],
    ["critical", "danger", "critical"],
  ] as const
) {
  Deno.test(`headline() of a grid that is not told any more, with the policy ${state ?? "silent"}`, () => {
    const policy: PolicyView | undefined = state && { ...POLICY, state, timer_left_s: undefined };
    const station: StationView = { ...STATION, grid: undefined, is_grid_unknown: true, policy };
    const found = headline(HOUSE, station, at(0));
    assert.deepEqual({ tone: found.tone, key: found.key }, { tone, key });
  });
}

Deno.test("hostWords() counts to the moment at which a host switches off, while that is ahead", () => {
  const host = { agent: "nas", state: "accepted" };
  const off = { inS: 110, atMs: new Date(2026, 10, 28, 14, 32).getTime() };
  assert.equal(hostWords(EN, host, "yes", off).text, "switches off at 14:32, in 1:50");
  assert.equal(hostWords(EN, host, "yes").text, "is preparing to shut down");
  assert.equal(hostWords(EN, host, undefined, off).text, "not known now");
  assert.equal(hostWords(EN, { ...host, state: "down" }, "yes", off).text, "is down, as it was told");
});

for (
  const [state, isBlind, protection, text] of [
    ["online", false, "yes", "online and protected"],
    ["online", true, "station_silent", "online, but its station is silent"],
    ["on_battery", true, "yes", "online and protected"],
    ["unknown", false, "no", "online, but not protected now"],
    ["unknown", true, "no", "online, but not protected now"],
  ] as const
) {
  Deno.test(`protectionOf() a host whose policy is ${state}${isBlind ? " and blind" : ""} is ${protection}`, () => {
    const policy: PolicyView = { ...POLICY, state, is_blind: isBlind, timer_left_s: undefined };
    const station: StationView = { ...STATION, policy };
    assert.equal(protectionOf(HOUSE, station, at(0)), protection);
    assert.equal(hostWords(EN, { agent: "nas", state: "online" }, protection).text, text);
    assert.equal(protectionOf({ ...HOUSE, is_policy_running: false }, station, at(0)), undefined);
  });
}

for (
  const [nowMs, expected] of [[60_999, false], [61_000, true], [1000, false], [-58_999, false], [
    -59_000,
    true,
  ]] as const
) {
  Deno.test(`isDue() ${(nowMs - 1000) / 1000} s after the last question is ${expected}, with a clock that was set back too`, () => {
    assert.equal(isDue(nowMs, 1000, 60_000), expected);
  });
}

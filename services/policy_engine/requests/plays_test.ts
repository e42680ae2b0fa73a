import assert from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { Plays } from "./plays.ts";

const REAL: PowerState = { device: "Sim" };
/** A played state that says no end. */
const ENDLESS: PowerState = { ...REAL, simulated: true };
const PLAYED: PowerState = { ...ENDLESS, expires_s: 60 };
const BEGINS = { kind: "take", isFirst: true };
const GOES_ON = { kind: "take", isFirst: false };
const OTHER = "somebody else feeds this station, and the two are never mixed";

const refusals: readonly [
  name: string,
  device: string,
  state: PowerState,
  retained: boolean,
  reason: string,
][] = [
  ["under another name", "Study", PLAYED, false, '"Study" is none of SIMULATED_STATIONS'],
  ["that the broker kept", "Sim", PLAYED, true, "the broker kept it, so nobody plays it now"],
  ["without an end", "Sim", ENDLESS, false, "it does not say when it expires (expires_s)"],
  ["as old as it counts", "Sim", { ...PLAYED, age_s: 60 }, false, "it was held up for longer than it counts"],
];
for (const [name, device, state, retained, reason] of refusals) {
  Deno.test(`Plays refuses a played state ${name}, tells it once, and plays nothing`, () => {
    const plays = new Plays(["Sim"]);
    assert.deepEqual(plays.judge(device, state, retained, 0), { kind: "refuse", reason, isNews: true });
    assert.deepEqual(plays.judge(device, state, retained, 1), { kind: "refuse", reason, isNews: false });
    assert.equal(plays.isPlayed(device), false);
    assert.deepEqual(plays.over(), []);
  });
}

Deno.test("Plays tells a refusal anew when its reason is another one, or a play ran in between", () => {
  const plays = new Plays(["Sim"]);
  const isNews = (state: PowerState) => {
    const answer = plays.judge("Sim", state, false, 0);
    return answer.kind === "refuse" && answer.isNews;
  };
  assert.deepEqual([ENDLESS, { ...PLAYED, age_s: 99 }, ENDLESS].map(isNews), [
    true,
    true,
    true,
  ]);
  assert.equal(isNews(PLAYED), false);
  assert.equal(isNews(ENDLESS), true);
});

Deno.test("Plays remembers the refusals of 100 names and no more", () => {
  const plays = new Plays([]);
  const isNews = (device: string) => {
    const answer = plays.judge(device, PLAYED, false, 0);
    assert.equal(answer.kind, "refuse");
    return answer.isNews;
  };
  for (let i = 0; i <= 100; i++) assert.equal(isNews(`s${i}`), true);
  assert.equal(isNews("s99"), false);
  assert.equal(isNews("s100"), true, "it had no place any more");
});

Deno.test("Plays lets a play go on until its last state counts no more, to the millisecond", () => {
  const plays = new Plays(["Sim"]);
  assert.deepEqual(plays.judge("Sim", { ...PLAYED, age_s: 59 }, false, 1000), BEGINS);
  assert.equal(plays.isPlayed("Sim"), true);
  assert.deepEqual([plays.expired(1999), plays.expired(2000)], [[], ["Sim"]]);
  assert.deepEqual(plays.judge("Sim", PLAYED, false, 1500), GOES_ON);
  assert.deepEqual([plays.expired(61_499), plays.expired(61_500)], [[], ["Sim"]]);
});

Deno.test("Plays ends a play once; it is played until it is forgotten, and begins anew", () => {
  const plays = new Plays(["Sim"]);
  assert.equal(plays.end("Sim"), false, "none runs");
  plays.judge("Sim", PLAYED, false, 0);
  assert.deepEqual(plays.over(), []);
  assert.equal(plays.end("Sim"), true);
  assert.equal(plays.end("Sim"), false);
  assert.deepEqual([plays.isPlayed("Sim"), plays.over(), plays.expired(1e9)], [true, ["Sim"], []]);
  assert.deepEqual(plays.judge("Sim", PLAYED, false, 1), BEGINS);
  assert.deepEqual([plays.over(), plays.end("Sim")], [[], true]);
  plays.forget("Sim");
  assert.deepEqual([plays.isPlayed("Sim"), plays.over()], [false, []]);
});

Deno.test("Plays ends a play by a real state under its name, and lets nobody play there for ten minutes", () => {
  const plays = new Plays(["Sim", "Other"]);
  plays.judge("Sim", PLAYED, false, 0);
  assert.deepEqual(plays.judge("Sim", REAL, false, 1000), { kind: "real" });
  plays.end("Sim");
  assert.deepEqual(plays.judge("Sim", REAL, false, 1001), GOES_ON, "there is no play that could end");
  assert.deepEqual(plays.judge("Sim", PLAYED, false, 601_000), {
    kind: "refuse",
    reason: OTHER,
    isNews: true,
  });
  assert.deepEqual(plays.judge("Other", PLAYED, false, 601_000), BEGINS);
  assert.deepEqual(plays.judge("Sim", PLAYED, false, 601_001), BEGINS);
});

Deno.test("Plays takes a real state that the broker kept, or of a station that is never played, and remembers neither", () => {
  const plays = new Plays(["Sim"]);
  plays.judge("Sim", PLAYED, false, 0);
  assert.deepEqual(plays.judge("Sim", REAL, true, 1), GOES_ON);
  assert.deepEqual(plays.judge("Study", REAL, false, 1), GOES_ON);
  assert.deepEqual(plays.judge("Sim", PLAYED, false, 2), GOES_ON);
});

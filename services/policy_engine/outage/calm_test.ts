import assert from "node:assert/strict";
import { emptyHouse, House } from "../house.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { drawFrom } from "../testdata/random.ts";
import { LIMITS } from "../testdata/limits.ts";
import { calmUntilMonoMs, isCalm } from "./calm.ts";
import { NEW_STATION, type StationState } from "./station.ts";

const STALE_MS = LIMITS.staleAfterSec * 1000;
const RULES = simpleRules({ ...LIMITS, stations: { Study: ["nas"], Attic: ["nas", "pc"] } }, 0);
const STUDY = RULES.stations.Study;
assert.ok(STUDY);

const LIVE = { value: true, atMonoMs: 1000 } as const;
const CALM: StationState = {
  ...NEW_STATION,
  readings: { grid: LIVE, spoke: { ...LIVE, atMonoMs: 5000 }, socPercent: { value: 80, atMonoMs: 3000 } },
  link: "live",
  verdict: { connected: true, by: "station", evidenceMonoMs: 1000 },
  phases: new Map([["1", { kind: "online", sinceMonoMs: 0 }]]),
  blindTelling: { hasSeen: true, isTold: false },
};
const on = (kind: "on_battery" | "critical") =>
  new Map([["1", { kind, sinceMonoMs: 0, criticalSinceMonoMs: 0 } as const]]);

const rows: readonly [name: string, state: Partial<StationState>, grid: "witness" | "off" | undefined][] = [
  ["that was never heard", { verdict: undefined, readings: {}, phases: new Map() }, undefined],
  ["on battery", { verdict: { connected: false, by: "station" }, phases: on("on_battery") }, undefined],
  ["with a group that is on battery still", { phases: on("critical") }, undefined],
  ["that does not tell its grid", { verdict: { by: "station", isOld: true, isUntold: true } }, undefined],
  [
    "whose grid is only known from before",
    { verdict: { connected: true, by: "station", isOld: true } },
    undefined,
  ],
  ["of which a witness speaks", { verdict: { connected: true, by: ["meter"] } }, undefined],
  [
    "whose witness contradicts",
    { verdict: { connected: true, by: "station", disagreement: "odd" } },
    undefined,
  ],
  [
    "with a witness",
    { witnesses: new Map([["meter", { name: "meter", value: true, atMonoMs: 0, staleAfterMs: 60_000 }]]) },
    undefined,
  ],
  ["whose grid only witnesses tell", {}, "witness"],
  ["whose grid nobody tells", {}, "off"],
  ["that is not live", { link: "stale" }, undefined],
  ["that is played", { readings: { ...CALM.readings, simulated: LIVE } }, undefined],
  ["that is held", { held: { untilMonoMs: 9000, reason: "a person" } as StationState["held"] }, undefined],
  [
    "that is charged in an outage",
    { untoldCharge: { lowestPercent: 1, highestPercent: 2 } },
    undefined,
  ],
  ["that is blind", { isBlind: true }, undefined],
  ["of which blindness was told", { blindTelling: { hasSeen: true, isTold: true } }, undefined],
];
for (const [name, state, grid] of rows) {
  Deno.test(`isCalm() is no station ${name}`, () => {
    const rules = { ...STUDY, ...(grid ? { grid } : {}) };
    assert.equal(isCalm({ ...CALM, ...state }, rules), false);
    assert.equal(isCalm(CALM, STUDY), true);
  });
}

for (
  const [name, nowMonoMs, wanted] of [
    ["the oldest reading is too old", 6000, 1000 + STALE_MS + 1],
    ["the oldest is, at its limit", 1000 + STALE_MS, 1000 + STALE_MS + 1],
    ["the next one is, once the oldest has been", 1001 + STALE_MS, 3000 + STALE_MS + 1],
  ] as const
) {
  Deno.test(`calmUntilMonoMs() rests until ${name}`, () => {
    assert.equal(calmUntilMonoMs(CALM.readings, STALE_MS, nowMonoMs), wanted);
  });
}

for (
  const phase of [
    { kind: "down", commandId: "c", commandedMonoMs: 0, sinceMonoMs: 0 },
    { kind: "waking", commandId: "c", sinceMonoMs: 0, sentMonoMs: 0 },
    { kind: "aborting", shutdownId: "c", abortId: "a", sinceMonoMs: 0, sentMonoMs: 0 },
  ] as const
) {
  Deno.test(`House.calmUntilMonoMs() never rests while a host is ${phase.kind}`, () => {
    const start = { ...emptyHouse(RULES), stations: new Map([["Study", CALM]]) };
    assert.notEqual(new House(start, RULES, () => "id").calmUntilMonoMs("Study", 6000), -Infinity);
    const hosts = new Map(start.hosts).set("nas", { phase, online: true });
    assert.equal(
      new House({ ...start, hosts }, RULES, () => "id").calmUntilMonoMs("Study", 6000),
      -Infinity,
    );
  });
}

Deno.test("House: time alone changes nothing before a station's calm is over, whatever was said", () => {
  const seed = Number(Deno.env.get("CALM_SEED") ?? Date.now() >>> 0);
  const draw = drawFrom(seed);
  let rests = 0;
  let ids = 0;
  for (let world = 0; world < 60; world++) {
    const house = new House(emptyHouse(RULES), RULES, () => `id${ids++}`);
    let nowMs = 0;
    const shown = () =>
      JSON.stringify([...house.state.stations, ...house.state.hosts].map(([name, state]) => [name, {
        ...state,
        ...("phases" in state ? { phases: [...state.phases], started: [...state.started] } : {}),
      }]));
    for (let step = 0; step < 120; step++) {
      const device = draw.one(["Study", "Attic"]);
      if (draw.chance(0.8)) {
        const state = {
          device,
          soc: draw.chance(0.9) ? Math.round(draw.between(0, 100)) : undefined,
          grid_connected: draw.chance(0.9) ? draw.chance(0.9) : undefined,
          link: draw.one(["live", "live", "live", "live", "stale", "offline"]),
          age_s: Math.round(draw.scale(1, 200)),
          out_watts: draw.chance(0.5) ? 100 : undefined,
          soc_age_s: draw.chance(0.3) ? Math.round(draw.scale(1, 400)) : undefined,
        };
        const arrival = { atMonoMs: nowMs, atWallMs: nowMs, retained: draw.chance(0.05) };
        house.step({ kind: "state", device, state, arrival }, nowMs);
      } else {
        const agent = draw.one(["nas", "pc"]);
        const input = { kind: "presence", online: draw.chance(0.6), isLive: true } as const;
        house.step({ kind: "host", agent, input }, nowMs);
      }
      house.step({ kind: "tick" }, nowMs);
      const untilMs = Math.min(...["Study", "Attic"].map((one) => house.calmUntilMonoMs(one, nowMs)));
      nowMs += Math.round(draw.scale(100, 200_000));
      if (nowMs >= untilMs) continue;
      rests++;
      const before = shown();
      const effects = house.step({ kind: "tick" }, nowMs);
      assert.deepEqual(effects, [], `seed ${seed}, world ${world}, step ${step}`);
      assert.equal(shown(), before, `seed ${seed}, world ${world}, step ${step}`);
    }
  }
  assert.ok(rests > 200, `only ${rests} rests, seed ${seed}`);
});

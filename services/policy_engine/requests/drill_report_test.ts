/** Who may drill, and what is said of a drill, without a service around it. */
import assert from "node:assert/strict";
import { emptyHouse, House } from "../house.ts";
import type { HostState } from "../hosts/host_phase.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { CONFIG } from "../testdata/test_policy.ts";
import { type Drill, drillRefusal, drillReport } from "./drill.ts";

const RULES = simpleRules({ ...CONFIG, stations: { Study: ["pc", "nas"], Attic: ["nas"] } }, 0);
const TIMES = { nowMonoMs: 0, nowWallMs: Date.UTC(2026, 10, 29) };
const drill = (agent: string, more: object = {}): Drill => ({
  id: "d",
  startedMonoMs: 0,
  startedWallMs: TIMES.nowWallMs,
  hosts: [{ agent, commandId: "c", state: "waiting", ...more }],
});
const houseWith = (phase: HostState["phase"] | undefined, rules = RULES) => {
  const empty = emptyHouse(rules);
  const hosts = phase ? new Map([["pc", { phase }]]) : empty.hosts;
  return new House({ ...empty, hosts }, rules, () => "id");
};

const COMMANDED: HostState["phase"] = {
  kind: "commanded",
  commandId: "c",
  commandedMonoMs: 0,
  firstCommandedMonoMs: 0,
  answer: "none",
  delivery: "done",
};
const busy = '"pc" is being shut down, or its shutdown is being aborted';
const phases: readonly [name: string, phase: HostState["phase"] | undefined, refusal: string | undefined][] =
  [
    ["nothing is known of", undefined, undefined],
    ["is idle", { kind: "idle" }, undefined],
    ["was told to shut down", COMMANDED, busy],
    [
      "is called off",
      { kind: "aborting", shutdownId: "c", abortId: "a", sinceMonoMs: 0, sentMonoMs: 0 },
      busy,
    ],
  ];
for (const [name, phase, refusal] of phases) {
  Deno.test(`drillRefusal() is ${refusal} for a host that ${name}`, () => {
    assert.equal(drillRefusal({ agents: ["nas", "pc"] }, houseWith(phase), undefined), refusal);
    assert.equal(drillRefusal({ agents: ["nas"] }, houseWith(phase), undefined), undefined);
  });
}

Deno.test("drillRefusal() of a house without hosts, and of a station without", () => {
  const rules = simpleRules({ ...CONFIG, stations: { Study: [] } }, 0);
  const refusal = (request: { readonly device?: string }) =>
    drillRefusal(request, houseWith(undefined, rules), undefined);
  assert.equal(refusal({}), "there are no hosts");
  assert.equal(refusal({ device: "Study" }), 'there are no hosts on a station "Study"');
});

Deno.test("drillReport() of a drill that runs and of one that ended", () => {
  const house = houseWith(undefined);
  const times = { ...TIMES, nowMonoMs: 61_000 };
  const running = drillReport(drill("pc"), house, "running", times);
  assert.equal(running.sentence, "0 of 1 hosts are done so far.");
  assert.equal(running.ended_at, undefined);
  const { hosts: [first], ...ended } = drillReport(
    { ...drill("pc", { state: "done", answeredMonoMs: 2500, doneMonoMs: 61_000 }), startedMonoMs: 1000 },
    house,
    "ended",
    times,
  );
  assert.equal(ended.sentence, "1 of 1 hosts are ready.");
  assert.equal(ended.ended_at, "2026-11-29T00:00:00.000Z");
  // 60 s, the delay of 60 s and the last step's 60 s.
  assert.deepEqual([first?.answered_s, first?.done_s, first?.needs_s], [1.5, 60, 180]);
});

Deno.test("drillReport() shows the first 1000 characters of a detail", () => {
  const detail = `a${"b".repeat(2000)}`;
  const { hosts } = drillReport(drill("pc", { detail }), houseWith(undefined), "running", TIMES);
  assert.equal(hosts[0]?.detail, detail.slice(0, 1000));
});

Deno.test("drillReport() knows no time for a host of a station whose charge nobody heard, or heard too long ago", () => {
  const house = houseWith(undefined);
  const hostAt = (nowMonoMs: number) =>
    drillReport(drill("pc"), house, "running", { ...TIMES, nowMonoMs }).hosts[0];
  assert.deepEqual([hostAt(0)?.device, hostAt(0)?.stage, hostAt(0)?.told_after_min], ["Study", 1, undefined]);
  const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
  const state = { device: "Study", soc: 9, grid_connected: true };
  house.step({ kind: "state", device: "Study", state, arrival }, 0);
  assert.equal(typeof hostAt(0)?.told_after_min, "number");
  assert.equal(hostAt(RULES.staleAfterMs + 1)?.told_after_min, undefined);
});

for (
  const [word, goesWithAny, device, minutes] of [["last", [], "Attic", 63], [
    "first",
    ["nas"],
    "Study",
    33,
  ]] as const
) {
  Deno.test(`drillReport() tells a host on two stations by the ${word} of them`, () => {
    const house = houseWith(undefined, { ...RULES, goesWithAny: new Set(goesWithAny) });
    const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
    for (const [name, soc] of [["Study", 50], ["Attic", 90]] as const) {
      // 64 points an hour, a quarter faster, and the debounce.
      const state = { device: name, soc, grid_connected: true, out_watts: 64, battery_wh: 100 };
      house.step({ kind: "state", device: name, state, arrival }, 0);
    }
    const [host] = drillReport(drill("nas"), house, "running", TIMES).hosts;
    assert.deepEqual([host?.device, host?.told_after_min], [device, minutes]);
  });
}

const heard: readonly [goes: "any" | "last", device: string, told: string][] = [
  ["any", "Study", "Study"],
  ["any", "Attic", "Attic"],
  ["last", "Study", "Attic"],
  ["last", "Attic", "Study"],
];
for (const [goes, device, told] of heard) {
  Deno.test(`drillReport() names ${told} for a host that goes with "${goes}", when only ${device} was heard`, () => {
    const house = houseWith(undefined, { ...RULES, goesWithAny: new Set(goes === "any" ? ["nas"] : []) });
    const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
    const state = { device, soc: 50, grid_connected: true };
    house.step({ kind: "state", device, state, arrival }, 0);
    const [host] = drillReport(drill("nas"), house, "running", TIMES).hosts;
    assert.equal(host?.device, told);
    assert.equal(host?.told_after_min !== undefined, told === device);
  });
}

for (const [debounceSec, minutes] of [[149, 1154], [150, 1155]] as const) {
  Deno.test(`drillReport() promises ${minutes} min, to the nearest minute, of a load that a day would last for`, () => {
    const rules = simpleRules({ ...CONFIG, debounceSec }, 0);
    const house = houseWith(undefined, rules);
    const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
    const state = { device: "Study", soc: 90, grid_connected: true, out_watts: 1, battery_wh: 1000 };
    house.step({ kind: "state", device: "Study", state, arrival }, 0);
    // 80 points of 100 are 1152 min of a day, and the debounce.
    const [host] = drillReport(drill("pc"), house, "running", TIMES).hosts;
    assert.equal(host?.told_after_min, minutes);
  });
}

Deno.test("drillReport() counts whole seconds of a host that took a quarter of an hour", () => {
  const done = drill("pc", { state: "done", answeredMonoMs: 0, doneMonoMs: 899_500 });
  const { hosts: [host] } = drillReport(done, houseWith(undefined), "ended", TIMES);
  assert.deepEqual([host?.done_s, host?.needs_s], [899.5, 1020]);
});

Deno.test("drillReport() knows no time for a host that no limit and no reserve ever tells", () => {
  const all = { key: "all", hosts: ["pc"], triggers: {}, debounceMs: 0 };
  const station = { stages: [{ number: 1, timeLimitMs: 1, groups: [all] }], hasReserve: false };
  const house = houseWith(undefined, { ...RULES, stations: { Study: station } });
  const arrival = { atMonoMs: 0, atWallMs: 0, retained: false };
  house.step({
    kind: "state",
    device: "Study",
    state: { device: "Study", soc: 50, grid_connected: true },
    arrival,
  }, 0);
  const [host] = drillReport(drill("pc"), house, "running", TIMES).hosts;
  assert.deepEqual([host?.device, host?.stage, host?.told_after_min], ["Study", 1, undefined]);
});

import { deepEqual, equal } from "node:assert/strict";
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import {
  type Grace,
  isPolicyHeard,
  notePolicy,
  noteState,
  NOTHING_HEARD,
  type StationMemory,
  viewStation,
} from "./station.ts";

const GRACE: Grace = { staleAfterMs: 120_000, policySilentMs: 60_000 };
const LIVE: PowerState = { device: "Study", soc: 80, grid_connected: true, link: "live" };

const heard = (state: PowerState, atMs: number, memory: StationMemory = NOTHING_HEARD) =>
  noteState(memory, state, { retained: false, nowMonoMs: atMs });

function policy(
  status: Partial<PolicyStatus>,
  atMs: number,
  memory: StationMemory = NOTHING_HEARD,
  retained = false,
): StationMemory {
  const whole: PolicyStatus = {
    device: "Study",
    state: "online",
    sentence: "",
    blind: true,
    ts: "2026-11-23T19:00:00Z",
    ...status,
  };
  return notePolicy(memory, whole, { retained, nowMonoMs: atMs });
}

Deno.test("viewStation() believes fresh words only", () => {
  const onBattery = { ...LIVE, grid_connected: false };
  const rows: [name: string, memory: StationMemory, nowMonoMs: number, expected: unknown][] = [
    ["nothing heard", NOTHING_HEARD, 0, { kind: "never" }],
    ["just heard", heard(LIVE, 0), 0, { kind: "live", gridConnected: true, state: LIVE }],
    ["1 ms before the limit", heard(LIVE, 0), 119_999, { kind: "live", gridConnected: true, state: LIVE }],
    ["at the limit", heard(LIVE, 0), 120_000, { kind: "stale" }],
    ["age counts from the evidence", heard({ ...LIVE, age_s: 20 }, 0), 100_000, { kind: "stale" }],
    [
      "the grid's own age counts",
      heard({ ...LIVE, age_s: 1, grid_age_s: 100 }, 0),
      20_000,
      { kind: "stale" },
    ],
    [
      "a report without the grid does not renew it",
      heard({ device: "Study", soc: 70, link: "live" }, 100_000, heard(LIVE, 0)),
      120_000,
      { kind: "stale" },
    ],
    [
      "but while the grid is fresh, its values count",
      heard({ device: "Study", soc: 70, link: "live" }, 100_000, heard(LIVE, 0)),
      119_999,
      { kind: "live", gridConnected: true, state: { device: "Study", soc: 70, link: "live" } },
    ],
    ["never a word on the grid", heard({ device: "Study", soc: 70 }, 0), 0, { kind: "stale" }],
    ["a stale report renews nothing", heard({ ...LIVE, link: "stale" }, 100_000, heard(LIVE, 0)), 120_000, {
      kind: "stale",
    }],
    ["an offline report renews nothing", heard({ ...LIVE, link: "offline" }, 0), 0, { kind: "never" }],
    [
      "a report without link is live, as the predecessor's",
      heard({ device: "Study", soc: 5, grid_connected: false }, 0),
      0,
      { kind: "live", gridConnected: false, state: { device: "Study", soc: 5, grid_connected: false } },
    ],
    [
      "a retained report is not believed",
      noteState(NOTHING_HEARD, LIVE, { retained: true, nowMonoMs: 0 }),
      0,
      { kind: "never" },
    ],
    [
      "silent on battery, the policy's estimate stands",
      policy({ state: "on_battery", soc: 41 }, 125_000, heard(onBattery, 0)),
      130_000,
      { kind: "estimated", reckoned: { socPercent: 41, minutesLeft: undefined } },
    ],
    [
      "also without a number",
      policy({ state: "shutting_down" }, 125_000),
      130_000,
      { kind: "estimated", reckoned: { socPercent: undefined, minutesLeft: undefined } },
    ],
    [
      "the station's own fresh word comes first",
      policy({ state: "on_battery", soc: 41 }, 0, heard(LIVE, 0)),
      0,
      { kind: "live", gridConnected: true, state: LIVE },
    ],
    [
      "on battery the policy's word is beside the station's",
      policy({ state: "on_battery", soc: 41, minutes_left: 33 }, 0, heard(onBattery, 0)),
      0,
      {
        kind: "live",
        gridConnected: false,
        state: onBattery,
        reckoned: { socPercent: 41, minutesLeft: 33 },
      },
    ],
    ["the policy 1 ms before it counts as silent", policy({ state: "critical", soc: 9 }, 0), 59_999, {
      kind: "estimated",
      reckoned: { socPercent: 9, minutesLeft: undefined },
    }],
    ["a silent policy is no word", policy({ state: "critical", soc: 9 }, 0), 60_000, { kind: "stale" }],
    ["an online policy does not speak for a silent station", policy({ state: "online", soc: 99 }, 0), 0, {
      kind: "stale",
    }],
    ["nor one in recovery", policy({ state: "recovery" }, 0), 0, { kind: "stale" }],
    [
      "recovery on battery, because the charge rose",
      policy({ state: "recovery", grid_connected: false, soc: 20 }, 0),
      0,
      { kind: "estimated", reckoned: { socPercent: 20, minutesLeft: undefined } },
    ],
    [
      "on battery by name but with the grid: no estimate",
      policy({ state: "on_battery", grid_connected: true }, 0),
      0,
      { kind: "stale" },
    ],
    [
      "a policy in doubt after a reboot is no word: a host that has booted must not read OB, and LB below the last resort",
      policy({ state: "shutting_down", soc: 2, in_doubt: true }, 0),
      0,
      { kind: "never" },
    ],
    ["a retained policy is no word", policy({ state: "shutting_down" }, 0, NOTHING_HEARD, true), 0, {
      kind: "never",
    }],
  ];
  for (const [name, memory, nowMonoMs, expected] of rows) {
    deepEqual(viewStation(memory, nowMonoMs, GRACE), expected, name);
  }
});

Deno.test("viewStation() says a charge only while that charge is fresh", () => {
  const { soc: _soc, ...bare } = LIVE;
  const out = { ...bare, grid_connected: false };
  /** Grid and report are fresh; the charge is as old as this when it is heard at 0. */
  const oldCharge = (state: PowerState, ageSec: number) =>
    heard({ ...state, soc: 80, discharge_min: 300, soc_age_s: ageSec }, 0);
  const said = (view: ReturnType<typeof viewStation>) =>
    view.kind === "live"
      ? ["live", view.state.soc ?? view.reckoned?.socPercent, view.state.discharge_min]
      : [view.kind, view.kind === "estimated" ? view.reckoned.socPercent : undefined];
  const onBattery = { state: "on_battery", grid_connected: false, soc: 12, soc_estimated: true } as const;
  /** The outage has gone on since 0, and the station has just said so again, with a charge from before it. */
  const wentOn = (atMs: number) => heard({ ...out, soc: 80, soc_age_s: 7200 }, atMs, oldCharge(out, 7200));
  const rows: [name: string, memory: StationMemory, nowMonoMs: number, expected: unknown][] = [
    ["with the grid, 1 ms before the limit", oldCharge(bare, 100), 19_999, ["live", 80, 300]],
    ["with the grid, at the limit", oldCharge(bare, 100), 20_000, ["live", undefined, undefined]],
    ["on battery, 1 ms before the limit", oldCharge(out, 100), 19_999, ["live", 80, 300]],
    ["on battery, at the limit", oldCharge(out, 100), 20_000, ["live", undefined, undefined]],
    ["without an age of its own it is as old as the report", heard({ ...LIVE, age_s: 119 }, 0), 999, [
      "live",
      80,
      undefined,
    ]],
    [
      "on battery the policy's estimate takes its place, without a runtime",
      policy(onBattery, 0, oldCharge(out, 7200)),
      0,
      ["live", 12, undefined],
    ],
    ["a fresh charge is not replaced", policy(onBattery, 0, oldCharge(out, 1)), 0, ["live", 80, 300]],
    ["nor is an old one with the grid", policy(onBattery, 0, oldCharge(bare, 7200)), 0, [
      "live",
      undefined,
      undefined,
    ]],
    [
      "a charge that was never told is reckoned too",
      policy(onBattery, 0, heard(out, 0)),
      0,
      ["live", 12, undefined],
    ],
    [
      "a policy that has not seen the outage yet reckons nothing",
      policy({ soc: 80 }, 0, oldCharge(out, 7200)),
      0,
      [
        "live",
        undefined,
        undefined,
      ],
    ],
    ["1 ms before a silent policy counts as gone", policy(onBattery, 10_000, wentOn(60_000)), 69_999, [
      "live",
      12,
      undefined,
    ]],
    ["a policy that is gone", policy(onBattery, 10_000, wentOn(60_000)), 70_000, ["stale", undefined]],
    ["no policy, 1 ms before it counts as gone", wentOn(50_000), 59_999, ["live", undefined, undefined]],
    ["no policy", wentOn(50_000), 60_000, ["stale", undefined]],
    ["no policy, but the grid", heard({ ...bare, soc: 80, soc_age_s: 7200 }, 0), 60_000, [
      "live",
      undefined,
      undefined,
    ]],
    ["no policy, and a station that never tells its charge", heard(out, 50_000, heard(out, 0)), 60_000, [
      "live",
      undefined,
      undefined,
    ]],
  ];
  for (const [name, memory, nowMonoMs, expected] of rows) {
    deepEqual(said(viewStation(memory, nowMonoMs, GRACE)), expected, name);
  }
});

Deno.test("noteState() counts an outage from its first word", () => {
  const out = { ...LIVE, grid_connected: false };
  const since = (memory: StationMemory) => memory.grid?.sinceMonoMs;
  const lost = heard(out, 10, heard(LIVE, 0));
  deepEqual([since(lost), since(heard(out, 20, lost)), since(heard(LIVE, 30, lost))], [10, 10, 30]);
});

Deno.test("noteState() keeps model and serial number, which do not age", () => {
  const named = { ...LIVE, model: "RIVER 3", sn: "R651" };
  const memory = noteState(NOTHING_HEARD, named, { retained: true, nowMonoMs: 0 });
  const later = heard(LIVE, 1, memory);
  deepEqual([later.model, later.sn], ["RIVER 3", "R651"]);
});

Deno.test("notePolicy() takes a word in doubt for one from before, until the station says that it is on battery", () => {
  const doubted = policy({ state: "shutting_down", in_doubt: true }, 0);
  equal(doubted.policy?.retained, true);
  equal(heard(LIVE, 1, doubted).policy?.retained, true);
  equal(heard({ ...LIVE, grid_connected: false }, 1, doubted).policy?.retained, false);
  equal(policy({ state: "shutting_down" }, 1, doubted).policy?.retained, false, "the doubt is over");
  const live = policy({ state: "shutting_down" }, 0);
  equal(policy({ state: "shutting_down", in_doubt: true }, 1, live).policy?.retained, true);
});

Deno.test("notePolicy() lets no retained word take the place of one heard live", () => {
  const live = policy({ state: "shutting_down" }, 0);
  equal(policy({ state: "online" }, 1, live, true).policy?.status.state, "shutting_down");
  equal(policy({ state: "online" }, 1, live, false).policy?.status.state, "online");
  equal(isPolicyHeard(live, 59_999, GRACE), true);
  equal(isPolicyHeard(live, 60_000, GRACE), false);
});

Deno.test("viewStation() says a loss on that the station does not tell any more, for as long as it is fresh", () => {
  const lost = heard({ ...LIVE, grid_connected: false }, 0);
  const untold = heard({ ...LIVE, grid_connected: false, grid_unknown: true, grid_age_s: 1 }, 1000, lost);
  const view = viewStation(untold, 1000, GRACE);
  deepEqual([view.kind, view.kind === "live" && view.gridConnected], ["live", false]);
  equal(viewStation(untold, GRACE.staleAfterMs, GRACE).kind, "stale");
});

Deno.test("viewStation() says no grid that the station is said not to tell any more, at once", () => {
  const there = heard(LIVE, 0);
  const untold = heard({ ...LIVE, grid_connected: undefined, grid_unknown: true }, 1000, there);
  deepEqual(viewStation(untold, 1000, GRACE), { kind: "stale" }, "neither OL nor OB");
  const ending = policy({ state: "critical", soc: 9, grid_unknown: true }, 1000, untold);
  deepEqual(viewStation(ending, 1001, GRACE), {
    kind: "estimated",
    reckoned: { socPercent: 9, minutesLeft: undefined },
  }, "an outage goes on");
  equal(viewStation(heard(LIVE, 2000, untold), 2000, GRACE).kind, "live");
});

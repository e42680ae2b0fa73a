import { deepEqual, equal } from "node:assert/strict";
import type { PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
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
      { kind: "estimated", socPercent: 41 },
    ],
    [
      "also without a number",
      policy({ state: "shutting_down" }, 125_000),
      130_000,
      { kind: "estimated", socPercent: undefined },
    ],
    [
      "the station's own fresh word comes first",
      policy({ state: "on_battery", soc: 41 }, 0, heard(LIVE, 0)),
      0,
      { kind: "live", gridConnected: true, state: LIVE },
    ],
    ["the policy 1 ms before it counts as silent", policy({ state: "critical", soc: 9 }, 0), 59_999, {
      kind: "estimated",
      socPercent: 9,
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
      {
        kind: "estimated",
        socPercent: 20,
      },
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

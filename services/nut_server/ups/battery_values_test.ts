import { deepEqual } from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { batteryValues, estimatedNames } from "./battery_values.ts";
import type { Reckoned, StationView } from "./station.ts";

const live = (gridConnected: boolean, state: Partial<PowerState>, reckoned?: Reckoned): StationView => ({
  kind: "live",
  gridConnected,
  state: { device: "Study", ...state },
  ...(reckoned ? { reckoned } : {}),
});
const POLICY: Reckoned = { socPercent: 40, minutesLeft: 33.25 };

Deno.test("batteryValues() says charge and runtime together or neither on battery, each for itself with the grid", () => {
  const rows: readonly (readonly [
    name: string,
    view: StationView,
    charge: number | undefined,
    runtime: number | undefined,
    estimated: readonly string[],
  ])[] = [
    ["with the grid, both", live(true, { soc: 80, discharge_min: 300 }), 80, 18_000, []],
    ["with the grid, the charge alone", live(true, { soc: 80 }), 80, undefined, []],
    ["with the grid, nothing", live(true, {}), undefined, undefined, []],
    ["on battery, both from the station", live(false, { soc: 80, discharge_min: 300 }), 80, 18_000, []],
    [
      "the station's own come first",
      live(false, { soc: 80, discharge_min: 300 }, POLICY),
      80,
      18_000,
      [],
    ],
    ["on battery, no minutes and no policy", live(false, { soc: 80 }), undefined, undefined, []],
    [
      "on battery, no minutes: the policy's",
      live(false, { soc: 80 }, POLICY),
      80,
      1995,
      ["battery.runtime"],
    ],
    [
      "0 minutes with charge are none",
      live(false, { soc: 80, discharge_min: 0 }, POLICY),
      80,
      1995,
      ["battery.runtime"],
    ],
    ["0 minutes without charge are the end", live(false, { soc: 0, discharge_min: 0 }), 0, 0, []],
    [
      "on battery, no charge: both from the policy",
      live(false, {}, POLICY),
      40,
      1995,
      ["battery.charge", "battery.runtime"],
    ],
    [
      "minutes alone, and a policy that knows no charge",
      live(false, { discharge_min: 300 }, { minutesLeft: 33 }),
      undefined,
      undefined,
      [],
    ],
    [
      "a policy that knows no minutes",
      live(false, { soc: 80 }, { socPercent: 40 }),
      undefined,
      undefined,
      [],
    ],
    [
      "silent, the policy estimates",
      { kind: "estimated", reckoned: POLICY },
      40,
      1995,
      ["battery.charge", "battery.runtime"],
    ],
    [
      "the policy's 0 minutes are said",
      { kind: "estimated", reckoned: { socPercent: 0, minutesLeft: 0 } },
      0,
      0,
      ["battery.charge", "battery.runtime"],
    ],
    [
      "silent, a policy without minutes",
      { kind: "estimated", reckoned: { socPercent: 40 } },
      undefined,
      undefined,
      [],
    ],
    ["stale", { kind: "stale" }, undefined, undefined, []],
    ["never", { kind: "never" }, undefined, undefined, []],
  ];
  for (const [name, view, charge, runtime, estimated] of rows) {
    const { chargePercent, runtimeSec } = batteryValues(view);
    deepEqual([chargePercent, runtimeSec, [...estimatedNames(view)]], [charge, runtime, estimated], name);
  }
});

import { deepEqual, equal } from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { VERSION } from "../../../lib/version.ts";
import { modelFacts } from "./models.ts";
import { notePolicy, NOTHING_HEARD, type StationView } from "./station.ts";
import { chargerStatus, statusTokens } from "./ups_status.ts";
import { upsVariables, type VariableSources } from "./variables.ts";

const live = (gridConnected: boolean, state: Partial<PowerState> = {}): StationView => ({
  kind: "live",
  gridConnected,
  state: { device: "Study", ...state },
});
const STALE: StationView = { kind: "stale" };

Deno.test("statusTokens() says what is known and nothing that clients do not know", () => {
  const rows: [
    name: string,
    view: StationView,
    fsd: "policy" | "client" | undefined,
    expected: string | undefined,
  ][] = [
    ["online", live(true), undefined, "OL"],
    ["online and low is not low", live(true, { soc: 2 }), undefined, "OL"],
    ["charging", live(true, { soc: 50, ac_in_watts: 200, out_watts: 100 }), undefined, "OL CHRG"],
    [
      "its own need is no charging",
      live(true, { soc: 50, ac_in_watts: 120, out_watts: 100 }),
      undefined,
      "OL",
    ],
    ["one watt more is", live(true, { soc: 50, ac_in_watts: 121, out_watts: 100 }), undefined, "OL CHRG"],
    ["full is not charging", live(true, { soc: 100, ac_in_watts: 200, out_watts: 100 }), undefined, "OL"],
    [
      "full by its own limit",
      live(true, { soc: 80, max_soc: 80, ac_in_watts: 200, out_watts: 9 }),
      undefined,
      "OL",
    ],
    ["unknown watts, no claim", live(true, { soc: 50, ac_in_watts: 200 }), undefined, "OL"],
    ["on battery", live(false, { soc: 50 }), undefined, "OB DISCHRG"],
    [
      "on battery, the sun gives more",
      live(false, { soc: 50, ac_in_watts: 0, dc_in_watts: 300, out_watts: 90 }),
      undefined,
      "OB CHRG",
    ],
    ["charge unknown is not low", live(false), undefined, "OB DISCHRG"],
    ["above the last resort", live(false, { soc: 3.1 }), undefined, "OB DISCHRG"],
    ["at the last resort", live(false, { soc: 3 }), undefined, "OB LB DISCHRG"],
    ["empty", live(false, { soc: 0 }), undefined, "OB LB DISCHRG"],
    ["sockets off is not said", live(true, { ac_out_enabled: false }), undefined, "OL"],
    ["estimated", { kind: "estimated", reckoned: { socPercent: 20 } }, undefined, "OB DISCHRG"],
    ["estimated without a number", { kind: "estimated", reckoned: {} }, undefined, "OB DISCHRG"],
    ["estimated low", { kind: "estimated", reckoned: { socPercent: 3 } }, undefined, "OB LB DISCHRG"],
    ["stale", STALE, undefined, undefined],
    ["never", { kind: "never" }, undefined, undefined],
    ["the policy forces", live(false, { soc: 9 }), "policy", "FSD OB LB DISCHRG"],
    ["the policy forces, data stale", STALE, "policy", "FSD OB LB"],
    [
      "the policy's force is whole while the grid is just back",
      live(true, { soc: 9 }),
      "policy",
      "FSD OB LB",
    ],
    ["the client forces itself", live(true), "client", "FSD OL"],
    ["the client forces itself on battery", live(false, { soc: 40 }), "client", "FSD OB DISCHRG"],
    ["the client forces itself, data stale", STALE, "client", undefined],
  ];
  for (const [name, view, fsd, expected] of rows) {
    equal(statusTokens(view, { fsd, lowBatteryPercent: 3 })?.join(" "), expected, name);
  }
});

Deno.test("chargerStatus() rests when the grid carries the load", () => {
  equal(chargerStatus(live(true, { soc: 100, ac_in_watts: 90, out_watts: 90 })), "resting");
  equal(chargerStatus(live(true)), undefined);
  equal(chargerStatus(STALE), undefined);
});

const FULL: VariableSources = {
  device: "Study",
  memory: { model: "RIVER 3 Plus", sn: "R651" },
  view: live(true, {
    soc: 87.9,
    ac_in_watts: 151.4,
    ac_in_volts: 230.56,
    out_watts: 90,
    ac_out_watts: 60,
    discharge_min: 320.5,
    temp_celsius: 31.25,
    packs: [{ num: 0 }, { num: 1 }],
  }),
  lowBatteryPercent: 3,
};

Deno.test("upsVariables() gives every known value in NUT's units", () => {
  deepEqual(Object.fromEntries(upsVariables({ ...FULL, lowRuntimeSec: 600 }) ?? []), {
    "battery.charge": "87",
    "battery.charge.low": "3",
    "battery.charger.status": "charging",
    "battery.packs": "2",
    "battery.runtime": "19230",
    "battery.runtime.low": "600",
    "battery.temperature": "31.3",
    "battery.type": "LiFePO4",
    "device.mfr": "EcoFlow",
    "device.model": "RIVER 3 Plus",
    "device.serial": "R651",
    "device.type": "ups",
    "driver.name": "ecoflow-power",
    "driver.parameter.port": "auto",
    "driver.version": VERSION,
    "input.realpower": "151",
    "input.voltage": "230.6",
    "ups.id": "Study",
    "ups.load": "10",
    "ups.mfr": "EcoFlow",
    "ups.model": "RIVER 3 Plus",
    "ups.realpower": "60",
    "ups.realpower.nominal": "600",
    "ups.serial": "R651",
    "ups.status": "OL CHRG",
  });
});

Deno.test("upsVariables() names who tells grid and charge, and makes no UPS by cable alone one of EcoFlow's", () => {
  const names = ["device.mfr", "ups.mfr", "experimental.source.grid", "experimental.source.charge"];
  const of = (sn: string | undefined, state: object) => {
    const variables = upsVariables({ ...FULL, memory: { model: "Smart-UPS", sn }, view: live(true, state) });
    return names.map((name) => variables?.get(name));
  };
  const sources = { grid_source: "nut", charge_source: "cloud" };
  deepEqual(of("R651", {}), ["EcoFlow", "EcoFlow", undefined, undefined]);
  deepEqual(of("R651", sources), ["EcoFlow", "EcoFlow", "nut", "cloud"]);
  deepEqual(of(undefined, sources), [undefined, undefined, "nut", "cloud"]);
  // While it is silent nobody says any more who told it; it is no other UPS by that.
  deepEqual(of(undefined, {}), [undefined, undefined, undefined, undefined]);
});

Deno.test("upsVariables() is sorted by name", () => {
  const names = [...upsVariables(FULL)?.keys() ?? []];
  deepEqual(names, names.toSorted());
});

Deno.test("upsVariables() leaves out what is not known", () => {
  const bare = upsVariables({
    device: "Study",
    memory: NOTHING_HEARD,
    view: live(false),
    lowBatteryPercent: 3,
  });
  deepEqual([...bare?.keys() ?? []], [
    "battery.charge.low",
    "battery.charger.status",
    "device.type",
    "driver.name",
    "driver.parameter.port",
    "driver.version",
    "ups.id",
    "ups.status",
  ]);
  equal(upsVariables({ ...FULL, view: STALE }), undefined);
  const estimate = upsVariables({
    ...FULL,
    view: { kind: "estimated", reckoned: { socPercent: 12.9, minutesLeft: 7.5 } },
  });
  deepEqual(
    ["battery.charge", "battery.charge.approx", "battery.runtime", "battery.temperature"].map((name) =>
      estimate?.get(name)
    ),
    ["12", "12", "450", undefined],
  );
  const forced = upsVariables({ ...FULL, view: STALE, fsd: "policy" });
  deepEqual([forced?.get("ups.status"), forced?.get("battery.charge")], ["FSD OB LB", undefined]);
});

Deno.test("upsVariables() takes the runtime only when the station counts", () => {
  const runtime = (discharge_min: number | undefined, soc: number | undefined) =>
    upsVariables({ ...FULL, view: live(false, { discharge_min, soc }) })?.get("battery.runtime");
  equal(runtime(undefined, 50), undefined);
  equal(runtime(0, 50), undefined);
  equal(runtime(0, undefined), undefined);
  equal(runtime(0, 0), "0");
  equal(runtime(1, 1), "60");
  const doubted = live(false, { discharge_min: 3, discharge_min_doubtful: true, soc: 50 });
  equal(upsVariables({ ...FULL, view: doubted })?.get("battery.runtime"), undefined);
});

Deno.test("upsVariables() shows the policy's limit as battery.charge.low", () => {
  const status = {
    device: "Study",
    state: "online",
    sentence: "",
    blind: false,
    soc_min: 12.4,
    ts: "2026-11-23T19:00:00Z",
  } as const;
  const memory = notePolicy(NOTHING_HEARD, status, { retained: false, nowMonoMs: 0 });
  equal(upsVariables({ ...FULL, memory })?.get("battery.charge.low"), "12");
});

Deno.test("upsVariables() relates the load to the configured rating first, and to none that is not known", () => {
  equal(upsVariables({ ...FULL, ratedWatts: 120 })?.get("ups.load"), "50");
  equal(upsVariables({ ...FULL, memory: { model: "DELTA 99" } })?.get("ups.load"), undefined);
});

Deno.test("modelFacts() finds a model whatever its case", () => {
  equal(modelFacts("delta  2 max")?.ratedWatts, 2400);
  equal(modelFacts("toString"), undefined);
  equal(modelFacts(undefined), undefined);
});

/** DELTA 2, DELTA 2 Max, DELTA 3 (1500) and the RIVER 2 line: JSON with `bms_emsStatus` and `bms_bmsStatus`. */
import type { IndicatorSpec, ModelSpec } from "../model_spec.ts";
import { JSON_INVERTER_GRID, JSON_INVERTER_VALUES } from "./json_inverter.ts";
import { NO_MINUTES_LEFT } from "./property_upload.ts";

/** Nominal volts of the main pack make Wh of mAh: checked against the ratings. */
type Nominal = 51.2 | 25.6 | 19.2;

function packs(volts: Nominal, extra: readonly string[]): ModelSpec["packs"] {
  return {
    keys: ["bms_bmsStatus", ...extra],
    soc: ["f32ShowSoc", "soc"],
    temp: ["temp"],
    full: "fullCap",
    design: "designCap",
    capacity: { unit: "mAh", volts },
    count: "bms_emsStatus.maxAvailNum",
  };
}

const GRID: IndicatorSpec[] = JSON_INVERTER_GRID(["inv.acInVol"]);

const VALUES: ModelSpec["values"] = {
  ...JSON_INVERTER_VALUES,
  soc: [
    { from: "bms_emsStatus.f32LcdShowSoc" },
    { from: "bms_emsStatus.lcdShowSoc" },
    { from: "pd.soc" },
    { packs: "mean_soc" },
    { from: "bms_bmsStatus.soc", of: "pack" },
  ],
  ac_in_volts: [{ from: "inv.acInVol", scale: 0.001 }],
  dc_in_watts: [{ from: "mppt.inWatts" }],
  charge_min: [{ from: "bms_emsStatus.chgRemainTime" }],
  discharge_min: [{ from: "bms_emsStatus.dsgRemainTime", placeholders: NO_MINUTES_LEFT }],
  temp_celsius: [{ from: "bms_bmsStatus.temp" }],
  battery_wh: [{ packs: "sum_full" }],
  battery_design_wh: [{ packs: "sum_design" }],
  max_soc: [{ from: "bms_emsStatus.maxChargeSoc" }],
  min_soc: [{ from: "bms_emsStatus.minDsgSoc" }],
  ac_out_enabled: [{ from: "mppt.cfgAcEnabled" }],
};

function model(
  volts: Nominal,
  extraPacks: readonly string[],
  values: ModelSpec["values"] = VALUES,
): Pick<ModelSpec, "role" | "protocol" | "values" | "grid" | "packs" | "unreported_battery"> {
  return {
    role: "station",
    protocol: "json",
    values,
    grid: GRID,
    packs: packs(volts, extraPacks),
    unreported_battery: ["vol", "fullCap", "maxCellVol", "minCellVol"].map((key) => `bms_bmsStatus.${key}`),
  };
}

/** The tables of these families. */
export const DELTA_2_MODELS: readonly ModelSpec[] = [
  {
    model: "DELTA 2",
    prefixes: ["R331", "R335"],
    family: "delta2",
    ...model(51.2, ["bms_slave"]),
    rated_wh: 1024,
    confidence: "high",
    grid_proof: "present",
    seen: "recorded replies",
    captures: ["delta2-latestquotas-ac-present-zero-watts"],
  },
  {
    model: "DELTA 2 Black / E980",
    prefixes: ["R701"],
    family: "delta2",
    ...model(51.2, ["bms_slave"]),
    confidence: "low",
    seen: "no recording; the prefix was reported, the keys are those of the DELTA 2",
  },
  {
    model: "DELTA 3 (1500)",
    prefixes: ["D361", "D365"],
    family: "delta2",
    ...model(51.2, ["bms_slave"]),
    rated_wh: 1536,
    confidence: "medium",
    seen: "no recording; speaks the JSON of the DELTA 2",
  },
  {
    model: "DELTA 2 Max",
    prefixes: ["R351", "R354", "P341"],
    family: "delta2max",
    ...model(51.2, ["bms_slave_bmsSlaveStatus_1", "bms_slave_bmsSlaveStatus_2"], {
      ...VALUES,
      dc_in_watts: [{ from: ["mppt.inWatts", "mppt.pv2InWatts"] }],
      ac_out_enabled: [{ from: "inv.cfgAcEnabled" }],
    }),
    rated_wh: 2048,
    confidence: "high",
    grid_proof: "present",
    seen: "recorded replies",
    captures: ["delta2max-latestquotas-charging"],
  },
  {
    model: "RIVER 2",
    prefixes: ["R601", "R603"],
    family: "river2",
    ...model(25.6, []),
    rated_wh: 256,
    confidence: "medium",
    seen: "no recording; same keys as RIVER 2 Max",
  },
  {
    model: "RIVER 2 Max",
    prefixes: ["R611", "R613"],
    family: "river2max",
    ...model(25.6, []),
    rated_wh: 512,
    confidence: "high",
    grid_proof: "absent",
    seen: "recorded replies",
    captures: ["river2max-latestquotas"],
  },
  {
    model: "RIVER 2 Pro",
    prefixes: ["R621", "R623"],
    family: "river2pro",
    ...model(19.2, []),
    rated_wh: 768,
    confidence: "high",
    grid_proof: "present",
    seen: "recorded replies",
    captures: ["river2pro-latestquotas-charging"],
  },
];

/** DELTA Pro, DELTA Max, DELTA mini and DELTA 1000/1300: JSON with `ems` and `bmsMaster`. */
import type { IndicatorSpec, ModelSpec } from "../model_spec.ts";
import { JSON_INVERTER_GRID, JSON_INVERTER_VALUES } from "./json_inverter.ts";
import { NO_MINUTES_LEFT } from "./property_upload.ts";

const GRID: IndicatorSpec[] = JSON_INVERTER_GRID(["inv.acInVol"]);

/** `pd.soc` is the main pack and `ems` the system: 90 against 85 in a recording with two packs. */
const VALUES: ModelSpec["values"] = {
  ...JSON_INVERTER_VALUES,
  soc: [
    { from: "ems.f32LcdShowSoc" },
    { from: "ems.lcdShowSoc" },
    { packs: "mean_soc" },
    { from: "pd.soc", of: "pack" },
    { from: "bmsMaster.soc", of: "pack" },
  ],
  ac_in_volts: [{ from: "inv.acInVol", scale: 0.001 }],
  dc_in_watts: [{ from: "mppt.inWatts", scale: 0.1 }],
  charge_min: [{ from: "ems.chgRemainTime" }],
  discharge_min: [{ from: "ems.dsgRemainTime", placeholders: NO_MINUTES_LEFT }],
  temp_celsius: [{ from: "bmsMaster.temp" }],
  battery_wh: [{ packs: "sum_full" }],
  battery_design_wh: [{ packs: "sum_design" }],
  max_soc: [{ from: "ems.maxChargeSoc" }],
  min_soc: [{ from: "ems.minDsgSoc" }],
  ac_out_enabled: [{ from: "inv.cfgAcEnabled" }],
};

function station(
  volts: 48 | 50.4,
): Pick<ModelSpec, "role" | "protocol" | "values" | "grid" | "packs" | "unreported_battery"> {
  return {
    role: "station",
    protocol: "json",
    values: VALUES,
    grid: GRID,
    packs: {
      keys: ["bmsMaster", "bmsSlave1", "bmsSlave2"],
      soc: ["f32ShowSoc", "soc"],
      temp: ["temp"],
      full: "fullCap",
      design: "designCap",
      capacity: { unit: "mAh", volts },
      count: "ems.maxAvailableNum",
    },
    unreported_battery: ["vol", "fullCap", "maxCellVol", "minCellVol"].map((key) => `bmsMaster.${key}`),
  };
}

/** The tables of these families. */
export const DELTA_PRO_MODELS: readonly ModelSpec[] = [
  {
    model: "DELTA Pro",
    prefixes: ["DCA", "DCC", "DCE", "DCF", "DCG", "DCJ", "DCK", "DCS", "DCT", "DCU", "R511", "Z0", "Z1"],
    family: "deltapro",
    ...station(48),
    rated_wh: 3600,
    confidence: "high",
    grid_proof: "absent",
    seen: "recorded replies",
    notes: "80000 mAh at 48 V give 3840 Wh against the rated 3600 Wh; fullCap gives 3648 Wh.",
    captures: ["deltapro-diag", "deltapro-latestquotas-solar"],
  },
  {
    model: "DELTA Max",
    prefixes: ["DA", "DD"],
    family: "deltamax",
    ...station(50.4),
    rated_wh: 2016,
    confidence: "high",
    grid_proof: "absent",
    seen: "recorded replies",
    captures: ["deltamax-no-slave", "deltamax-one-slave"],
  },
  {
    model: "DELTA mini",
    prefixes: ["DB"],
    family: "deltamini",
    ...station(50.4),
    rated_wh: 882,
    confidence: "high",
    grid_proof: "absent",
    seen: "recorded replies",
    captures: ["deltamini-diag", "deltamini-latestquotas"],
  },
  {
    model: "DELTA 1000/1300",
    prefixes: ["D1", "D2", "D3", "D4", "D5", "D8"],
    family: "deltamax",
    ...station(50.4),
    rated_wh: 1260,
    confidence: "low",
    seen: "keys assumed; these models are older than the cloud",
    notes: "Two-letter prefixes; the DELTA 3 line has longer ones that begin alike, and the longest wins.",
  },
];

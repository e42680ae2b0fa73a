/** The first RIVER line: JSON with `pd`, `inv` and `bmsMaster`. */
import type { ModelSpec } from "../model_spec.ts";
import { JSON_INVERTER_GRID, JSON_INVERTER_VALUES } from "./json_inverter.ts";
import { NO_MINUTES_LEFT } from "./property_upload.ts";

/** Nominal volts of RIVER Pro and Max packs. */
const VOLTS = 28.8;

function river(
  voltKeys: string[],
): Pick<ModelSpec, "role" | "protocol" | "values" | "grid" | "packs" | "unreported_battery"> {
  return {
    role: "station",
    protocol: "json",
    values: {
      ...JSON_INVERTER_VALUES,
      soc: [{ from: "pd.soc" }, { packs: "mean_soc" }, { from: "bmsMaster.soc", of: "pack" }],
      ac_in_volts: voltKeys.map((from) => ({ from, scale: 0.001 })),
      discharge_min: [{ from: "pd.remainTime", placeholders: NO_MINUTES_LEFT }],
      temp_celsius: [{ from: "bmsMaster.temp" }],
      battery_wh: [{ packs: "sum_full" }],
      max_soc: [{ from: "bmsMaster.maxChargeSoc" }],
      ac_out_enabled: [{ from: "inv.cfgAcEnabled" }],
    },
    grid: JSON_INVERTER_GRID(voltKeys),
    packs: {
      keys: ["bmsMaster", "bmsSlave1"],
      soc: ["f32ShowSoc", "soc"],
      temp: ["temp"],
      full: "fullCap",
      capacity: { unit: "mAh", volts: VOLTS },
    },
    unreported_battery: ["vol", "fullCap", "maxCellVol", "minCellVol"].map((key) => `bmsMaster.${key}`),
  };
}

/** The tables of this line. */
export const RIVER_1_MODELS: readonly ModelSpec[] = [
  {
    model: "RIVER Max",
    prefixes: ["M3"],
    family: "rivermax",
    ...river(["inv.acInVol", "inv.invInVol"]),
    rated_wh: 576,
    confidence: "medium",
    grid_proof: "present",
    seen: "a recording merged from several messages",
    captures: ["rivermax-diag"],
  },
  {
    model: "RIVER / RIVER Plus / RIVER Max Plus",
    prefixes: ["R7", "R8", "RA"],
    family: "rivermax",
    ...river(["inv.acInVol", "inv.invInVol"]),
    confidence: "low",
    seen: "keys assumed",
  },
  {
    model: "RIVER Pro",
    prefixes: ["P2", "P4"],
    family: "riverpro",
    ...river(["inv.invInVol"]),
    rated_wh: 720,
    confidence: "high",
    grid_proof: "both",
    seen: "recorded replies",
    captures: ["riverpro-diag", "riverpro-latestquotas"],
  },
  {
    model: "RIVER mini",
    prefixes: ["R5"],
    family: "rivermini",
    role: "station",
    protocol: "json",
    rated_wh: 210,
    confidence: "medium",
    grid_proof: "present",
    seen: "one recording; the serial prefix is not verified",
    notes: "The inverter's volts arrive with their four bytes reversed. The temperature is the inverter's.",
    captures: ["rivermini-diag-big-endian-volts"],
    values: {
      ...JSON_INVERTER_VALUES,
      soc: [{ from: "inv.soc" }],
      ac_in_volts: [{ from: "inv.invInVol", scale: 0.001, swap_bytes: true }],
      discharge_min: [{ from: "pd.remainTime", placeholders: NO_MINUTES_LEFT }],
      temp_celsius: [{ from: "inv.inTemp" }],
      max_soc: [{ from: "inv.maxChargeSoc" }],
      ac_out_enabled: [{ from: "inv.cfgAcEnabled" }],
    },
    grid: JSON_INVERTER_GRID(["inv.invInVol"], true),
  },
];

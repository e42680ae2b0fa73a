/** The DELTA 3 line that speaks protobuf. DELTA 3 (1500) speaks JSON: `delta2.ts`. */
import type { IndicatorSpec, ModelSpec } from "../model_spec.ts";
import { BMS_PACKS, COMMON_VALUES, FLOW_GRID, GRID_VOLTS, RUNTIME_AC_VOLTS } from "./property_upload.ts";

/**
 * The charger flag proves nothing when it is clear: reported never set on DELTA 3 Max. The plug flag was 1 in every
 * recording with the grid; whether it falls with the grid or with the plug is not known, so set it proves nothing.
 */
const GRID: IndicatorSpec[] = [
  ...FLOW_GRID.map((i) =>
    i.from === "DisplayPropertyUpload.plug_in_info_ac_charger_flag" ? { ...i, absent: "never" as const } : i
  ),
  {
    from: "DisplayPropertyUpload.plug_in_info_ac_in_flag",
    present: { above: 0 },
    absent: "decides",
    only_absent: true,
  },
  {
    from: "RuntimePropertyUpload.plug_in_info_ac_in_vol",
    present: { at_least: GRID_VOLTS },
    absent: "confirms",
  },
];

const DELTA_3: Pick<ModelSpec, "role" | "protocol" | "family" | "values" | "grid" | "packs"> = {
  role: "station",
  protocol: "protobuf",
  family: "delta3",
  values: {
    ...COMMON_VALUES,
    ac_in_volts: RUNTIME_AC_VOLTS,
    dc_in_watts: [{ from: ["DisplayPropertyUpload.pow_get_pv", "DisplayPropertyUpload.pow_get_pv2"] }],
  },
  grid: GRID,
  packs: BMS_PACKS,
};

const ASSUMED = "schema assumed, never seen";

/** The tables of this family. */
export const DELTA_3_MODELS: readonly ModelSpec[] = [
  {
    model: "DELTA 3",
    prefixes: ["P231"],
    ...DELTA_3,
    rated_wh: 1024,
    confidence: "high",
    seen: "raw frames decoded, also from the developer API",
    captures: [
      "delta3-bms-heartbeat-ac-present",
      "delta3-cms-heartbeat-xor",
      "delta3-decoded-two-packs-charging",
      "delta3-display-incremental-xor",
      "delta3-open-api-pass-through",
    ],
  },
  {
    model: "DELTA 3 Plus",
    prefixes: ["P351"],
    ...DELTA_3,
    rated_wh: 1024,
    confidence: "high",
    seen: "full raw reply decoded",
    captures: ["delta3plus-get-reply-full-on-battery"],
  },
  {
    model: "DELTA 3 Classic",
    prefixes: ["P321"],
    ...DELTA_3,
    rated_wh: 1024,
    confidence: "medium",
    seen: "same schema, only a sample decoded by others",
  },
  {
    model: "DELTA 3 Max",
    prefixes: ["D3N1"],
    ...DELTA_3,
    rated_wh: 2048,
    confidence: "medium",
    seen: "same schema, one field report",
    notes: "One prefix table lists D3N1 as Classic; three other sources say Max.",
  },
  {
    model: "DELTA 3 Max Plus",
    prefixes: ["D3M1"],
    ...DELTA_3,
    rated_wh: 2048,
    confidence: "high",
    seen: "raw Bluetooth frames decoded",
    captures: ["delta3maxplus-display-1", "delta3maxplus-display-3-plugs"],
  },
  { model: "DELTA 3 Ultra", prefixes: ["D751", "D3U1"], ...DELTA_3, confidence: "low", seen: ASSUMED },
  { model: "DELTA 3 Ultra Plus", prefixes: ["D511", "D3UP"], ...DELTA_3, confidence: "low", seen: ASSUMED },
  {
    model: "DELTA 3 1000 Air",
    prefixes: ["PR11", "PR12"],
    ...DELTA_3,
    rated_wh: 960,
    confidence: "low",
    seen: ASSUMED,
  },
  {
    model: "DELTA 3 2000 Air",
    prefixes: ["PR21"],
    ...DELTA_3,
    rated_wh: 1920,
    confidence: "low",
    seen: ASSUMED,
  },
];

/** RIVER 3, RIVER 3 UPS and RIVER 3 Plus. */
import type { ModelSpec } from "../model_spec.ts";
import { BMS_PACKS, CHARGER_GRID, COMMON_VALUES, LFP_CELL_VOLTS } from "./property_upload.ts";

/**
 * `plug_in_info_ac_in_flag`, `_feq`, `plug_in_info_ac_in_vol` and the CMS plug flag stay 0 on these with the grid
 * present: no volts are known, and none of them is an indicator.
 */
function river3(
  cellsInSeries: number,
): Pick<ModelSpec, "role" | "protocol" | "family" | "values" | "grid" | "packs"> {
  return {
    role: "station",
    protocol: "protobuf",
    family: "river3",
    values: {
      ...COMMON_VALUES,
      dc_in_watts: [{ from: "DisplayPropertyUpload.pow_get_pv" }],
      battery_wh: [
        { packs: "sum_full" },
        {
          from: "RuntimePropertyUpload.bms_full_cap",
          scale: cellsInSeries * LFP_CELL_VOLTS / 1000,
          ignore_zero: true,
        },
      ],
    },
    grid: [...CHARGER_GRID],
    packs: BMS_PACKS,
  };
}

/** The tables of this family. */
export const RIVER_3_MODELS: readonly ModelSpec[] = [
  {
    model: "RIVER 3",
    prefixes: ["R651", "R653"],
    ...river3(6),
    rated_wh: 245,
    confidence: "high",
    grid_proof: "present",
    seen: "full raw reply decoded",
    captures: ["river3-get-reply-full"],
  },
  {
    model: "RIVER 3 UPS",
    prefixes: ["R654", "R655"],
    ...river3(6),
    rated_wh: 245,
    confidence: "high",
    grid_proof: "outage",
    seen: "raw replies and pushes of an outage decoded, with their times",
    captures: [
      "river3ups-display-1-power",
      "river3ups-display-2-errors",
      "river3ups-display-3-flows",
      "river3ups-r655-after-push",
      "river3ups-r655-back-get-reply",
      "river3ups-r655-back-push-1",
      "river3ups-r655-back-push-3",
      "river3ups-r655-on-idle-get-reply",
      "river3ups-r655-on-push-part1-plain",
      "river3ups-r655-out-cms",
      "river3ups-r655-out-get-reply-1",
      "river3ups-r655-u0-passthrough-get-reply",
    ],
  },
  {
    model: "RIVER 3 Plus",
    prefixes: ["R631", "R634", "R635"],
    ...river3(7),
    rated_wh: 286,
    confidence: "high",
    grid_proof: "both",
    seen: "raw reply and pushes decoded",
    notes: "RIVER 3 Max and Max Plus are a RIVER 3 Plus with an extra pack (pack serials R632, R633).",
    captures: [
      "river3plus-bms-heartbeat",
      "river3plus-decoded",
      "river3plus-r631-bms-push",
      "river3plus-r631-disp-a",
      "river3plus-r631-disp-b",
      "river3plus-r631-disp-full-split",
      "river3plus-r631-get-reply",
    ],
    tag27: true,
  },
];

/** DELTA Pro 3, DELTA Pro Ultra X, and the panel that speaks their dialect. */
import type { IndicatorSpec, ModelSpec } from "../model_spec.ts";
import { BMS_PACKS, CHARGER_GRID, COMMON_VALUES, FLOW_BIT, RUNTIME_AC_VOLTS } from "./property_upload.ts";

const SHARED_VALUES: ModelSpec["values"] = {
  ...COMMON_VALUES,
  ac_in_volts: RUNTIME_AC_VOLTS,
  ac_out_watts: [{
    from: [
      "DisplayPropertyUpload.pow_get_ac_hv_out",
      "DisplayPropertyUpload.pow_get_ac_lv_out",
      "DisplayPropertyUpload.pow_get_ac_lv_tt30_out",
    ],
    scale: -1,
  }],
  dc_in_watts: [{ from: ["DisplayPropertyUpload.pow_get_pv_h", "DisplayPropertyUpload.pow_get_pv_l"] }],
  ac_out_enabled: [{
    from: ["DisplayPropertyUpload.flow_info_ac_hv_out", "DisplayPropertyUpload.flow_info_ac_lv_out"],
    bit: FLOW_BIT,
  }],
};

/**
 * As on RIVER 3. `plug_in_info_ac_in_flag` was 0 with the grid present and is not used. A CMS plug flag of 1 proves nothing,
 * but a loss beside it is not believed: a recording has both, and whether the grid was there cannot be told.
 */
const GRID: IndicatorSpec[] = [
  ...CHARGER_GRID,
  {
    from: "CMSHeartBeatReport.v1p3.chg_line_plug_in_flag",
    present: { above: 0 },
    absent: "never",
    doubts: true,
  },
];

/** Inferred; one sample. */
const GRID_X: IndicatorSpec[] = [
  ...CHARGER_GRID,
  { from: "DisplayPropertyUpload.plug_in_info_ac_in_flag", present: { above: 0 }, absent: "asks" },
];

/** The tables of this family. */
export const DELTA_PRO_3_MODELS: readonly ModelSpec[] = [
  {
    model: "DELTA Pro 3",
    prefixes: ["MR51", "MR53", "MR54"],
    role: "station",
    protocol: "protobuf",
    family: "deltapro3",
    rated_wh: 4096,
    confidence: "high",
    grid_proof: "present",
    seen: "raw frames decoded",
    captures: [
      "app-get-all-request",
      "deltapro3-bms-heartbeat",
      "deltapro3-decoded-idle",
      "deltapro3-display-2-flows",
      "deltapro3-display-incremental-xor",
    ],
    values: SHARED_VALUES,
    grid: GRID,
    packs: BMS_PACKS,
  },
  {
    model: "DELTA Pro Ultra X",
    prefixes: ["P101"],
    role: "station",
    protocol: "protobuf",
    family: "deltaproultrax",
    confidence: "low",
    grid_proof: "present",
    seen: "one sample decoded by others",
    captures: ["deltaproultrax-decoded"],
    values: { ...SHARED_VALUES, temp_celsius: [{ from: "DisplayPropertyUpload.bp_info.packs[].temp" }] },
    grid: GRID_X,
    packs: BMS_PACKS,
  },
  {
    model: "Smart Home Panel 3",
    prefixes: ["HR6", "HR62", "HR63", "HR6C"],
    role: "accessory",
    protocol: "protobuf",
    family: "deltaproultrax",
    confidence: "low",
    seen:
      "dialect of the DELTA Pro Ultra X reported: charge, grid and load watts, volts; circuits are not covered",
    values: {
      soc: [{ from: "DisplayPropertyUpload.cms_batt_soc" }],
      ac_in_watts: [{ from: "DisplayPropertyUpload.pow_get_sys_grid" }],
      ac_in_volts: [
        { from: "DisplayPropertyUpload.grid_connection_vol_l1" },
        { from: "DisplayPropertyUpload.grid_connection_vol_l2" },
      ],
      out_watts: [{ from: "DisplayPropertyUpload.pow_get_sys_load" }],
    },
  },
];

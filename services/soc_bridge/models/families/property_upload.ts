/** Parts of the tables that the families with Display, Runtime, BMS and CMS messages share. */
import type { IndicatorSpec, ModelSpec, PackSpec } from "../model_spec.ts";

/** LFP cells: Wh = mAh x cells in series x 3.2 V / 1000; checked against the ratings of four models. */
export const LFP_CELL_VOLTS = 3.2;

/** One battery report per pack, `num` 0 is the main one. `pack_sn` can hold firmware text: never used. */
export const BMS_PACKS: PackSpec = {
  message: "BMSHeartBeatReport",
  num: "num",
  sn: "bms_sn",
  soc: ["f32_show_soc", "soc"],
  temp: ["max_cell_temp", "temp"],
  full: "full_cap",
  design: "design_cap",
  capacity: { unit: "mAh", cells: "cell_series_num", volts_per_cell: LFP_CELL_VOLTS },
};

/** Bit 1 of every flow field: the path is active. 12 has it clear and means unplugged. */
export const FLOW_BIT = 1;

/** Less than this at an AC input is noise: 7.2 V were seen with nothing plugged in. */
export const GRID_VOLTS = 40;

/** Flow, charger flag and watts show the grid; only the flow can say that it is gone. */
export const FLOW_GRID: readonly IndicatorSpec[] = [
  { from: "DisplayPropertyUpload.flow_info_ac_in", present: { bit: FLOW_BIT }, absent: "decides" },
  { from: "DisplayPropertyUpload.plug_in_info_ac_charger_flag", present: { above: 0 }, absent: "confirms" },
  { from: "DisplayPropertyUpload.pow_get_ac_in", present: { above: 2 }, absent: "confirms" },
];

/**
 * The charge of the whole system first. With extra packs the main one's (`bms_batt_soc`: 91 against 90 in a recording with
 * two, and more in an outage) can be higher, so it comes last, behind the mean of the packs.
 */
const SYSTEM_SOC: ModelSpec["values"]["soc"] = [
  { from: "DisplayPropertyUpload.cms_batt_soc" },
  { from: "CMSHeartBeatReport.v1p0.f32_lcd_show_soc" },
  { packs: "mean_soc" },
  { from: "DisplayPropertyUpload.bms_batt_soc" },
];

/** What all of these families have under the same names. */
export const COMMON_VALUES = {
  soc: SYSTEM_SOC,
  ac_in_watts: [{ from: "DisplayPropertyUpload.pow_get_ac_in" }],
  out_watts: [{ from: "DisplayPropertyUpload.pow_out_sum_w" }],
  ac_out_watts: [{ from: "DisplayPropertyUpload.pow_get_ac_out", scale: -1 }],
  charge_min: [
    { from: "DisplayPropertyUpload.cms_chg_rem_time" },
    { from: "CMSHeartBeatReport.v1p0.chg_remain_time" },
  ],
  discharge_min: [
    { from: "DisplayPropertyUpload.cms_dsg_rem_time" },
    { from: "CMSHeartBeatReport.v1p0.dsg_remain_time" },
  ],
  temp_celsius: [{ from: "DisplayPropertyUpload.bms_max_cell_temp" }, { packs: "max_temp" }],
  battery_wh: [{ from: "DisplayPropertyUpload.cms_batt_full_energy" }, { packs: "sum_full" }],
  battery_design_wh: [{ packs: "sum_design" }],
  max_soc: [
    { from: "DisplayPropertyUpload.cms_max_chg_soc" },
    { from: "CMSHeartBeatReport.v1p0.max_charge_soc", ignore_zero: true },
  ],
  min_soc: [
    { from: "DisplayPropertyUpload.cms_min_dsg_soc" },
    { from: "CMSHeartBeatReport.v1p0.min_dsg_soc" },
  ],
  ac_out_enabled: [{ from: "DisplayPropertyUpload.flow_info_ac_out", bit: FLOW_BIT }],
} satisfies ModelSpec["values"];

/** Volts at the AC input, where the model reports them; at most once a minute. */
export const RUNTIME_AC_VOLTS: ModelSpec["values"]["ac_in_volts"] = [
  { from: "RuntimePropertyUpload.plug_in_info_ac_in_vol", below_is_zero: GRID_VOLTS },
];

/** Parts of the tables that the families with Display, Runtime, BMS and CMS messages share. */
import { type IndicatorSpec, MINUTES_PLACEHOLDERS, type ModelSpec, type PackSpec } from "../model_spec.ts";

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
  count: "CMSHeartBeatReport.v1p0.max_available_num",
};

/** Bit 1 of every flow field: the path is active. At the AC input it proves the grid; clear it proves nothing. */
export const FLOW_BIT = 1;

/** Less than this at an AC input is noise: 7.2 V were seen with nothing plugged in. */
export const GRID_VOLTS = 40;

const DISPLAY = "DisplayPropertyUpload";

/** Watts into the station prove the grid; none of them are what a full battery draws. */
export const WATTS_IN: IndicatorSpec = {
  from: `${DISPLAY}.pow_get_ac_in`,
  present: { above: 2 },
  absent: "asks",
};

/**
 * The flow is 0 on a station that idles on the grid, and 4 where the sun carries the load. 12 was seen with and without the
 * grid. Only a set bit 1 means anything.
 */
export const FLOW_IN: IndicatorSpec = {
  from: `${DISPLAY}.flow_info_ac_in`,
  present: { bit: FLOW_BIT },
  absent: "asks",
};

/** A battery that begins to discharge is an outage's first sign where pushes carry little else; it proves nothing. */
export const DISCHARGE_BEGINS: IndicatorSpec = {
  from: "CMSHeartBeatReport.v1p3.sys_chg_dsg_state",
  present: { one_of: [0, 2] },
  only_absent: true,
  absent: "asks",
};

/**
 * Flag, watts or flow show the grid. It is gone when the charger flag is clear and no watts come in. On a RIVER 3 UPS all three
 * were 0 18 s after the plug was pulled. After the return the flag alone was still 0 for some 6 s, with 88 W coming in.
 */
export const CHARGER_GRID: readonly IndicatorSpec[] = [
  {
    from: `${DISPLAY}.plug_in_info_ac_charger_flag`,
    present: { above: 0 },
    absent: "decides",
    needs: `${DISPLAY}.pow_get_ac_in`,
  },
  WATTS_IN,
  FLOW_IN,
  DISCHARGE_BEGINS,
];

/** The charge of the whole system first. With extra packs the main one's can be far off: it stands in only where it is alone. */
const SYSTEM_SOC: ModelSpec["values"]["soc"] = [
  { from: "DisplayPropertyUpload.cms_batt_soc" },
  { from: "CMSHeartBeatReport.v1p0.f32_lcd_show_soc" },
  { from: "CMSHeartBeatReport.v1p0.lcd_show_soc" },
  { packs: "mean_soc" },
  { from: "DisplayPropertyUpload.bms_batt_soc", of: "pack" },
];

/** No estimate, or none while the grid is there; 0 as well: a station that is empty says it by its charge. */
export const NO_MINUTES_LEFT: number[] = [0, ...MINUTES_PLACEHOLDERS];

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
    { from: "DisplayPropertyUpload.cms_dsg_rem_time", placeholders: NO_MINUTES_LEFT },
    { from: "CMSHeartBeatReport.v1p0.dsg_remain_time", placeholders: NO_MINUTES_LEFT },
  ],
  temp_celsius: [{ from: "DisplayPropertyUpload.bms_max_cell_temp" }, { packs: "max_temp" }],
  battery_wh: [
    { from: "DisplayPropertyUpload.cms_batt_full_energy", ignore_zero: true },
    { packs: "sum_full" },
  ],
  battery_design_wh: [{ packs: "sum_design" }],
  max_soc: [
    { from: "DisplayPropertyUpload.cms_max_chg_soc" },
    { from: "CMSHeartBeatReport.v1p0.max_charge_soc", ignore_zero: true },
  ],
  min_soc: [
    { from: "DisplayPropertyUpload.cms_min_dsg_soc" },
    // 0 beside a Display limit of 10 on a DELTA 3 Plus.
    { from: "CMSHeartBeatReport.v1p0.min_dsg_soc", ignore_zero: true },
  ],
  ac_out_enabled: [{ from: "DisplayPropertyUpload.flow_info_ac_out", bit: FLOW_BIT }],
} satisfies ModelSpec["values"];

/** Volts at the AC input, where the model reports them; at most once a minute. */
export const RUNTIME_AC_VOLTS: ModelSpec["values"]["ac_in_volts"] = [
  { from: "RuntimePropertyUpload.plug_in_info_ac_in_vol", below_is_zero: GRID_VOLTS },
];

/** The STREAM line: batteries and a micro inverter tied to the house's grid. */
import type { IndicatorSpec, ModelSpec } from "../model_spec.ts";
import { BMS_PACKS, GRID_VOLTS, NO_MINUTES_LEFT } from "./property_upload.ts";

const DISPLAY = "DisplayPropertyUpload";

const STATE = `${DISPLAY}.grid_connection_sta`;
const VOLTS = `${DISPLAY}.grid_connection_vol`;

/** State 1 takes from the grid, 3 feeds it; 0 none, 2 not online. Gone it is when both say so. */
const GRID: IndicatorSpec[] = [
  { from: STATE, present: { one_of: [1, 3] }, absent: "decides", needs: VOLTS },
  { from: VOLTS, present: { at_least: GRID_VOLTS }, absent: "decides", needs: STATE },
];

/**
 * In a group only the leader computes the system's charge and energy; the others send them as 0. What a unit can give is in
 * its own battery, so that comes first, also on the leader. All of charge, energy and minutes are the unit's then: the group's
 * count for a unit that is alone in it, or that tells nothing of its own.
 */
const OWN_SOC: ModelSpec["values"]["soc"] = [
  { packs: "mean_soc" },
  { from: `${DISPLAY}.bms_batt_soc`, of: "pack" },
  { from: "CMSHeartBeatReport.v1p0.f32_lcd_show_soc" },
  { from: `${DISPLAY}.cms_batt_soc`, ignore_zero: true, of: "group" },
];

/**
 * The sign of the grid power is inferred: positive goes towards the house. `pow_get_sys_load` is the house's load, which
 * the grid may carry: it is not what leaves the station.
 */
const GRID_TIED: ModelSpec["values"] = {
  ac_in_watts: [{ from: `${DISPLAY}.grid_connection_power`, part: "negative" }],
  ac_in_volts: [{ from: `${DISPLAY}.grid_connection_vol`, below_is_zero: GRID_VOLTS }],
  ac_out_watts: [{ from: `${DISPLAY}.grid_connection_power`, part: "positive" }],
};

const STREAM: Pick<ModelSpec, "role" | "protocol" | "family" | "values" | "grid" | "packs"> = {
  role: "station",
  protocol: "protobuf",
  family: "stream",
  values: {
    ...GRID_TIED,
    soc: OWN_SOC,
    dc_in_watts: [
      { from: `${DISPLAY}.pow_get_pv_sum`, ignore_zero: true },
      { from: ["pow_get_pv", "pow_get_pv2", "pow_get_pv3", "pow_get_pv4"].map((f) => `${DISPLAY}.${f}`) },
    ],
    charge_min: [
      { from: `${DISPLAY}.bms_chg_rem_time`, of: "pack" },
      { from: "CMSHeartBeatReport.v1p0.chg_remain_time" },
      { from: `${DISPLAY}.cms_chg_rem_time`, of: "group" },
    ],
    discharge_min: [
      { from: `${DISPLAY}.bms_dsg_rem_time`, placeholders: NO_MINUTES_LEFT, of: "pack" },
      { from: "CMSHeartBeatReport.v1p0.dsg_remain_time", placeholders: NO_MINUTES_LEFT },
      { from: `${DISPLAY}.cms_dsg_rem_time`, placeholders: NO_MINUTES_LEFT, of: "group" },
    ],
    temp_celsius: [{ packs: "max_temp" }],
    battery_wh: [{ from: `${DISPLAY}.cms_batt_full_energy`, ignore_zero: true, of: "group" }],
    battery_design_wh: [{ packs: "sum_design" }],
    max_soc: [{ from: `${DISPLAY}.cms_max_chg_soc` }],
    min_soc: [{ from: `${DISPLAY}.cms_min_dsg_soc` }],
  },
  grid: GRID,
  packs: BMS_PACKS,
};

/** The tables of this line. */
export const STREAM_MODELS: readonly ModelSpec[] = [
  {
    model: "STREAM AC",
    prefixes: ["BK51"],
    ...STREAM,
    rated_wh: 1920,
    confidence: "medium",
    seen: "schema of the Ultra",
  },
  {
    model: "STREAM AC Pro",
    prefixes: ["BK31"],
    ...STREAM,
    rated_wh: 1920,
    confidence: "medium",
    seen: "schema of the Ultra",
  },
  {
    model: "STREAM Pro",
    prefixes: ["BK12"],
    ...STREAM,
    rated_wh: 1920,
    confidence: "medium",
    seen: "schema of the Ultra",
  },
  {
    model: "STREAM Max",
    prefixes: ["BK41"],
    ...STREAM,
    rated_wh: 1920,
    confidence: "low",
    seen: "schema assumed, never seen",
  },
  {
    model: "STREAM Ultra",
    prefixes: ["BK11", "ES11"],
    ...STREAM,
    rated_wh: 1920,
    confidence: "medium",
    grid_proof: "present",
    seen: "raw reply and frames of a follower in a group decoded",
    captures: [
      "streamultra-bk11-follower-bms-discharge",
      "streamultra-bk11-get-reply-all-six",
      "streamultra-bk11-property-pv3-only",
      "streamultra-display-plain",
    ],
  },
  {
    model: "STREAM Ultra X",
    prefixes: ["BK61"],
    ...STREAM,
    rated_wh: 3840,
    confidence: "medium",
    seen: "one raw frame decoded",
    captures: ["streamultrax-bk61-property-partial"],
  },
  {
    model: "STREAM 5000 / STREAM AC 5000",
    prefixes: ["ES21", "ES22"],
    ...STREAM,
    rated_wh: 5024,
    confidence: "medium",
    seen:
      "raw battery reports decoded; of 254/39 the charge and the grid meter's watts are known, 254/40, 254/42, 50/2 and 53/77 are not",
    notes: "The grid is not known on this model, so no policy can protect a house with it alone.",
    captures: [
      "stream5000-bms-heartbeat",
      "stream5000-es21-0",
      "stream5000-es21-1",
      "stream5000-es21-2",
      "stream5000-es21-3",
      "stream5000-es21-5",
      "stream5000-es21-6",
      "stream5000-es22-get-reply",
      "stream5000-es22-push-0",
      "stream5000-es22-push-4",
      "stream5000-unknown-254-39",
    ],
    values: {
      soc: [...OWN_SOC, { from: "Stream5000Report.energy.soc" }],
      charge_min: [{ from: "CMSHeartBeatReport.v1p0.chg_remain_time" }],
      discharge_min: [{ from: "CMSHeartBeatReport.v1p0.dsg_remain_time", placeholders: NO_MINUTES_LEFT }],
      temp_celsius: [{ packs: "max_temp" }],
      battery_design_wh: [{ packs: "sum_design" }],
      max_soc: [{ from: "CMSHeartBeatReport.v1p0.max_charge_soc" }],
      min_soc: [{ from: "CMSHeartBeatReport.v1p0.min_dsg_soc", ignore_zero: true }],
    },
    grid: undefined,
  },
  {
    model: "STREAM Microinverter",
    prefixes: ["BK01", "BK02", "N011"],
    role: "accessory",
    protocol: "protobuf",
    family: "stream_microinverter",
    confidence: "high",
    grid_proof: "present",
    seen: "raw frames decoded; it has no battery",
    captures: ["streammicro-full-xor", "streammicro-incremental-xor", "streammicro-incremental-xor-2"],
    values: { ...GRID_TIED, dc_in_watts: STREAM.values.dc_in_watts },
    grid: GRID,
  },
];

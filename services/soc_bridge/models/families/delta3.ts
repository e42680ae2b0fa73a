/** The DELTA 3 line that speaks protobuf. DELTA 3 (1500) speaks JSON: `delta2.ts`. */
import type { IndicatorSpec, ModelSpec } from "../model_spec.ts";
import {
  BMS_PACKS,
  COMMON_VALUES,
  DISCHARGE_BEGINS,
  FLOW_BIT,
  FLOW_IN,
  GRID_VOLTS,
  RUNTIME_AC_VOLTS,
  WATTS_IN,
} from "./property_upload.ts";

const DISPLAY = "DisplayPropertyUpload";
const PLUGGED = "CMSHeartBeatReport.v1p3.chg_line_plug_in_flag";
const AC_IN_FLAG = `${DISPLAY}.plug_in_info_ac_in_flag`;

/**
 * Volts decide: 237 V with no watt and a flow of 4 while the sun carried the load, 7 V with nothing plugged in. They come
 * once a minute at most and in every reply. One firmware tells 0 V beside 120 W: no loss stands against another sign
 * (`judge/grid_evidence.ts`). A reply without them says "gone" only when it has all the other signs and none
 * shows the grid. The charger flag is never set on some and is not used; neither is the frequency, 50 with nothing plugged.
 */
const GRID: IndicatorSpec[] = [
  {
    from: "RuntimePropertyUpload.plug_in_info_ac_in_vol",
    present: { at_least: GRID_VOLTS },
    absent: "decides",
  },
  WATTS_IN,
  { ...FLOW_IN, absent: "in_reply", needs: [`${DISPLAY}.pow_get_ac_in`, AC_IN_FLAG, PLUGGED] },
  { from: AC_IN_FLAG, present: { above: 0 }, absent: "asks" },
  { from: PLUGGED, present: { above: 0 }, absent: "asks" },
  DISCHARGE_BEGINS,
];

/** These two say it outright: 1 without the grid, 2 with it, seen by cutting the mains of a DELTA 3 Max Plus. */
const OUTAGE_FLAG_GRID: IndicatorSpec[] = [
  {
    from: `${DISPLAY}.power_outages_active_flag`,
    present: { one_of: [2] },
    absent: "decides",
    absent_values: [1],
  },
  ...GRID,
];

/** Outlets that are switched off at a charge of their own, and a second AC group. */
const OUTAGE_PORTS: Pick<ModelSpec, "grid" | "outage_ports"> = {
  grid: OUTAGE_FLAG_GRID,
  outage_ports: {
    list: `${DISPLAY}.power_outages_list.power_outage_item`,
    port: "power_outage_port_type",
    enabled: "power_outage_port_enable",
    min_soc: "power_outage_min_soc",
    ports: { "1": "dc", "2": "ac1", "3": "ac2" },
  },
};

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

const WITH_OUTAGE_PORTS: typeof DELTA_3 & typeof OUTAGE_PORTS = {
  ...DELTA_3,
  ...OUTAGE_PORTS,
  values: {
    ...DELTA_3.values,
    ac_out_enabled: [{
      from: [`${DISPLAY}.flow_info_ac_out`, `${DISPLAY}.flow_info_ac2_out`],
      bit: FLOW_BIT,
    }],
  },
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
    grid_proof: "present",
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
    grid_proof: "both",
    seen: "full raw replies decoded, on battery, and on grid and sun with two packs",
    captures: [
      "delta3plus-get-reply-full-on-battery",
      "delta3plus-p351-cms-push",
      "delta3plus-p351-get-reply",
    ],
  },
  {
    model: "DELTA 3 Classic",
    prefixes: ["P321", "P322"],
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
    grid_proof: "outage",
    seen: "same schema, one field report",
    notes: "One prefix table lists D3N1 as Classic; three other sources say Max.",
  },
  {
    model: "DELTA 3 Max Plus",
    prefixes: ["D3M1"],
    ...WITH_OUTAGE_PORTS,
    rated_wh: 2048,
    confidence: "high",
    grid_proof: "outage",
    seen: "raw Bluetooth frames decoded",
    captures: ["delta3maxplus-display-1", "delta3maxplus-display-3-plugs"],
  },
  { model: "DELTA 3 Ultra", prefixes: ["D751", "D3U1"], ...DELTA_3, confidence: "low", seen: ASSUMED },
  {
    model: "DELTA 3 Ultra Plus",
    prefixes: ["D511", "D3UP"],
    ...WITH_OUTAGE_PORTS,
    confidence: "low",
    seen: ASSUMED,
  },
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

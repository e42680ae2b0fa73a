/** DELTA Pro Ultra: its own messages, packs as a list. */
import type { ModelSpec } from "../model_spec.ts";
import { GRID_VOLTS, NO_MINUTES_LEFT } from "./property_upload.ts";

const SHOW = "AppShowHeartbeatReport";
const AC_OUTPUTS = ["ac_l1_1", "ac_l1_2", "ac_l2_1", "ac_l2_2", "ac_tt", "ac_l14", "ac_5p8"];

/** The table of this family. */
export const DELTA_PRO_ULTRA_MODELS: readonly ModelSpec[] = [
  {
    model: "DELTA Pro Ultra",
    prefixes: ["Y711"],
    role: "station",
    protocol: "protobuf",
    family: "deltaproultra",
    rated_wh: 6144,
    confidence: "medium",
    grid_proof: "absent",
    seen: "raw reply decoded",
    notes: "Grid volts are inferred from no more than two samples; an outage was never seen.",
    captures: [
      "deltaproultra-bpinfo",
      "deltaproultra-decoded",
      "deltaproultra-y711-bp",
      "deltaproultra-y711-get-reply",
      "deltaproultra-y711-show-full",
    ],
    values: {
      soc: [{ from: `${SHOW}.soc` }, { packs: "mean_soc" }],
      ac_in_watts: [{ from: [`${SHOW}.in_ac_c20_pwr`, `${SHOW}.in_ac_5p8_pwr`] }],
      ac_in_volts: [{ from: "BackendRecordHeartbeatReport.in_ac_c20_vol", below_is_zero: GRID_VOLTS }],
      out_watts: [{ from: `${SHOW}.watts_out_sum` }],
      ac_out_watts: [{ from: AC_OUTPUTS.map((outlet) => `${SHOW}.out_${outlet}_pwr`) }],
      dc_in_watts: [{ from: [`${SHOW}.in_lv_mppt_pwr`, `${SHOW}.in_hv_mppt_pwr`] }],
      discharge_min: [{ from: `${SHOW}.remain_time`, placeholders: NO_MINUTES_LEFT }],
      temp_celsius: [{ packs: "max_temp" }],
      battery_wh: [{ packs: "sum_full" }],
      max_soc: [{ from: "APPParaHeartbeatReport.chg_max_soc" }],
      min_soc: [{ from: "APPParaHeartbeatReport.dsg_min_soc" }],
      ac_out_enabled: [{ from: `${SHOW}.show_flag`, bit: 2 }],
    },
    grid: [
      {
        from: ["BackendRecordHeartbeatReport.in_ac_c20_vol", "BackendRecordHeartbeatReport.in_ac_5p8_vol"],
        present: { at_least: GRID_VOLTS },
        absent: "decides",
        every: true,
      },
      {
        from: [`${SHOW}.in_ac_c20_pwr`, `${SHOW}.in_ac_5p8_pwr`],
        present: { above: 2 },
        absent: "asks",
      },
    ],
    packs: {
      list: "BpInfoReport.bp_info",
      num: "bp_no",
      soc: ["bp_soc"],
      temp: ["bp_temp"],
      full: "bp_energy",
      capacity: { unit: "Wh" },
    },
    open_api_modules: {
      hs_yj751_pd_appshow_addr: SHOW,
      hs_yj751_pd_backend_addr: "BackendRecordHeartbeatReport",
      hs_yj751_pd_app_set_info_addr: "APPParaHeartbeatReport",
    },
  },
];

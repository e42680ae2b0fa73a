/** Where the recordings' own expectations are known to be wrong. */

/**
 * Where a recording's expectation is not ours: what we say instead, and why. Every other value must be as expected, and each
 * of these must still differ, so that none outlives its reason. `framing.md` is corrected and wins over the recordings' own
 * expectations.
 */
export const OVERRULED: Readonly<
  Record<string, Readonly<Record<string, readonly [ours: unknown, why: string]>>>
> = {
  "delta3-cms-heartbeat-xor.json": {
    grid_present: [true, "framing.md 9: chg_line_plug_in_flag = 1 proves the grid on a DELTA 3"],
  },
  "delta3plus-p351-cms-push.json": {
    grid_present: [true, "framing.md 9: chg_line_plug_in_flag = 1 proves the grid on a DELTA 3"],
  },
  "delta3maxplus-display-3-plugs.json": {
    grid_present: [
      null,
      "framing.md 9: a push without volts and without flag 1279 cannot say that the grid is gone",
    ],
  },
  "delta3plus-p351-get-reply.json": {
    battery_full_wh: [2046.566, "19985 and 19987 mAh at 51.2 V; the expectation counts the first pack twice"],
    discharge_remaining_min: [
      12927,
      "372 is not in this reply but in the CMS push of the same unit: no estimate here",
    ],
  },
  "deltamax-one-slave.json": {
    battery_full_wh: [
      3951.36,
      "framing.md 9b: fullCap of master and slaves make the energy; the recording does not judge it",
    ],
    battery_design_wh: [4032, "the same for designCap"],
  },
  "deltapro-latestquotas-solar.json": {
    battery_full_wh: [
      null,
      "framing.md 9b: the station has three packs and the recording two; a part is not the whole",
    ],
    battery_design_wh: [null, "the same for designCap"],
  },
  "deltapro3-decoded-idle.json": {
    battery_full_wh: [
      null,
      "framing.md 9b: the station has two packs and the recording one; a part is not the whole",
    ],
    battery_design_wh: [null, "the same for design_cap"],
  },
  "rivermax-diag.json": {
    battery_full_wh: [386.41, "framing.md 9b: fullCap of master and slave make the energy"],
  },
  "river3ups-r655-out-cms.json": {
    charge_limit_min_pct: [
      null,
      "framing.md 9b: a CMS limit of 0 is no limit; the display message has the real one",
    ],
  },
  "stream5000-es22-push-0.json": {
    battery_soc_pct: [22, "framing.md 9c: 11.5 of 254/39 is the charge"],
  },
  "stream5000-unknown-254-39.json": {
    battery_soc_pct: [74, "framing.md 9c: 11.5 of 254/39 is the charge"],
  },
  "stream5000-es22-push-4.json": {
    battery_soc_pct: [24.84, "the CMS report holds the charge, and the recordings of ES21 agree with it"],
  },
  "streamultra-bk11-get-reply-all-six.json": {
    dc_input_w: [
      105.95,
      "framing.md 9b: pow_get_pv_sum = 0 of a follower is no value; its own inputs say 105.95 W",
    ],
  },
};

/**
 * Messages whose layout the recordings' expectations did not know: `null` is expected there, and this name is ours.
 * `framing.md` 9c came later.
 */
export const LATER_KNOWN: ReadonlyMap<string, string> = new Map([["254/39", "Stream5000Report"]]);

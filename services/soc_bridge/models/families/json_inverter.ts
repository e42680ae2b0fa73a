/** What all JSON stations with an inverter module share. */
import type { IndicatorSpec, ModelSpec } from "../model_spec.ts";
import { GRID_VOLTS } from "./property_upload.ts";

/** Powers under the same keys on every JSON station. */
export const JSON_INVERTER_VALUES: ModelSpec["values"] = {
  ac_in_watts: [{ from: "inv.inputWatts" }],
  out_watts: [{ from: "pd.wattsOutSum" }],
  ac_out_watts: [{ from: "inv.outputWatts" }],
};

/**
 * Volts at the AC input decide. Watts alone cannot say that the grid is gone: 0 W were recorded at 230 V. The charger
 * type goes to 0 in pass-through and is not used.
 *
 * @param voltKeys Millivolts; of several the largest counts
 */
export function JSON_INVERTER_GRID(voltKeys: string[], swapBytes = false): IndicatorSpec[] {
  return [
    {
      from: voltKeys,
      scale: 0.001,
      ...(swapBytes ? { swap_bytes: true } : {}),
      present: { at_least: GRID_VOLTS },
      absent: "decides",
      ...(voltKeys.length > 1 ? { every: true } : {}),
    },
    { from: "inv.inputWatts", present: { above: 2 }, absent: "asks" },
  ];
}

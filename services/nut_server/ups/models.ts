/**
 * Rated output and cell chemistry by model, from EcoFlow's data sheets. A model that is not here, or whose rating
 * differs between regions, has no `ups.load` unless the configuration gives `rated_watts`.
 */
import { own } from "../../../lib/own.ts";

/** What a data sheet says. */
export interface ModelFacts {
  /** Continuous AC output, W. */
  readonly ratedWatts?: number;
  /** As NUT names it. */
  readonly batteryType: "LiFePO4" | "Li-ion";
}

const FACTS: Readonly<Record<string, ModelFacts>> = {
  "RIVER 2": { ratedWatts: 300, batteryType: "LiFePO4" },
  "RIVER 2 MAX": { ratedWatts: 500, batteryType: "LiFePO4" },
  "RIVER 2 PRO": { ratedWatts: 800, batteryType: "LiFePO4" },
  "RIVER 3": { ratedWatts: 300, batteryType: "LiFePO4" },
  "RIVER 3 PLUS": { ratedWatts: 600, batteryType: "LiFePO4" },
  "DELTA 2": { ratedWatts: 1800, batteryType: "LiFePO4" },
  "DELTA 2 MAX": { ratedWatts: 2400, batteryType: "LiFePO4" },
  "DELTA 3": { ratedWatts: 1800, batteryType: "LiFePO4" },
  "DELTA 3 PLUS": { ratedWatts: 1800, batteryType: "LiFePO4" },
  "DELTA PRO": { ratedWatts: 3600, batteryType: "LiFePO4" },
  "DELTA PRO 3": { ratedWatts: 4000, batteryType: "LiFePO4" },
  "DELTA PRO ULTRA": { batteryType: "LiFePO4" },
  "DELTA MINI": { ratedWatts: 1400, batteryType: "Li-ion" },
  "DELTA MAX": { batteryType: "Li-ion" },
  "RIVER MAX": { ratedWatts: 600, batteryType: "Li-ion" },
  "RIVER PRO": { ratedWatts: 600, batteryType: "Li-ion" },
};

/** The facts of a model, whatever the case of its name; undefined for a model that is not in the table. */
export function modelFacts(model: string | undefined): ModelFacts | undefined {
  return model === undefined ? undefined : own(FACTS, model.trim().replaceAll(/\s+/g, " ").toUpperCase());
}

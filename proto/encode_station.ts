/** Makes simulated stations speak: the encoder of a model by its name. */
import { deltaProEncoder } from "./encode_delta_pro.ts";
import { river3Encoder, RIVER_3, RIVER_3_PLUS } from "./encode_river3.ts";
import type { StationEncoder } from "./station_values.ts";

export { IDLE_ON_GRID } from "./station_values.ts";
export type { StationEncoder, StationValues } from "./station_values.ts";

/** The models that can be simulated. */
export const SIMULATED_MODELS = ["RIVER 3", "RIVER 3 Plus", "DELTA Pro"] as const;

/** One of {@link SIMULATED_MODELS}. */
export type SimulatedModel = typeof SIMULATED_MODELS[number];

/** A serial number with the right prefix for each model. */
export const SIMULATED_SERIALS: Readonly<Record<SimulatedModel, string>> = {
  "RIVER 3": "R651SIM000000001",
  "RIVER 3 Plus": "R631SIM000000001",
  "DELTA Pro": "DCEBSIM000000001",
};

/** An encoder for one simulated station. */
export async function stationEncoder(
  model: SimulatedModel,
  sn = SIMULATED_SERIALS[model],
): Promise<StationEncoder> {
  switch (model) {
    case "RIVER 3":
      return await river3Encoder(sn, RIVER_3);
    case "RIVER 3 Plus":
      return await river3Encoder(sn, RIVER_3_PLUS);
    case "DELTA Pro":
      return deltaProEncoder(sn);
  }
}

/** All models that come with the product, and the search by serial number. */
import type { ModelSpec } from "./model_spec.ts";
import { ACCESSORY_MODELS } from "./families/accessories.ts";
import { DELTA_2_MODELS } from "./families/delta2.ts";
import { DELTA_3_MODELS } from "./families/delta3.ts";
import { DELTA_PRO_MODELS } from "./families/delta_pro.ts";
import { DELTA_PRO_3_MODELS } from "./families/delta_pro_3.ts";
import { DELTA_PRO_ULTRA_MODELS } from "./families/delta_pro_ultra.ts";
import { RIVER_1_MODELS } from "./families/river1.ts";
import { RIVER_3_MODELS } from "./families/river3.ts";
import { STREAM_MODELS } from "./families/stream.ts";

/** Every table, 51 models; a test holds the count and that no prefix is taken twice. */
export const MODELS: readonly ModelSpec[] = [
  ...RIVER_3_MODELS,
  ...DELTA_3_MODELS,
  ...DELTA_PRO_3_MODELS,
  ...DELTA_PRO_ULTRA_MODELS,
  ...STREAM_MODELS,
  ...DELTA_2_MODELS,
  ...DELTA_PRO_MODELS,
  ...RIVER_1_MODELS,
  ...ACCESSORY_MODELS,
];

/** A model with the serial prefix that it was found by. */
export interface FoundModel {
  readonly spec: ModelSpec;
  readonly prefix: string;
  /** Only two letters fit: they claim models that do not exist yet, so what the station sends must confirm the table. */
  readonly isGuess: boolean;
}

/** A prefix of this many characters or fewer is a guess. */
const GUESS_LENGTH = 2;

/**
 * The model of a serial number: the longest prefix wins, and of equal ones the first table.
 *
 * @param models Tables in order of precedence: a user's own come first
 * @returns undefined when no prefix fits
 */
export function matchModel(sn: string, models: readonly ModelSpec[] = MODELS): FoundModel | undefined {
  let spec: ModelSpec | undefined;
  let longest = "";
  for (const model of models) {
    for (const prefix of model.prefixes) {
      if (prefix.length > longest.length && sn.startsWith(prefix)) {
        spec = model;
        longest = prefix;
      }
    }
  }
  // Whoever writes a table of his own knows his station.
  return spec &&
    { spec, prefix: longest, isGuess: longest.length <= GUESS_LENGTH && spec.confidence !== "user" };
}

/** The table of {@link matchModel}. */
export function findModel(sn: string, models: readonly ModelSpec[] = MODELS): ModelSpec | undefined {
  return matchModel(sn, models)?.spec;
}

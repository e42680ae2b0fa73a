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

/** Every table, 49 models; a test holds the count and that no prefix is taken twice. */
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

/**
 * The model of a serial number: the longest prefix wins, and of equal ones the first table.
 *
 * @param models Tables in order of precedence: a user's own come first
 * @returns undefined when no prefix fits
 */
export function findModel(sn: string, models: readonly ModelSpec[] = MODELS): ModelSpec | undefined {
  let found: ModelSpec | undefined;
  let longest = 0;
  for (const model of models) {
    for (const prefix of model.prefixes) {
      if (prefix.length > longest && sn.startsWith(prefix)) {
        found = model;
        longest = prefix.length;
      }
    }
  }
  return found;
}

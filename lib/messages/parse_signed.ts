/** Reads messages that are signed: keys that this version does not know are part of what is signed, and stay. */
import type * as v from "valibot";
import { InvalidInputError } from "../errors.ts";
import { parseValue, readJson } from "./parse.ts";

/** How deep a signed message may nest, in levels: its canonical text is made by recursion, before anything is proven. */
export const MAX_SIGNED_DEPTH = 8;

/**
 * Reads a JSON payload by its schema, which must change no value. Unknown keys are kept as they came, outside the type:
 * they count for the signature only.
 *
 * @param source Named in the error, for example `MQTT topic "power-manager/nas/cmd"`
 * @throws InvalidInputError with all problems found
 */
export function parseSigned<const S extends v.GenericSchema<object, object>>(
  schema: S,
  payload: Uint8Array | string,
  source: string,
): v.InferOutput<S> {
  const received = readJson(payload, source);
  const known = parseValue(schema, received, source);
  if (!isWithin(received, MAX_SIGNED_DEPTH)) {
    throw new InvalidInputError(source, [`must nest at most ${MAX_SIGNED_DEPTH} levels deep`]);
  }
  return { ...received as object, ...known };
}

function isWithin(value: unknown, levels: number): boolean {
  if (value === null || typeof value !== "object") return true;
  return levels > 0 && Object.values(value).every((member) => isWithin(member, levels - 1));
}

/** Model tables from a user's configuration directory. */
import * as v from "valibot";
import { parse as parseToml } from "smol-toml";
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { parseValue } from "../../lib/messages/parse.ts";
import { modelSchema, type ModelSpec } from "./model_spec.ts";

/** A file that somebody else has read: this worker may not read any. */
export interface ModelFile {
  readonly name: string;
  readonly text: string;
}

const fileSchema = v.strictObject({
  model: v.pipe(v.array(modelSchema), v.minLength(1, "must hold at least one [[model]]")),
});

/**
 * Reads one file: TOML with `[[model]]` tables, or JSON `{"model": [...]}` when its name ends in `.json`.
 *
 * @throws InvalidInputError with everything that is wrong, by key
 */
export function parseModelFile({ name, text }: ModelFile): ModelSpec[] {
  const source = `model file "${name}"`;
  let value: unknown;
  try {
    value = name.endsWith(".json") ? JSON.parse(text) : parseToml(text);
  } catch (cause) {
    throw new InvalidInputError(source, [errorText(cause).split("\n")[0] ?? ""], { cause });
  }
  return parseValue(fileSchema, value, source).model;
}

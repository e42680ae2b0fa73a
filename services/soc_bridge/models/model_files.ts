/** Model tables from a user's configuration directory. */
import * as v from "valibot";
import { parse as parseToml } from "smol-toml";
import { errorText, InvalidInputError } from "../../../lib/errors.ts";
import { modelSchema, type ModelSpec } from "./model_spec.ts";
import { strictObject } from "../../../lib/strict_object.ts";

/** A file that somebody else has read: this worker may not read any. */
export interface ModelFile {
  readonly name: string;
  readonly text: string;
}

const fileSchema = strictObject({
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
  const result = v.safeParse(fileSchema, value);
  if (!result.success) throw new InvalidInputError(source, result.issues.map(describe));
  return result.output.model;
}

function describe(issue: v.BaseIssue<unknown>): string {
  const key = `"${v.getDotPath(issue) ?? ""}"`;
  if (issue.expected === "never") return `${key} is no known key`;
  if (issue.input === undefined) return `${key} must be given`;
  const found = JSON.stringify(issue.input)?.slice(0, 80);
  if (issue.type === "union") return `${key} must have one of the forms in docs/devices.md, found ${found}`;
  if (issue.kind === "schema") return `${key} must be ${issue.expected}, found ${found}`;
  return `${key} ${issue.message}, found ${found}`;
}

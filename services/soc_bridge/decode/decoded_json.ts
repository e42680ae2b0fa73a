/** Messages that somebody else decoded, with camelCase names, back in schema names. */
import type { FamilySchema, Fields } from "../../../proto/family_schema.ts";
import { dispatchOf, type InnerMessage, type LoadedFamily } from "../../../proto/registry.ts";
import { camelCases } from "../models/field_path.ts";
import { own, put } from "../../../lib/own.ts";

/**
 * Reads an object by message name, such as `{"BMSHeartBeatReport": {…}, "BMSHeartBeatReport1": {…}}`, or a flat one
 * that mixes the fields of all messages.
 */
export function readDecodedJson({ family, schema }: LoadedFamily, root: Fields): InnerMessage[] {
  const names = [...new Set(dispatchOf(family).map((d) => d.message))];
  const byName = Object.entries(root).flatMap(([key, value]) => {
    const name = names.find((n) => n.toLowerCase() === key.replace(/\d+$/, "").toLowerCase());
    return name !== undefined && isObject(value) ? [{ name, fields: schemaNames(schema, name, value) }] : [];
  });
  return byName.length > 0
    ? byName
    : names.map((name) => ({ name, fields: schemaNames(schema, name, root) }));
}

function schemaNames(schema: FamilySchema, message: string, fields: Fields): Fields {
  const result: Record<string, unknown> = {};
  for (const field of schema.fieldsOf(message)) {
    const key = [field.name, ...camelCases(field.name)].find((k) => Object.hasOwn(fields, k));
    if (key === undefined || own(fields, key) === null) continue;
    put(result, field.name, below(schema, field.type, own(fields, key)));
  }
  return result;
}

function below(schema: FamilySchema, type: string, value: unknown): unknown {
  if (!schema.has(type)) return value;
  if (Array.isArray(value)) return value.map((item) => below(schema, type, item));
  return isObject(value) ? schemaNames(schema, type, value) : undefined;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

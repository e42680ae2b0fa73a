/** What a table says of a family's messages, held against its schema. Pure. */
import type { FamilySchema } from "../../../proto/family_schema.ts";
import type { ModelSpec } from "./model_spec.ts";
import type { CompiledOutagePorts } from "./outage_ports.ts";

/** Whether a path ends at a value of the family. */
export function fieldExists(schema: FamilySchema, path: string): boolean {
  const [message = "", ...steps] = path.replaceAll("[]", "").split(".");
  let type = message;
  for (const [i, name] of steps.entries()) {
    if (!schema.has(type)) return false;
    const field = schema.fieldsOf(type).find((f) => f.name === name);
    if (!field) return false;
    type = field.type;
    if (i === steps.length - 1) return !schema.has(type);
  }
  return false;
}

/** What is wrong with how packs are described, one sentence each. */
export function packProblems({ packs }: ModelSpec, schema: FamilySchema | undefined): string[] {
  if (!packs) return [];
  if ("keys" in packs) return schema ? [`"packs.keys" must not be used on a protobuf family`] : [];
  if (!schema) return [`"packs.message" and "packs.list" must be used on protobuf families only`];
  const [message = "", listField] = "message" in packs ? [packs.message] : packs.list.split(".");
  if (!schema.has(message)) return [`"packs" must name a message of the family, found "${message}"`];
  const type = listField === undefined
    ? message
    : schema.fieldsOf(message).find((f) => f.name === listField && f.repeated)?.type ?? "";
  if (!schema.has(type)) return [`"packs.list" must name a list of messages, found "${listField}"`];
  const known = new Set(schema.fieldsOf(type).map((f) => f.name));
  const wanted = [packs.num, ...packs.soc, ...packs.temp, packs.full, packs.design, packs.sn];
  if ("cells" in packs.capacity) wanted.push(packs.capacity.cells);
  return wanted.filter((name) => name !== undefined && !known.has(name))
    .map((name) => `"packs" field "${name}" must be a field of ${type}`);
}

/** What is wrong with the list of outlets, one sentence each. */
export function outagePortProblems(ports: CompiledOutagePorts, schema: FamilySchema | undefined): string[] {
  if (!schema) return [`"outage_ports" must be used on protobuf families only`];
  let type = ports.message;
  for (const step of ports.steps) {
    type = (schema.has(type) && schema.fieldsOf(type).find((f) => f.name === step)?.type) || "";
  }
  if (!schema.has(type)) return [`"outage_ports.list" must name a list of messages of the family`];
  const known = new Set(schema.fieldsOf(type).map((f) => f.name));
  return [ports.port, ports.enabled, ports.min_soc].filter((name) => !known.has(name))
    .map((name) => `"outage_ports" field "${name}" must be a field of ${type}`);
}

/** `.proto` text in, the runtime descriptor out. Used when generating; nothing loads it at run time. */
import protobuf from "protobufjs";
import type { FamilyDescriptor } from "./family_schema.ts";

interface JsonField {
  type: string;
  id: number;
  rule?: string;
  options?: Record<string, unknown>;
}

interface JsonNode {
  nested?: Record<string, JsonNode>;
  fields?: Record<string, JsonField>;
  values?: Record<string, number>;
}

/**
 * Compiles one family's `.proto` text. Field names keep their snake_case.
 *
 * @param packageName The last part of the file's package, for example `river3`
 * @throws Error with file line when the text is not valid proto3
 */
export function compileDescriptor(text: string, packageName: string): FamilyDescriptor {
  const { root } = protobuf.parse(text, { keepCase: true });
  root.resolveAll();
  const tree = root.toJSON() as JsonNode;
  const nested = tree.nested?.["ecoflow"]?.nested?.[packageName]?.nested;
  if (!nested) throw new TypeError(`Cannot compile: package must be "ecoflow.${packageName}"`);
  const messages: Record<string, FamilyDescriptor["messages"][string]> = {};
  const enums: Record<string, Record<string, number>> = {};
  for (const [name, node] of Object.entries(nested)) {
    if (node.values) enums[name] = { ...node.values };
    else {
      messages[name] = Object.fromEntries(
        Object.entries(node.fields ?? {}).map(([field, { type, id, rule }]) => [
          field,
          rule === "repeated" ? [id, type, "repeated"] : [id, type],
        ]),
      );
    }
  }
  return { messages, enums };
}

/** The descriptor as the text of a generated file: one message a line, so that changes can be read. */
export function descriptorText(descriptor: FamilyDescriptor): string {
  const rows = (part: Readonly<Record<string, unknown>>) =>
    Object.entries(part).map(([name, value]) => `${JSON.stringify(name)}:${JSON.stringify(value)}`).join(
      ",\n",
    );
  return `{"messages":{\n${rows(descriptor.messages)}},\n"enums":{\n${rows(descriptor.enums)}}}\n`;
}

/** Facts of one family in, the text of its `.proto` file out. */
import type { FamilyFacts } from "./facts.ts";

type Message = FamilyFacts["messages"][number];
type Conflict = FamilyFacts["conflicts"][number];

const SCALARS = new Set(["bool", "bytes", "float", "int32", "sint32", "string", "uint32"]);

/** Messages that the facts list apart and that lie in the same bytes as another one. */
const EXTENDS: Readonly<Record<string, string>> = { DPUXDisplayPropertyExtra: "DisplayPropertyUpload" };

/** Adds the fields of every message of {@link EXTENDS} to the one that carries them. */
function merged(messages: readonly Message[]): Message[] {
  return messages.filter((m) => EXTENDS[m.name] === undefined).map((message) => ({
    ...message,
    fields: [message, ...messages.filter((m) => EXTENDS[m.name] === message.name)].flatMap((m) => m.fields),
  }));
}

/**
 * The `.proto` file of a family. Every single field is `optional`, so that a 0 that was sent differs from a field
 * that was not.
 */
export function protoText(family: string, facts: FamilyFacts): string {
  const known = new Set([...facts.messages.map((m) => m.name), ...Object.keys(facts.enums)]);
  const parts = [
    `// ${family}: ${facts.models.join(", ")}.`,
    `// Written by "deno task gen:proto" from the protocol facts; change it there. Sources: ${
      facts.sources.join(", ")
    }.`,
    `syntax = "proto3";`,
    `package ecoflow.${family};`,
    ...merged(facts.messages).map((message) => messageText(message, facts, known)),
    ...Object.entries(facts.enums).map(([name, values]) => enumText(name, values)),
  ];
  return parts.slice(0, 2).join("\n") + "\n" + parts.slice(2).join("\n\n") + "\n";
}

function messageText(message: Message, facts: FamilyFacts, known: ReadonlySet<string>): string {
  const pairs = facts.dispatch.filter((row) => row.message.split(" ")[0] === message.name)
    .map((row) => `${row.cmd_func}/${row.cmd_id}`);
  const fields = [...message.fields].sort((a, b) => a.number - b.number).map((field) => {
    if (!SCALARS.has(field.type) && !known.has(field.type)) {
      throw new TypeError(`Cannot write field "${message.name}.${field.name}": unknown type "${field.type}"`);
    }
    const conflicts = facts.conflicts.filter((c) => c.message === message.name && c.number === field.number);
    const notes = [
      ...(field.unit ? [field.unit] : []),
      ...(field.source ? [`only in ${field.source}`] : []),
      ...conflicts.map(conflictText).filter((text) => text !== ""),
    ];
    const comment = notes.length > 0 ? ` // ${notes.join("; ")}` : "";
    return `  ${
      field.repeated ? "repeated" : "optional"
    } ${field.type} ${field.name} = ${field.number};${comment}`;
  });
  const head = pairs.length > 0 ? `// cmd_func/cmd_id ${pairs.join(", ")}\n` : "";
  return `${head}message ${message.name} {\n${fields.join("\n")}\n}`.replace("{\n\n}", "{}");
}

function conflictText(conflict: Conflict): string {
  const { other, other_type, other_source } = conflict;
  if (other) return `"${other}" in ${other_source}`;
  return other_type ? `${other_type} in ${other_source}` : "";
}

function enumText(name: string, values: Readonly<Record<string, number>>): string {
  const rows = Object.entries(values).sort(([, a], [, b]) => a - b).map(([key, value]) =>
    `  ${key} = ${value};`
  );
  return `enum ${name} {\n${rows.join("\n")}\n}`;
}

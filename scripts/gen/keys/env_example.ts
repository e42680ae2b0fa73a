/** The text of .env.example, from the table of keys: every key once, commented out, with its default or an example. Pure. */
import { valueText } from "../../../lib/config/describe_key.ts";
import type { KeySpec, KeyTable } from "../../../lib/config/key_spec.ts";
import type { KeySection } from "../../../lib/config/key_sections.ts";

const WIDTH = 100;

/** The whole file. */
export function envExample(table: KeyTable, sections: readonly KeySection[]): string {
  return [
    ...comment("The configuration of ecoflow-power: every key that there is."),
    "#",
    ...comment(
      "Copy this file to .env (the package has /etc/ecoflow-power/ecoflow-power.env), take the # off the lines that you " +
        "want, and edit them. What stands behind a key is its default, or an example.",
    ),
    ...comment("Then: ecoflow-power check. What holds, and where it came from: ecoflow-power settings."),
    ...comment(
      "Secrets do better as files of their own, for the owner alone: in the directory credentials beside this file, named " +
        "like their key in small letters (mqtt_pass), or wherever KEY_FILE says (MQTT_PASS_FILE=/run/secrets/mqtt).",
    ),
    "#",
    ...comment("This file is made by deno task gen:keys."),
    ...sections.flatMap(({ title, page, keys }) => [
      "",
      "",
      `# --- ${title}${page === undefined ? "" : ` (${page})`} ---`,
      ...keys.flatMap((key) => {
        const spec = table[key];
        return spec === undefined ? [] : ["", ...entry(key, spec)];
      }),
    ]),
    "",
  ].join("\n");
}

function entry(key: string, spec: KeySpec): string[] {
  const value = exampleOf(spec);
  const preset = spec.default === undefined || spec.example !== undefined
    ? ""
    : "; the value here is the default";
  const unset = spec.whenUnset === undefined ? "" : `; when not set: ${spec.whenUnset}`;
  return [
    ...comment(spec.doc),
    ...comment(`${valueText(spec)}${preset}${unset}`),
    `#${key}=${quoted(value)}`,
  ];
}

/** What stands behind the key: the default, an example, or nothing. */
function exampleOf(spec: KeySpec): string {
  if (spec.example !== undefined) return spec.example;
  if (typeof spec.default === "boolean") return spec.default ? "on" : "off";
  return String(spec.default ?? "");
}

function quoted(value: string): string {
  return /^[A-Za-z0-9_./:,@+*-]*$/.test(value) ? value : `'${value}'`;
}

/** Lines of a comment, broken between words. */
function comment(text: string): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + word.length + 3 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines.map((line) => `# ${line}`);
}

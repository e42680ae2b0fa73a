/** The text of docs/keys.md, from the tables of keys. Pure. */
import { presetText, valueText } from "../../../lib/config/describe_key.ts";
import type { KeySpec, KeyTable } from "../../../lib/config/key_spec.ts";
import type { KeySection } from "../../../lib/config/key_sections.ts";

/** What the page is made from. */
export interface KeysPageParts {
  readonly daemon: KeyTable;
  readonly sections: readonly KeySection[];
  readonly agent: KeyTable;
}

/** The whole page. */
export function keysPage({ daemon, sections, agent }: KeysPageParts): string {
  return [
    "# Configuration keys",
    "",
    "Every key of the daemon and of an agent. This page is made from the tables in `lib/config/keys.ts` and `agents/settings/keys.ts` by",
    "`deno task gen:keys`.",
    "",
    "- [`.env.example`](../.env.example) has the daemon's keys as a file to copy and edit.",
    "- `ecoflow-power settings` (in a checkout `deno task settings`) shows what holds, where each value came from, and what cannot be",
    "  used. Secrets are hidden.",
    "",
    "## How values are found",
    "",
    "1. A variable of the environment wins over the same key in the file.",
    "2. The file is the one that `--env` names, else `.env` here, else `/etc/ecoflow-power/ecoflow-power.env`.",
    "3. An empty value counts as not set. A key that nobody knows stops the start.",
    "4. A secret may also be in a file of its own: the file that `<KEY>_FILE` names, or a file in the directory `credentials` beside",
    "   the configuration, named like the key in small letters (`mqtt_pass`). A secret that is given twice stops the start.",
    "",
    "## Daemon",
    "",
    ...sections.flatMap(({ title, page, keys }) => [
      `### ${title}`,
      "",
      ...(page === undefined ? [] : [`More in [${page}](${page.replace(/^docs\//, "")}).`, ""]),
      ...keyTable(keys.map((key) => [key, daemon[key]])),
      "",
    ]),
    "## Agent",
    "",
    "An agent reads `.env` here, else the file of its installation ([docs/agents.md](agents.md)). `ecoflow-agent settings` lists",
    "the same.",
    "",
    ...keyTable(Object.entries(agent)),
    "",
  ].join("\n");
}

function keyTable(rows: readonly (readonly [string, KeySpec | undefined])[]): string[] {
  return [
    "| key | value | when not set | what it does |",
    "| --- | --- | --- | --- |",
    ...rows.map(([key, spec]) => spec === undefined ? "" : row(key, spec)),
  ];
}

function row(key: string, spec: KeySpec): string {
  const kind = valueText(spec);
  const value = spec.secret && kind !== "secret" ? `secret; ${kind}` : kind;
  const aliases = spec.aliases?.map((alias) => `\`${alias}\``).join(", ");
  const example = spec.example === undefined ? [] : [`Example: \`${spec.example}\`.`];
  const doc = [spec.doc, ...example, ...(aliases === undefined ? [] : [`Also read: ${aliases}.`])].join(" ");
  const cells = [`\`${key}\``, value, presetText(spec) ?? "–", doc];
  return `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
}

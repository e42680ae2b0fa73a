/** Model tables in, the text of `docs/devices.md` out. */
import {
  type IndicatorSpec,
  type ModelSpec,
  NUMBER_NAMES,
} from "../../services/soc_bridge/models/model_spec.ts";
import { TAG27_CONNECTED_MAX } from "../../services/soc_bridge/judge/tag27.ts";

/** What tag 27 says about one recording. */
export interface Tag27Row {
  readonly capture: string;
  /** Field 27 of each battery report. */
  readonly values: readonly number[];
  /** Whether the grid was there; undefined when nothing in the recording tells. */
  readonly gridPresent: boolean | undefined;
  /** How that is known. */
  readonly known: string;
}

const TAG27_START = "<!-- tag 27: made from the recordings -->";
const TAG27_END = "<!-- end of tag 27 -->";

/** The section as it stands in `page`; for machines that do not have the recordings. */
export function tag27SectionOf(page: string): string | undefined {
  const start = page.indexOf(TAG27_START);
  const end = page.indexOf(TAG27_END);
  return start === -1 || end === -1 ? undefined : page.slice(start, end + TAG27_END.length);
}

/** The whole page. @param tag27 Its section, from {@link tag27Section} or {@link tag27SectionOf} */
export function devicesPage(models: readonly ModelSpec[], tag27: string): string {
  const stations = models.filter((m) => m.role === "station");
  const accessories = models.filter((m) => m.role === "accessory");
  return `# Devices

Written by \`deno task gen:proto\` from the tables in \`services/soc_bridge/models/\`; change them, not this page.

${models.length} models: ${stations.length} power stations and ${accessories.length} accessories. An accessory is decoded and
published with \`"role":"accessory"\` and never counts as a power station; a plug or meter on the grid side can be named
as a grid witness.

**Confidence** is *high* where raw bytes of that model were decoded, *medium* where only a sibling's bytes or values that
others decoded were seen, *low* where the layout is assumed. Nobody has recorded the moment of an outage on any model: that
the values change as the tables say is known from one field report (DELTA 3 Max, about 6 s after the plug was pulled).
The Power Kit and PowerOcean have no table: nothing about their messages is known here.

## Power stations

${modelTable(stations)}

## Accessories

${modelTable(accessories)}

## How the grid is judged

With \`GRID_RULE=auto\` the indicators of the column above decide; volts count from 40 V, because 7 V were seen with nothing
plugged in. Any one of them that shows the grid wins; those marked *(supports)* cannot say alone that it is gone. A change needs two fresh indications, or one in the station's answer to a
get-all request, which is asked for as soon as the first indication arrives. Messages without an indicator change nothing
and refresh nothing; silence is no evidence. Where two voltages may show the grid and a message has only one of them, the
other is remembered for \`STATE_STALE_SEC\`: it keeps a loss from being believed, and refreshes nothing. A live station that has not
said a word on its grid for a minute is asked for all its values.

${tag27}

## What is known of each model

${valueTable(models)}

## A table of your own

A model that is missing here, or that your firmware changed, can be described in a file of the model directory,
\`NAME.toml\` with one or more \`[[model]]\`, or \`NAME.json\` with \`{"model": [...]}\`. It wins over the product's table
with the same serial prefix. Mistakes are named by key in the log, and the other tables go on working.

\`\`\`toml
[[model]]
model = "My station"
prefixes = ["QQ11"]          # the longest one that fits a serial number wins
role = "station"             # or "accessory"
protocol = "protobuf"        # or "json"
family = "river3"            # protobuf: a file of proto/ecoflow; JSON: any name
confidence = "user"
seen = "my own, firmware 1.2"
rated_wh = 286

# Sources are tried in order; several fields in one "from" are added up.
values.soc = [{ from = "DisplayPropertyUpload.cms_batt_soc" }, { packs = "mean_soc" }]
values.ac_out_watts = [{ from = "DisplayPropertyUpload.pow_get_ac_out", scale = -1 }]
values.ac_out_enabled = [{ from = "DisplayPropertyUpload.flow_info_ac_out", bit = 1 }]

# absent: what it means when the indicator is not in its present state.
grid = [
  { from = "DisplayPropertyUpload.flow_info_ac_in", present = { bit = 1 }, absent = "decides" },
  { from = "DisplayPropertyUpload.pow_get_ac_in", present = { above = 2 }, absent = "confirms" },
]

[model.packs]
message = "BMSHeartBeatReport"   # or list = "Message.field", or for JSON keys = ["bmsMaster", "bmsSlave1"]
num = "num"
soc = ["f32_show_soc", "soc"]
temp = ["max_cell_temp"]
full = "full_cap"
capacity = { unit = "mAh", cells = "cell_series_num", volts_per_cell = 3.2 }
\`\`\`

| key | meaning |
| --- | --- |
| \`values.NAME\` | ${NUMBER_NAMES.map((n) => `\`${n}\``).join(", ")}, and \`ac_out_enabled\` |
| \`from\` | \`Message.field\` of the family, or the whole JSON key; \`a[].b\` takes the largest of a list |
| \`scale\` | factor to the state's unit (W, V, min, °C, Wh, %) |
| \`part\` | \`positive\` or \`negative\`: one direction of a signed power |
| \`bit\` | the flag is this bit of the number |
| \`swap_bytes\` | the four bytes arrive reversed |
| \`ignore_zero\`, \`below_is_zero\` | 0 means unknown; anything below is noise |
| \`packs\` (as a source) | \`main_soc\`, \`mean_soc\`, \`max_temp\`, \`sum_full\`, \`sum_design\`, \`main_full\`, \`main_design\` |
| \`present\` | \`{ bit = N }\`, \`{ at_least = N }\`, \`{ above = N }\` or \`{ one_of = [N, …] }\` |
| \`absent\` | \`decides\`: the grid is gone; \`confirms\`: only confirms another; \`never\`: means nothing |
| \`only_absent\` | its present state means nothing either |

## Captures

\`deno task decode FILE\` reads, and \`deno task record\` writes, one payload as JSON:

| key | meaning |
| --- | --- |
| \`encoding\` | \`hex\` or \`base64\` (the whole MQTT payload), \`json\` (as received), \`pdata-hex\` (one inner message without mask), \`decoded-json\` (decoded by somebody else) |
| \`payload\` | text, or the object for JSON |
| \`sn\` or \`model\` | a serial number (its first four characters are enough), or a model of this page |
| \`header\` | of \`pdata-hex\`: \`cmd_func\` and \`cmd_id\` |
`;
}

function modelTable(models: readonly ModelSpec[]): string {
  const rows = models.map((m) =>
    `| ${m.model} | ${m.prefixes.join(" ")} | ${m.protocol === "json" ? "JSON" : "protobuf"} ${m.family} | ${
      m.rated_wh ?? "–"
    } | ${gridText(m.grid)} | ${m.confidence}: ${m.seen}${m.notes ? `. ${m.notes}` : ""} | ${
      m.captures?.length ?? 0
    } |`
  );
  return [
    "| model | serial begins | speaks | rated Wh | grid by | confidence | recordings |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function gridText(grid: readonly IndicatorSpec[] | undefined): string {
  if (!grid?.length) return "not known";
  return grid.map(({ from, present, absent, only_absent }) => {
    const names = [from].flat().map((path) => path.slice(path.lastIndexOf(".") + 1)).join(", ");
    const sign = only_absent
      ? "clear"
      : "bit" in present
      ? `bit ${present.bit}`
      : "at_least" in present
      ? `≥ ${present.at_least} V`
      : "above" in present
      ? `> ${present.above}`
      : present.one_of.join(" or ");
    return `\`${names}\` ${sign}${absent === "decides" ? "" : " (supports)"}`;
  }).join("; ");
}

/** Which values each group of equal tables has. */
function valueTable(models: readonly ModelSpec[]): string {
  const names = [...NUMBER_NAMES, "ac_out_enabled"] as const;
  const groups = Map.groupBy(models, (m) => names.map((n) => m.values[n]?.length ? "●" : "").join("|"));
  const rows = [...groups].map(([marks, group]) =>
    `| ${group.map((m) => m.model).join(", ")} | ${marks.split("|").join(" | ")} |`
  );
  return [
    `| models | ${names.map((n) => n.replaceAll("_", " ")).join(" | ")} |`,
    `| --- |${names.map(() => " :-: |").join("")}`,
    ...rows,
  ].join("\n");
}

/** Where the predecessor's rule is right and wrong, over all recordings that hold field 27. */
export function tag27Section(rows: readonly Tag27Row[]): string {
  const says = (value: number) => value <= TAG27_CONNECTED_MAX;
  const verdicts = rows.flatMap((row) =>
    row.values.map((value) => ({ row, isRight: row.gridPresent === says(value) }))
  )
    .filter(({ row }) => row.gridPresent !== undefined);
  const wrong = verdicts.filter((v) => !v.isRight).length;
  const table = rows.map(({ capture, values, gridPresent, known }) => {
    const truth = gridPresent === undefined ? "not known" : gridPresent ? "present" : "absent";
    const verdict = values.map((value) => {
      const word = says(value) ? "present" : "lost";
      if (gridPresent === undefined) return word;
      return says(value) === gridPresent
        ? `${word}, right`
        : `${word}, **${says(value) ? "missed" : "false alarm"}**`;
    });
    return `| ${capture} | ${truth} (${known}) | ${values.join(", ")} | ${
      [...new Set(verdict)].join("; ")
    } |`;
  });
  return [
    TAG27_START,
    "## Where GRID_RULE=tag27 is wrong",
    "",
    "The predecessor's rule takes field 27 of a battery report: 0 or 1 is connected, more is disconnected. The field is the watts",
    "that leave one pack. A station on the grid whose electronics, charge limit or DC sockets draw on the battery looks",
    "disconnected; one that idles without the grid looks connected; with two packs the one that reports last decides. It",
    `applies to RIVER 3 Plus only. Of ${verdicts.length} reports in the recordings whose truth is known, **${wrong} are judged wrongly**.`,
    "`auto` says of every recording that holds an indicator what its recorder said: a test compares them.",
    "",
    "| recording | grid really | field 27, W | tag 27 says |",
    "| --- | --- | --- | --- |",
    ...table,
    TAG27_END,
  ].join("\n");
}

/** Model tables in, the text of `docs/devices.md` out. */
import {
  type IndicatorSpec,
  MINUTES_PLACEHOLDERS,
  type ModelSpec,
  NUMBER_NAMES,
} from "../../../services/soc_bridge/models/model_spec.ts";
import { LEAST_BATTERY_WH } from "../../../services/soc_bridge/decode/packs.ts";
import {
  FASTEST_FALL_PERCENT_PER_MIN,
  MINUTES_DOUBT_FACTOR,
} from "../../../services/soc_bridge/judge/plausible_minutes.ts";
import { TAG27_CONNECTED_MAX } from "../../../services/soc_bridge/judge/tag27.ts";

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
others decoded were seen, *low* where the layout is assumed. **Grid known from** says how the grid rule is known: an *outage*
was recorded or reported as it happened; recordings show *both states*; they show the grid *there only* or *gone only*; or the
rule is *assumed*. The one recorded outage is a RIVER 3 UPS: 18 s after the plug was pulled its reply said so, and about 7 s
after the return the watts did, while the charger flag was still clear.

A match by two letters of the serial number is a **guess**: the station's own keys must confirm it, and until then log, state
(\`model_guess\`), \`devices\` and \`doctor\` say so.
The Power Kit and PowerOcean have no table: nothing about their messages is known here.

## Power stations

${modelTable(stations)}

## Accessories

${modelTable(accessories)}

## How the grid is judged

With \`GRID_RULE=auto\` the indicators of the column above decide. Any one of them that shows the grid wins. What is marked
*(asks)* cannot say that the grid is gone: when it no longer shows the grid, the station is asked for all its values at once, and
again after 5, 10 and then every 20 s until it answers. *(in a reply)* says "gone" only in such an answer, and only when every
other sign is in it too and none shows the grid. *with …* names what must not show the grid either. A change needs two fresh
indications, or one in an answer to a get-all request. Messages without an indicator change nothing and refresh nothing;
silence is no evidence.

No loss is believed against an indicator of the same row that showed the grid within two minutes, in whatever message; the
station is asked at once. While an indicator of the row was not told at all a loss waits, in an answer too, until it is told or has
been missing for 90 s; one that showed the grid itself and takes that back does not wait
([0041](decisions/0041_left_out_is_not_gone.md)).

**The grid is unknown** (\`grid_unknown\`) when a station that speaks has not confirmed for 150 s that the grid is there, or has left an outage's first sign unsettled for 60 s. A live station that has
not said a word on its grid for a minute is asked. A loss stays a loss until the grid shows itself: to forget it would keep
hosts running on a battery that ends. When it is not told any more either, the state says both.

What proves nothing: \`flow_info_ac_in\` is 0 on an idle RIVER 3 with the grid there, and 4 or 12 on a DELTA 3 with it; only its bit
1 proves the grid. 0 W come in on a full battery. Volts count from 40 V, because 7 V were seen with nothing plugged in. Where
two voltages may show the grid and a message has only one of them, the other is remembered for two minutes, and one that
never showed the grid cannot take it away alone.

## What a charge is

\`soc_source\` says it: \`system\` is the station's own figure for the whole, \`packs\` the mean of all batteries by their
capacities, \`pack\` the only battery's. The main battery of several never stands for the whole; when one is missing, its charge
old, or a capacity unknown, the charge is unknown and the last one keeps its age. On STREAM the unit's own battery comes first: in
a group only the leader computes the system's charge, and the others send it as 0.

A charge of 0 is no value while any other fresh source says 3 % or more, while the battery has not reported (its volts and
capacity are 0), or in an upload of nothing but zeros. A 0 that nothing led up to is believed at the third reading, a minute
after the first, and not while the battery cannot have fallen so far. Of nothing but zeros for three minutes the grid is believed, and
nothing else. Minutes of 0, 5939, 5940, 5999, 12927 and 143999 are no estimate, an energy below ${LEAST_BATTERY_WH} Wh is none, a discharge limit
of 0 in a CMS report is none, and 65535 is no number of anything.

\`discharge_min_doubtful\` is true when charge, energy and load contradict the minutes by more than a factor of
${MINUTES_DOUBT_FACTOR}: too few for the whole load (plus 10 % and 15 W) down to the discharge limit, or too many for what the sun leaves
of it down to nothing. So it is when they would empty the battery faster than ${FASTEST_FALL_PERCENT_PER_MIN} %/min, whatever else is known.

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
  { from = "DisplayPropertyUpload.plug_in_info_ac_charger_flag", present = { above = 0 }, absent = "decides",
    needs = "DisplayPropertyUpload.pow_get_ac_in" },
  { from = "DisplayPropertyUpload.pow_get_ac_in", present = { above = 2 }, absent = "asks" },
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
| \`placeholders\` | raw numbers that mean "no value": the next source is asked. Minutes have ${
    MINUTES_PLACEHOLDERS.join(", ")
  } without it |
| \`of\` | \`whole\` (the default); \`pack\`: of one battery, which stands for the whole only where it is the only one; \`group\`: of several stations, used where the station tells no charge of its own or is alone in the group |
| \`packs\` (as a source) | \`main_soc\`, \`mean_soc\`, \`max_temp\`, \`sum_full\`, \`sum_design\`, \`main_full\`, \`main_design\` |
| \`present\` | \`{ bit = N }\`, \`{ at_least = N }\`, \`{ above = N }\` or \`{ one_of = [N, …] }\` |
| \`absent\` | \`decides\`: the grid is gone; \`in_reply\`: so in an answer to a get-all request; \`asks\`: a reason to ask; \`confirms\`: only confirms another; \`never\`: means nothing |
| \`absent_values\` | the only raw numbers that count as not present |
| \`needs\` | fields of other indicators that must not show the grid either: known and fresh, for \`in_reply\` in the same reply |
| \`every\` | of several fields in \`from\` all must be known and fresh, but for one that showed the grid before |
| \`doubts\` | its present state proves nothing, but keeps a loss from being read in the same message |
| \`only_absent\` | its present state means nothing |
| \`packs.count\` | where the station says how many batteries it has; 0 is not said |
| \`unreported_battery\` | fields that are all 0 while the battery has not reported |
| \`outage_ports\` | outlets with a limit of their own: \`list\`, \`port\`, \`enabled\`, \`min_soc\`, and \`ports\` (number to \`dc\`, \`ac1\`, \`ac2\`) |
| \`grid_proof\` | \`outage\`, \`both\`, \`present\`, \`absent\` or \`assumed\`: how the grid rule is known |

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

/** How the grid rule is known, in words. */
const PROOFS: Readonly<Record<NonNullable<ModelSpec["grid_proof"]>, string>> = {
  outage: "an outage",
  both: "both states",
  present: "there only",
  absent: "gone only",
  assumed: "assumed",
};

function modelTable(models: readonly ModelSpec[]): string {
  const rows = models.map((m) =>
    `| ${m.model} | ${m.prefixes.join(" ")} | ${m.protocol === "json" ? "JSON" : "protobuf"} ${m.family} | ${
      m.rated_wh ?? "–"
    } | ${gridText(m.grid)} | ${
      m.grid?.length ? PROOFS[m.grid_proof ?? "assumed"] : "–"
    } | ${m.confidence}: ${m.seen}${m.notes ? `. ${m.notes}` : ""} | ${m.captures?.length ?? 0} |`
  );
  return [
    "| model | serial begins | speaks | rated Wh | grid by | grid known from | confidence | recordings |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
  ].join("\n");
}

function gridText(grid: readonly IndicatorSpec[] | undefined): string {
  if (!grid?.length) return "not known";
  return grid.map(({ from, present, absent, absent_values, needs, doubts, only_absent }) => {
    const sign = doubts || only_absent
      ? "no longer shows it"
      : "bit" in present
      ? `bit ${present.bit}`
      : "at_least" in present
      ? `≥ ${present.at_least} V`
      : "above" in present
      ? `> ${present.above}`
      : present.one_of.join(" or ");
    const how = doubts ? "keeps a loss back" : HOW[absent];
    const rest = [
      ...(how === "" ? [] : [`(${how})`]),
      ...(absent_values ? [`gone at ${absent_values.join(" or ")}`] : []),
      ...(needs ? [`with ${namesOf(needs)}`] : []),
    ];
    return [`${namesOf(from)} ${doubts ? "set" : sign}`, ...rest].join(" ");
  }).join("; ");
}

const HOW: Readonly<Record<IndicatorSpec["absent"], string>> = {
  decides: "",
  in_reply: "in a reply",
  confirms: "supports",
  asks: "asks",
  never: "only shows it",
};

function namesOf(paths: string | readonly string[]): string {
  return [paths].flat().map((path) => `\`${path.slice(path.lastIndexOf(".") + 1)}\``).join(", ");
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
    "`auto` says of every recording that holds an indicator what its recorder said, but for a few that a test names with the reason.",
    "",
    "| recording | grid really | field 27, W | tag 27 says |",
    "| --- | --- | --- | --- |",
    ...table,
    TAG27_END,
  ].join("\n");
}

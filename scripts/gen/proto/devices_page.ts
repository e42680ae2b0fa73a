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

\`deno task gen:proto\` writes this page from the tables in \`services/soc_bridge/models/\`. Change them, not this page.

There are ${models.length} models: ${stations.length} power stations and ${accessories.length} accessories. An accessory is decoded and
published with \`"role":"accessory"\`, and never counts as a power station. You can name a plug or meter on the grid side as a witness of the
grid.

**Confidence** in a model's table:

- *high*: raw bytes of that model were decoded.
- *medium*: only bytes of a related model, or values that others decoded, were seen.
- *low*: the layout is assumed.

**Grid known from** says how the rule for the grid is known:

- *an outage*: one was recorded or reported as it happened.
- *both states*, *there only*, *gone only*: what the recordings show.
- *assumed*: no recording shows it.

The one recorded outage is of a RIVER 3 UPS. 18 s after the plug was pulled, its reply said so. About 7 s after the grid was back, the watts
said so, while the charger flag still did not.

A match by two letters of the serial number is a **guess**. The station's own keys must confirm it. Until then log, state (\`model_guess\`),
\`devices\` and \`doctor\` say that it is one.

The Power Kit and PowerOcean have no table, because nothing about their messages is known here.

## Power stations

${modelTable(stations)}

## Accessories

${modelTable(accessories)}

## How the grid is judged

With \`GRID_RULE=auto\` the indicators of the column "grid by" decide. Any one of them that shows the grid wins. Some need an explanation:

- *(asks)*: it cannot say that the grid is gone. When it no longer shows the grid, the station is asked for all its values: at once, again
  after 5 and 10 s, and then every 20 s until it answers.
- *(in a reply)*: it says "gone" only in such an answer, and only when every other sign is in that answer too and none shows the grid.
- *with …*: these must not show the grid either.

A change needs two fresh indications, or one in an answer to such a request. Messages without an indicator change nothing and refresh
nothing. Silence is no evidence.

**When a loss is not believed yet.** An indicator of the same row may have shown the grid within two minutes, in any message. Then the loss
is not believed, and the station is asked at once. Or an indicator of the row was not in the message at all. Then the loss waits, also in an
answer, until the indicator is told or has been missing for 90 s. An indicator that showed the grid itself and takes that back does not wait
([0041](decisions/0041_left_out_is_not_gone.md)).

**The grid is unknown** (\`grid_unknown\`) in two cases: a station that speaks has not confirmed for 150 s that the grid is there, or the
first sign of an outage has not been settled for 60 s. A live station that has told nothing of its grid for a minute is asked. A loss stays
a loss until the grid shows itself. To forget it would keep hosts running on a battery that ends. When it is not confirmed any more either,
the state says both.

**What proves nothing:**

- \`flow_info_ac_in\` is 0 on an idle RIVER 3 with the grid there, and 4 or 12 on a DELTA 3 with it. Only its bit 1 proves the grid.
- A full battery takes 0 W from the grid.
- Volts count from 40 V, because 7 V were seen with nothing plugged in.
- Two voltages may show the grid, and a message may have only one of them. Then the other is remembered for two minutes. One that never
  showed the grid cannot say alone that it is gone.

## What a charge is

\`soc_source\` says where the charge comes from:

| \`soc_source\` | the charge is |
| --- | --- |
| \`system\` | the station's own figure for the whole |
| \`packs\` | the mean of all batteries, by their capacities |
| \`pack\` | that of the only battery |

The main battery never stands for several. When one of them is missing, its charge is old, or a capacity is unknown, the charge is unknown.
The last one then keeps its age. On STREAM the unit's own battery comes first: in a group only the leader computes the system's charge, and
the others send it as 0.

**A charge of 0** is no value in three cases:

- Any other fresh source says 3 % or more.
- The battery has not reported (its volts and capacity are 0).
- Everything in the message is zero. When that lasts for three minutes, its grid is believed, and nothing else.

A sudden 0 is believed at the third reading, a minute after the first. It is not believed while the battery cannot have fallen so far.

**Other numbers that are no value:** minutes of 0, 5939, 5940, 5999, 12927 and 143999; an energy below ${LEAST_BATTERY_WH} Wh; a discharge
limit of 0 in a CMS report; 65535 for anything.

**Minutes that are doubted.** \`discharge_min_doubtful\` is true when charge, energy and load contradict the minutes by more than a factor of
${MINUTES_DOUBT_FACTOR}. They are too few when the whole load (plus 10 % and 15 W) would take longer to the discharge limit. They are too
many when what the sun leaves of the load would empty the battery sooner. They are also doubted when they would empty the battery faster
than ${FASTEST_FALL_PERCENT_PER_MIN} %/min, whatever else is known.

${tag27}

## What is known of each model

${valueTable(models)}

## A table of your own

Is a model missing here, or has your firmware changed it? Describe it in a file of the model directory: \`NAME.toml\` with one or more
\`[[model]]\`, or \`NAME.json\` with \`{"model": [...]}\`. It wins over the built-in table with the same serial prefix. The log names each mistake
by its key. The other tables go on working.

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
    "The predecessor's rule takes field 27 of a battery report: 0 or 1 is connected, more is disconnected. The field is in truth the watts",
    "that leave one pack. So the rule is wrong where:",
    "",
    "- a station is on the grid, and its electronics, charge limit or DC sockets draw on the battery: it looks disconnected;",
    "- a station idles without the grid: it looks connected;",
    "- a station has two packs: the one that reports last decides.",
    "",
    "The rule is for RIVER 3 Plus only. The truth is known of " +
    `${verdicts.length} reports in the recordings. **${wrong} of them are judged wrongly.**`,
    "",
    "`auto` agrees with the recorder of every recording that holds an indicator, except for a few that a test names with the reason.",
    "",
    "| recording | grid really | field 27, W | tag 27 says |",
    "| --- | --- | --- | --- |",
    ...table,
    TAG27_END,
  ].join("\n");
}

/** What a model's table may say, and how a table from a user's file is checked. */
import * as v from "valibot";
import { recordOf } from "../../../lib/record_of.ts";
import { strictObject } from "../../../lib/strict_object.ts";

/** The numbers of a normalised state that a table may give sources for; units as in `lib/messages/power_state.ts`. */
export const NUMBER_NAMES = [
  "soc",
  "ac_in_watts",
  "ac_in_volts",
  "out_watts",
  "ac_out_watts",
  "dc_in_watts",
  "charge_min",
  "discharge_min",
  "temp_celsius",
  "battery_wh",
  "battery_design_wh",
  "max_soc",
  "min_soc",
] as const;

/** The one value that is true or false. */
export const FLAG_NAME = "ac_out_enabled";

/** What does not change by itself: shown however old it is, and not shadowed by a newer placeholder. */
export const LASTING: ReadonlySet<string> = new Set(
  ["battery_wh", "battery_design_wh", "min_soc", "max_soc"] satisfies (typeof NUMBER_NAMES[number])[],
);

/**
 * Minutes that stations send when the question does not apply, or when they have no estimate. They hold for every source of
 * minutes that lists no placeholders of its own.
 */
export const MINUTES_PLACEHOLDERS: readonly number[] = [5939, 5940, 5999, 12927, 143999];

/** A number of the state. */
export type NumberName = typeof NUMBER_NAMES[number];

const text = (max: number) => v.pipe(v.string(), v.minLength(1, "must not be empty"), v.maxLength(max));
const path = v.pipe(
  v.string(),
  v.regex(
    /^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+(\[\])?)*$/,
    "must be a field path such as DisplayPropertyUpload.cms_batt_soc",
  ),
);
const paths = v.union([path, v.pipe(v.array(path), v.minLength(1, "must name a field"), v.maxLength(16))]);
const number = v.pipe(v.number(), v.finite("must be a number"));
const BIT = "must be a bit from 0 to 31";
const bit = v.pipe(number, v.integer(BIT), v.minValue(0, BIT), v.maxValue(31, BIT));

const source = v.union([
  strictObject({
    from: paths,
    scale: v.optional(number),
    part: v.optional(v.picklist(["positive", "negative"])),
    bit: v.optional(bit),
    swap_bytes: v.optional(v.boolean()),
    ignore_zero: v.optional(v.boolean()),
    placeholders: v.optional(v.pipe(v.array(number), v.maxLength(16))),
    of: v.optional(v.picklist(["whole", "pack", "group"])),
    below_is_zero: v.optional(number),
  }),
  strictObject({
    packs: v.picklist([
      "main_soc",
      "mean_soc",
      "max_temp",
      "sum_full",
      "sum_design",
      "main_full",
      "main_design",
    ]),
  }),
]);

const indicator = strictObject({
  from: paths,
  present: v.union([
    strictObject({ bit }),
    strictObject({ at_least: number }),
    strictObject({ above: number }),
    strictObject({ one_of: v.pipe(v.array(number), v.minLength(1)) }),
  ]),
  absent: v.picklist(["decides", "in_reply", "confirms", "asks", "never"]),
  absent_values: v.optional(v.pipe(v.array(number), v.minLength(1), v.maxLength(16))),
  every: v.optional(v.boolean()),
  needs: v.optional(paths),
  doubts: v.optional(v.boolean()),
  only_absent: v.optional(v.boolean()),
  scale: v.optional(number),
  swap_bytes: v.optional(v.boolean()),
});

const capacity = v.union([
  strictObject({ unit: v.literal("Wh") }),
  strictObject({ unit: v.literal("mAh"), volts: number }),
  strictObject({ unit: v.literal("mAh"), cells: text(64), volts_per_cell: number }),
]);
const packFields = {
  soc: v.array(text(64)),
  temp: v.array(text(64)),
  full: v.optional(text(64)),
  design: v.optional(text(64)),
  sn: v.optional(text(64)),
  capacity,
  count: v.optional(path),
};
const packs = v.union([
  strictObject({ message: text(64), num: text(64), ...packFields }),
  strictObject({ list: path, num: text(64), ...packFields }),
  strictObject({ keys: v.pipe(v.array(text(64)), v.minLength(1), v.maxLength(16)), ...packFields }),
]);

const sources = v.optional(v.pipe(v.array(source), v.maxLength(8)));

/** The schema of a table; everything that a user's file may hold. */
export const modelSchema = strictObject({
  model: text(64),
  prefixes: v.pipe(
    v.array(v.pipe(v.string(), v.regex(/^[A-Z0-9]{2,16}$/, "must be 2 to 16 capital letters or digits"))),
    v.minLength(1, "must name at least one serial prefix"),
  ),
  role: v.picklist(["station", "accessory"]),
  protocol: v.picklist(["protobuf", "json"]),
  family: v.pipe(v.string(), v.regex(/^[a-z0-9_]{1,32}$/, "must be a family name")),
  rated_wh: v.optional(v.pipe(number, v.minValue(1, "must be 1 or more"))),
  confidence: v.picklist(["high", "medium", "low", "user"]),
  seen: text(300),
  notes: v.optional(text(600)),
  grid_proof: v.optional(v.picklist(["outage", "both", "present", "absent", "assumed"])),
  captures: v.optional(v.array(text(80))),
  values: strictObject(
    Object.fromEntries([...NUMBER_NAMES, FLAG_NAME].map((name) => [name, sources])) as Record<
      NumberName | typeof FLAG_NAME,
      typeof sources
    >,
  ),
  grid: v.optional(v.pipe(v.array(indicator), v.maxLength(8))),
  packs: v.optional(packs),
  unreported_battery: v.optional(paths),
  outage_ports: v.optional(strictObject({
    list: path,
    port: text(64),
    enabled: text(64),
    min_soc: text(64),
    ports: v.record(v.string(), v.picklist(["dc", "ac1", "ac2"])),
  })),
  tag27: v.optional(v.boolean()),
  open_api_modules: v.optional(recordOf(text(64))),
});

/**
 * One model, or several that differ in nothing: serial prefixes, where each value comes from, how the grid is judged.
 * `values` that a table leaves out are unknown on that model. `unreported_battery` names fields that are all 0 while the
 * battery has not reported yet: a charge of 0 and a minute of time left are then no values. `outage_ports` is a list of
 * outlets that the station switches off at a charge of their own. Several fields in one `from` are added up. Sources are tried
 * in order.
 *
 * `grid_proof` says how the grid rule is known:
 *
 * - `outage`: one was recorded, or reported as it happened.
 * - `both`, `present`, `absent`: what the recordings show of the grid.
 * - `assumed`, or nothing: no recording shows it.
 */
export type ModelSpec = v.InferOutput<typeof modelSchema>;

/**
 * Where one value comes from. `part` cuts a signed number into its two directions; `scale` comes first.
 *
 * `placeholders` are raw numbers that mean "no value" in this field, and `ignore_zero` says that of 0. Then the next source is
 * asked. A placeholder that is newer than every other source leaves the value unknown.
 *
 * `of: "pack"` marks what is true of one battery. It stands for the whole only where that battery is the only one.
 * `of: "group"` marks what is true of several stations together. It counts where the station never told a charge of its own, and
 * where the group has no more energy than the station.
 */
export type SourceSpec = v.InferOutput<typeof source>;

/**
 * One grid indicator. `absent` says what it means when the indicator is *not* in its present state:
 *
 * - `decides`: the grid is gone.
 * - `in_reply`: the grid is gone, but only in a reply, where a station tells all that it knows.
 * - `confirms`: it only confirms another that said so.
 * - `asks`: it is a reason to ask the station for all its values. Those that decide ask, too, when they may not decide.
 * - `never`: it means nothing.
 *
 * `absent_values` are then the only raw numbers that count as not present.
 *
 * `needs` names fields of other indicators that must not show the grid either before this one decides. They must be known and
 * fresh, and for `in_reply` in the same reply. With `every`, all fields of `from` must be known and fresh, except one that has
 * shown the grid before and now takes it back. With `doubts`, the present state proves nothing, but keeps a loss from being read
 * in the same payload. With `only_absent`, it means nothing at all. Of several fields in `from` one that shows the grid counts,
 * otherwise the largest. Those that a payload lacks are remembered as long as a value is fresh.
 */
export type IndicatorSpec = v.InferOutput<typeof indicator>;

/**
 * How packs are told apart and read; the first, or number 0, is the main one. `count` is where the station says how many
 * there are; 0 there means that it does not say.
 */
export type PackSpec = v.InferOutput<typeof packs>;

/** How a pack's capacity becomes Wh. */
export type CapacitySpec = v.InferOutput<typeof capacity>;

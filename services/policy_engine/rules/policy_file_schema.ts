/** The form of a policy file: every key with its type and range. Pure. */
import { isHost } from "../../../lib/text/host_name.ts";
import * as v from "valibot";
import { nutSourceSchema } from "../../../lib/config/nut_sources.ts";
import { integerIn, numberIn, textUpTo } from "../../../lib/messages/parse.ts";
import type { PathStep } from "../../../lib/text/toml_lines.ts";
import { recordOf } from "../../../lib/record_of.ts";
import { strictObject } from "../../../lib/strict_object.ts";

/** A limit, or "off": this trigger is not used, also when the level above has it. */
const limit = <const S extends v.GenericSchema<number>>(value: S) =>
  v.optional(v.union([value, v.literal("off")]));
const name = v.pipe(textUpTo(64), v.minLength(1, "must not be empty"));

/** Keys that a station, a stage and a host may have; each level takes the one above for those that it leaves out. */
const triggerKeys = {
  soc_min: limit(numberIn(0, 100)),
  discharge_min: limit(numberIn(0, 10_000)),
  on_battery_min: limit(numberIn(0, 100_000)),
  falling_percent_per_min: limit(numberIn(0.1, 100)),
  falling_settle_sec: v.optional(integerIn(0, 3600)),
  debounce_sec: v.optional(integerIn(0, 86_400)),
};

const stageSchema = strictObject({
  hosts: v.pipe(v.array(name), v.minLength(1, "must name at least one host")),
  time_limit_sec: v.optional(integerIn(10, 86_400)),
  ...triggerKeys,
});

const stationSchema = strictObject({
  stage: v.optional(v.array(stageSchema)),
  last: v.optional(name),
  reserve: v.optional(v.boolean()),
  grid: v.optional(v.picklist(["auto", "witness", "off"])),
  total_wh: v.optional(numberIn(1, 1_000_000)),
  min_soc: v.optional(numberIn(0, 90)),
  /** A NUT server that speaks for the station as well: read by the worker of the stations by cable, no rule of the policy. */
  nut: v.optional(nutSourceSchema),
  ...triggerKeys,
});

const port = v.picklist(["dc", "ac1", "ac2"]);

const hostSchema = strictObject({
  /** One for all of its stations, or one a station by name. */
  port: v.optional(v.union([port, v.record(name, port)])),
  goes_with: v.optional(v.picklist(["all", "any"])),
  mac: v.optional(
    v.pipe(v.string(), v.regex(/^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/, "must be six hex pairs")),
  ),
  wake_address: v.optional(v.pipe(v.string(), v.ipv4("must be an IPv4 address"))),
  ...triggerKeys,
});

const scalar = v.union([v.string(), v.number(), v.boolean()]);
const witnessSchema = strictObject({
  name,
  stations: v.optional(v.array(name)),
  topic: v.optional(v.pipe(textUpTo(256), v.regex(/^[^+#]+$/, "must be an MQTT topic without wildcards"))),
  pointer: v.optional(v.pipe(textUpTo(256), v.regex(/^(\/.*)?$/, 'must be "" or begin with "/"'))),
  present_when_equals: v.optional(scalar),
  absent_when_equals: v.optional(scalar),
  present_when_above: v.optional(v.pipe(v.number(), v.finite("must be a number"))),
  nut: v.optional(strictObject({
    host: v.pipe(
      textUpTo(253),
      v.check(isHost, "must be a host name or an IP address, without port and brackets"),
    ),
    port: v.optional(integerIn(1, 65_535), 3493),
    ups: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,64}$/, "must be a UPS name: letters, digits, . _ -")),
  })),
  stale_after_sec: v.optional(integerIn(10, 604_800), 120),
});

/** The whole file; unknown keys are refused. */
export const policyFileSchema = strictObject({
  blind_limit_min: v.optional(numberIn(1, 10_000)),
  recovery: v.optional(strictObject({
    grid_stable_min: v.optional(numberIn(0, 1440)),
    soc_min: v.optional(numberIn(0, 100)),
  })),
  drill: v.optional(
    strictObject({ monthly_day: integerIn(1, 28), hour: v.optional(integerIn(0, 23), 10) }),
  ),
  station: v.optional(recordOf(stationSchema), {}),
  host: v.optional(recordOf(hostSchema), {}),
  witness: v.optional(v.array(witnessSchema), []),
});

/** The file's content, checked; keys as in the file. docs/policy.md explains them. */
export type PolicyFile = v.InferOutput<typeof policyFileSchema>;
/** A station's part. */
export type StationSection = v.InferOutput<typeof stationSchema>;
/** A stage's part. */
export type StageSection = v.InferOutput<typeof stageSchema>;
/** A host's part. */
export type HostSection = v.InferOutput<typeof hostSchema>;
/** What a station, a stage and a host have in common. */
export type TriggerSection = Pick<HostSection, keyof typeof triggerKeys>;
/** A grid witness. */
export type WitnessSection = v.InferOutput<typeof witnessSchema>;

/** A problem and where it is. */
export interface FileProblem {
  readonly path: readonly PathStep[];
  readonly text: string;
}

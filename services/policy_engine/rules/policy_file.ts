/** The policy file: its form, and the reading of its TOML text with all problems at once. Pure. */
import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { ConfigError } from "../../../lib/errors.ts";
import { integerIn, numberIn, textUpTo } from "../../../lib/messages/parse.ts";
import { policyFileProblems } from "./policy_file_checks.ts";
import type { SimpleLimits } from "./simple_rules.ts";
import { type FindLine, lineFinder, type PathStep } from "./toml_lines.ts";

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

const stageSchema = v.strictObject({
  hosts: v.pipe(v.array(name), v.minLength(1, "must name at least one host")),
  time_limit_sec: v.optional(integerIn(10, 86_400)),
  ...triggerKeys,
});

const stationSchema = v.strictObject({
  stage: v.optional(v.array(stageSchema)),
  last: v.optional(name),
  reserve: v.optional(v.boolean()),
  ...triggerKeys,
});

const hostSchema = v.strictObject({
  goes_with: v.optional(v.picklist(["all", "any"])),
  mac: v.optional(
    v.pipe(v.string(), v.regex(/^([0-9A-Fa-f]{2}[:-]){5}[0-9A-Fa-f]{2}$/, "must be six hex pairs")),
  ),
  ...triggerKeys,
});

const scalar = v.union([v.string(), v.number(), v.boolean()]);
const witnessSchema = v.strictObject({
  name,
  stations: v.optional(v.array(name)),
  topic: v.optional(v.pipe(textUpTo(256), v.regex(/^[^+#]+$/, "must be an MQTT topic without wildcards"))),
  pointer: v.optional(v.pipe(textUpTo(256), v.regex(/^(\/.*)?$/, 'must be "" or begin with "/"'))),
  present_when_equals: v.optional(scalar),
  absent_when_equals: v.optional(scalar),
  present_when_above: v.optional(v.pipe(v.number(), v.finite("must be a number"))),
  nut: v.optional(v.strictObject({
    host: v.pipe(textUpTo(253), v.regex(/^[A-Za-z0-9.:-]+$/, "must be a host name or an IP address")),
    port: v.optional(integerIn(1, 65_535), 3493),
    ups: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,64}$/, "must be a UPS name: letters, digits, . _ -")),
  })),
  stale_after_sec: v.optional(integerIn(10, 604_800), 120),
});

const schema = v.strictObject({
  blind_limit_min: v.optional(numberIn(1, 10_000)),
  recovery: v.optional(v.strictObject({
    grid_stable_min: v.optional(numberIn(0, 1440)),
    soc_min: v.optional(numberIn(0, 100)),
  })),
  drill: v.optional(
    v.strictObject({ monthly_day: integerIn(1, 28), hour: v.optional(integerIn(0, 23), 10) }),
  ),
  station: v.optional(v.record(v.string(), stationSchema), {}),
  host: v.optional(v.record(v.string(), hostSchema), {}),
  witness: v.optional(v.array(witnessSchema), []),
});

/** The file's content, checked; keys as in the file. docs/policy.md explains them. */
export type PolicyFile = v.InferOutput<typeof schema>;
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

/**
 * Reads a policy file.
 *
 * @param source Named in the problems, for example `POLICY_FILE "policy.toml"`
 * @param limits The configuration beside it: which hosts and stations there are, and the limits that the file builds on
 * @throws ConfigError with every problem found, each with its line
 */
export function parsePolicyFile(text: string, source: string, limits: SimpleLimits): PolicyFile {
  let value: unknown;
  try {
    value = parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "");
    throw new ConfigError([`${source} line ${error.line}: must be TOML: ${reason}`]);
  }
  const { file, issues } = readForm(value);
  const problems = [
    ...issues,
    ...policyFileProblems(file, limits).filter((problem) => !isAftermath(problem, issues)),
  ];
  if (problems.length > 0) throw new ConfigError(inOrder(problems, source, lineFinder(text)));
  return file;
}

/** Takes out what has not the right form, so that the rest can still be checked. */
function readForm(value: unknown): { readonly file: PolicyFile; readonly issues: readonly FileProblem[] } {
  const rest = structuredClone(value) as object;
  const issues: FileProblem[] = [];
  for (;;) {
    const result = v.safeParse(schema, rest);
    if (result.success) return { file: result.output, issues };
    const found = result.issues.map(fromIssue);
    issues.push(...found);
    // The last first: entries of lists keep their places until they are looked at.
    for (const { path } of found.toReversed()) takeOut(rest, path);
  }
}

/** A key that is missing takes its whole table with it. */
function takeOut(root: object, path: readonly PathStep[]): void {
  let parent: Record<PathStep, unknown> = root as Record<PathStep, unknown>;
  const tables: [Record<PathStep, unknown>, PathStep][] = [];
  for (const step of path) {
    tables.push([parent, step]);
    const next = parent[step];
    if (next === null || typeof next !== "object") break;
    parent = next as Record<PathStep, unknown>;
  }
  let last = tables.pop();
  while (last && !(last[1] in last[0])) last = tables.pop();
  if (!last) return;
  const [table, step] = last;
  if (Array.isArray(table)) table.splice(Number(step), 1);
  else delete table[step];
}

/** A witness, or a station's list of stages, that was cut short may be wrong for that reason alone. */
function isAftermath({ path }: FileProblem, issues: readonly FileProblem[]): boolean {
  return issues.some((issue) =>
    issue.path[0] === path[0] &&
    (path[0] === "witness" ||
      (path[0] === "station" && issue.path[1] === path[1] && issue.path[2] === "stage"))
  );
}

function inOrder(problems: readonly FileProblem[], source: string, findLine: FindLine): string[] {
  return problems.map(({ path, text }) => ({ line: findLine(path), text: `${pathText(path)} ${text}` }))
    .sort((a, b) => a.line - b.line)
    .map(({ line, text }) => `${source} line ${line}: ${text}`);
}

function pathText(path: readonly PathStep[]): string {
  return path.map((step) => typeof step === "number" ? `[${step + 1}]` : `.${step}`).join("").slice(1);
}

function fromIssue(issue: v.BaseIssue<unknown>): FileProblem {
  const path = (issue.path ?? []).map(({ key }) => key as PathStep);
  if (issue.type === "strict_object" && issue.expected === "never") {
    return { path, text: "is not a key of a policy file" };
  }
  const seen = JSON.stringify(issue.input)?.slice(0, 60);
  const wanted = issue.kind === "schema" ? `must be ${issue.expected}` : innermost(issue).message;
  return { path, text: `${wanted}, found ${seen}` };
}

function innermost(issue: v.BaseIssue<unknown>): v.BaseIssue<unknown> {
  return issue.issues?.[0] ?? issue;
}

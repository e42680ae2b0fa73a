/** Which stations a NUT server speaks for as well: `NUT_SOURCES_JSON`. Pure. */
import * as v from "valibot";
import { topicWordProblem } from "../mqtt/topics.ts";
import type { NutTarget } from "../nut/client.ts";

/** One station and where to ask for it. */
export interface NutSource extends NutTarget {
  /** The station's name in topics, or its serial number. */
  readonly device: string;
}

const schema = v.record(
  v.string(),
  v.strictObject({
    ups: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,64}$/, "must be a UPS name of NUT")),
    host: v.optional(
      v.pipe(v.string(), v.regex(/^[A-Za-z0-9.:-]{1,253}$/, "must be a name or an address")),
      "127.0.0.1",
    ),
    port: v.optional(
      v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65535, "must be a port, 1 to 65535")),
      3493,
    ),
  }),
);

/** Reads `{"station":{"ups":"…","host":"…","port":3493},…}`. Problems are added to `problems`. */
export function parseNutSources(text: string, problems: string[]): readonly NutSource[] {
  const key = "NUT_SOURCES_JSON";
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    problems.push(`${key} must be JSON such as {"Study":{"ups":"study"}}`);
    return [];
  }
  const result = v.safeParse(schema, value);
  if (!result.success) {
    for (const issue of result.issues) {
      problems.push(`${key}: ${v.getDotPath(issue) ?? "the whole"}: ${issue.message}`);
    }
    return [];
  }
  return Object.entries(result.output).map(([device, target]) => {
    const problem = topicWordProblem(device);
    if (problem) problems.push(`${key}: the station name "${device}" ${problem}`);
    return { device, ...target };
  });
}

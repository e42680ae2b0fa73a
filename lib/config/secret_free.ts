/** What is wrong with a value out of a file that holds passwords, without showing any of it. Pure. */
import * as v from "valibot";
import { nearest } from "../text/nearest.ts";

/**
 * A person who mixes up two lines, or forgets a quote, puts a password under another key, or makes a key of it. So what was found
 * is told by its kind and length alone, except numbers that are no password. Of keys only known ones are named.
 *
 * @param schema The whole that was checked, for the keys that it knows
 */
export function secretFree(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  const known = "entries" in schema ? Object.keys(schema.entries as object) : [];
  const path = v.getDotPath(issue);
  if (issue.type === "strict_object" && issue.path !== undefined) {
    const key = issue.path.at(-1)?.key;
    if (issue.expected !== "never") return `"${key}" must be given`;
    const name = typeof key === "string" ? key : "";
    // Whoever is near a known key meant that one.
    return `must not have a key of ${name.length} characters${nearest(name.slice(0, 64), known)} (known: ${
      known.join(", ")
    })`;
  }
  const wanted = issue.kind === "schema" ? `must be ${issue.expected}` : issue.message;
  return `${path ? `"${path}" ` : ""}${wanted}, found ${shownKind(issue.input)}`;
}

/** A value by its kind and length alone; small numbers as they are. */
export function shownKind(value: unknown): string {
  if (typeof value === "string") return `${value.length} characters`;
  // Nobody's password has fewer digits.
  if (typeof value === "number") return Math.abs(value) < 100_000 ? String(value) : "a larger number";
  if (value === undefined) return "nothing";
  return Array.isArray(value)
    ? "a list"
    : value !== null && typeof value === "object"
    ? "a table"
    : String(value);
}

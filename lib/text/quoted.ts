/** A list of names for a person. Pure. */

/** `"nas", "pc"`; `none` when there is none. */
export function quoted(names: Iterable<string>): string {
  return [...names].map((name) => `"${name}"`).join(", ") || "none";
}

/** A schema for an object that has the named keys and no others. */
import * as v from "valibot";

/**
 * As `v.strictObject(entries)`, but a key that every object inherits is unknown, too. The package looks for `constructor` or
 * `toString` in its own table with `in`. It finds the inherited one, and drops the key without a message.
 */
export function strictObject<const E extends v.ObjectEntries>(
  entries: E,
): v.StrictObjectSchema<E, undefined> {
  return v.strictObject(Object.assign(Object.create(null), entries) as E);
}

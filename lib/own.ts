/**
 * Reads and writes a plain object by a name from outside. Every object also answers to `constructor`, `toString` and others
 * that it inherits, and a host may be called that. The lint rule `names/own` holds everybody to this file.
 */

/** What is found under a name: perhaps nothing, unless the object has a fixed set of names and this is one of them. */
type Found<T, K extends keyof T> = string extends keyof T ? T[K] | undefined : T[K];

/** The value that the object itself has under this name; undefined when it has none, whatever it inherits. */
export function own<T extends object, K extends keyof T>(record: T, name: K): Found<T, K> {
  return (Object.hasOwn(record, name) ? record[name] : undefined) as Found<T, K>;
}

/** Gives the object itself a value under this name, also when the name is `__proto__`. */
export function put<T extends object, K extends keyof T>(record: T, name: K, value: T[K]): void {
  // The only name to which a plain object gives another meaning; the definition of a property is slow.
  if (name !== "__proto__") record[name] = value;
  else Object.defineProperty(record, name, { value, writable: true, enumerable: true, configurable: true });
}

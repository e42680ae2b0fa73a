/** The few options of a command line that the daemon itself takes. Pure. */

/**
 * Reads `--name VALUE` and `--name=VALUE`; of an option that is given twice the last holds.
 *
 * @returns by name; what was not given is absent
 * @throws TypeError naming an argument that is none of them, or an option without a value
 */
export function readOptions<const Name extends string>(
  args: readonly string[],
  names: readonly Name[],
): Partial<Readonly<Record<Name, string>>> {
  const found = new Map<Name, string>();
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? "";
    const [, written, value] = /^--([^=]+)(?:=([\s\S]*))?$/.exec(arg) ?? [];
    const name = names.find((one) => one === written);
    if (name === undefined) {
      const wanted = names.map((one) => `--${one}`).join(" or ");
      throw new TypeError(`Cannot use "${arg}": must be ${wanted} with a value`);
    }
    const next = value ?? args[++at];
    if (next === undefined || (value === undefined && next.startsWith("-"))) {
      throw new TypeError(
        `Cannot use "${arg}": must have a value${next === undefined ? "" : `, found "${next}"`}`,
      );
    }
    found.set(name, next);
  }
  return Object.fromEntries(found) as Partial<Record<Name, string>>;
}

/** What a test file declares by `Deno.test`, in whichever of its forms. Pure. */

/** The function of a test. */
export type TestFunction = (context: unknown) => unknown;

/** The name and function of a declared test; undefined: it is left out by its own wish. */
export function declaredTest(
  ...args: readonly unknown[]
): { readonly name: string; readonly run: TestFunction } | undefined {
  const isFunction = (one: unknown): one is TestFunction => typeof one === "function";
  const options = args.filter((one) => typeof one === "object" && one !== null) as Record<string, unknown>[];
  const { name, ignore, fn } = Object.assign({}, ...options);
  if (ignore === true) return undefined;
  const run = args.find(isFunction) ?? fn;
  if (!isFunction(run)) throw new TypeError("Cannot read a declared test: it has no function");
  return { name: String(args.find((one) => typeof one === "string") ?? name ?? run.name), run };
}

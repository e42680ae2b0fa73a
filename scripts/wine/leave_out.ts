/** Loaded before the tests under Wine: those of {@link NOT_HERE} are ignored by name, and shown as that. */
import { NOT_HERE } from "./not_here.ts";

const names = new Set(Object.values(NOT_HERE).flat());
const original = Deno.test;

/** Declares a test, or an ignored one. */
function declare(...args: Parameters<typeof Deno.test>): void {
  const [first, second] = args as readonly unknown[];
  const name = typeof first === "string"
    ? first
    : typeof first === "object" && first !== null && "name" in first
    ? first.name
    : typeof first === "function"
    ? first.name
    : undefined;
  if (typeof name !== "string" || !names.has(name)) return original(...args);
  const fn = typeof second === "function" ? second : () => {};
  original({ name, ignore: true, fn: fn as () => void });
}

Object.defineProperty(Deno, "test", { value: Object.assign(declare, original) });

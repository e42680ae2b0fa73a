import assert from "node:assert/strict";
import { chooseParts } from "./bench.ts";

const names = (wanted: readonly string[] | undefined) => {
  const chosen = chooseParts(wanted);
  return typeof chosen === "string" ? chosen : chosen.map(({ name }) => name);
};

Deno.test("chooseParts() takes every part that was named, in the bench's order", () => {
  assert.deepEqual(names(["micro"]), ["micro"]);
  assert.deepEqual(new Set(names(["micro", "decode"])), new Set(["decode", "micro"]));
  assert.deepEqual(names(["micro", "decode"]), names(["decode", "micro"]));
});

Deno.test("chooseParts() takes the plain parts when none is named, more for all, and refuses what it does not know", () => {
  const [plain, all] = [names(undefined), names(["all"])];
  assert.ok(Array.isArray(plain) && Array.isArray(all));
  assert.ok(plain.length > 0 && plain.every((name) => all.includes(name)) && all.length > plain.length);
  assert.match(String(names(["decode", "nonsense"])), /Cannot measure "nonsense": must be all, /);
});

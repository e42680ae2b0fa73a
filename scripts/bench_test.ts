import assert from "node:assert/strict";
import { chooseParts, strayOption } from "./bench.ts";

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

for (
  const [named, given, wanted] of [
    [["micro"], { stations: 3 }, /^Cannot use --stations with micro: it belongs to --part pipeline$/],
    [["pipeline"], { stations: 3 }, undefined],
    [["micro"], { sites: 3 }, /^Cannot use --sites with micro: it belongs to --part fleet$/],
    [["decode", "micro"], { payloads: 3, seed: 1 }, undefined],
    [["micro", "idle"], { against: "/x" }, /--against with micro, idle: it belongs to --part decode/],
    [["fleet"], { sites: 3, worlds: undefined }, undefined],
    [["decode"], { against: "/x", payloads: 3 }, /--payloads with --against/],
    [["endurance"], { days: 3, hours: 1 }, /--days with --hours/],
  ] as const
) {
  Deno.test(`strayOption() of ${JSON.stringify(given)} with ${named}: ${wanted ?? "none"}`, () => {
    const parts = chooseParts(named);
    assert.ok(typeof parts !== "string");
    const found = strayOption(parts, given);
    if (wanted === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", wanted);
  });
}

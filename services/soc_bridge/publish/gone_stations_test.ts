import assert from "node:assert/strict";
import { GONE_AFTER_MS, GoneStations } from "./gone_stations.ts";

const listed = (...sns: string[]) => (sn: string) => sns.includes(sn);
const at = (nowMonoMs: number, isListed?: (sn: string) => boolean) => ({ nowMonoMs, isListed });

const rows: readonly [
  name: string,
  isListed: ((sn: string) => boolean) | undefined,
  isLive: boolean,
  atMs: number,
  wanted: boolean,
][] = [
  ["off the list, a moment before", listed("B"), false, GONE_AFTER_MS - 1, false],
  ["off the list, long enough", listed("B"), false, GONE_AFTER_MS, true],
  ["off the list, but it speaks", listed("B"), true, 10 * GONE_AFTER_MS, false],
  ["on the list, silent for ever", listed("A"), false, 10 * GONE_AFTER_MS, false],
  ["there is no list", undefined, false, 10 * GONE_AFTER_MS, false],
];
for (const [name, isListed, isLive, atMs, wanted] of rows) {
  Deno.test(`GoneStations.isGone(): ${name}: ${wanted}`, () => {
    const gone = new GoneStations();
    assert.equal(gone.isGone("A", isLive, at(0, isListed)), false);
    assert.equal(gone.isGone("A", isLive, at(atMs, isListed)), wanted);
  });
}

Deno.test("GoneStations.isGone() begins anew after a word or a place on the list", () => {
  const gone = new GoneStations();
  gone.isGone("A", false, at(0, listed("B")));
  assert.equal(gone.isGone("A", true, at(GONE_AFTER_MS, listed("B"))), false);
  assert.equal(gone.isGone("A", false, at(GONE_AFTER_MS + 1, listed("B"))), false);
  assert.equal(gone.isGone("A", false, at(2 * GONE_AFTER_MS, listed("A"))), false);
  assert.equal(gone.isGone("A", false, at(2 * GONE_AFTER_MS + 1, listed("B"))), false);
});

Deno.test("GoneStations.takeLeftovers() names what an earlier run left, once, and nothing of others", () => {
  const gone = new GoneStations();
  gone.kept("Cellar", { sn: "A" });
  gone.kept("Fed by hand", {});
  gone.kept("B", { sn: "B" });
  gone.kept("Attic", { sn: "C" });
  gone.kept("Spoken", { sn: "D" });
  // B is called Study now, C is on the list but not known yet, somebody speaks of D.
  const names = (sn: string) => sn === "B" ? "Study" : undefined;
  const list = listed("B", "C");
  assert.deepEqual(gone.takeLeftovers(names, at(0, list)), []);
  gone.spoken("Spoken");
  assert.deepEqual(gone.takeLeftovers(names, at(GONE_AFTER_MS - 1, list)), []);
  assert.deepEqual(gone.takeLeftovers(names, at(GONE_AFTER_MS, list)), ["Cellar", "B"]);
  assert.deepEqual(gone.takeLeftovers(names, at(9 * GONE_AFTER_MS, list)), []);
});

Deno.test("GoneStations.takeLeftovers() without a list takes only old names", () => {
  const gone = new GoneStations();
  gone.kept("Cellar", { sn: "A" });
  gone.kept("B", { sn: "B" });
  const names = (sn: string) => sn === "B" ? "Study" : undefined;
  gone.takeLeftovers(names, at(0));
  assert.deepEqual(gone.takeLeftovers(names, at(GONE_AFTER_MS)), ["B"]);
});

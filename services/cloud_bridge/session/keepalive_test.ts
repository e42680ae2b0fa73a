import assert from "node:assert/strict";
import { GRACE_MS, KeepAlive, REFRESH_GAP_MS, SILENT_MS } from "./keepalive.ts";

const INTERVAL_MS = 45_000;

/** Takes every turn until a moment, hearing each station at once unless it is silent. */
function play(
  keepAlive: KeepAlive,
  untilMs: number,
  silent: readonly string[] = [],
): [ms: number, sn: string][] {
  const asked: [number, string][] = [];
  for (let nowMs = keepAlive.nextMonoMs(); nowMs <= untilMs; nowMs = keepAlive.nextMonoMs()) {
    const sn = keepAlive.take(nowMs);
    assert.ok(sn !== undefined, `nobody's turn at ${nowMs} ms although nextMonoMs() said so`);
    asked.push([nowMs, sn]);
    if (!silent.includes(sn)) keepAlive.heard(sn, nowMs);
  }
  return asked;
}

const names = (count: number) => Array.from({ length: count }, (_, i) => `SN${i}`);
const start = (count: number) => new KeepAlive(names(count), { intervalMs: INTERVAL_MS, startMonoMs: 0 });

Deno.test("KeepAlive asks one station on connect and then at each interval", () => {
  assert.deepEqual(play(start(1), 135_000).map(([ms]) => ms), [0, 45_000, 90_000, 135_000]);
});

Deno.test("KeepAlive asks three stations a second apart, and keeps them apart", () => {
  assert.deepEqual(play(start(3), 47_000), [
    [0, "SN0"],
    [1000, "SN1"],
    [2000, "SN2"],
    [45_000, "SN0"],
    [46_000, "SN1"],
    [47_000, "SN2"],
  ]);
});

Deno.test("KeepAlive never bursts, however many stations there are, and leaves none out", () => {
  const asked = play(start(500), INTERVAL_MS * 3);
  const gaps = asked.slice(1).map(([ms], i) => ms - (asked[i]?.[0] ?? 0));
  assert.ok(Math.min(...gaps) >= INTERVAL_MS / 500 / 2 - 0.001, `${Math.min(...gaps)} ms`);
  for (const sn of names(500)) assert.ok(asked.filter(([, name]) => name === sn).length >= 3);
});

Deno.test("KeepAlive does not burst after the machine slept", () => {
  const keepAlive = start(3);
  play(keepAlive, 10_000);
  const awakeMs = 3_600_000;
  const turns = [0, 1, 999, 1000, 2000, 3000].map((ms) => keepAlive.take(awakeMs + ms));
  assert.deepEqual(turns, ["SN0", undefined, undefined, "SN1", "SN2", undefined]);
});

Deno.test("KeepAlive.take() asks a silent station at 90 s, once, beside its turns", () => {
  const keepAlive = new KeepAlive(["A", "B"], { intervalMs: 60_000, startMonoMs: 0 });
  const asked = play(keepAlive, 200_000, ["B"]).filter(([, sn]) => sn === "B").map(([ms]) => ms);
  assert.deepEqual(asked, [1000, 61_000, SILENT_MS, 121_000, 181_000]);
});

Deno.test("KeepAlive.doubtMonoMs() comes when every station stayed silent, not when one did", () => {
  const keepAlive = start(2);
  assert.equal(keepAlive.doubtMonoMs(), SILENT_MS + GRACE_MS);
  keepAlive.heard("SN1", 50_000);
  assert.equal(keepAlive.doubtMonoMs(), 50_000 + SILENT_MS + GRACE_MS);
  assert.equal(keepAlive.silenceMs("SN0", 60_000), 60_000);
  assert.equal(keepAlive.silenceMs("SN1", 60_000), 10_000);
  assert.equal(new KeepAlive([], { intervalMs: 1, startMonoMs: 0 }).doubtMonoMs(), Infinity);
  assert.equal(new KeepAlive([], { intervalMs: 1, startMonoMs: 0 }).nextMonoMs(), Infinity);
});

for (
  const [name, atMs, asks] of [
    ["at once", 20_000, true],
    ["not 1 ms before the gap ends", REFRESH_GAP_MS - 1, false],
    ["when the gap ends", REFRESH_GAP_MS, true],
  ] as const
) {
  Deno.test(`KeepAlive.refresh() asks ${name}`, () => {
    const keepAlive = start(1);
    assert.equal(keepAlive.take(0), "SN0");
    keepAlive.refresh("SN0", atMs);
    keepAlive.refresh("unknown", atMs);
    assert.equal(keepAlive.take(atMs), asks ? "SN0" : undefined);
  });
}

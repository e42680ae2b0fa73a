import assert from "node:assert/strict";
import { createHealth } from "../../../lib/health.ts";
import { memoryLog } from "../../../lib/testing.ts";
import type { HouseState } from "../house.ts";
import { NEW_STATION } from "../outage/station.ts";
import { SnapshotKeeper } from "./keeper.ts";
import { memoryStore, SlowDiskClock } from "../testdata/test_policy.ts";

/** How long one write takes, ms. */
const WRITE_MS = 40;

/** A house of which only the drill's month changes: that is enough for a new snapshot. */
const houseIn = (month: string): HouseState => ({
  stations: new Map(),
  hosts: new Map(),
  learnedMs: new Map(),
  drilledMonth: month,
});

function slowDisk(writeMs = WRITE_MS) {
  const clock = new SlowDiskClock();
  const store = memoryStore();
  const { write } = store;
  store.write = (text) => {
    clock.spend(writeMs);
    write(text);
  };
  const keeper = new SnapshotKeeper({ clock, health: createHealth(), log: memoryLog(), store });
  return { clock, store, keeper };
}

const storedMonth = (text: string | undefined) =>
  text === undefined ? undefined : JSON.parse(text).drilled_month;

Deno.test("SnapshotKeeper stores a rare change at once, before it is said", () => {
  const { keeper, store } = slowDisk();
  let storedWhenSaid: string | undefined;
  keeper.keep(houseIn("2026-10"), () => storedWhenSaid = storedMonth(store.text));
  assert.equal(storedWhenSaid, "2026-10");
});

Deno.test("SnapshotKeeper stores together what comes while it has just written, and says it in order after that", async () => {
  const { keeper, store, clock } = slowDisk();
  const said: string[] = [];
  for (let i = 0; i < 1000; i++) {
    const month = `m-${i}`;
    keeper.keep(houseIn("2026-11"), () => said.push(`${month} ${storedMonth(store.text)}`));
  }
  assert.equal(said.length, 1, "only the first is said before the next write");
  await clock.advance(WRITE_MS - 1);
  assert.equal(said.length, 1);
  await clock.advance(1);
  assert.deepEqual(said, Array.from({ length: 1000 }, (_, i) => `m-${i} 2026-11`));
  assert.ok(store.writes <= 2, `${store.writes} writes`);
  assert.equal(clock.pending, 0);
});

Deno.test("SnapshotKeeper says nothing of a change that is not stored yet", async () => {
  const { keeper, store, clock } = slowDisk();
  keeper.keep(houseIn("2026-10"), () => {});
  let storedWhenSaid: string | undefined;
  keeper.keep(houseIn("2026-11"), () => storedWhenSaid = storedMonth(store.text));
  assert.equal(storedMonth(store.text), "2026-10");
  assert.equal(storedWhenSaid, undefined);
  await clock.advance(WRITE_MS);
  assert.equal(storedWhenSaid, "2026-11");
});

Deno.test("SnapshotKeeper lets nobody wait longer than a quarter of a second for a slow disk", async () => {
  const { keeper, clock } = slowDisk(15_000);
  keeper.keep(houseIn("2026-10"), () => {});
  let isSaid = false;
  keeper.keep(houseIn("2026-11"), () => isSaid = true);
  await clock.advance(250);
  assert.ok(isSaid);
});

const MAY_WAIT = true;

Deno.test("SnapshotKeeper lets what may wait do so for a quarter of a second, and not 1 ms more", async () => {
  const { keeper, store, clock } = slowDisk();
  let isSaid = false;
  keeper.keep(houseIn("2026-10"), () => isSaid = true, MAY_WAIT);
  await clock.advance(249);
  assert.equal(store.writes, 0);
  assert.equal(isSaid, false);
  await clock.advance(1);
  assert.equal(storedMonth(store.text), "2026-10");
  assert.equal(isSaid, true);
});

Deno.test("SnapshotKeeper stores at once what may not wait, with what waits, in order", () => {
  const { keeper, store, clock } = slowDisk();
  const said: string[] = [];
  keeper.keep(houseIn("2026-10"), () => said.push("waited"), MAY_WAIT);
  keeper.keep(houseIn("2026-11"), () => said.push("did not"));
  assert.deepEqual(said, ["waited", "did not"]);
  assert.equal(store.writes, 1);
  assert.equal(clock.pending, 0);
});

Deno.test("SnapshotKeeper lets nobody who may not wait do so for one who may, right after a write", async () => {
  const { keeper, store, clock } = slowDisk();
  keeper.keep(houseIn("2026-09"), () => {});
  const said: string[] = [];
  keeper.keep(houseIn("2026-10"), () => said.push("waited"), MAY_WAIT);
  keeper.keep(houseIn("2026-11"), () => said.push("did not"));
  await clock.advance(WRITE_MS - 1);
  assert.deepEqual(said, []);
  await clock.advance(1);
  assert.deepEqual(said, ["waited", "did not"]);
  assert.equal(store.writes, 2);
  assert.equal(clock.pending, 0);
});

Deno.test("SnapshotKeeper.flush() stores and says what still waits, and leaves no timer", () => {
  const { keeper, store, clock } = slowDisk();
  keeper.keep(houseIn("2026-10"), () => {});
  let isSaid = false;
  keeper.keep(houseIn("2026-11"), () => isSaid = true);
  keeper.flush(houseIn("2026-11"));
  assert.ok(isSaid);
  assert.equal(storedMonth(store.text), "2026-11");
  assert.equal(clock.pending, 0);
});

Deno.test("SnapshotKeeper.flush() stores nothing when nothing waits", () => {
  const { keeper, store } = slowDisk();
  keeper.flush(houseIn("2026-10"));
  assert.equal(store.writes, 0);
});

Deno.test("SnapshotKeeper makes nobody who may not wait do so for one who comes after and may", async () => {
  const { keeper, clock } = slowDisk();
  keeper.keep(houseIn("2026-09"), () => {});
  const said: string[] = [];
  keeper.keep(houseIn("2026-10"), () => said.push("did not"));
  keeper.keep(houseIn("2026-11"), () => said.push("may wait"), MAY_WAIT);
  await clock.advance(WRITE_MS);
  assert.deepEqual(said, ["did not", "may wait"]);
  assert.equal(clock.pending, 0);
});

Deno.test("SnapshotKeeper tries a full disk again after ten seconds, and not 1 ms before", async () => {
  const { keeper, store, clock } = slowDisk(0);
  store.fails = true;
  const keep = () => keeper.keep(houseIn("2026-10"), () => {});
  keep();
  store.fails = false;
  await clock.advance(9_999);
  keep();
  assert.equal(store.writes, 0);
  await clock.advance(1);
  keep();
  assert.equal(storedMonth(store.text), "2026-10");
});

Deno.test("SnapshotKeeper follows the readings on battery once a minute, and at no other time without a change", async () => {
  for (const [connected, writes] of [[false, 2], [true, 1]] as const) {
    const { keeper, store, clock } = slowDisk(0);
    const station = { ...NEW_STATION, verdict: { connected } } as typeof NEW_STATION;
    const house = { ...houseIn("2026-10"), stations: new Map([["Study", station]]) };
    keeper.keep(house, () => {});
    await clock.advance(59_999);
    keeper.keep(house, () => {});
    assert.equal(store.writes, 1);
    await clock.advance(1);
    keeper.keep(house, () => {});
    assert.equal(store.writes, writes, `connected: ${connected}`);
  }
});

for (const [byMs, writes] of [[2000, 1], [2001, 2], [-2000, 1], [-2001, 2]] as const) {
  Deno.test(`SnapshotKeeper stores ${writes === 2 ? "anew" : "nothing"} when the wall clock jumps by ${byMs} ms`, () => {
    const { keeper, store, clock } = slowDisk(0);
    keeper.keep(houseIn("2026-10"), () => {});
    clock.jumpWall(byMs);
    keeper.keep(houseIn("2026-10"), () => {});
    assert.equal(store.writes, writes);
  });
}

Deno.test("SnapshotKeeper says that the snapshot before the last counts, when the last one is not whole", () => {
  const store = memoryStore();
  const log = memoryLog();
  const keeper = new SnapshotKeeper({ clock: new SlowDiskClock(), health: createHealth(), log, store });
  keeper.keep(houseIn("2026-10"), () => {});
  assert.equal(keeper.restore({ stations: {} }).house.drilledMonth, "2026-10");
  assert.doesNotMatch(log.text(), /SNAPSHOT BEFORE THE LAST/);
  store.isOlder = true;
  assert.equal(keeper.restore({ stations: {} }).house.drilledMonth, "2026-10");
  assert.match(log.text(), /SNAPSHOT BEFORE THE LAST/);
});

Deno.test("SnapshotKeeper.restore() tells of a snapshot that it refuses, and begins anew", () => {
  const store = memoryStore();
  store.text = "no snapshot";
  const [health, log] = [createHealth(), memoryLog()];
  const { house, savedAtMs } = new SnapshotKeeper({ clock: new SlowDiskClock(), health, log, store })
    .restore({ stations: {} });
  assert.deepEqual([house.stations.size, savedAtMs], [0, undefined]);
  assert.deepEqual(health.list().map(({ code, severity }) => [code, severity]), [[
    "snapshot_refused",
    "warning",
  ]]);
  assert.match(log.text(), /SNAPSHOT REFUSED .*kept_as=policy.json.refused/);
});

for (const kind of ["online", "unknown", "on_battery"] as const) {
  Deno.test(`SnapshotKeeper.restore() ${kind === "on_battery" ? "says" : "does not say"} that a station is ${kind}`, () => {
    const { keeper, store, clock } = slowDisk(0);
    const phase = kind === "unknown" ? { kind } : { kind, sinceMonoMs: 0 };
    const station = { ...NEW_STATION, phases: new Map([[1, phase]]) } as unknown as typeof NEW_STATION;
    keeper.keep({ ...houseIn("2026-10"), stations: new Map([["Study", station]]) }, () => {});
    const log = memoryLog();
    new SnapshotKeeper({ clock, health: createHealth(), log, store }).restore({ stations: {} });
    assert.equal(log.text().includes("RESUMED"), kind === "on_battery");
  });
}

Deno.test("SnapshotKeeper.close() says what still waits, and leaves the house as it is in a plain file", () => {
  const { keeper, store, clock } = slowDisk();
  const plain: string[] = [];
  store.writePlain = (text) => void plain.push(text);
  keeper.keep(houseIn("2026-10"), () => {});
  let isSaid = false;
  keeper.keep(houseIn("2026-11"), () => isSaid = true);
  keeper.close(houseIn("2026-11"));
  assert.ok(isSaid);
  assert.deepEqual(plain.map(storedMonth), ["2026-11"]);
  assert.equal(clock.pending, 0);
});

Deno.test("SnapshotKeeper.close() says that the disk is full, and ends all the same", () => {
  const [store, log] = [memoryStore(), memoryLog()];
  store.writePlain = () => {
    throw new Error("no space left on device");
  };
  new SnapshotKeeper({ clock: new SlowDiskClock(), health: createHealth(), log, store }).close(
    houseIn("2026-10"),
  );
  assert.match(log.text(), /SNAPSHOT NOT STORED reason="no space left on device"/);
});

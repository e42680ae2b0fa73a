import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SampleRow } from "./downsample.ts";
import { DatabaseSync } from "node:sqlite";
import { CHECKED_UP_TO_BYTES, Store } from "./store.ts";

const DAY_SEC = 86_400;

/** Quarter hours of so many days from time 0, of one station. */
function quarterHours(days: number): SampleRow[] {
  const rows: SampleRow[] = [];
  const quantity = { area: 90_000_000, seconds: 900, min: 90_000, max: 110_000 };
  const totals = { seconds: 900, soc: { ...quantity, area: 45_000, min: 40, max: 60 }, inWatts: quantity };
  for (let atSec = 0; atSec < days * DAY_SEC; atSec += 900) {
    rows.push({ device: "Attic", stepSec: 900, atSec, totals: { ...totals, outWatts: quantity } });
  }
  return rows;
}

async function inStore(run: (store: Store, size: () => number) => void | Promise<void>): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-store-"));
  const path = join(dir, "history.db");
  const store = Store.open(path, (reason) => assert.fail(reason));
  try {
    await run(store, () => statSync(path).size);
  } finally {
    store.close();
    rmSync(dir, { recursive: true });
  }
}

Deno.test("Store.shrink() gives the disk back what a shorter history freed, once, and keeps the rest", () =>
  inStore((store, size) => {
    store.write({ samples: quarterHours(400), events: [], energy: [], outages: [] });
    assert.equal(store.shrink(), false, "nothing is free");
    store.prune(400 * DAY_SEC, 400);
    assert.equal(store.shrink(), false, "nothing was freed");
    const before = size();
    store.prune(400 * DAY_SEC, 30);
    assert.equal(store.shrink(), true);
    assert.ok(size() < before / 4, `${before} bytes, then ${size()}`);
    assert.equal(store.shrink(), false, "it is done");
    const range = { device: "Attic", fromMs: 0, toMs: 400 * DAY_SEC * 1000, limit: 100_000 };
    assert.equal(store.samples(900, range).length, 30 * 96);
  }));

Deno.test("Store.shrink() leaves a file alone of which less than half is free", () =>
  inStore((store) => {
    store.write({ samples: quarterHours(400), events: [], energy: [], outages: [] });
    store.prune(400 * DAY_SEC, 250);
    assert.equal(store.shrink(), false);
  }));

Deno.test("Store.prune() forgets of every station what its resolution is not kept for, and not one row more", () =>
  inStore((store) => {
    const nowSec = 100 * DAY_SEC;
    const [first] = quarterHours(1);
    const limits = [[10, 2], [60, 30], [900, 50]] as const;
    const samples = ["Attic", "Cellar"].flatMap((device) =>
      limits.flatMap(([stepSec, days]) =>
        [nowSec - days * DAY_SEC - stepSec, nowSec - days * DAY_SEC].map((atSec) => ({
          device,
          stepSec,
          atSec,
          totals: first?.totals ?? { seconds: 0 },
        }))
      )
    );
    store.write({ samples, events: [], energy: [], outages: [] });
    store.prune(nowSec, 50);
    for (const device of ["Attic", "Cellar"]) {
      for (const [stepSec, days] of limits) {
        const kept = store.samples(stepSec, { device, fromMs: 0, toMs: nowSec * 1000, limit: 10 });
        assert.deepEqual(kept.map(({ at_s }) => at_s), [nowSec - days * DAY_SEC], `${device} ${stepSec}`);
      }
    }
  }));

Deno.test("Store.energy() gives the newest days when they are asked for, oldest first", () =>
  inStore((store) => {
    const days = ["2026-01-01", "2026-01-02", "2026-01-03"];
    const energy = days.map((day) => ({
      device: "Attic",
      day,
      inWh: 1,
      inSec: 1,
      outWh: 1,
      outSec: 1,
      acInSec: 0,
      dcInSec: 0,
    }));
    store.write({ samples: [], events: [], energy, outages: [] });
    const daysOf = (newest: boolean) =>
      store.energy({ fromMs: 0, toMs: 0, newest, limit: 2 }, "2026-01-01", "2026-01-03").map(({ day }) =>
        day
      );
    assert.deepEqual(daysOf(false), days.slice(0, 2));
    assert.deepEqual(daysOf(true), days.slice(1));
  }));

for (
  const [what, bytes, isFound] of [
    ["reads a file through and puts a damaged one aside", CHECKED_UP_TO_BYTES, true],
    ["does not read a large file through, which would silence the worker", CHECKED_UP_TO_BYTES + 1024, false],
  ] as const
) {
  Deno.test(`Store.open() ${what}`, () => {
    const dir = mkdtempSync(join(tmpdir(), "ecoflow-store-"));
    try {
      const path = join(dir, "history.db");
      const store = Store.open(path, (reason) => assert.fail(reason));
      store.write({ samples: quarterHours(100), events: [], energy: [], outages: [] });
      store.close();
      const file = readFileSync(path);
      // Pages in the middle, of rows; the first ones, which every opening reads, stay whole.
      writeFileSync(path, file.fill(0xff, file.length >> 1, (file.length >> 1) + 8192));
      truncateSync(path, bytes);
      let reason: string | undefined;
      Store.open(path, (text) => reason = text).close();
      assert.equal(reason !== undefined, isFound, reason ?? "nothing was found");
    } finally {
      rmSync(dir, { recursive: true });
    }
  });
}

/** The tables as version 1 made them. */
const SCHEMA_1 = `
CREATE TABLE devices (device_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE samples (
  device_id INTEGER NOT NULL, step_s INTEGER NOT NULL, at_s INTEGER NOT NULL, seconds INTEGER NOT NULL,
  soc INTEGER, soc_min INTEGER, in_watts INTEGER, in_watts_max INTEGER, out_watts INTEGER, out_watts_max INTEGER,
  grid_percent INTEGER, PRIMARY KEY (device_id, step_s, at_s)
) WITHOUT ROWID;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL,
  source TEXT NOT NULL, text TEXT NOT NULL, device TEXT, agent TEXT
);
CREATE TABLE energy (
  device_id INTEGER NOT NULL, day TEXT NOT NULL, in_wh REAL, in_s REAL NOT NULL, out_wh REAL, out_s REAL NOT NULL,
  PRIMARY KEY (device_id, day)
) WITHOUT ROWID;
CREATE TABLE outages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, from_ms INTEGER NOT NULL, from_seen INTEGER NOT NULL,
  to_ms INTEGER, to_seen INTEGER NOT NULL, soc_start REAL, soc_lowest REAL, soc_end REAL, last_ms INTEGER NOT NULL,
  UNIQUE (device, from_ms)
);
INSERT INTO devices VALUES (1, 'Attic');
INSERT INTO samples VALUES (1, 900, 900, 900, 500, 400, 120, 130, 60, 70, 100);
INSERT INTO energy VALUES (1, '1970-01-01', 30, 900, 15, 900);
PRAGMA user_version = 1`;

Deno.test("Store.open() takes a file of version 1: what it kept stays, and its parts are unknown, not 0", () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-store-"));
  const path = join(dir, "history.db");
  const old = new DatabaseSync(path);
  old.exec(SCHEMA_1);
  old.close();
  const range = { device: "Attic", fromMs: 0, toMs: 86_400_000, limit: 10 };
  try {
    for (const opening of [1, 2]) {
      const store = Store.open(path, (reason) => assert.fail(reason));
      const [sample] = store.samples(900, range);
      assert.equal(sample?.in_watts, 120, `opening ${opening}`);
      assert.ok(sample && !("ac_in_watts" in sample) && !("dc_in_watts" in sample));
      if (opening === 1) {
        const parts = { acInWh: 4, acInSec: 60, dcInWh: undefined, dcInSec: 0 };
        const delta = { device: "Attic", day: "1970-01-01", inWh: 4, inSec: 60, outSec: 0, ...parts };
        store.write({ samples: [], events: [], energy: [delta], outages: [] });
      }
      const [day] = store.energy(range, "1970-01-01", "1970-01-01");
      assert.deepEqual([day?.in_wh, day?.ac_in_wh, day?.ac_in_s, day?.out_wh], [34, 4, 60, 15]);
      assert.ok(day && !("dc_in_wh" in day));
      store.close();
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});

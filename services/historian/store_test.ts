import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SampleRow } from "./downsample.ts";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { CHECKED_UP_TO_BYTES, Store } from "./store.ts";

const DAY_SEC = 86_400;
/** Each of them takes a step at least. */
const TABLES = 5;

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

/** Does all steps of it. */
function drain<T>(steps: Generator<void, T>): { readonly value: T; readonly steps: number } {
  for (let count = 1;; count++) {
    const { done, value } = steps.next();
    if (done) return { value, steps: count };
  }
}

async function inStore(
  run: (store: Store, size: () => number, path: string) => void | Promise<void>,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-store-"));
  const path = join(dir, "history.db");
  const store = Store.open(path, (reason) => assert.fail(reason));
  try {
    await run(store, () => statSync(path).size, path);
  } finally {
    store.close();
    rmSync(dir, { recursive: true });
  }
}

Deno.test("Store.shrink() gives the disk back what a shorter history freed, once, and keeps the rest", () =>
  inStore((store, size) => {
    store.write({ samples: quarterHours(400), events: [], energy: [], outages: [] });
    assert.equal(drain(store.shrink()).value, false, "nothing is free");
    drain(store.prune(400 * DAY_SEC, 400));
    assert.equal(drain(store.shrink()).value, false, "nothing was freed");
    const before = size();
    assert.ok(drain(store.prune(400 * DAY_SEC, 30)).steps > 5, "in steps");
    const { value, steps } = drain(store.shrink());
    assert.equal(value, true);
    assert.ok(steps > TABLES, `in ${steps} steps`);
    assert.ok(size() < before / 4, `${before} bytes, then ${size()}`);
    assert.equal(drain(store.shrink()).value, false, "it is done");
    const range = { device: "Attic", fromMs: 0, toMs: 400 * DAY_SEC * 1000, limit: 100_000 };
    assert.equal(store.samples(900, range).length, 30 * 96);
  }));

Deno.test("Store.shrink() gives the disk back what a history cut from two years to one freed, beside the rows of the last month", () =>
  inStore((store, size) => {
    const toSec = 730 * DAY_SEC;
    const fine = ([[10, 2], [60, 30]] as const).flatMap(([stepSec, days]) =>
      Array.from({ length: days * DAY_SEC / stepSec }, (_, i) => ({
        device: "Attic",
        stepSec,
        atSec: toSec - (i + 1) * stepSec,
        totals: quarterHours(1)[0]?.totals ?? { seconds: 0 },
      }))
    );
    store.write({ samples: [...quarterHours(730), ...fine], events: [], energy: [], outages: [] });
    const before = size();
    drain(store.prune(toSec, 365));
    assert.equal(drain(store.shrink()).value, true);
    assert.ok(size() < before * 0.8, `${before} bytes, then ${size()}`);
  }));

Deno.test("Store.shrink() leaves a file alone of which a day's rows are free, as after each day", () =>
  inStore((store) => {
    store.write({ samples: quarterHours(400), events: [], energy: [], outages: [] });
    // As many as 10 s, 1 min and 15 min make in a day.
    drain(store.prune(400 * DAY_SEC, 400 - Math.ceil((8640 + 1440 + 96) / 96)));
    assert.equal(drain(store.shrink()).value, false);
  }));

Deno.test("Store.shrink() keeps every row of every table, and goes on counting where it was", () =>
  inStore((store, _size, path) => {
    const event = {
      ts: "2026-01-01T00:00:00Z",
      kind: "k",
      severity: "info",
      source: "s",
      text: "t",
    } as const;
    const outage = {
      device: "Attic",
      fromMs: 5,
      isFromSeen: true,
      isToSeen: false,
      lastMs: 6,
      socLowest: 4.5,
    };
    const energy = {
      device: "Attic",
      day: "1970-01-02",
      inWh: 1.5,
      inSec: 2,
      outSec: 0,
      acInSec: 0,
      dcInSec: 0,
    };
    const samples = [...quarterHours(800), ...quarterHours(1).map((row) => ({ ...row, device: "Cellar" }))];
    store.write({ samples, events: [event, { ...event, agent: "pc" }], energy: [energy], outages: [outage] });
    drain(store.prune(800 * DAY_SEC, 31));
    const rows = () => {
      const db = new DatabaseSync(path, { readOnly: true });
      const tables = ["devices", "samples", "events", "energy", "outages", "sqlite_sequence"];
      const found = tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all());
      db.close();
      return found;
    };
    const before = rows();
    assert.ok(before.every((table) => table.length > 0));
    const steps = store.shrink();
    steps.next();
    assert.equal(store.isCopied, true);
    assert.equal(store.events({ fromMs: 0, toMs: 2e12, limit: 9 }).length, 2, "it is read meanwhile");
    drain(steps);
    assert.equal(store.isCopied, false);
    assert.deepEqual(rows(), before);
    store.write({ samples: [], events: [event], energy: [], outages: [] });
    assert.deepEqual(store.events({ fromMs: 0, toMs: 2e12, limit: 9 }).map(({ seq }) => seq), [1, 2, 3]);
  }));

Deno.test("Store.shrink() needs no more than the rights of the historian's worker, which may attach no other database", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-store-"));
  try {
    const path = join(dir, "history.db");
    const store = Store.open(path, (reason) => assert.fail(reason));
    store.write({ samples: quarterHours(800), events: [], energy: [], outages: [] });
    store.close();
    const program = fileURLToPath(new URL("./testdata/shortens.ts", import.meta.url));
    const rights = ["--no-prompt", `--allow-read=${dir}`, `--allow-write=${dir}`];
    const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--quiet", "--no-check", ...rights, program, path],
    }).output();
    const [before = 0, after = 0] = new TextDecoder().decode(stdout).split(" ").map(Number);
    assert.ok(
      before > 0 && after < before / 4,
      `${before}, then ${after}: ${new TextDecoder().decode(stderr)}`,
    );
  } finally {
    rmSync(dir, { recursive: true });
  }
});

Deno.test("Store.shrink() that is ended early, or beside another reader, leaves the file as it was and nothing beside it", () =>
  inStore((store, size, path) => {
    store.write({ samples: quarterHours(400), events: [], energy: [], outages: [] });
    drain(store.prune(400 * DAY_SEC, 31));
    const before = size();
    const steps = store.shrink();
    steps.next();
    steps.return(false);
    assert.deepEqual([store.isCopied, existsSync(`${path}.new`)], [false, false]);
    const other = new DatabaseSync(path);
    other.prepare("SELECT count(*) FROM samples").get();
    try {
      assert.throws(() => drain(store.shrink()), /somebody else has it open/);
    } finally {
      other.close();
    }
    assert.equal(size(), before);
    assert.deepEqual([store.isLost, store.isCopied, existsSync(`${path}.new`)], [false, false, false]);
    store.write({ samples: quarterHours(1), events: [], energy: [], outages: [] });
    assert.equal(drain(store.shrink()).value, true);
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
    drain(store.prune(nowSec, 50));
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

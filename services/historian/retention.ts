/**
 * Forgets what is too old, and gives the disk back what that freed. Both go in small steps: a worker that is silent for 15 s ends the
 * whole process, and a large house's rows on a slow card take minutes (docs/decisions/0059).
 */
import { DatabaseSync } from "node:sqlite";
import { KEPT_DAYS } from "./downsample.ts";
import { SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/** More events than this, and the oldest give way. */
const MAX_EVENTS = 20_000;
/** More outages than this, and the oldest give way. */
const MAX_OUTAGES = 10_000;

/** Rows that are removed or copied before others may work. */
const STEP_ROWS = 5000;
/** The file is written anew when more than this is free, bytes a station: a day of its rows, which are forgotten daily, takes half of it. */
const SHRINK_FROM_BYTES = 1_048_576;
const DAY_SEC = 86_400;
const TABLES = ["devices", "samples", "events", "energy", "outages"] as const;

type Row = Record<string, number | string | null>;

/** Removes rows by age and by number. After each step the caller may do something else; a step is whole or not done. */
export function* forgetOld(db: DatabaseSync, nowSec: number, days: number): Generator<void, void> {
  const ends = db.prepare(
    "SELECT at_s FROM samples WHERE device_id = ? AND step_s = ? AND at_s < ? ORDER BY at_s LIMIT 1 OFFSET ?",
  );
  // Device by device, along the key: without the device each of them would read the whole table.
  const remove = db.prepare("DELETE FROM samples WHERE device_id = ? AND step_s = ? AND at_s < ?");
  const jobs = (db.prepare("SELECT device_id FROM devices").all() as Row[]).flatMap(({ device_id }) =>
    ([[10, KEPT_DAYS[10]], [60, KEPT_DAYS[60]], [900, days]] as const)
      .map(([step, kept]) => ({ id: Number(device_id), step, before: nowSec - kept * DAY_SEC }))
  );
  while (jobs.length > 0) {
    inTransaction(db, () => {
      for (let room = STEP_ROWS; room > 0 && jobs[0] !== undefined;) {
        const [{ id, step, before }] = jobs;
        const end = ends.get(id, step, before, room) as Row | undefined;
        room -= Number(remove.run(id, step, end?.at_s ?? before).changes);
        if (!end) jobs.shift();
      }
    });
    yield;
  }
  inTransaction(db, () => {
    for (const [table, most] of [["events", MAX_EVENTS], ["outages", MAX_OUTAGES]] as const) {
      db.exec(
        `DELETE FROM ${table} WHERE seq <= (SELECT seq FROM ${table} ORDER BY seq DESC LIMIT 1 OFFSET ${most})`,
      );
    }
  });
}

/** Whether so much of the file is free that a new one is worth its writing: after the owner has shortened the history, and hardly ever else. */
export function isWorthCopying(db: DatabaseSync): boolean {
  const number = (sql: string) => Number(Object.values(db.prepare(sql).get() as Row)[0]);
  const free = number("PRAGMA freelist_count") * number("PRAGMA page_size");
  return free > SHRINK_FROM_BYTES * Math.max(1, number("SELECT count(*) FROM devices"));
}

/**
 * Writes all rows into a new file. Nobody may write meanwhile; reading may go on. Not by SQLite's own VACUUM: it attaches
 * a database, which a worker with few rights may not, it is one long step, and it writes everything three times.
 *
 * @param path Of the new file; what lies there is replaced, and what is begun is removed again when the caller ends it early
 * @throws Error when the disk has no room for it
 */
export function* copyRows(db: DatabaseSync, path: string): Generator<void, void> {
  removeFile(path);
  const copy = new DatabaseSync(path);
  let isWhole = false;
  try {
    // It counts once it is whole and on the disk.
    copy.exec(`PRAGMA page_size = 1024; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; ${SCHEMA}`);
    for (const table of TABLES) {
      const rows = db.prepare(`SELECT * FROM ${table}`).iterate() as Iterator<Row>;
      try {
        for (let isOver = false; !isOver;) {
          inTransaction(copy, () => isOver = copySome(copy, table, rows));
          yield;
        }
      } finally {
        // One that is left in the middle keeps SQLite's journal from ever ending.
        rows.return?.();
      }
    }
    copy.exec(`PRAGMA user_version = ${SCHEMA_VERSION}`);
    isWhole = true;
  } finally {
    copy.close();
    if (!isWhole) removeFile(path);
  }
  const file = Deno.openSync(path, { write: true });
  try {
    file.syncSync();
  } finally {
    file.close();
  }
}

/** @returns whether there are no further rows */
function copySome(copy: DatabaseSync, table: string, rows: Iterator<Row>): boolean {
  let insert;
  for (let count = 0; count < STEP_ROWS; count++) {
    const { value: row, done } = rows.next();
    if (done) return true;
    const names = Object.keys(row);
    insert ??= copy.prepare(
      `INSERT INTO ${table} (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")})`,
    );
    insert.run(...Object.values(row) as (number | string | null)[]);
  }
  return false;
}

/** All of it, or nothing. */
export function inTransaction(db: DatabaseSync, run: () => void): void {
  db.exec("BEGIN IMMEDIATE");
  try {
    run();
    db.exec("COMMIT");
  } catch (error) {
    try {
      db.exec("ROLLBACK");
    } catch {
      // SQLite has rolled back by itself, as it does when the disk is full.
    }
    throw error;
  }
}

/** One that is not there is as good as removed. */
export function removeFile(path: string): void {
  try {
    Deno.removeSync(path);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * The database: SQLite in one file. Every write is one transaction that is on the disk when it returns (WAL with full
 * synchronisation), so that a cut of power leaves the last one or the one before. Small pages: each write rewrites some of
 * them whole, and small ones spare the card (`deno task bench --part disk`).
 */
import { DatabaseSync } from "node:sqlite";
import { errorText } from "../../lib/errors.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import type {
  HistoryEnergy,
  HistoryEvent,
  HistoryOutage,
  HistorySample,
} from "../../lib/messages/history_answer.ts";
import { sampleOf, type SampleRow, STEPS_SEC, type StepSec } from "./downsample.ts";
import type { EnergyDelta } from "./energy.ts";
import type { Outage } from "./outages.ts";
import {
  type Range,
  readCoarseSamples,
  readEnergy,
  readEvents,
  readOpenOutages,
  readOutages,
  readSamples,
} from "./read_rows.ts";
import { copyRows, forgetOld, inTransaction, isWorthCopying, removeFile } from "./retention.ts";
import { FROM_1_TO_2, SCHEMA, SCHEMA_VERSION } from "./schema.ts";

/** Everything that is written at once. */
export interface Batch {
  readonly samples: readonly SampleRow[];
  readonly events: readonly JournalEvent[];
  readonly energy: readonly EnergyDelta[];
  readonly outages: readonly Outage[];
}

/**
 * A file up to this size is read through when it is opened, bytes. Reading blocks the worker, and one that is silent for 15 s ends the
 * whole process: hundreds of megabytes from a slow card must not.
 */
export const CHECKED_UP_TO_BYTES = 32 * 1_048_576;

/** The file was written by a newer version of this program: it is left as it is. */
export class NewerStoreError extends Error {
  override readonly name = "NewerStoreError";
}

type Row = Record<string, number | string | null>;

/** See the file comment. */
export class Store {
  #db: DatabaseSync;
  #isCopied = false;
  #isLost = false;

  private constructor(private readonly path: string) {
    this.#db = connect(path);
    // One that was begun and not ended.
    removeFile(copyPath(path));
  }

  /**
   * Opens or makes it. A file that is damaged is put aside as `….damaged`, and a new one begun.
   *
   * @param onDamaged Told with a reason when that happened
   * @throws NewerStoreError, or Error when the place cannot be used
   */
  static open(path: string, onDamaged: (reason: string) => void): Store {
    try {
      return new Store(path);
    } catch (error) {
      if (!isDamage(error) || !isThere(path)) throw error;
      for (const end of ["", "-wal", "-shm"]) {
        if (isThere(path + end)) Deno.renameSync(path + end, `${path}.damaged${end}`);
      }
      onDamaged(errorText(error));
      return new Store(path);
    }
  }

  /** Whether {@link shrink} is at work: nobody may write meanwhile. */
  get isCopied(): boolean {
    return this.#isCopied;
  }

  /** Whether the file could not be opened again after {@link shrink}: a new store must be. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Writes it, whole or not at all. @throws Error when the disk does not take it */
  write({ samples, events, energy, outages }: Batch): void {
    inTransaction(this.#db, () => {
      this.#writeSamples(samples);
      const insert = this.#db.prepare(
        "INSERT INTO events (at_ms, kind, severity, source, text, device, agent) VALUES (?, ?, ?, ?, ?, ?, ?)",
      );
      for (const { ts, kind, severity, source, text, device, agent } of events) {
        insert.run(Date.parse(ts), kind, severity, source, text, device ?? null, agent ?? null);
      }
      for (const delta of energy) this.#writeEnergy(delta);
      for (const outage of outages) this.#writeOutage(outage);
    });
  }

  /** As {@link forgetOld} does. */
  prune(nowSec: number, days: number): Generator<void, void> {
    return forgetOld(this.#db, nowSec, days);
  }

  /** When the newest row of values began, s since 1970; undefined: there is none. */
  newestSec(): number | undefined {
    const newest = this.#db.prepare(
      "SELECT at_s FROM samples WHERE device_id = ? AND step_s = ? ORDER BY at_s DESC LIMIT 1",
    );
    const times = (this.#db.prepare("SELECT device_id FROM devices").all() as Row[]).flatMap((
      { device_id },
    ) =>
      STEPS_SEC.flatMap((step) =>
        Number((newest.get(device_id ?? null, step) as Row | undefined)?.at_s ?? NaN)
      )
    ).filter(Number.isFinite);
    return times.length === 0 ? undefined : Math.max(...times);
  }

  /**
   * Gives the disk back what {@link prune} freed, where that is worth a whole new file. In steps, as {@link copyRows}.
   *
   * @returns Whether the file was written anew
   * @throws Error when the disk has no room for the second file, or somebody else reads the first one; it stays as it is
   */
  *shrink(): Generator<void, boolean> {
    if (this.#isCopied || !isWorthCopying(this.#db)) return false;
    const next = copyPath(this.path);
    this.#isCopied = true;
    try {
      yield* copyRows(this.#db, next);
      this.#db.close();
      this.#isLost = true;
      try {
        // SQLite's journal goes with the last one who reads; a new file beside it would be spoilt by it.
        if (isThere(`${this.path}-wal`)) throw new Error("somebody else has it open");
        Deno.renameSync(next, this.path);
      } finally {
        this.#db = connect(this.path);
        this.#isLost = false;
      }
      return true;
    } finally {
      this.#isCopied = false;
      removeFile(next);
    }
  }

  /** As {@link readSamples} does. */
  samples(stepSec: StepSec, range: Range): HistorySample[] {
    return readSamples(this.#db, stepSec, range);
  }

  /** As {@link readCoarseSamples} does. */
  coarseSamples(stepSec: number, range: Range): HistorySample[] {
    return readCoarseSamples(this.#db, stepSec, range);
  }

  /** As {@link readEvents} does. */
  events(range: Range): HistoryEvent[] {
    return readEvents(this.#db, range);
  }

  /** As {@link readEnergy} does. */
  energy(range: Range, fromDay: string, toDay: string): HistoryEnergy[] {
    return readEnergy(this.#db, range, fromDay, toDay);
  }

  /** As {@link readOutages} does. */
  outages(range: Range): HistoryOutage[] {
    return readOutages(this.#db, range);
  }

  /** As {@link readOpenOutages} does. */
  openOutages(): Outage[] {
    return readOpenOutages(this.#db);
  }

  close(): void {
    this.#db.close();
  }

  #deviceId(name: string): number {
    this.#db.prepare("INSERT OR IGNORE INTO devices (name) VALUES (?)").run(name);
    return Number(
      (this.#db.prepare("SELECT device_id FROM devices WHERE name = ?").get(name) as Row).device_id,
    );
  }

  /** After a clock that fell back two rows may claim one time: the one that knows more of it stands. */
  #writeSamples(rows: readonly SampleRow[]): void {
    const tenths = (value: number | undefined) => value === undefined ? null : Math.round(value * 10);
    const insert = this.#db.prepare(
      `INSERT INTO samples VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET seconds = excluded.seconds, soc = excluded.soc, soc_min = excluded.soc_min,
         in_watts = excluded.in_watts, in_watts_max = excluded.in_watts_max, out_watts = excluded.out_watts,
         out_watts_max = excluded.out_watts_max, grid_percent = excluded.grid_percent,
         ac_in_watts = excluded.ac_in_watts, dc_in_watts = excluded.dc_in_watts
       WHERE excluded.seconds >= samples.seconds`,
    );
    const ids = new Map<string, number>();
    for (const row of rows) {
      const sample = sampleOf(row);
      const id = ids.get(row.device) ?? this.#deviceId(row.device);
      ids.set(row.device, id);
      insert.run(
        id,
        row.stepSec,
        row.atSec,
        sample.seconds,
        tenths(sample.soc),
        tenths(sample.soc_min),
        sample.in_watts ?? null,
        sample.in_watts_max ?? null,
        sample.out_watts ?? null,
        sample.out_watts_max ?? null,
        sample.grid_percent ?? null,
        sample.ac_in_watts ?? null,
        sample.dc_in_watts ?? null,
      );
    }
  }

  #writeEnergy(delta: EnergyDelta): void {
    const { device, day, inWh, inSec, outWh, outSec, acInWh, acInSec, dcInWh, dcInSec } = delta;
    const parts = ["in", "out", "ac_in", "dc_in"];
    // An energy that was never known stays unknown; it is not 0.
    const added = parts.map((part) =>
      `${part}_wh = CASE WHEN excluded.${part}_wh IS NULL THEN ${part}_wh
         ELSE coalesce(${part}_wh, 0) + excluded.${part}_wh END, ${part}_s = ${part}_s + excluded.${part}_s`
    );
    const columns = parts.map((part) => `${part}_wh, ${part}_s`).join(", ");
    this.#db.prepare(
      `INSERT INTO energy (device_id, day, ${columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET ${added.join(", ")}`,
    ).run(
      ...[this.#deviceId(device), day, inWh ?? null, inSec, outWh ?? null, outSec],
      ...[acInWh ?? null, acInSec, dcInWh ?? null, dcInSec],
    );
  }

  #writeOutage(
    { device, fromMs, isFromSeen, toMs, isToSeen, socStart, socLowest, socEnd, lastMs }: Outage,
  ): void {
    this.#db.prepare(
      `INSERT INTO outages (device, from_ms, from_seen, to_ms, to_seen, soc_start, soc_lowest, soc_end, last_ms)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (device, from_ms) DO UPDATE SET to_ms = excluded.to_ms, to_seen = excluded.to_seen,
         soc_lowest = excluded.soc_lowest, soc_end = excluded.soc_end, last_ms = excluded.last_ms`,
    ).run(
      device,
      fromMs,
      Number(isFromSeen),
      toMs ?? null,
      Number(isToSeen),
      socStart ?? null,
      socLowest ?? null,
      socEnd ?? null,
      lastMs,
    );
  }
}

/** Where {@link Store.shrink} writes the new file. A backup leaves out what is called so. */
const copyPath = (path: string) => `${path}.new`;

/** @throws NewerStoreError, or Error when it is damaged or the place cannot be used */
function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path);
  try {
    const version = Number((db.prepare("PRAGMA user_version").get() as Row).user_version);
    if (version > SCHEMA_VERSION) {
      throw new NewerStoreError(
        `"${path}" is of version ${version}, this program knows ${SCHEMA_VERSION} at most: it is left as it is`,
      );
    }
    if (isSmall(path)) {
      const [check] = Object.values(db.prepare("PRAGMA quick_check(1)").get() as Row);
      if (check !== "ok") throw new Error(`malformed: ${check}`);
    }
    db.exec(
      "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 1000",
    );
    const steps = version === 0 ? SCHEMA : version === 1 ? FROM_1_TO_2 : undefined;
    if (steps !== undefined) {
      db.exec(`BEGIN; ${steps}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`);
    }
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/** Not from "node:fs": it costs this worker more than a megabyte. */
function isThere(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function isSmall(path: string): boolean {
  return Deno.statSync(path).size <= CHECKED_UP_TO_BYTES;
}

/** What SQLite says of a file that is none of its own, or no longer whole. */
function isDamage(error: unknown): boolean {
  return /malformed|not a database|corrupt/i.test(errorText(error));
}

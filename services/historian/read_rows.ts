/** Reads rows from the database, in the form in which they are told. */
import type { DatabaseSync } from "node:sqlite";
import type {
  HistoryEnergy,
  HistoryEvent,
  HistoryOutage,
  HistorySample,
} from "../../lib/messages/history_answer.ts";
import type { StepSec } from "./downsample.ts";
import type { Outage } from "./outages.ts";

/** What of a time is wanted. Wall times, ms since 1970; both ends included. */
export interface Range {
  readonly device?: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** Only rows behind the one of this number. */
  readonly after?: number;
  /** The newest rows instead of the first; oldest first all the same. */
  readonly newest?: boolean;
  readonly limit: number;
}

type Row = Record<string, number | string | null>;

/** Rows of one device, oldest first. */
export function readSamples(
  db: DatabaseSync,
  stepSec: StepSec,
  { device = "", fromMs, toMs, newest = false, limit }: Range,
): HistorySample[] {
  const rows = rowsOf(
    db,
    `SELECT at_s, seconds, soc, soc_min, in_watts, in_watts_max, out_watts, out_watts_max, grid_percent,
         ac_in_watts, dc_in_watts
       FROM samples JOIN devices USING (device_id)
       WHERE name = ? AND step_s = ? AND at_s BETWEEN ? AND ?
       ORDER BY at_s ${newest ? "DESC" : "ASC"} LIMIT ?`,
    [device, stepSec, Math.floor(fromMs / 1000) - stepSec + 1, Math.floor(toMs / 1000), limit],
  );
  return (newest ? rows.reverse() : rows).map((row) => ({
    ...withoutNulls(row),
    soc: tenths(row.soc),
    soc_min: tenths(row.soc_min),
  })) as HistorySample[];
}

/** Rows of `stepSec`, made of quarter hours by the database itself: a year has 35,000 of those. Oldest first. */
export function readCoarseSamples(
  db: DatabaseSync,
  stepSec: number,
  { device = "", fromMs, toMs, newest = false, limit }: Range,
): HistorySample[] {
  const mean = (name: string) =>
    `CAST(round(1.0 * sum(${name} * seconds) / sum(CASE WHEN ${name} IS NULL THEN 0 ELSE seconds END)) AS INTEGER) AS ${name}`;
  const rows = rowsOf(
    db,
    `SELECT samples.at_s - samples.at_s % ? AS from_s, sum(seconds) AS known_s, ${
      mean("soc")
    }, min(soc_min) AS soc_min,
         ${mean("in_watts")}, max(in_watts_max) AS in_watts_max, ${mean("out_watts")},
         max(out_watts_max) AS out_watts_max, ${mean("grid_percent")}, ${mean("ac_in_watts")}, ${
      mean("dc_in_watts")
    }
       FROM samples JOIN devices USING (device_id)
       WHERE name = ? AND step_s = 900 AND samples.at_s BETWEEN ? AND ?
       GROUP BY from_s ORDER BY from_s ${newest ? "DESC" : "ASC"} LIMIT ?`,
    [stepSec, device, Math.floor(fromMs / 1000 / stepSec) * stepSec, Math.floor(toMs / 1000), limit],
  );
  return (newest ? rows.reverse() : rows).map(({ from_s, known_s, ...row }) => ({
    ...withoutNulls({ at_s: from_s ?? null, seconds: known_s ?? null, ...row }),
    soc: tenths(row.soc),
    soc_min: tenths(row.soc_min),
  })) as HistorySample[];
}

/** Events of all devices, or of one, oldest first. */
export function readEvents(
  db: DatabaseSync,
  { device, fromMs, toMs, after = 0, newest = false, limit }: Range,
): HistoryEvent[] {
  const rows = rowsOf(
    db,
    `SELECT * FROM events WHERE at_ms BETWEEN ? AND ? AND seq > ? AND (? IS NULL OR device = ?)
       ORDER BY seq ${newest ? "DESC" : "ASC"} LIMIT ?`,
    [fromMs, toMs, after, device ?? null, device ?? null, limit],
  );
  return (newest ? rows.reverse() : rows).map(({ at_ms, ...row }) => ({
    ...withoutNulls(row),
    ts: new Date(Number(at_ms)).toISOString(),
  })) as unknown as HistoryEvent[];
}

/** Days of all devices, or of one, oldest first. */
export function readEnergy(
  db: DatabaseSync,
  { device, newest = false, limit }: Range,
  fromDay: string,
  toDay: string,
): HistoryEnergy[] {
  const order = newest ? "DESC" : "ASC";
  const rows = rowsOf(
    db,
    `SELECT name AS device, day, in_wh, in_s, out_wh, out_s, ac_in_wh, ac_in_s, dc_in_wh, dc_in_s FROM energy JOIN devices USING (device_id)
       WHERE day BETWEEN ? AND ? AND (? IS NULL OR name = ?) ORDER BY day ${order}, name ${order} LIMIT ?`,
    [fromDay, toDay, device ?? null, device ?? null, limit],
  );
  return (newest ? rows.reverse() : rows).map(withoutNulls) as unknown as HistoryEnergy[];
}

/** Outages that touch the time, oldest first. */
export function readOutages(
  db: DatabaseSync,
  { device, fromMs, toMs, after = 0, newest = false, limit }: Range,
): HistoryOutage[] {
  const rows = rowsOf(
    db,
    `SELECT * FROM outages WHERE from_ms <= ? AND coalesce(to_ms, last_ms) >= ? AND seq > ?
       AND (? IS NULL OR device = ?) ORDER BY seq ${newest ? "DESC" : "ASC"} LIMIT ?`,
    [toMs, fromMs, after, device ?? null, device ?? null, limit],
  );
  return (newest ? rows.reverse() : rows).map(({ last_ms: _, ...row }) => ({
    ...withoutNulls(row),
    from_seen: row.from_seen === 1,
    to_seen: row.to_seen === 1,
  })) as unknown as HistoryOutage[];
}

/** Outages that were going on when the last run ended. */
export function readOpenOutages(db: DatabaseSync): Outage[] {
  return rowsOf(db, "SELECT * FROM outages WHERE to_ms IS NULL", []).map((row) => ({
    device: String(row.device),
    fromMs: Number(row.from_ms),
    isFromSeen: row.from_seen === 1,
    isToSeen: false,
    socStart: numberOf(row.soc_start),
    socLowest: numberOf(row.soc_lowest),
    lastMs: Number(row.last_ms),
  }));
}

function rowsOf(db: DatabaseSync, sql: string, values: readonly (number | string | null)[]): Row[] {
  return db.prepare(sql).all(...values) as Row[];
}

/** A value that is not known is absent. */
function withoutNulls(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}

function tenths(value: number | string | null | undefined): number | undefined {
  return typeof value === "number" ? value / 10 : undefined;
}

function numberOf(value: number | string | null | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

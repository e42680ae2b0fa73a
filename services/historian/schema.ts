/** The tables. Charges are kept in tenths of a percent, watts and seconds as whole numbers: small rows spare the card. */

/** The form of the file. A newer form is never touched by an older program. */
export const SCHEMA_VERSION = 2;

/** Makes an empty database. */
export const SCHEMA = `
CREATE TABLE devices (device_id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE samples (
  device_id INTEGER NOT NULL, step_s INTEGER NOT NULL, at_s INTEGER NOT NULL, seconds INTEGER NOT NULL,
  soc INTEGER, soc_min INTEGER, in_watts INTEGER, in_watts_max INTEGER, out_watts INTEGER, out_watts_max INTEGER,
  grid_percent INTEGER, ac_in_watts INTEGER, dc_in_watts INTEGER,
  PRIMARY KEY (device_id, step_s, at_s)
) WITHOUT ROWID;
CREATE TABLE events (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, kind TEXT NOT NULL, severity TEXT NOT NULL,
  source TEXT NOT NULL, text TEXT NOT NULL, device TEXT, agent TEXT
);
CREATE TABLE energy (
  device_id INTEGER NOT NULL, day TEXT NOT NULL, in_wh REAL, in_s REAL NOT NULL, out_wh REAL, out_s REAL NOT NULL,
  ac_in_wh REAL, ac_in_s REAL NOT NULL DEFAULT 0, dc_in_wh REAL, dc_in_s REAL NOT NULL DEFAULT 0,
  PRIMARY KEY (device_id, day)
) WITHOUT ROWID;
CREATE TABLE outages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, from_ms INTEGER NOT NULL, from_seen INTEGER NOT NULL,
  to_ms INTEGER, to_seen INTEGER NOT NULL, soc_start REAL, soc_lowest REAL, soc_end REAL, last_ms INTEGER NOT NULL,
  UNIQUE (device, from_ms)
)`;

/** Makes version 2 of version 1: before it, what came in was one sum. Its rows keep that sum, and the parts are not known. */
export const FROM_1_TO_2 = `
ALTER TABLE samples ADD COLUMN ac_in_watts INTEGER;
ALTER TABLE samples ADD COLUMN dc_in_watts INTEGER;
ALTER TABLE energy ADD COLUMN ac_in_wh REAL;
ALTER TABLE energy ADD COLUMN ac_in_s REAL NOT NULL DEFAULT 0;
ALTER TABLE energy ADD COLUMN dc_in_wh REAL;
ALTER TABLE energy ADD COLUMN dc_in_s REAL NOT NULL DEFAULT 0`;

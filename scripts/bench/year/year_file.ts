/** A history file as a year of running leaves it: every row that is still kept, in every resolution. */
import { DatabaseSync } from "node:sqlite";
import { KEPT_DAYS, STEPS_SEC } from "../../../services/historian/downsample.ts";
import { localDay } from "../../../services/historian/energy.ts";
import { Store } from "../../../services/historian/store.ts";

const DAY_SEC = 86_400;
/** A house loses its grid every ten days or so. */
const OUTAGE_EVERY_DAYS = 10;

/** Makes it, up to `nowSec` (s since 1970). @returns rows of samples */
export function writeYear(path: string, stations: readonly string[], nowSec: number, days = 365): number {
  // The historian's own tables, pages and settings.
  Store.open(path, () => {}).close();
  const db = new DatabaseSync(path);
  let rows = 0;
  try {
    db.exec("PRAGMA synchronous = OFF; BEGIN");
    const sample = db.prepare(
      `INSERT INTO samples (device_id, step_s, at_s, seconds, soc, soc_min, in_watts, in_watts_max, out_watts, out_watts_max,
         grid_percent, ac_in_watts, dc_in_watts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const energy = db.prepare(
      `INSERT INTO energy (device_id, day, in_wh, in_s, out_wh, out_s, ac_in_wh, ac_in_s, dc_in_wh, dc_in_s)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    );
    const outage = db.prepare(
      "INSERT INTO outages (device, from_ms, from_seen, to_ms, to_seen, soc_start, soc_lowest, soc_end, last_ms) VALUES (?, ?, 1, ?, 1, 100, 62, 62, ?)",
    );
    const event = db.prepare(
      "INSERT INTO events (at_ms, kind, severity, source, text, device) VALUES (?, 'grid_lost', 'warning', 'policy_engine', ?, ?)",
    );
    for (const [i, name] of stations.entries()) {
      db.prepare("INSERT INTO devices VALUES (?, ?)").run(i + 1, name);
      for (const step of STEPS_SEC) {
        const kept = step === 900 ? days : Math.min(days, KEPT_DAYS[step]);
        const first = Math.ceil((nowSec - kept * DAY_SEC) / step) * step;
        for (let at = first; at + step <= nowSec; at += step) {
          // A day's curve, so that rows do not all look the same.
          const watts = Math.round(180 + 120 * Math.sin(at / DAY_SEC * 2 * Math.PI) + (at / step) % 17);
          sample.run(
            i + 1,
            step,
            at,
            step,
            870,
            865,
            watts + 20,
            watts + 35,
            watts,
            watts + 30,
            100,
            watts,
            20,
          );
          rows++;
        }
      }
      for (let day = days; day >= 0; day--) {
        const at = nowSec - day * DAY_SEC;
        energy.run(i + 1, localDay(at * 1000), 4300, DAY_SEC, 4100, DAY_SEC, 3800, DAY_SEC, 500, DAY_SEC);
        if (day % OUTAGE_EVERY_DAYS !== 1) continue;
        outage.run(name, at * 1000, (at + 1800) * 1000, (at + 1800) * 1000);
        event.run(at * 1000, `The grid of ${name} is gone.`, name);
      }
    }
    db.exec("COMMIT");
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    db.close();
  }
  return rows;
}

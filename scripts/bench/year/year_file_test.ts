import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Store } from "../../../services/historian/store.ts";
import { writeYear } from "./year_file.ts";

Deno.test("writeYear() makes a file that the historian's own store reads, with every kind of row up to now", () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-year-file-"));
  try {
    const path = join(dir, "history.db");
    const nowSec = Date.UTC(2026, 10, 23, 19) / 1000;
    assert.ok(writeYear(path, ["Study", "Cellar"], nowSec, 12) > 1000);
    const store = Store.open(path, (reason) => assert.fail(reason));
    const range = {
      device: "Study",
      fromMs: (nowSec - 12 * 86_400) * 1000,
      toMs: nowSec * 1000,
      limit: 5000,
    };
    for (const step of [10, 60, 900] as const) {
      const newest = store.samples(step, { ...range, newest: true }).at(-1);
      assert.equal(newest?.at_s, nowSec - step);
      assert.ok((newest?.ac_in_watts ?? NaN) > 0 && newest?.soc === 87, JSON.stringify(newest));
    }
    assert.equal(store.events({ ...range, device: undefined }).length, 4);
    assert.equal(store.outages(range).length, 2);
    assert.equal(store.energy(range, "2026-11-01", "2026-11-30").length, 13);
    store.close();
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
});

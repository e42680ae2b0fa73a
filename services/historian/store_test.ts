import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { SampleRow } from "./downsample.ts";
import { Store } from "./store.ts";

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

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { HistoryAnswer } from "../../../lib/messages/history_answer.ts";
import { answerQuery } from "../../historian/answer.ts";
import { Store } from "../../historian/store.ts";
import type { HttpRequest } from "../http/message.ts";
import { exportRoutes } from "./export.ts";

const DAY_MS = 86_400_000;
const NOW_MS = Date.UTC(2026, 10, 1, 12);
const STATIONS = ["Attic", "Cellar", "Study"];
const DAYS = 400;

Deno.test("GET /history/export has each station's energy of each day once, over several answers", async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-export-"));
  const store = Store.open(join(dir, "history.db"), (reason) => assert.fail(reason));
  try {
    const energy = STATIONS.flatMap((device) =>
      Array.from({ length: DAYS }, (_, i) => ({
        device,
        day: new Date(NOW_MS - i * DAY_MS).toISOString().slice(0, 10),
        inWh: 1,
        inSec: 60,
        outWh: 1,
        outSec: 60,
        acInSec: 0,
        dcInSec: 0,
      }))
    );
    store.write({ samples: [], events: [], energy, outages: [] });
    let asked = 0;
    const [route] = exportRoutes((query) => {
      asked++;
      const waiting = { samples: [], energy: [], nowMs: NOW_MS };
      return Promise.resolve(answerQuery({ id: "test", ...query }, store, waiting));
    }, () => NOW_MS);
    const from = new Date(NOW_MS - DAYS * DAY_MS).toISOString();
    const query = new URLSearchParams({ kind: "energy", format: "json", from });
    const reply = await route?.handle({ query } as HttpRequest);
    const rows = JSON.parse(String(reply?.body)) as { device: string; day: string }[];
    const names = rows.map(({ device, day }) => `${day} ${device}`);
    assert.equal(names.length, STATIONS.length * DAYS);
    assert.equal(new Set(names).size, names.length, "none twice");
    assert.deepEqual(names, names.toSorted(), "in the order of time");
    assert.ok(asked > 1, "more than one answer");
  } finally {
    store.close();
    rmSync(dir, { recursive: true });
  }
});

Deno.test("GET /history/export refuses what is more than a file may have, and cuts nothing off", async () => {
  let row = 0;
  const page = (count: number, more: boolean): HistoryAnswer => ({
    id: "a",
    kind: "samples",
    more,
    step_s: 900,
    samples: Array.from({ length: count }, () => ({ at_s: 900 * row++, seconds: 900 })),
  });
  const get = (pages: HistoryAnswer[]) => {
    const [route] = exportRoutes(() => Promise.resolve(pages.shift()), () => NOW_MS);
    const query = new URLSearchParams({ kind: "samples", device: "Study", format: "json" });
    return route?.handle({ query } as HttpRequest);
  };
  const whole = await get([page(60_000, true), page(40_000, false)]);
  assert.deepEqual([whole?.status, JSON.parse(String(whole?.body)).length], [200, 100_000]);
  const larger = await get([page(60_000, true), page(40_000, true), page(1, false)]);
  assert.equal(larger?.status, 400);
  assert.match(String(larger?.body), /more than 100000 rows: name a shorter time/);
});

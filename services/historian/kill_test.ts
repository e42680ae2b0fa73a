/** The database is killed in the middle of writing, 200 times: it is whole each time, and nothing that was said to be stored is lost. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { Store } from "./store.ts";

const KILLS = 200;
const WRITER = fileURLToPath(new URL("./testdata/endless_writer.ts", import.meta.url));

Deno.test(`Store is whole after each of ${KILLS} kills in the middle of writing`, async () => {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-kill-"));
  const path = join(dir, "history.db");
  const seed = Math.floor(Math.random() * 1e9);
  // deno-lint-ignore no-console -- a random test says how it can be repeated
  console.log(`seed ${seed}`);
  let state = seed;
  const random = () => (state = (state * 1_103_515_245 + 12_345) % 2_147_483_648) / 2_147_483_648;
  let next = 0;
  try {
    for (let kill = 0; kill < KILLS; kill++) {
      const said = await writeAndKill(path, next, 1 + random() * 25);
      const { stored, halves } = look(path);
      assert.ok(stored >= said, `kill ${kill}: ${said} was said to be stored, found ${stored}`);
      assert.equal(halves, 0, `kill ${kill}: half a batch is there`);
      next = stored + 1;
    }
    assert.ok(next > KILLS, `only ${next} batches were written`);
    const store = Store.open(path, (reason) => assert.fail(reason));
    const [day] = store.energy({ fromMs: 0, toMs: 0, limit: 10 }, "2026-11-23", "2026-11-23");
    assert.equal(day?.in_wh, next);
    store.close();
  } finally {
    rmSync(dir, { recursive: true });
  }
});

/** @returns the last number that was said to be stored; -1 when none was */
async function writeAndKill(path: string, first: number, afterMs: number): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "--allow-read", "--allow-write", WRITER, path, String(first)],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let text = "";
  const decoder = new TextDecoder();
  let timer: ReturnType<typeof setTimeout> | undefined;
  for await (const bytes of child.stdout) {
    text += decoder.decode(bytes, { stream: true });
    // The moment counts from when it began to write.
    if (text.includes("open\n")) timer ??= setTimeout(() => child.kill("SIGKILL"), afterMs);
  }
  await child.status;
  clearTimeout(timer);
  // A line without its end was not said.
  const numbers = text.split("\n").slice(1, -1);
  return numbers.length > 0 ? Number(numbers.at(-1)) : first - 1;
}

/** The highest number that is stored, and how many batches are there by half; fails when the file is not whole. */
function look(path: string): { stored: number; halves: number } {
  const db = new DatabaseSync(path);
  try {
    const row = (sql: string) => Object.values(db.prepare(sql).get() as Record<string, unknown>)[0];
    assert.equal(row("PRAGMA integrity_check"), "ok");
    return {
      stored: Number(row("SELECT coalesce(max(CAST(text AS INTEGER)), -1) FROM events")),
      halves: Number(
        row("SELECT count(*) FROM (SELECT text FROM events GROUP BY text HAVING count(*) <> 2)"),
      ),
    };
  } finally {
    db.close();
  }
}

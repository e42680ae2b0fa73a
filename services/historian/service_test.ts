/** The historian on a test clock, with a real database. */
import assert from "node:assert/strict";
import {
  chmodSync,
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
import { DatabaseSync } from "node:sqlite";
import type { JournalEvent } from "../../lib/messages/event.ts";
import { type HistoryAnswer, parseHistoryAnswer } from "../../lib/messages/history_answer.ts";
import type { HistoryQuery } from "../../lib/messages/history_query.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { TEST_WALL_MS } from "../../lib/time/test_clock.ts";
import { testContext } from "../../lib/testing.ts";
import { Historian } from "./service.ts";
import { CHECKED_UP_TO_BYTES } from "./store.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);
const CAPABILITY = {
  service: "historian",
  publishes: [TOPICS.historyAnswer("+"), TOPICS.events],
  subscribes: [TOPICS.state("+"), TOPICS.events, TOPICS.historyQuery],
};
const DAY_MS = 86_400_000;

type House = Awaited<ReturnType<typeof startIn>>;

async function startIn(stateDir: string, aheadMs = 0) {
  const context = testContext(CAPABILITY, { roots: DEFAULT_ROOTS, stateDir, staleAfterSec: 120, days: 730 });
  const { broker, clock } = context;
  clock.jumpWall(aheadMs);
  const answers: HistoryAnswer[] = [];
  broker.watch(({ topic, payload }) => {
    if (topic.startsWith("power-manager/history/answer/")) answers.push(parseHistoryAnswer(payload, topic));
  });
  const historian = new Historian(context);
  await historian.start();
  return {
    ...context,
    historian,
    say: (state: Record<string, unknown>) =>
      broker.publish(TOPICS.state("Study"), JSON.stringify({ device: "Study", link: "live", ...state }), {
        retain: true,
      }),
    event: (kind: string, text = "x") =>
      broker.publish(
        TOPICS.events,
        JSON.stringify(
          {
            ts: new Date(clock.wallMs()).toISOString(),
            kind,
            severity: "notice",
            source: "test",
            text,
          } satisfies JournalEvent,
        ),
      ),
    async ask(query: Partial<HistoryQuery> & { kind: HistoryQuery["kind"] }): Promise<HistoryAnswer> {
      const whole = { id: crypto.randomUUID(), from_ms: 0, to_ms: Date.UTC(2100, 0, 1), ...query };
      broker.publish(TOPICS.historyQuery, JSON.stringify(whole));
      await clock.advance(0);
      const answer = answers.pop();
      assert.ok(answer, "no answer");
      assert.equal(answer.id, whole.id);
      return answer;
    },
    /** Lives on with one word a second. */
    async live(seconds: number, state: Record<string, unknown>) {
      for (let i = 0; i < seconds; i += 5) {
        this.say(state);
        await clock.advance(5000);
      }
    },
  };
}

async function inHouse(run: (house: House, stateDir: string) => Promise<void>): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), "ecoflow-history-"));
  try {
    const house = await startIn(stateDir);
    await run(house, stateDir);
    await house.historian.stop();
    assert.equal(house.clock.pending, 0);
  } finally {
    rmSync(stateDir, { recursive: true });
  }
}

Deno.test("Historian keeps values over a restart, and tells what is not written yet too", () =>
  inHouse(async (house, stateDir) => {
    await house.live(1200, {
      soc: 80,
      grid_connected: true,
      ac_in_watts: 360,
      dc_in_watts: 90,
      out_watts: 36,
    });
    const before = await house.ask({ kind: "samples", device: "Study", step_s: 60 });
    assert.equal(before.samples?.length, 20);
    assert.deepEqual(before.samples?.[3], {
      at_s: TEST_WALL_MS / 1000 + 180,
      seconds: 60,
      soc: 80,
      soc_min: 80,
      in_watts: 450,
      in_watts_max: 450,
      ac_in_watts: 360,
      dc_in_watts: 90,
      out_watts: 36,
      out_watts_max: 36,
      grid_percent: 100,
    });
    await house.historian.stop();
    const next = await startIn(stateDir);
    const after = await next.ask({ kind: "samples", device: "Study", step_s: 10 });
    assert.equal(after.samples?.length, 120);
    const { energy } = await next.ask({ kind: "energy" });
    assert.equal(energy?.length, 1);
    assert.ok(Math.abs((energy?.[0]?.in_wh ?? 0) - 150) < 1, JSON.stringify(energy));
    assert.ok(Math.abs((energy?.[0]?.ac_in_wh ?? 0) - 120) < 1);
    assert.ok(Math.abs((energy?.[0]?.dc_in_wh ?? 0) - 30) < 0.3);
    assert.ok(Math.abs((energy?.[0]?.dc_in_s ?? 0) - 1200) < 10);
    assert.ok(Math.abs((energy?.[0]?.out_wh ?? 0) - 12) < 0.1);
    assert.ok(Math.abs((energy?.[0]?.in_s ?? 0) - 1200) < 10);
    await next.historian.stop();
  }));

Deno.test("Historian draws nothing where nothing live was known", () =>
  inHouse(async (house) => {
    await house.live(60, { soc: 80 });
    await house.live(600, { soc: 80, link: "stale" });
    await house.live(60, { soc: 70 });
    const { samples } = await house.ask({ kind: "samples", device: "Study", step_s: 60 });
    assert.deepEqual(samples?.map(({ soc, in_watts, grid_percent }) => [soc, in_watts, grid_percent]), [
      [80, undefined, undefined],
      [70, undefined, undefined],
    ]);
  }));

Deno.test("Historian keeps an outage over a kill, and says whether anybody saw its end", () =>
  inHouse(async (house, stateDir) => {
    await house.live(60, { soc: 80, grid_connected: true });
    await house.live(300, { soc: 50, grid_connected: false });
    // Killed: nothing is flushed. What was written is at most five minutes old.
    const next = await startIn(stateDir);
    const open = await next.ask({ kind: "outages" });
    assert.deepEqual(
      open.outages?.map((
        { from_seen, to_ms, soc_start, soc_lowest },
      ) => [from_seen, to_ms, soc_start, soc_lowest]),
      [[true, undefined, 50, 50]],
    );
    await next.clock.advance(3_600_000);
    next.say({ soc: 20, grid_connected: true });
    await next.clock.advance(5000);
    const { outages } = await next.ask({ kind: "outages" });
    assert.deepEqual(outages?.map(({ to_seen, soc_end }) => [to_seen, soc_end]), [[false, 20]]);
    assert.equal(typeof outages?.[0]?.to_ms, "number");
    await next.historian.stop();
  }));

Deno.test("Historian stores an event within seconds, and values every half hour", () =>
  inHouse(async (house, stateDir) => {
    const count = (table: string) => {
      const db = new DatabaseSync(join(stateDir, "history.db"));
      const row = db.prepare(`SELECT count(*) AS n FROM ${table}`).get() as { n: number };
      db.close();
      return row.n;
    };
    await house.live(600, { soc: 80, grid_connected: true });
    assert.deepEqual([count("samples"), count("events")], [0, 0]);
    house.event("grid_lost");
    await house.clock.advance(2999);
    assert.equal(count("events"), 0);
    await house.clock.advance(1);
    assert.equal(count("events"), 1);
    const samples = count("samples");
    assert.ok(samples > 0);
    await house.live(1780, { soc: 80, grid_connected: true });
    assert.equal(count("samples"), samples);
    await house.live(30, { soc: 80, grid_connected: true });
    assert.ok(count("samples") > samples);
  }));

Deno.test("Historian keeps neither a charge nor a grid that a live station no longer confirms", () =>
  inHouse(async (house) => {
    const state = { soc: 80, grid_connected: true, out_watts: 36, age_s: 1 };
    await house.live(60, { ...state, soc_age_s: 120, grid_age_s: 120 });
    await house.live(60, { ...state, soc_age_s: 120.1, grid_age_s: 120.1 });
    const { samples } = await house.ask({ kind: "samples", device: "Study", step_s: 60 });
    assert.deepEqual(
      samples?.map(({ soc, grid_percent, out_watts }) => [soc, grid_percent, out_watts]),
      [[80, 100, 36], [undefined, undefined, 36]],
    );
  }));

Deno.test("Historian makes no outage of an old word on the grid, and no depth of an old charge", () =>
  inHouse(async (house) => {
    const out = { grid_connected: false, soc: 20, soc_age_s: 7200 };
    await house.live(60, { ...out, grid_age_s: 7200 });
    assert.deepEqual((await house.ask({ kind: "outages" })).outages, []);
    await house.live(60, { grid_connected: true, soc: 90, soc_age_s: 1, grid_age_s: 1 });
    await house.live(60, { ...out, grid_age_s: 1 });
    await house.live(60, { ...out, soc: 70, soc_age_s: 1, grid_age_s: 1 });
    // That the grid is back is old, and it is not over.
    await house.live(60, { grid_connected: true, soc: 71, soc_age_s: 1, grid_age_s: 7200 });
    await house.live(60, { grid_connected: true, soc: 72, soc_age_s: 1, grid_age_s: 1 });
    await house.live(60, { grid_connected: true, soc: 72, soc_age_s: 1, grid_age_s: 1 });
    const { outages } = await house.ask({ kind: "outages" });
    assert.equal(outages?.length, 1);
    const [outage] = outages ?? [];
    assert.equal(((outage?.to_ms ?? 0) - (outage?.from_ms ?? 0)) / 1000, 180);
    assert.deepEqual([outage?.soc_start, outage?.soc_lowest, outage?.soc_end], [undefined, 70, 72]);
  }));

Deno.test("Historian answers events in pages", () =>
  inHouse(async (house) => {
    for (let i = 0; i < 600; i++) house.event("grid_lost", String(i));
    await house.clock.advance(5000);
    const texts: string[] = [];
    let after: number | undefined;
    for (let page = 0; page < 5; page++) {
      const answer = await house.ask({ kind: "events", after });
      texts.push(...answer.events?.map(({ text }) => text) ?? []);
      after = answer.events?.at(-1)?.seq;
      if (!answer.more) break;
    }
    assert.deepEqual(texts, Array.from({ length: 600 }, (_, i) => String(i)));
    const newest = await house.ask({ kind: "events", newest: true });
    assert.deepEqual([newest.events?.length, newest.events?.at(-1)?.text, newest.more], [250, "599", true]);
  }));

Deno.test("Historian refuses what it cannot read, and goes on", () =>
  inHouse(async (house) => {
    for (
      const text of [
        "",
        "{",
        "[]",
        '{"id":"../x","kind":"events","from_ms":0,"to_ms":1}',
        '{"id":"a","kind":"all"}',
      ]
    ) {
      house.broker.publish(TOPICS.historyQuery, text);
    }
    house.broker.publish(TOPICS.state("Study"), '{"device":"Study","soc":"full"}');
    house.broker.publish(TOPICS.events, "x".repeat(300_000));
    await house.clock.advance(0);
    assert.equal(house.log.entries.filter(({ text }) => text === "INPUT REFUSED").length, 6);
    assert.match((await house.ask({ kind: "samples" })).error ?? "", /need a device/);
    assert.match(
      (await house.ask({ kind: "events", from_ms: 5, to_ms: 4 })).error ?? "",
      /must not be before/,
    );
    assert.deepEqual((await house.ask({ kind: "events" })).events, []);
    const evil = "x'); DROP TABLE events; --";
    assert.deepEqual((await house.ask({ kind: "samples", device: evil })).samples, []);
  }));

Deno.test("Historian puts a damaged file aside, says so, and begins a new one", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "ecoflow-history-"));
  writeFileSync(join(stateDir, "history.db"), "this is no database ".repeat(500));
  const house = await startIn(stateDir);
  await house.clock.advance(5000);
  const { events } = await house.ask({ kind: "events" });
  assert.deepEqual(events?.map(({ kind }) => kind), ["history_damaged"]);
  assert.ok(existsSync(join(stateDir, "history.db.damaged")));
  await house.historian.stop();
  rmSync(stateDir, { recursive: true });
});

Deno.test("Historian leaves the file of a newer version as it is, and says that no history is kept", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "ecoflow-history-"));
  const path = join(stateDir, "history.db");
  const db = new DatabaseSync(path);
  db.exec("CREATE TABLE future (x); INSERT INTO future VALUES (1); PRAGMA user_version = 3");
  db.close();
  const before = Deno.readFileSync(path);
  const house = await startIn(stateDir);
  await house.live(2000, { soc: 80, grid_connected: false });
  assert.match((await house.ask({ kind: "events" })).error ?? "", /There is no history/);
  assert.match(house.health.list()[0]?.text ?? "", /version 3, this program knows 2/);
  await house.historian.stop();
  assert.deepEqual(Deno.readFileSync(path), before);
  rmSync(stateDir, { recursive: true });
});

Deno.test("Historian goes on when the disk takes nothing, and stores it when it does again", () =>
  inHouse(async (house, stateDir) => {
    await house.live(60, { soc: 80, grid_connected: true });
    const db = new DatabaseSync(join(stateDir, "history.db"));
    // A writer that never ends, as seen from here.
    db.exec("BEGIN EXCLUSIVE");
    house.event("grid_lost");
    await house.clock.advance(5000);
    assert.match(house.health.list()[0]?.text ?? "", /The history is not stored/);
    await house.live(900, { soc: 80, grid_connected: true });
    assert.equal(house.log.entries.filter(({ text }) => text === "HISTORY NOT STORED").length, 1);
    db.exec("ROLLBACK");
    db.close();
    await house.live(1820, { soc: 80, grid_connected: true });
    assert.deepEqual(house.health.list(), []);
    assert.deepEqual((await house.ask({ kind: "events" })).events?.map(({ kind }) => kind), ["grid_lost"]);
    assert.equal((await house.ask({ kind: "samples", device: "Study", step_s: 60 })).samples?.length, 47);
    chmodSync(stateDir, 0o700);
  }));

Deno.test("Historian forgets by age: 10 s after 2 days, minutes after 30, quarter hours never so soon", () =>
  inHouse(async (house) => {
    await house.live(1800, { soc: 80 });
    house.say({ link: "stale" });
    const count = async (step_s: 10 | 60 | 900) =>
      (await house.ask({ kind: "samples", device: "Study", step_s })).samples?.length;
    await house.clock.advance(DAY_MS * 1.5);
    assert.deepEqual([await count(10), await count(60), await count(900)], [180, 30, 2]);
    await house.clock.advance(DAY_MS * 2);
    assert.deepEqual([await count(10), await count(60), await count(900)], [0, 30, 2]);
    await house.clock.advance(DAY_MS * 30);
    assert.deepEqual([await count(10), await count(60), await count(900)], [0, 0, 2]);
  }));

Deno.test("Historian keeps every row of many stations until it is written", () =>
  inHouse(async (house) => {
    const stations = Array.from({ length: 60 }, (_, i) => `S${i}`);
    for (let i = 0; i < 1790; i += 10) {
      for (const device of stations) house.say({ device, soc: 80 });
      await house.clock.advance(10_000);
    }
    for (const device of ["S0", "S59"]) {
      const { samples } = await house.ask({ kind: "samples", device, step_s: 10 });
      assert.equal(samples?.length, 179, device);
    }
  }));

Deno.test("Historian says once that it keeps no more than 200 stations", () =>
  inHouse(async (house) => {
    for (let i = 0; i < 210; i++) house.say({ device: `S${i}`, soc: 80 });
    await house.clock.advance(1000);
    assert.equal(house.log.entries.filter(({ text }) => text === "HISTORY OF NO MORE STATIONS").length, 1);
  }));

Deno.test("Historian answers that a question cannot be answered when the file is damaged where it was not read through, and goes on", () =>
  inHouse(async (house, stateDir) => {
    await house.live(60, { soc: 80 });
    await house.historian.stop();
    const path = join(stateDir, "history.db");
    const db = new DatabaseSync(path);
    db.exec("INSERT INTO devices VALUES (9, 'Old'); BEGIN");
    const insert = db.prepare(
      "INSERT INTO samples (device_id, step_s, at_s, seconds, soc) VALUES (9, 900, ?, 900, 500)",
    );
    for (let i = 0; i < 20_000; i++) insert.run(TEST_WALL_MS / 1000 - i * 900);
    db.exec("COMMIT");
    db.close();
    const file = readFileSync(path);
    writeFileSync(path, file.fill(0xff, file.length >> 1, (file.length >> 1) + 65_536));
    truncateSync(path, CHECKED_UP_TO_BYTES + 1024);
    const next = await startIn(stateDir);
    const query = { kind: "samples", device: "Old", step_s: 21_600 } as const;
    for (const time of [1, 2]) {
      const answer = await next.ask(query);
      assert.match(answer.error ?? "", /history cannot be read: .*(malformed|corrupt)/, `question ${time}`);
    }
    assert.match(next.health.list()[0]?.text ?? "", /history cannot be read/);
    assert.equal((await next.ask({ kind: "events" })).error, undefined, "other tables are whole");
    await next.historian.stop();
  }));

Deno.test("Historian counts energy that is not written yet", () =>
  inHouse(async (house) => {
    await house.live(1820, { soc: 80, ac_in_watts: 360, out_watts: 36 });
    const [before] = (await house.ask({ kind: "energy", device: "Study" })).energy ?? [];
    await house.live(600, { soc: 80, ac_in_watts: 360, out_watts: 36 });
    const [day] = (await house.ask({ kind: "energy", device: "Study" })).energy ?? [];
    assert.ok(Math.abs((day?.in_s ?? 0) - 2420) <= 10, `${day?.in_s} s, before ${before?.in_s} s`);
    assert.ok(Math.abs((day?.ac_in_wh ?? 0) - 242) <= 1, `${day?.ac_in_wh} Wh`);
    assert.equal((await house.ask({ kind: "energy", device: "Attic" })).energy?.length, 0);
  }));

Deno.test("Historian forgets nothing by a clock that is years ahead, and what is too old once rows came", async () => {
  const stateDir = mkdtempSync(join(tmpdir(), "ecoflow-history-"));
  try {
    const first = await startIn(stateDir);
    await first.live(1800, { soc: 80 });
    await first.historian.stop();
    const count = async (house: House, step_s: 10 | 900) =>
      (await house.ask({ kind: "samples", device: "Study", step_s })).samples?.length;
    const next = await startIn(stateDir, 3 * 365 * DAY_MS);
    await next.clock.advance(60_000);
    assert.deepEqual([await count(next, 10), await count(next, 900)], [180, 2]);
    await next.live(1820, { soc: 80 });
    await next.clock.advance(DAY_MS);
    // Nobody is years ahead for a whole day.
    assert.equal(await count(next, 900), 3);
    await next.historian.stop();
  } finally {
    rmSync(stateDir, { recursive: true });
  }
});

Deno.test("Historian writes its file anew after the history was shortened, and keeps what came meanwhile", () =>
  inHouse(async (house, stateDir) => {
    await house.live(60, { soc: 80 });
    await house.historian.stop();
    const path = join(stateDir, "history.db");
    const db = new DatabaseSync(path);
    db.exec("INSERT INTO devices VALUES (9, 'Old')");
    const insert = db.prepare(
      "INSERT INTO samples (device_id, step_s, at_s, seconds, soc) VALUES (9, 900, ?, 900, 500)",
    );
    db.exec("BEGIN");
    for (let i = 0; i < 150_000; i++) insert.run(i * 900);
    db.exec("COMMIT");
    db.close();
    const before = statSync(path).size;
    const next = await startIn(stateDir);
    next.event("grid_lost");
    await next.clock.advance(60_000);
    assert.ok(next.log.text().includes("HISTORY FILE SHRUNK"), next.log.text());
    assert.ok(statSync(path).size < before / 4, `${before} bytes, then ${statSync(path).size}`);
    assert.deepEqual((await next.ask({ kind: "events" })).events?.map(({ kind }) => kind), ["grid_lost"]);
    await next.historian.stop();
    assert.equal(next.clock.pending, 0);
  }));

Deno.test("Historian survives a wall clock that falls back", () =>
  inHouse(async (house) => {
    await house.live(300, { soc: 80, grid_connected: true });
    house.clock.jumpWall(-3_600_000);
    await house.live(300, { soc: 70, grid_connected: true });
    house.clock.jumpWall(3_600_000);
    await house.live(300, { soc: 60, grid_connected: true });
    const { samples } = await house.ask({ kind: "samples", device: "Study", step_s: 60 });
    const times = samples?.map(({ at_s }) => at_s) ?? [];
    assert.deepEqual(times, times.toSorted((a, b) => a - b));
    assert.ok(times.length >= 13);
  }));

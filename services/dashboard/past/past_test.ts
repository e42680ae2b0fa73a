/** The dashboard with a real historian on the same broker: charts, journal and files of the past. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DEFAULT_ROOTS } from "../../../lib/mqtt/topics.ts";
import { createHealth } from "../../../lib/health.ts";
import { Historian } from "../../historian/service.ts";
import { csvText } from "./csv.ts";
import type { HistoryView } from "../page_contract.ts";
import { createDashboard } from "../service.ts";
import { openStream, withDashboard } from "../testdata/test_dashboard.ts";

type House = Parameters<Parameters<typeof withDashboard>[0]>[0];

/** Runs a dashboard, with a historian that remembers an outage and a host that went down. */
async function withPast(run: (house: House) => Promise<void>): Promise<void> {
  const stateDir = mkdtempSync(join(tmpdir(), "ecoflow-past-"));
  try {
    await withDashboard(async (house) => {
      const { broker, clock, topics } = house;
      const historian = new Historian({
        ...house,
        name: "historian",
        health: createHealth(),
        config: { roots: DEFAULT_ROOTS, stateDir, staleAfterSec: 120, days: 730 },
        bus: broker.bus({
          service: "historian",
          publishes: [topics.historyAnswer("+"), topics.events],
          subscribes: [topics.state("+"), topics.events, topics.historyQuery],
        }),
      });
      await historian.start();
      const live = async (seconds: number, soc: number, grid: boolean) => {
        for (let i = 0; i < seconds; i += 10) {
          const state = {
            device: "Study",
            soc,
            grid_connected: grid,
            ac_in_watts: grid ? 100 : 0,
            out_watts: 60,
          };
          broker.publish(topics.state("Study"), JSON.stringify({ ...state, link: "live" }));
          await clock.advance(10_000);
        }
      };
      await live(600, 90, true);
      await live(600, 60, false);
      await live(600, 70, true);
      const event = { severity: "notice", source: "policy_engine", text: '=cmd("x"), down' };
      broker.publish(
        topics.events,
        JSON.stringify({
          ts: new Date(clock.wallMs()).toISOString(),
          kind: "host_down",
          agent: "nas",
          ...event,
        }),
      );
      await clock.advance(5000);
      await run(house);
      await historian.stop();
    }, { readsWithoutLogin: true, asksHistorian: true });
  } finally {
    rmSync(stateDir, { recursive: true });
  }
}

Deno.test("createDashboard() draws the past from the historian, with outages and energy", () =>
  withPast(async ({ ask }) => {
    const view: HistoryView = JSON.parse((await ask("/api/history?device=Study&hours=1")).text);
    assert.equal(view.source, "historian");
    assert.ok(view.at_s.length >= 180);
    assert.ok(view.soc_percent.includes(60) && view.soc_percent.includes(90));
    assert.deepEqual(view.outages.map(({ lowest_soc_percent }) => lowest_soc_percent), [60]);
    assert.ok(view.outages[0]?.from !== undefined && view.outages[0].to !== undefined);
    assert.ok((view.energy?.[0]?.out_wh ?? 0) > 25, JSON.stringify(view.energy));
  }));

Deno.test("createDashboard() draws six full hours, from the first row to the newest", () =>
  withPast(async ({ ask, broker, clock, topics }) => {
    const state = { device: "Study", grid_connected: true, out_watts: 60, link: "live" };
    for (let i = 0; i < 2300; i++) {
      broker.publish(topics.state("Study"), JSON.stringify({ ...state, soc: 40 + i / 100 }));
      await clock.advance(10_000);
    }
    const view: HistoryView = JSON.parse((await ask("/api/history?device=Study&hours=6")).text);
    const now = clock.wallMs() / 1000;
    assert.ok(
      now - (view.at_s.at(-1) ?? 0) <= 20,
      `the newest row is ${now - (view.at_s.at(-1) ?? 0)} s old`,
    );
    assert.ok(Math.abs(now - 21_600 - (view.at_s[0] ?? 0)) <= 20, "the first row is six hours old");
    assert.ok(view.at_s.length >= 2150, `${view.at_s.length} rows`);
  }));

const FILES: readonly (readonly [string, RegExp])[] = [
  ["kind=samples&device=Study", /^at,seconds,soc,.*\r\n2026-\S+Z,900,80,60,67,100,60,60,67,67,\r\n/],
  ["kind=outages", /^device,from,.*\r\nStudy,2026-\S+Z,true,2026-\S+Z,true,60,60,70\r\n$/],
  ["kind=energy", /^device,day,in_wh,.*\r\nStudy,2026-\d\d-\d\d,\d/],
  ["kind=events", /\r\n2026-\S+Z,host_down,notice,policy_engine,,nas,"'=cmd\(""x""\), down"\r\n$/],
];
for (const [query, wanted] of FILES) {
  Deno.test(`GET /history/export gives ${query} as CSV, and the same as JSON`, () =>
    withPast(async ({ ask }) => {
      const csv = await ask(`/history/export?${query}`);
      assert.equal(csv.status, 200, csv.text);
      assert.match(csv.text, wanted);
      assert.match(
        csv.headers.get("content-disposition") ?? "",
        /^attachment; filename="ecoflow-\w+-[\d-]+\.csv"$/,
      );
      const json = await ask(`/history/export?${query}&format=json`);
      assert.equal(JSON.parse(json.text).length, csv.text.trim().split("\r\n").length - 1);
    }));
}

Deno.test("GET /history/export refuses what it cannot give", () =>
  withPast(async ({ ask }) => {
    for (
      const query of [
        "kind=all",
        "kind=samples",
        "kind=events&format=xml",
        "kind=events&from=yesterday",
        "kind=events&from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z",
        `kind=samples&device=${"x".repeat(65)}`,
      ]
    ) assert.equal((await ask(`/history/export?${query}`)).status, 400, query);
    const far = await ask("/history/export?kind=events&from=1999-01-01T00:00:00Z&to=1999-01-02T00:00:00Z");
    assert.equal(far.text, "ts,kind,severity,source,device,agent,text\r\n");
  }));

Deno.test("GET /history/export wants a log-in like every other look, and says when nobody keeps a history", () =>
  withDashboard(async ({ ask, login }) => {
    assert.equal((await ask("/history/export?kind=events")).status, 401);
    const { headers } = await login();
    assert.equal((await ask("/history/export?kind=events", { headers })).status, 503);
  }));

Deno.test("createDashboard() recalls at its start what happened before", () =>
  withPast(async (house) => {
    const second = createDashboard(house);
    await second.start();
    await house.clock.advance(5000);
    const stream = await openStream(second.port);
    const match = await stream.until(/event: journal\ndata: (.*)\n\n/);
    assert.deepEqual(JSON.parse(match[1] ?? "").map(({ kind }: { kind: string }) => kind), ["host_down"]);
    await stream.close();
    await second.stop();
  }));

Deno.test("csvText() makes nothing that a spreadsheet would run", () => {
  for (const cell of ["=1+1", "+1", "-1", "@x", "\tx"]) assert.match(csvText(["a"], [[cell]]), /^a\r\n"?'/);
  assert.equal(csvText(["a", "b"], [[undefined, -5], ['x "y"', true]]), 'a,b\r\n,-5\r\n"x ""y""",true\r\n');
});

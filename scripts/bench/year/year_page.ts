/** The dashboard of 20 stations with a year behind them, in a real browser: until every chart stands, for each button. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { stationModels } from "../../../commands/simulate/play.ts";
import type { Scenario } from "../../../commands/simulate/scenario.ts";
import { CHROMIUM } from "../../../services/dashboard/testdata/browser_house.ts";
import { startRealWorld } from "../../simulate/real_world.ts";
import { column, pause } from "../figures/waiting.ts";
import { pssMegabytes } from "../memory.ts";
import { writeYear } from "./year_file.ts";

const STATIONS = 20;
const LIMIT_MS = 60_000;
/** Tiles fold at more stations than a few; each is opened, so that all charts are drawn. */
const CHARTS_PER_STATION = 2;

/** What was seen. */
export interface YearPageFigures {
  /** From the address to the last chart of the first view, ms. */
  readonly firstMs: number;
  /** From a press of each button, on every station at once, to the last chart, ms. */
  readonly spans: readonly { readonly name: string; readonly ms: number; readonly bytes: number }[];
  /** Questions that the page asked, and those that failed. */
  readonly asked: number;
  readonly failed: number;
  /** Of the page's own memory for scripts, MB. */
  readonly heapMegabytes: number;
  /** Of the daemon, before and after, MB (Pss). */
  readonly daemonMegabytes: readonly [number, number];
}

/** Starts house and browser. */
export async function measureYearPage(): Promise<YearPageFigures> {
  const names = Array.from({ length: STATIONS }, (_, i) => `S${String(i + 1).padStart(2, "0")}`);
  const scenario: Scenario = {
    name: "year",
    title: "Twenty stations.",
    stations: names.map((name, i) => ({
      name,
      sn: `R631SIM${String(i + 1).padStart(9, "0")}`,
      socPercent: 87,
      loadWatts: 60,
      batteryWh: 286,
    })),
    hosts: {},
    settings: {},
    steps: [],
    endSec: 0,
    expect: [],
  };
  const models = stationModels(scenario);
  const world = await startRealWorld({
    scenario,
    models,
    speed: 1,
    broker: "mosquitto",
    mosquittoSaves: "seldom",
    onLog: () => {},
    withAgents: false,
    dashboard: { listen: "127.0.0.1:0", password: "nobody logs in here" },
    furnish: (stateDir) => {
      mkdirSync(join(stateDir, "historian"), { mode: 0o700 });
      writeYear(join(stateDir, "historian/history.db"), names, Date.now() / 1000);
    },
  });
  const speaking = setInterval(() => {
    for (const [sn, model] of models) world.say(sn, model.now());
  }, 2000);
  const browser = await chromium.launch(CHROMIUM).catch(async (error) => {
    clearInterval(speaking);
    await world.stop();
    throw error;
  });
  try {
    const url = await world.dashboardUrl();
    const page = await (await browser.newContext({ viewport: { width: 1400, height: 1000 } })).newPage();
    page.setDefaultTimeout(LIMIT_MS);
    let [asked, answered, failed, bytes] = [0, 0, 0, 0];
    page.on("request", (request) => {
      if (request.url().includes("/history?")) asked++;
    });
    page.on("response", async (response) => {
      if (!response.url().includes("/history?")) return;
      const body = await response.body().catch(() => undefined);
      const rows = body && response.ok()
        ? (JSON.parse(body.toString()) as { at_s: unknown[] }).at_s.length
        : 0;
      if (rows === 0) failed++;
      bytes += body?.length ?? 0;
      answered++;
    });
    /** Every question answered, and none new for half a second. */
    const settled = async (fromMs: number, atLeast: number) => {
      const endMs = performance.now() + LIMIT_MS;
      let lastMs = performance.now();
      for (let before = answered; performance.now() < endMs; before = answered) {
        await pause(50);
        if (answered !== before) lastMs = performance.now();
        if (answered >= atLeast && answered === asked && performance.now() - lastMs > 500) break;
      }
      // Not waitForFunction: the page forbids whatever makes code of text.
      const drawn = async () =>
        await page.evaluate('document.querySelectorAll(".charts canvas").length') as number;
      while (await drawn() < STATIONS * CHARTS_PER_STATION) {
        if (performance.now() > endMs) throw new Error(`Cannot measure: ${await drawn()} charts were drawn`);
        await pause(50);
      }
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))");
      return lastMs - fromMs;
    };
    const daemonBefore = pssMegabytes(world.daemon().pid);
    const beganMs = performance.now();
    await page.goto(url);
    const firstMs = await settled(beganMs, STATIONS);
    const spans: { name: string; ms: number; bytes: number }[] = [];
    const labels = await page.evaluate(
      `[...document.querySelector(".past .ranges").querySelectorAll("button")].map((one) => one.textContent)`,
    ) as string[];
    for (const [i, name] of labels.entries()) {
      const before = { answered, bytes };
      const pressedMs = performance.now();
      await page.evaluate(
        `for (const past of document.querySelectorAll(".past")) past.querySelectorAll(".ranges button")[${i}].click()`,
      );
      const ms = await settled(pressedMs, before.answered + STATIONS);
      spans.push({ name, ms, bytes: bytes - before.bytes });
    }
    const heap = await page.evaluate("performance.memory.usedJSHeapSize") as number;
    const daemonMegabytes = [daemonBefore, pssMegabytes(world.daemon().pid)] as const;
    return { firstMs, spans, asked, failed, heapMegabytes: heap / 1e6, daemonMegabytes };
  } finally {
    clearInterval(speaking);
    await browser.close().catch(() => {});
    await world.stop();
  }
}

/** The figures as a table. */
export function pageText(figures: YearPageFigures): string {
  const { firstMs, spans, asked, failed, heapMegabytes, daemonMegabytes: [before, after] } = figures;
  const seconds = (ms: number) => `${column(ms / 1000, 1)} s`;
  return [
    `| ${STATIONS} stations in a browser | |`,
    "| --- | ---: |",
    `| from the address to the last chart | ${seconds(firstMs)} |`,
    ...spans.map(({ name, ms, bytes }) =>
      `| "${name}" pressed on all of them, to the last chart | ${seconds(ms)}, ${column(bytes / 1000)} kB |`
    ),
    `| questions, unanswered or empty | ${asked}, ${failed} |`,
    `| scripts' memory in the browser | ${column(heapMegabytes)} MB |`,
    `| the daemon's memory (Pss), before and after | ${column(before)}, ${column(after)} MB |`,
  ].join("\n");
}

/** The dashboard with a year of history in a real browser: how long each button takes, how much it brings, whether the newest row is the present. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { chromium, type Page } from "playwright-core";
import { stationModels } from "../../../commands/simulate/play.ts";
import type { Scenario } from "../../../commands/simulate/scenario.ts";
import type { HistoryView } from "../../../services/dashboard/page_contract.ts";
import { CHROMIUM } from "../../../services/dashboard/testdata/browser_house.ts";
import { startRealWorld } from "../../simulate/real_world.ts";
import { ownRuntime } from "../own_program.ts";
import { pause, withLimit } from "../figures/waiting.ts";
import { writeYear } from "./year_file.ts";

/** One thing that was pressed. */
export interface PressFigures {
  readonly what: string;
  /** From the press to the last chart drawn, ms. */
  readonly ms: number;
  /** Rows and kB of one station's answer, as it is read. */
  readonly rows?: number;
  readonly kilobytes?: number;
  /** How old the newest row is, of whichever station is worst, s; the row's own length counted off. */
  readonly newestAgeSec?: number;
  /** What is wrong with it; empty when nothing is. */
  readonly wrong: readonly string[];
}

/** The buttons of the charts: their text, span, and how far apart the rows are, s. */
const BUTTONS = [
  ["1 h", 1, 10],
  ["6 h", 6, 10],
  ["1 day", 24, 60],
  ["1 week", 168, 900],
  ["30 days", 720, 900],
  ["1 year", 8760, 21_600],
] as const;
const LIMIT_MS = 60_000;
/** Stations speak so often, ms. */
const SAY_MS = 2000;
/** A row is told as soon as it is cut, 10 s; a busy machine is some seconds late. */
const LATE_SEC = 30;

/** An answer that the page got. */
interface Answer {
  readonly hours: number;
  readonly view: HistoryView;
  readonly bytes: number;
}

/** Opens the page, unfolds one station, then all of them, and presses every button each time. */
export async function measureYearPage(stations: number): Promise<PressFigures[]> {
  const house = scenario(stations);
  const models = stationModels(house);
  const world = await startRealWorld({
    scenario: house,
    models,
    speed: 1,
    broker: "embedded",
    onLog: () => {},
    withAgents: false,
    dashboard: { listen: "127.0.0.1:0", password: "nobody logs in here" },
    runtime: ownRuntime(),
  });
  const speaking = setInterval(() => {
    for (const [sn, model] of models) world.say(sn, model.now());
  }, SAY_MS);
  try {
    await world.killDaemon();
    const file = join(world.stateDir, "historian/history.db");
    for (const end of ["", "-wal", "-shm"]) rmSync(file + end, { force: true });
    writeYear(file, house.stations.map(({ name }) => name), Date.now() / 1000);
    await world.startDaemon();
    const url = await world.dashboardUrl();
    // The first rows of the present are cut every ten seconds.
    await pause(25_000);
    const browser = await chromium.launch(CHROMIUM);
    try {
      const page = await browser.newPage({ viewport: { width: 1180, height: 860 }, locale: "en-GB" });
      return await press(page, url, stations);
    } finally {
      await browser.close();
    }
  } finally {
    clearInterval(speaking);
    await world.stop();
  }
}

async function press(page: Page, url: string, stations: number): Promise<PressFigures[]> {
  page.setDefaultTimeout(LIMIT_MS);
  let answers: Answer[] = [];
  let heard = () => {};
  const complaints: string[] = [];
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("response", async (response) => {
    const { pathname, searchParams } = new URL(response.url());
    if (pathname !== "/api/history") return;
    const text = await response.text().catch(() => "");
    if (!response.ok() || text === "") {
      return void complaints.push(`${response.status()} for ${response.url()}`);
    }
    answers.push({ hours: Number(searchParams.get("hours")), view: JSON.parse(text), bytes: text.length });
    heard();
  });
  const figures: PressFigures[] = [];
  const beganMs = performance.now();
  await page.goto(url);
  await page.locator("#strip .tile").nth(stations - 1).waitFor();
  figures.push({ what: `open, ${stations} stations`, ms: performance.now() - beganMs, wrong: [] });
  for (const count of [1, stations]) {
    const unfolding = performance.now();
    answers = [];
    await page.evaluate(
      `for (const tile of [...document.querySelectorAll("#strip .tile")].slice(0, ${count})) {
      if (tile.getAttribute("aria-expanded") !== "true") tile.click();
    }`,
    );
    const all = count === 1 ? "1 station" : `${count} stations`;
    // The first one shows what was pressed last.
    await until(() => hasAll(answers, 6, Math.max(1, count - 1)), (wake) => heard = wake, `${all} unfolded`);
    await drawn(page);
    figures.push({ what: `unfold ${all}`, ms: performance.now() - unfolding, wrong: [] });
    for (const [text, hours, stepSec] of BUTTONS) {
      answers = [];
      const pressedMs = performance.now();
      const pressed = await page.evaluate<number>(`(() => {
        const buttons = [...document.querySelectorAll(".station:not([hidden]) .past .card:not(.energy) .ranges button")]
          .filter((button) => button.textContent === ${JSON.stringify(text)});
        for (const button of buttons) button.click();
        return buttons.length;
      })()`);
      await until(() => hasAll(answers, hours, count), (wake) => heard = wake, `${text} of ${all}`);
      await drawn(page);
      const ms = performance.now() - pressedMs;
      figures.push({ what: `${text}, ${all}`, ms, ...judge(answers, { hours, stepSec, count, pressed }) });
      await pause(500);
    }
  }
  if (complaints.length > 0) figures.push({ what: "the page", ms: 0, wrong: [...new Set(complaints)] });
  return figures;
}

function hasAll(answers: readonly Answer[], hours: number, count: number): boolean {
  return new Set(answers.filter((one) => one.hours === hours).map(({ view }) => view.device)).size >= count;
}

/** The next two frames after what was received are on the screen. */
async function drawn(page: Page): Promise<void> {
  await page.evaluate(
    "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))",
  );
}

async function until(isTrue: () => boolean, listen: (wake: () => void) => void, what: string): Promise<void> {
  const seen = Promise.withResolvers<void>();
  listen(() => isTrue() && seen.resolve());
  if (isTrue()) seen.resolve();
  await withLimit(seen.promise, LIMIT_MS, what);
}

function judge(
  answers: readonly Answer[],
  { hours, stepSec, count, pressed }: { hours: number; stepSec: number; count: number; pressed: number },
): Omit<PressFigures, "what" | "ms"> {
  const those = answers.filter((one) => one.hours === hours);
  const wrong: string[] = [];
  if (pressed !== count) wrong.push(`${pressed} of ${count} buttons are there`);
  const nowSec = Date.now() / 1000;
  const ages = those.map(({ view }) => nowSec - (view.at_s.at(-1) ?? NaN) - view.step_s);
  const oldest = Math.max(0, ...ages);
  if (oldest > LATE_SEC) wrong.push(`the newest row is ${oldest.toFixed(0)} s old`);
  const few = those.filter(({ view }) => view.source !== "historian" || view.step_s !== stepSec);
  if (few.length > 0) wrong.push(`${few.length} answers are not of the historian in steps of ${stepSec} s`);
  const rows = Math.min(...those.map(({ view }) => view.at_s.length));
  // All but the seconds in which the daemon was started anew.
  if (rows < hours * 3600 / stepSec * 0.95) wrong.push(`only ${rows} rows`);
  return { rows, kilobytes: (those[0]?.bytes ?? 0) / 1000, newestAgeSec: oldest, wrong };
}

function scenario(count: number): Scenario {
  const stations = Array.from({ length: count }, (_, i) => ({
    name: `S${i + 1}`,
    sn: `R631SIM${String(i).padStart(9, "0")}`,
    socPercent: 80,
    loadWatts: 60,
    batteryWh: 286,
  }));
  return {
    name: "year_page",
    title: "A year.",
    stations,
    hosts: {},
    settings: {},
    steps: [],
    endSec: 0,
    expect: [],
  };
}

/** The figures as a table. */
export function yearPageText(figures: readonly PressFigures[]): string {
  return [
    "| pressed | drawn after, ms | rows of one station | kB | newest row, s old | wrong |",
    "| --- | ---: | ---: | ---: | ---: | --- |",
    ...figures.map(({ what, ms, rows, kilobytes, newestAgeSec, wrong }) =>
      `| ${what} | ${ms.toFixed(0)} | ${rows ?? ""} | ${kilobytes?.toFixed(0) ?? ""} | ${
        newestAgeSec?.toFixed(0) ?? ""
      } | ${wrong.join("; ") || "nothing"} |`
    ),
  ].join("\n");
}

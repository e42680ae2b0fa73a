/** A house with real processes and a real browser: the test moves grid and charge, and looks at the page. */
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { stationModels } from "../../../commands/simulate/play.ts";
import { type RealWorld, startRealWorld } from "../../../scripts/simulate/real_world.ts";
import type { Scenario } from "../../../commands/simulate/scenario.ts";
import type { StationModel } from "../../../commands/simulate/station_model.ts";

/** How much faster than life the house runs. */
export const SPEED = 10;
/** The password of its dashboard. */
export const PASSWORD = "a quiet evening at home";
/** On a busy machine everything takes longer; what is waited for has this long, ms. */
export const PATIENCE_MS = 60_000;

/** Debian's browser, without anything that speaks to elsewhere. */
export const CHROMIUM = {
  executablePath: "/usr/bin/chromium",
  args: [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
};

const SCENARIO: Scenario = {
  name: "dashboard",
  title: "A house for the browser.",
  stations: [{ name: "Study", sn: "R631SIM000000001", socPercent: 87, loadWatts: 34, batteryWh: 286 }],
  hosts: { Study: ["study-pc", "nas"] },
  settings: { POLICY_DEBOUNCE_SEC: "600", POLICY_ABORT_WINDOW_SEC: "60", STATE_STALE_SEC: "60" },
  steps: [],
  endSec: 0,
  expect: [],
};

/** A house and a browser. */
export interface BrowserHouse {
  readonly world: RealWorld;
  readonly model: StationModel;
  readonly url: string;
  /** Opens the page in a browser of its own; what goes wrong there is kept in `complaints`. */
  open(options: { readonly width: number; readonly height: number; readonly dark?: boolean }): Promise<Page>;
  /** Errors, refusals of the content policy, dialogs and requests to elsewhere, from all pages. */
  readonly complaints: string[];
  stop(): Promise<void>;
}

/** Starts both. */
export async function startBrowserHouse(onLog: (line: string) => void): Promise<BrowserHouse> {
  const models = stationModels(SCENARIO);
  const [model] = models.values();
  if (!model) throw new Error("The scenario has no station");
  const port = freePort();
  const world = await startRealWorld({
    scenario: SCENARIO,
    models,
    speed: SPEED,
    broker: "embedded",
    onLog: (program, line) => onLog(`${program} | ${line}`),
    dashboard: { listen: `127.0.0.1:${port}`, password: PASSWORD },
  });
  const startMonoMs = world.clock.monoMs();
  const stopPushes = world.clock.every(2000, () => {
    world.say(model.station.sn, model.at((world.clock.monoMs() - startMonoMs) / 1000));
  });
  const complaints: string[] = [];
  let browser: Browser | undefined;
  const stop = async () => {
    stopPushes();
    await browser?.close().catch(() => {});
    await world.stop();
  };
  try {
    const url = await world.dashboardUrl();
    browser = await chromium.launch(CHROMIUM);
    const running = browser;
    return {
      world,
      model,
      url,
      complaints,
      open: async ({ width, height, dark = false }) => {
        const context = await running.newContext({
          viewport: { width, height },
          colorScheme: dark ? "dark" : "light",
          reducedMotion: "reduce",
          locale: "en-GB",
        });
        const page = await context.newPage();
        page.setDefaultTimeout(PATIENCE_MS);
        listenTo(page, context, url, complaints);
        await page.goto(url);
        return page;
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function listenTo(page: Page, context: BrowserContext, url: string, complaints: string[]): void {
  page.on("pageerror", (error) => complaints.push(`error: ${error.message}`));
  page.on("dialog", (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("console", (message) => {
    // A refused log-in and a daemon that is away are shown by the browser as failed loads, rightly.
    const isExpected = /Failed to load resource/.test(message.text());
    if (message.type() === "error" && !isExpected) complaints.push(`console: ${message.text()}`);
  });
  context.on("request", (request) => {
    if (!request.url().startsWith(url)) complaints.push(`request to elsewhere: ${request.url()}`);
  });
}

const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What axe-core finds wrong, one line each. */
export async function accessibilityProblems(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(`axe.run(document, { runOnly: ${JSON.stringify(RULES)} })
    .then(({ violations }) => violations.map(({ id, help, nodes }) =>
      id + ": " + help + ": " + nodes.map(({ html }) => html.slice(0, 160)).join(" | ")))`);
  return violations as string[];
}

function freePort(): number {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  return port;
}

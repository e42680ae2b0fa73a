/**
 * The page in each state, at two sizes and in both colours and languages: what it says, whether it fits, and what axe-core
 * minds. `deno task pictures` makes a picture of each, at every size, into `build/pictures`.
 */
import assert from "node:assert/strict";
import { type Browser, chromium, type Page } from "playwright-core";
import { accessibilityProblems, CHROMIUM } from "./testdata/browser_house.ts";
import { rememberDays, type TestHouse } from "./testdata/pictured_house.ts";
import { PICTURED, type PicturedState } from "./testdata/pictured_states.ts";
import { withDashboard } from "./testdata/test_dashboard.ts";

/** Set: pictures are put there, of all combinations. */
const SHOTS_DIR = Deno.env.get("PICTURES_DIR");
/** Set: only the states whose names it holds. */
const ONLY = Deno.env.get("PICTURES_ONLY");

/** Set: only these looks. */
const LOOKS = Deno.env.get("PICTURES_LOOKS");

interface Look {
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly dark: boolean;
  readonly locale: "en-GB" | "de-DE";
  /** 2: the page is looked at at 200 %. */
  readonly zoom?: number;
}

const FEW: readonly Look[] = [
  { name: "desktop-light", width: 1180, height: 860, dark: false, locale: "en-GB" },
  { name: "phone-dark", width: 390, height: 844, dark: true, locale: "de-DE" },
];
const MANY: readonly Look[] = [
  ...FEW,
  { name: "desktop-dark", width: 1180, height: 860, dark: true, locale: "de-DE" },
  { name: "phone-light", width: 390, height: 844, dark: false, locale: "en-GB" },
  { name: "narrow-320", width: 320, height: 640, dark: false, locale: "de-DE" },
  { name: "zoom-200", width: 590, height: 430, dark: false, locale: "en-GB", zoom: 2 },
];

const CHOSEN = LOOKS === undefined
  ? SHOTS_DIR === undefined ? FEW : MANY
  : MANY.filter(({ name }) => LOOKS.split(",").includes(name));

/** Time passes while somebody looks, as it does for the page. */
function letTimePass({ clock }: TestHouse): () => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  const timer = setInterval(() => last = last.then(() => clock.advance(500)), 500);
  return async () => {
    clearInterval(timer);
    await last;
  };
}

async function open(browser: Browser, look: Look, url: string, state: PicturedState): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    deviceScaleFactor: look.zoom,
    colorScheme: look.dark ? "dark" : "light",
    reducedMotion: "reduce",
    locale: look.locale,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(30_000);
  if (state.isUnreachable) await page.route("**/api/**", (route) => route.abort());
  await page.goto(url);
  return page;
}

/** What a person can read: without what is folded or hidden. */
async function readable(page: Page): Promise<string> {
  return await page.evaluate<string>("document.body.innerText");
}

async function lookAt(page: Page, look: Look, state: PicturedState): Promise<void> {
  const where = `${state.name} ${look.name}`;
  if (look.locale === "en-GB") {
    let text = "";
    for (let i = 0; i < 60 && !state.shows.test(text); i++) {
      text = await readable(page);
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
    assert.match(text, state.shows, where);
    if (state.never) assert.doesNotMatch(text, state.never, where);
  } else {
    await page.locator("#pulse", { hasNotText: /^Verbindung/ }).or(page.locator("#gate:visible")).first()
      .waitFor();
    await new Promise((resolve) => setTimeout(resolve, 700));
    const text = await page.evaluate<string>(`[...document.querySelectorAll("[lang=en]")]
      .reduce((text, { innerText }) => innerText === "" ? text : text.replace(innerText, ""), document.body.innerText)`);
    assert.doesNotMatch(text, /\b(Live data|Grid|battery|hosts? (go|is|are)|unknown)\b/, where);
  }
  const fit = await page.evaluate<{ wide: number; below: number; clipped: string }>(`({
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    below: document.documentElement.scrollHeight - scrollY -
      Math.max(innerHeight, document.querySelector("footer").getBoundingClientRect().bottom),
    clipped: [...document.querySelectorAll("button, .value, .charge, .headline")]
      .filter((node) => node.scrollWidth > node.clientWidth + 2 && node.clientWidth > 0)
      .map((node) => node.textContent).join(" | "),
  })`);
  assert.ok(fit.wide <= 0, `${where} is ${fit.wide} px too wide`);
  assert.ok(fit.below < 60, `${where}: ${fit.below} px of nothing below the footer`);
  assert.equal(fit.clipped, "", `${where} has text that does not fit`);
  assert.deepEqual(await accessibilityProblems(page), [], where);
  const unfolded = await page.evaluate<number>(`{
    const folded = [...document.querySelectorAll("details:not([open])")];
    for (const one of folded) one.open = true;
    const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
    for (const one of folded) one.open = false;
    wide;
  }`);
  assert.ok(unfolded <= 0, `${where}, unfolded, is ${unfolded} px too wide`);
  if (SHOTS_DIR !== undefined) {
    await page.screenshot({ path: `${SHOTS_DIR}/${state.name}-${look.name}.png`, fullPage: true });
  }
}

Deno.test({
  name: "the page in every state: true, whole, and without anything that axe-core minds",
  fn: async (t) => {
    if (SHOTS_DIR !== undefined) Deno.mkdirSync(SHOTS_DIR, { recursive: true });
    const browser = await chromium.launch(CHROMIUM);
    try {
      for (const state of PICTURED) {
        if (ONLY !== undefined && !ONLY.split(",").includes(state.name)) continue;
        const { agents: agentsByStation = { Study: ["study-pc", "nas"] }, mayNotLook } = state;
        await t.step(state.name, () =>
          withDashboard(async (house) => {
            const stopTime = letTimePass(house);
            try {
              for (const look of CHOSEN) {
                state.feed(house);
                const page = await open(browser, look, `http://127.0.0.1:${house.port}/`, state);
                await state.then?.(page, house);
                await lookAt(page, look, state);
                await page.context().close();
              }
            } finally {
              await stopTime();
            }
          }, { agentsByStation, readsWithoutLogin: !mayNotLook, staleAfterSec: 300 }));
      }
    } finally {
      await browser.close();
    }
  },
});

Deno.test("the energy of a day and a week in a browser, from a real historian", async () => {
  if (ONLY !== undefined && !ONLY.split(",").includes("energy")) return;
  const browser = await chromium.launch(CHROMIUM);
  try {
    await withDashboard(async (house) => {
      const online = PICTURED.find(({ name }) => name === "online");
      assert.ok(online);
      const end = await rememberDays(house, 3);
      online.feed(house);
      const stopTime = letTimePass(house);
      try {
        for (const look of CHOSEN) {
          const page = await open(browser, look, `http://127.0.0.1:${house.port}/`, online);
          const card = page.locator(".card.energy");
          await card.locator("rect.in").first().waitFor();
          assert.match(await card.locator("dl").innerText(), /k?Wh/);
          assert.ok(await card.locator("text.gap").count() >= 1, "the hour that nobody saw is a gap");
          await card.getByRole("button", { name: /^7/ }).click();
          await card.locator("rect.in").nth(2).waitFor();
          assert.deepEqual(await accessibilityProblems(page), []);
          if (SHOTS_DIR !== undefined) {
            await page.screenshot({ path: `${SHOTS_DIR}/energy-week-${look.name}.png`, fullPage: true });
          }
          await card.getByRole("button", { name: /^24/ }).click();
          await card.locator("text.gap").first().waitFor();
          await card.locator("summary").click();
          if (SHOTS_DIR !== undefined) {
            await card.screenshot({ path: `${SHOTS_DIR}/energy-day-${look.name}.png` });
          }
          await page.context().close();
        }
      } finally {
        await stopTime();
        await end();
      }
    }, { readsWithoutLogin: true, asksHistorian: true, agentsByStation: { Study: ["study-pc", "nas"] } });
  } finally {
    await browser.close();
  }
});

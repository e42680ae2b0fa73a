/** The whole way: a real browser in front of real processes, through an outage and everything that can be pressed. */
import assert from "node:assert/strict";
import type { Page } from "playwright-core";
import { parseAgentCommand } from "../../lib/messages/agent/command.ts";
import { DEFAULT_ROOTS, matchesFilter, topicsUnder } from "../../lib/mqtt/topics.ts";
import { accessibilityProblems, PASSWORD, PATIENCE_MS, startBrowserHouse } from "./testdata/browser_house.ts";

const topics = topicsUnder(DEFAULT_ROOTS);
/** Set: pictures for the README are put there. */
const SHOTS_DIR = Deno.env.get("DASHBOARD_SHOTS");
const SIZES = [
  { name: "desktop", width: 1180, height: 860 },
  { name: "phone", width: 390, height: 844 },
];

/** Waits until an element's text matches. */
async function sees(page: Page, selector: string, pattern: RegExp): Promise<string> {
  const found = page.locator(selector).filter({ hasText: pattern, visible: true }).first();
  await found.waitFor({ timeout: PATIENCE_MS });
  return await found.textContent() ?? "";
}

Deno.test("the dashboard in a browser: an outage from the first look to the end", async (t) => {
  const lines: string[] = [];
  const house = await startBrowserHouse((line) => void lines.push(line));
  const { world, model, complaints } = house;
  const shutdowns: string[] = [];
  world.onMessage(({ topic, payload, retained }) => {
    if (retained || !matchesFilter(topics.command("+"), topic)) return;
    const { action, agent = "" } = parseAgentCommand(payload, topic);
    if (action === "shutdown") shutdowns.push(agent);
  });
  const extras: Page[] = [];
  const shoot = async (what: string) => {
    if (SHOTS_DIR === undefined) return;
    for (const page of extras) {
      const { width = 0 } = page.viewportSize() ?? {};
      const size = SIZES.find((one) => one.width === width)?.name;
      const theme = await page.evaluate(
        `matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"`,
      );
      await page.screenshot({ path: `${SHOTS_DIR}/${what}-${size}-${theme}.png` });
    }
  };
  const step = async (name: string, run: () => Promise<void>) => {
    const isWell = await t.step(name, run);
    assert.ok(isWell, `${name}\n${lines.slice(-40).join("\n")}`);
  };
  try {
    const page = await house.open({ width: 1180, height: 860 });
    const bytes: number[] = [];
    await step("shows the house at the first look, small, and with nothing that axe-core minds", async () => {
      page.on("response", (response) => {
        if (!response.url().includes("/api/")) {
          void response.body().then((body) => bytes.push(body.length), () => {});
        }
      });
      await page.reload({ waitUntil: "load" });
      await sees(page, ".headline", /The grid is there/);
      await sees(page, ".flow .soc", /[89]\d%|100%/);
      await sees(page, ".host", /study-pc/);
      await sees(page, ".host", /nas/);
      await sees(page, "#pulse", /^Live/);
      assert.ok(bytes.reduce((sum, size) => sum + size, 0) < 150_000, `${bytes} bytes`);
      for (const { width, height } of SIZES) {
        for (const dark of [false, true]) {
          const extra = await house.open({ width, height, dark });
          await sees(extra, ".headline", /The grid is there/);
          assert.deepEqual(await accessibilityProblems(extra), [], `${width} ${dark}`);
          const overflow = await extra.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth",
          );
          assert.equal(overflow, 0, `the page is ${overflow} px too wide at ${width}`);
          extras.push(extra);
        }
      }
      await shoot("online");
    });

    await step("refuses a wrong password and takes the right one, all by keyboard", async () => {
      await page.getByRole("button", { name: "Log in" }).first().focus();
      await page.keyboard.press("Enter");
      await page.locator("#password").waitFor();
      assert.deepEqual(await accessibilityProblems(page), []);
      await page.keyboard.type("not the password");
      await page.keyboard.press("Enter");
      await sees(page, "#login-problem", /That is not the password/);
      await page.locator("#password").fill(PASSWORD);
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Log out" }).waitFor();
    });

    await step("starts a drill that was confirmed, and shows how it went", async () => {
      await page.getByRole("button", { name: "Start a drill" }).click();
      await page.locator("#confirm").waitFor();
      assert.deepEqual(await accessibilityProblems(page), []);
      await page.getByRole("button", { name: "Leave it" }).click();
      await page.getByRole("button", { name: "Start a drill" }).click();
      await page.getByRole("button", { name: "Start the drill" }).click();
      await sees(page, "#answer", /A drill begins \(the dashboard\)/);
      await page.locator(".host", { hasText: "study-pc" }).getByText(/: ready/).waitFor();
      await page.locator(".host", { hasText: "nas" }).getByText(/: ready/).waitFor();
      assert.deepEqual(shutdowns, []);
    });

    await step("sees the grid go", async () => {
      model.setGrid(false);
      await sees(page, ".headline", /The grid is gone: on battery/);
      await sees(page, ".journal li", /the grid is gone, on battery/);
      await sees(page, "#spoken, .headline", /gone/);
    });

    await step("counts down to the shutdown", async () => {
      model.setSoc(9);
      await sees(page, ".headline", /The battery is running out/);
      await sees(page, ".until", /Hosts go down at \d+:\d\d, unless the grid returns/);
      const seconds = async () => {
        const [m = 0, s = 0] = (await sees(page, ".digits", /^\d+:\d\d$/)).split(":").map(Number);
        return m * 60 + s;
      };
      const below = await page.evaluate<number>(
        "document.documentElement.scrollHeight - scrollY - document.querySelector('footer').getBoundingClientRect().bottom",
      );
      assert.ok(below < 60, `${below} px of nothing below the footer`);
      const before = await seconds();
      const shown = await page.locator(".digits").innerText();
      await page.locator(".digits").filter({ hasNotText: shown }).waitFor();
      const after = await seconds();
      assert.ok(before <= 600 && after < before, `${before} s, then ${after} s`);
      assert.deepEqual(await accessibilityProblems(page), []);
      await shoot("countdown");
    });

    await step("calls the shutdown off, after a question", async () => {
      await page.getByRole("button", { name: "Call it off" }).click();
      await page.locator("#confirm-yes").click();
      await sees(page, "#answer", /holds the shutdown back for 5 min/);
      await sees(page, ".held", /Held back/);
      assert.deepEqual(shutdowns, []);
    });

    await step("sees the recovery", async () => {
      model.setSoc(30);
      model.setGrid(true);
      await sees(page, ".headline", /The grid is there/);
      await sees(page, ".outages li", /to .*down to/);
      await page.locator(".countdown").waitFor({ state: "hidden" });
      assert.deepEqual(shutdowns, []);
    });

    await step(
      "has the outage and the day's energy from the historian, and gives them away as a file",
      async () => {
        await sees(page, ".energy dd", /\dWh|\d\sWh/);
        await page.locator(".energy summary").click();
        await sees(page, ".energy tbody tr", /^\d\d:\d\d.*Wh/);
        assert.deepEqual(await accessibilityProblems(page), []);
        const [file] = await Promise.all([
          page.waitForEvent("download"),
          page.getByRole("link", { name: "outages" }).first().click(),
        ]);
        const text = await Deno.readTextFile(await file.path());
        assert.match(text, /^device,from,from_seen,to,to_seen,.*\r\nStudy,\S+Z,true,\S+Z,true,/);
        await page.evaluate("document.querySelector('.energy').scrollIntoView({ block: 'center' })");
        for (const extra of extras) {
          await extra.evaluate("document.querySelector('.charts').scrollIntoView()");
        }
        await shoot("past");
        for (const extra of extras) await extra.evaluate("scrollTo(0, 0)");
      },
    );

    await step("never takes a name or a text of the house for markup", async () => {
      const evil = "<img src=x onerror=alert(1)>";
      const ts = new Date(world.clock.wallMs()).toISOString();
      world.feed(
        topics.state(evil),
        JSON.stringify({ device: evil, soc: 50, grid_connected: true, model: evil }),
      );
      // Of a station that the policy does not know, or it would speak for itself.
      const other = evil.replace("x", "y");
      world.feed(
        topics.policy(other),
        JSON.stringify({
          device: other,
          state: "online",
          sentence: `<svg onload=alert(2)> ${evil}`,
          blind: false,
          hosts: [{ agent: "<script>alert(3)<\/script>", state: "online", detail: evil }],
          ts,
        }),
      );
      const text = `<iframe srcdoc="<script>alert(4)<\/script>"> ${evil}`;
      world.feed(topics.events, JSON.stringify({ ts, kind: "odd", severity: "info", source: "x", text }));
      await page.locator(".tile").nth(2).waitFor();
      const pressed = await page.evaluate(`(() => {
        const tile = document.querySelector(".tile[aria-expanded=false]");
        tile.click();
        const first = tile.ariaExpanded;
        tile.click();
        return first + " " + tile.ariaExpanded;
      })()`);
      assert.equal(pressed, "true false", "a tile says at once what it was pressed into");
      while (await page.locator(".tile[aria-expanded=false]").count() > 0) {
        await page.locator(".tile[aria-expanded=false]").first().press("Enter");
      }
      await sees(page, ".station h2", /<img src=x onerror=alert\(1\)>/);
      await sees(page, ".host", /<script>alert\(3\)<\/script>/);
      await sees(page, ".journal li", /<iframe srcdoc/);
      assert.equal(await page.locator("img[src], iframe, svg[onload], body script").count(), 0);
    });

    await step(
      "shows values as old when the station falls silent, and as live when it speaks again",
      async () => {
        const study = page.locator(".station", { hasText: "RIVER 3 Plus" });
        world.setCloudDelivers(false);
        await study.locator(".headline", { hasText: "Not known now" }).waitFor();
        await study.locator(".facts .value.old").first().waitFor();
        await study.locator(".sentence", { hasText: /Last reading: grid there, .* ago/ }).waitFor();
        world.setCloudDelivers(true);
        await study.locator(".headline", { hasText: "The grid is there" }).waitFor();
      },
    );

    await step(
      "locks out whoever guesses, with the right password too, and lets him in when the time is over",
      async () => {
        await page.getByRole("button", { name: "Log out" }).click();
        await page.locator("#sign-in", { hasText: "Log in" }).click();
        const guess = async () => {
          await page.locator("#login-submit:enabled").waitFor();
          await page.locator("#password").fill("a guess");
          await page.locator("#login-submit").click();
        };
        for (let i = 0; i < 4; i++) await guess();
        // The first wait is short in this fast house; whoever misses it guesses again, and waits twice as long.
        const wait = page.locator("#login-wait", { hasText: /You may try again in \d+\ss/ });
        let isLockedOut = false;
        for (let i = 0; i < 3 && !isLockedOut; i++) {
          await guess();
          isLockedOut = await wait.waitFor({ timeout: 5000 }).then(() => true, () => false);
        }
        assert.ok(isLockedOut);
        await page.locator("#login-submit:enabled").waitFor();
        await page.locator("#password").fill(PASSWORD);
        await page.locator("#login-submit").click();
        await page.getByRole("button", { name: "Log out" }).waitFor();
      },
    );

    await step("says so when the daemon dies, shows nothing as live, and comes back by itself", async () => {
      await world.killDaemon();
      await sees(page, "#pulse", /Not live/);
      await sees(page, "#notice", /No message from the daemon for \d+\ss: nothing below is live/);
      await sees(page, ".headline", /Not known now/);
      assert.doesNotMatch(
        await page.locator("#stations").innerText(),
        /The grid is there\n|is gone|Hosts go down/,
      );
      assert.deepEqual(await accessibilityProblems(page), []);
      await shoot("lost");
      await world.startDaemon();
      await sees(page, "#pulse", /^Live/);
      await sees(page, ".headline", /The grid is there/);
    });

    assert.deepEqual(complaints, []);
  } finally {
    await house.stop();
  }
});

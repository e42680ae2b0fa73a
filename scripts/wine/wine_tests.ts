/**
 * Runs the tests of the agent and of the libraries under Windows' own Deno in Wine, and then a whole outage against the
 * agent's Windows form there. What cannot hold under Wine is skipped by name (`not_here.ts`). Needs root on Debian with
 * debootstrap; the first run makes a Debian with Wine of 1 GB. The last line is `N passed, N failed, N skipped`.
 *
 * Run: deno task test:windows [--cache DIR] [--no-outage | --only-outage] [PATH]…
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { countTests } from "../test.ts";
import { NOT_HERE } from "./not_here.ts";
import { playOutage } from "./wine_outage.ts";
import { WineRoot } from "./wine_root.ts";
import { asProgram } from "../as_program.ts";

const DEFAULT_PATHS = ["agents", "lib"];

if (import.meta.main) await asProgram(import.meta.url, main);

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      cache: { type: "string", default: "/var/cache/ecoflow-power" },
      "no-outage": { type: "boolean", default: false },
      "only-outage": { type: "boolean", default: false },
    },
  });
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-wine-"));
  const totals = { passed: 0, failed: 0, ignored: 0 };
  try {
    say("A Debian with Wine …");
    const wine = await WineRoot.on(values.cache, join(dir, "system"));
    try {
      if (!values["only-outage"]) {
        const counts = await tests(wine, positionals.length > 0 ? positionals : DEFAULT_PATHS);
        for (const key of ["passed", "failed", "ignored"] as const) totals[key] += counts[key];
      }
      if (!values["no-outage"]) {
        say("A whole outage …");
        for (const { name, held } of await playOutage(wine, join(dir, "outage"), say)) {
          say(`${held ? "ok    " : "FAILED"} ${name}`);
          totals[held ? "passed" : "failed"]++;
        }
      }
    } finally {
      await wine.remove();
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
  const { passed, failed, ignored } = totals;
  say(`${passed} passed, ${failed} failed, ${ignored} skipped`);
  return failed === 0 && passed > 0 ? 0 : 1;
}

async function tests(
  wine: WineRoot,
  paths: readonly string[],
): Promise<{ passed: number; failed: number; ignored: number }> {
  const flags = ["--allow-all", "--no-check", "--cached-only", "--preload", "scripts/wine/leave_out.ts"];
  const child = wine.deno(["test", ...flags, ...paths], { stdout: "piped", stderr: "inherit" }).spawn();
  let output = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    Deno.stdout.writeSync(new TextEncoder().encode(text));
    output += text;
  }
  const { success } = await child.status;
  const counts = countTests(output) ?? { passed: 0, failed: 1, ignored: 0 };
  // A name that no test has any more would hide nothing, and say that it does.
  const isWhole = paths.every((path) => DEFAULT_PATHS.includes(path)) &&
    paths.length === DEFAULT_PATHS.length;
  const stale = isWhole
    ? Object.values(NOT_HERE).flat().filter((name) => !output.includes(`${name} ... ignored`))
    : [];
  for (const name of stale) say(`FAILED no test is called "${name}" (scripts/wine/not_here.ts)`);
  for (const [reason, names] of Object.entries(NOT_HERE)) say(`skipped: ${names.length}, ${reason}`);
  const unseen = !success && counts.failed === 0 ? 1 : 0;
  return { ...counts, failed: counts.failed + stale.length + unseen };
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

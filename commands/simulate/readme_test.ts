/** What the README quotes of the first demo is what is played. */
import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** Without times, and with any number for a number: the load is played with a little noise. */
const shapeOf = (line: string) => line.trim().replace(/^\d+:\d\d +/, "").replaceAll(/\d+(\.\d+)?/g, "N");

Deno.test("README.md quotes lines of the first demo that are really printed, in their order", async () => {
  const readme = readFileSync(`${ROOT}README.md`, "utf8");
  const [, block = ""] = /```\n( +0:30 [^`]*)```/.exec(readme) ?? [];
  const quoted = block.split("\n").filter(Boolean).map(shapeOf);
  assert.ok(quoted.length > 8, "the README quotes the demo");
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", `${ROOT}main.ts`, "simulate", "--speed", "200"],
    env: { NO_COLOR: "1" },
  }).output();
  const printed = new TextDecoder().decode(stdout).split("\n").map(shapeOf);
  let at = 0;
  for (const line of quoted) {
    const begin = line.replace(/ ?…$/, "");
    const found = printed.findIndex((one, i) => i >= at && one.startsWith(begin));
    assert.ok(found >= 0, `"${line}" is not printed after line ${at} of\n${printed.join("\n")}`);
    at = found + 1;
  }
});

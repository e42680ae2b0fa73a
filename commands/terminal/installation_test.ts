import assert from "node:assert/strict";
import { typable } from "../../lib/text/typable.ts";
import { COMMANDS } from "../table.ts";
import { installationHere, installationOf } from "./installation.ts";

const SOURCE = "file:///home/me/ecoflow-power/commands/terminal/installation.ts";
const BUNDLE = "file:///usr/lib/ecoflow-power/ecoflow-power/main.js";
const rows = [
  ["sources", { moduleUrl: SOURCE, isStandalone: false, hasSystemd: true }, "checkout"],
  ["sources in a container", { moduleUrl: SOURCE, isStandalone: false, hasSystemd: false }, "checkout"],
  ["the bundle beside the runtime", { moduleUrl: BUNDLE, isStandalone: false, hasSystemd: true }, "package"],
  ["the image", { moduleUrl: BUNDLE, isStandalone: false, hasSystemd: false }, "container"],
  ["one compiled program", { moduleUrl: SOURCE, isStandalone: true, hasSystemd: true }, "package"],
] as const;
for (const [name, seen, wanted] of rows) {
  Deno.test(`installationOf() takes ${name} for a ${wanted}`, () => {
    assert.equal(installationOf(seen), wanted);
  });
}

Deno.test("installationHere() takes these sources for a checkout", () => {
  assert.equal(installationHere(), "checkout");
});

Deno.test("typable() knows every command of the program, but those that nobody is told to type", () => {
  const names = COMMANDS.map(({ name }) => name).filter((name) =>
    !["run", "completion", "version"].includes(name)
  );
  const kept = names.filter((name) =>
    typable(`ecoflow-power ${name}`, "container").startsWith("ecoflow-power")
  );
  assert.deepEqual(kept, []);
});

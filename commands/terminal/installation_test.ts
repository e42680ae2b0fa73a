import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Installation, installationHere, typable } from "./installation.ts";

const START = "start it: sudo systemctl start ecoflow-power, and see: journalctl -u ecoflow-power";
const rows: readonly [Installation, string, string][] = [
  ["package", START, START],
  ["checkout", START, "start it: deno task start, and see: what it prints"],
  ["checkout", "run: ecoflow-power keys add pc", "run: deno run -A main.ts keys add pc"],
  ["checkout", "run: ecoflow-power drill --all", "run: deno task drill --all"],
  ["checkout", "see /etc/ecoflow-power/nut.toml", "see /etc/ecoflow-power/nut.toml"],
  [
    "container",
    "run: sudo ecoflow-power doctor",
    "run: docker compose run --rm setup doctor",
  ],
  [
    "container",
    START,
    "start it: docker compose up --detach, and see: docker compose logs daemon",
  ],
  ["container", "then: sudo systemctl restart ecoflow-power", "then: docker compose restart daemon broker"],
];
for (const [installation, text, wanted] of rows) {
  Deno.test(`typable() says for a ${installation}: ${wanted}`, () => {
    assert.equal(typable(text, installation), wanted);
  });
}

Deno.test("typable() names services that compose.yaml has", () => {
  const compose = readFileSync(new URL("../../compose.yaml", import.meta.url), "utf8");
  const said = rows.filter(([installation]) => installation === "container").map(([, , wanted]) => wanted)
    .join("\n");
  const named = [...said.matchAll(/docker compose (?:restart|logs|run --rm) ([a-z ]+?)(?= doctor|,|$)/gm)]
    .flatMap(([, names = ""]) => names.split(" "));
  assert.deepEqual([...new Set(named)].sort(), ["broker", "daemon", "setup"]);
  for (const name of named) assert.match(compose, new RegExp(`^  ${name}:$`, "m"));
});

Deno.test("installationHere() tells sources from a bundle, and a machine with systemd from a container", () => {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-installation-"));
  const bundled = "file:///usr/lib/ecoflow-power/chunk-X.js";
  try {
    assert.equal(installationHere(`${root}/`), "checkout");
    assert.equal(installationHere(`${root}/`, bundled), "container");
    mkdirSync(join(root, "run/systemd/system"), { recursive: true });
    assert.equal(installationHere(`${root}/`, bundled), "package");
    assert.equal(installationHere(`${root}/`), "checkout");
  } finally {
    rmSync(root, { recursive: true });
  }
});

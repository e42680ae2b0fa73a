import assert from "node:assert/strict";
import { type Installation, typable } from "./installation.ts";

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
    "run: docker compose exec ecoflow-power ecoflow-power doctor",
  ],
  [
    "container",
    START,
    "start it: docker compose restart ecoflow-power, and see: docker compose logs ecoflow-power",
  ],
];
for (const [installation, text, wanted] of rows) {
  Deno.test(`typable() says for a ${installation}: ${wanted}`, () => {
    assert.equal(typable(text, installation), wanted);
  });
}

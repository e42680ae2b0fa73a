import assert from "node:assert/strict";
import type { Scenario } from "./scenario.ts";
import { View } from "./view.ts";

const SCENARIO: Scenario = {
  name: "x",
  title: "t",
  stations: [],
  hosts: {},
  settings: {},
  steps: [],
  endSec: 100,
  expect: [],
};

function view(isTerminal: boolean, columns = 80) {
  const written: string[] = [];
  const shown = new View({
    scenario: SCENARIO,
    speed: 1,
    isTerminal,
    columns: () => columns,
    write: (text) => void written.push(text),
  });
  return { shown, written };
}

const sentence = "a very long sentence ".repeat(20);
const policy = (
  atSec: number,
  state: string,
) => ({ atSec, kind: "policy", device: "Study", state, sentence } as const);

Deno.test("View.onTick() never writes a line wider than the terminal", () => {
  const { shown, written } = view(true, 80);
  shown.onSighting(policy(1, "critical"));
  written.length = 0;
  shown.onTick(50);
  // deno-lint-ignore no-control-regex
  const plain = written.join("").replaceAll(/\u001b\[[0-9;]*[mK]|\r/g, "");
  assert.ok(plain.length < 80, `${plain.length}`);
  assert.match(plain, /^█{15}░{15} +0:50 of +1:40 +Study: a very/);
});

Deno.test("View writes no progress and no colours where nobody watches", () => {
  const { shown, written } = view(false);
  shown.onTick(50);
  shown.onSighting(policy(61, "critical"));
  assert.equal(written.length, 1);
  assert.ok(written[0]?.startsWith("  1:01  Study            critical: a very long"));
});

Deno.test("View tells a policy's state once, and a command each time", () => {
  const { shown, written } = view(false);
  for (const atSec of [1, 2]) shown.onSighting(policy(atSec, "critical"));
  for (const atSec of [3, 4]) {
    shown.onSighting({ atSec, kind: "command", agent: "pc", action: "abort", id: "1" });
  }
  assert.equal(written.length, 3);
});

Deno.test("View.end() counts what did not hold", () => {
  const { shown, written } = view(false);
  shown.end([{ held: true, text: "a" }, { held: false, text: "b" }]);
  assert.match(written.join(""), /✓ a\n✗ b\n\n1 of 2 expectations did not hold/);
});

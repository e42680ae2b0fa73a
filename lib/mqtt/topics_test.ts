import assert from "node:assert/strict";
import {
  coversFilter,
  DEFAULT_ROOTS,
  levelAtPlus,
  matchesFilter,
  topicsUnder,
  topicWordProblem,
} from "./topics.ts";

const matching: readonly [filter: string, topic: string, matches: boolean][] = [
  ["a/b", "a/b", true],
  ["a/+", "a/b", true],
  ["a/+", "a", false],
  ["a/+", "a/b/c", false],
  ["a/#", "a", true],
  ["a/#", "a/b/c", true],
  ["#", "a/b", true],
  ["#", "$SYS/x", false],
  ["+/x", "$SYS/x", false],
  ["+/b", "/b", true],
  ["a/+/c", "a/b/c", true],
  ["a/+/c", "a/b/d", false],
];
for (const [filter, topic, matches] of matching) {
  Deno.test(`matchesFilter() "${filter}" ${matches ? "hears" : "does not hear"} "${topic}"`, () => {
    assert.equal(matchesFilter(filter, topic), matches);
  });
}

/** The rule of MQTT 5.0, section 4.7, level by level. */
function matchesBySplitting(filter: string, topic: string): boolean {
  const [wanted, levels] = [filter.split("/"), topic.split("/")];
  if (topic.startsWith("$") && (wanted[0] === "#" || wanted[0] === "+")) return false;
  const rest = wanted.indexOf("#");
  const head = rest === -1 ? wanted : wanted.slice(0, rest);
  if (rest === -1 ? levels.length !== wanted.length : levels.length < rest) return false;
  return head.every((part, i) => part === "+" || part === levels[i]);
}

Deno.test("matchesFilter() says of every short filter and topic what the rule says", () => {
  const parts = ["", "a", "aa", "b", "+", "#", "$a"];
  const all = parts.flatMap((one) => [one, ...parts.flatMap((two) => [`${one}/${two}`, `${one}/${two}/a`])]);
  const filters = all.filter((filter) => !/#\//.test(filter));
  for (const filter of filters) {
    for (const topic of all.filter((topic) => !/[+#]/.test(topic))) {
      assert.equal(matchesFilter(filter, topic), matchesBySplitting(filter, topic), `"${filter}" "${topic}"`);
    }
  }
});

const covering: readonly [outer: string, inner: string, covers: boolean][] = [
  ["a/+", "a/b", true],
  ["a/+", "a/+", true],
  ["a/b", "a/+", false],
  ["a/+", "a/#", false],
  ["a/#", "a/+/c", true],
  ["a/#", "#", false],
  ["#", "a/#", true],
  ["a/+/c", "a/+", false],
];
for (const [outer, inner, covers] of covering) {
  Deno.test(`coversFilter() "${outer}" ${covers ? "covers" : "does not cover"} "${inner}"`, () => {
    assert.equal(coversFilter(outer, inner), covers);
  });
}

for (const bad of ["", "a/b", "a+", "#", "$x", " a", "a\n", "x".repeat(65)]) {
  Deno.test(`topicWordProblem() refuses ${JSON.stringify(bad.slice(0, 8))}`, () => {
    assert.match(topicWordProblem(bad) ?? "", /^must/);
  });
}

Deno.test("topicWordProblem() takes names as people write them", () => {
  for (const good of ["Study", "Büro 2", "R631ZEB4WH000001", "x".repeat(64)]) {
    assert.equal(topicWordProblem(good), undefined);
  }
});

Deno.test("topicsUnder() builds the public contract", () => {
  const topics = topicsUnder(DEFAULT_ROOTS);
  assert.equal(topics.raw("R631"), "bridge-ecoflow/R631/data");
  assert.equal(topics.state("Study"), "bridge-ecoflow/Study/json/state");
  assert.equal(topics.command("nas"), "power-manager/nas/cmd");
  assert.equal(topics.ack("nas"), "power-manager/nas/ack");
  assert.equal(topics.policy("Study"), "power-manager/policy/Study");
  assert.equal(topics.orchestratorStatus, "power-manager/orchestrator/status");
});

Deno.test("levelAtPlus() takes the level at the first +, and nothing where there is none", () => {
  assert.equal(levelAtPlus("power-manager/policy/Study", "power-manager/policy/+"), "Study");
  assert.equal(levelAtPlus("bridge/Study/json/state", "bridge/+/json/state"), "Study");
  assert.equal(levelAtPlus("power-manager/policy", "power-manager/policy/+"), "");
  assert.equal(levelAtPlus("power-manager/policy", "power-manager/policy"), "");
});

import assert from "node:assert/strict";
import type { PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { Standing } from "./availability.ts";
import { shownSentence } from "./sentence.ts";

const SAID: PolicyStatus = {
  device: "Study",
  state: "online",
  sentence: "The grid is there, 57 %.",
  blind: false,
  ts: "2026-11-23T19:00:00Z",
};
const rows: readonly [standing: Standing, blind: boolean, wanted: string][] = [
  ["live", false, "The grid is there, 57 %."],
  ["heard", false, "No fresh values; the last were: The grid is there, 57 %."],
  ["silent", false, "No fresh values; the last were: The grid is there, 57 %."],
  ["live", true, "The grid is there, 57 %."],
  ["silent", true, "The grid is there, 57 %."],
];
for (const [standing, blind, wanted] of rows) {
  Deno.test(`shownSentence() of a station that is ${standing}, policy ${blind ? "" : "not "}blind`, () => {
    assert.equal(shownSentence({ ...SAID, blind }, standing), wanted);
  });
}

Deno.test("shownSentence() is no longer than a state may be, and cuts no character in two", () => {
  for (let length = 200; length < 260; length++) {
    const text = shownSentence({ ...SAID, sentence: `${"x".repeat(length)}🔋🔋🔋🔋` }, "silent");
    assert.ok(text.length <= 250);
    assert.equal(text.isWellFormed(), true);
  }
});

import assert from "node:assert/strict";
import { CHALLENGE_MS, Challenges } from "./challenge.ts";

const NOW = 36_000_000.5;
const challenges = new Challenges();
const challenge = challenges.make("c1", NOW);
const [made = "", sig = ""] = challenge.split(".");

const rows: readonly [
  name: string,
  answer: { id: string; challenge?: string },
  atMs: number,
  isGood: boolean,
][] = [
  ["the command that was asked, at once", { id: "c1", challenge }, NOW, true],
  ["it at the last moment", { id: "c1", challenge }, Number(made) + CHALLENGE_MS, true],
  ["it a millisecond later", { id: "c1", challenge }, Number(made) + CHALLENGE_MS + 1, false],
  ["it before it was asked", { id: "c1", challenge }, NOW - 1, false],
  ["another command", { id: "c2", challenge }, NOW, false],
  ["no answer", { id: "c1" }, NOW, false],
  ["an empty one", { id: "c1", challenge: "" }, NOW, false],
  ["one without a time", { id: "c1", challenge: `.${sig}` }, NOW, false],
  ["one with a later time", { id: "c1", challenge: `${Number(made) + 1}.${sig}` }, NOW + 1, false],
  ["one whose time is no number", { id: "c1", challenge: `0x10.${sig}` }, NOW, false],
  ["one without a signature", { id: "c1", challenge: made }, NOW, false],
  ["one of another run of the agent", { id: "c1", challenge: new Challenges().make("c1", NOW) }, NOW, false],
];
for (const [name, answer, atMs, isGood] of rows) {
  Deno.test(`Challenges.isAnsweredBy() ${isGood ? "takes" : "refuses"} ${name}`, () => {
    assert.equal(challenges.isAnsweredBy(answer, atMs), isGood);
  });
}

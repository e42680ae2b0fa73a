/** Which of several losses counts, what supports it, and which sign begins a doubt: each rule at its edge, on made tables. */
import assert from "node:assert/strict";
import { type CompiledIndicator, type CompiledModel, compileModel } from "../models/compiled_model.ts";
import { findModel } from "../models/models.ts";
import { Readings } from "../decode/readings.ts";
import { gridEvidence, outageSign } from "./grid_evidence.ts";
import { named, valueOf } from "./indicator.ts";

const NAMES = ["a", "b", "c", "d"];
/** A field that shows the grid above 0. */
const shows = (slot: number) => ({
  slot,
  by: { slots: [slot], present: { above: 0 }, absent: "never" as const },
});

async function modelOf(...grid: (Partial<CompiledIndicator> & { readonly slots: readonly number[] })[]) {
  const base = await compileModel(findModel("R651") ?? assert.fail());
  const whole = { present: { above: 0 }, absent: "decides" as const, needs: [], others: [] };
  const model: CompiledModel = { ...base, paths: NAMES, grid: grid.map((one) => ({ ...whole, ...one })) };
  const readings = new Readings(NAMES.length);
  return {
    model,
    readings,
    /** One payload with these fields, at a time. */
    say: (fields: Record<string, number>, atMonoMs: number) => {
      readings.beginPayload();
      for (const [name, value] of Object.entries(fields)) readings.set(NAMES.indexOf(name), value, atMonoMs);
    },
  };
}

const C = NAMES.indexOf("c");
const D = NAMES.indexOf("d");
const LOSSES = {
  weak: { absent: "confirms" },
  alone: { others: [shows(C)] },
  contradicted: { others: [shows(D)] },
  plain: {},
} as const;
const SAID = {
  weak: (evidence: string) => ({ present: false, decisive: false, evidence }),
  alone: (evidence: string) => ({ present: false, decisive: true, evidence, isAlone: true }),
  contradicted: (denied: string) => ({ present: true, decisive: false, evidence: "d=7", denied }),
  plain: (evidence: string) => ({ present: false, decisive: true, evidence }),
} as const;
type LossKind = keyof typeof LOSSES;

const PAIRS: readonly [first: LossKind, second: LossKind, counts: "first" | "second"][] = [
  ["weak", "alone", "second"],
  ["alone", "contradicted", "second"],
  ["contradicted", "plain", "second"],
  ["alone", "plain", "second"],
  ["alone", "weak", "first"],
  ["contradicted", "alone", "first"],
  ["plain", "contradicted", "first"],
  ["plain", "plain", "first"],
];
for (const [first, second, counts] of PAIRS) {
  Deno.test(`gridEvidence() of a loss that is ${first} and one that is ${second} takes the ${counts}`, async () => {
    const { model, readings, say } = await modelOf(
      { slots: [0], ...LOSSES[first] },
      { slots: [1], ...LOSSES[second] },
    );
    say({ d: 7 }, 1000);
    say({ a: 0, b: 0 }, 2000);
    const wanted = counts === "first" ? SAID[first]("a=0") : SAID[second]("b=0");
    assert.deepEqual(gridEvidence(model, readings, 500), wanted);
  });
}

Deno.test("gridEvidence() asks nobody about a loss that only confirms", async () => {
  const { model, readings, say } = await modelOf({ slots: [0], absent: "confirms", others: [shows(C)] });
  say({ a: 0 }, 1000);
  assert.deepEqual(gridEvidence(model, readings, 0), SAID.weak("a=0"));
});

for (
  const [name, laterMs, wanted] of [
    ["10 s later", 10_000, { ...SAID.plain("a=0, c=0"), isJoined: true }],
    ["1 ms after that", 10_001, undefined],
  ] as const
) {
  Deno.test(`gridEvidence() joins a loss with what it needs, which comes ${name}: ${wanted !== undefined}`, async () => {
    const { model, readings, say } = await modelOf({ slots: [0, 1], needs: [shows(C)] });
    say({ a: 0 }, 20_000);
    assert.equal(gridEvidence(model, readings, 0), undefined, "what it needs was not told");
    say({ c: 0 }, 20_000 + laterMs);
    assert.deepEqual(gridEvidence(model, readings, 0), wanted);
  });
}

Deno.test("gridEvidence() names of a joined loss the field that was told", async () => {
  const { model, readings, say } = await modelOf({ slots: [0, 1], needs: [shows(C)] });
  say({ b: 0 }, 1000);
  say({ c: 0 }, 2000);
  assert.equal(gridEvidence(model, readings, 0)?.evidence, "b=0, c=0");
});

Deno.test("gridEvidence() joins nothing to a loss that may not begin a change", async () => {
  for (const absent of ["confirms", "in_reply"] as const) {
    const { model, readings, say } = await modelOf({ slots: [0], absent, needs: [shows(C)] });
    say({ a: 0 }, 1000);
    say({ c: 0 }, 2000);
    assert.equal(gridEvidence(model, readings, 0), undefined, absent);
  }
});

for (
  const [name, fields, evidence] of [
    ["the larger, where it comes first", { a: 7, b: 2 }, "a=7"],
    ["the larger, where it comes last", { a: 2, b: 7 }, "b=7"],
    ["the first of two alike", { a: 2, b: 2 }, "a=2"],
  ] as const
) {
  Deno.test(`gridEvidence() names of two fields that do not show the grid ${name}`, async () => {
    const { model, readings, say } = await modelOf({ slots: [0, 1], present: { above: 40 } });
    say(fields, 1000);
    assert.equal(gridEvidence(model, readings, 0)?.evidence, evidence);
  });
}

const SIGNS: readonly [absent: CompiledIndicator["absent"], sign: string | undefined][] = [
  ["never", undefined],
  ["confirms", undefined],
  ["asks", "a=0"],
  ["decides", "a=0"],
];
for (const [absent, sign] of SIGNS) {
  Deno.test(`outageSign() of a field that "${absent}" is ${sign}`, async () => {
    const { model, readings, say } = await modelOf({ slots: [0], absent });
    say({ a: 1 }, 1000);
    say({ a: 0 }, 2000);
    assert.equal(outageSign(model, readings), sign);
  });
}

/** A field is none that this station has 90 s after it was first missed: by a full answer, or by a loss. */
const MISSED: readonly [
  name: string,
  first: { readonly c?: number; readonly isReply: boolean; readonly freshSinceMonoMs: number },
  laterMs: number,
  isAlone: boolean,
][] = [
  ["a full answer that lacks it", { isReply: true, freshSinceMonoMs: 0 }, 90_000, false],
  ["such an answer, 1 ms before", { isReply: true, freshSinceMonoMs: 0 }, 89_999, true],
  ["a payload that is no full answer", { isReply: false, freshSinceMonoMs: 0 }, 90_000, true],
  ["a full answer that has an old one", { c: 0, isReply: true, freshSinceMonoMs: 501 }, 90_000, false],
  ["a full answer that has a fresh one", { c: 0, isReply: true, freshSinceMonoMs: 500 }, 90_000, true],
];
for (const [name, { c, isReply, freshSinceMonoMs }, laterMs, isAlone] of MISSED) {
  Deno.test(`gridEvidence() after ${name} leaves a loss ${laterMs} ms later ${isAlone ? "" : "not "}alone`, async () => {
    const { model, readings, say } = await modelOf({ slots: [0], others: [shows(C)] }, {
      slots: [C],
      absent: "never",
    });
    if (c !== undefined) say({ c }, 500);
    say({ b: 1 }, 1000);
    gridEvidence(model, readings, freshSinceMonoMs, isReply);
    say({ a: 0 }, 1000 + laterMs);
    const wanted = isAlone ? SAID.alone("a=0") : SAID.plain("a=0");
    assert.deepEqual(gridEvidence(model, readings, 1000), wanted);
  });
}

Deno.test("named() of a protobuf field is its last name, to a tenth", async () => {
  const { model } = await modelOf();
  assert.equal(named({ ...model, paths: ["Message.flow"] }, { slot: 0, raw: 2.04 }), "flow=2");
});

Deno.test("valueOf() turns the bytes round before it scales", () => {
  const volts = { slots: [0], present: { at_least: 40 }, absent: "decides", scale: 0.001 } as const;
  assert.equal(valueOf({ ...volts, swap_bytes: true }, 0x07000000), 0.007);
  assert.equal(valueOf(volts, 7), 0.007);
});

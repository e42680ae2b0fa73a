import assert from "node:assert/strict";
import type { OutagePhase } from "./outage.ts";
import type { StationRules } from "../rules/rules.ts";
import { NEED_MARGIN, needFromMs, type StageView, stepStages } from "./stages.ts";

const MIN = 60_000;
const stage = (number: number, hosts: readonly string[], limitMin = 5) => ({
  number,
  timeLimitMs: limitMin * MIN,
  groups: [{ key: `${number}`, hosts, triggers: { socMinPercent: 50 - number * 10 }, debounceMs: 0 }],
});
const RULES: StationRules = {
  stages: [stage(1, ["tv", "pc"]), stage(2, ["nas"], 10), stage(3, ["pi"], 1)],
  hasReserve: true,
};
const T = 1_000_000;
const DOWN: OutagePhase = { kind: "shutting_down", sinceMonoMs: 0, triggeredMonoMs: 0, reason: "low" };
const CALM: OutagePhase = { kind: "on_battery", sinceMonoMs: 0 };
const phases = (...down: number[]) =>
  new Map([1, 2, 3].map((n) => [`${n}`, down.includes(n) ? DOWN : CALM] as const));
const view = (settled: readonly string[] = [], learned: Record<string, number> = {}): StageView => ({
  isSettled: (host) => settled.includes(host),
  learnedMs: (host) => learned[host],
});
const left = (minutes: number) => ({ minutes, isEstimate: false });

const rows: readonly [
  name: string,
  down: number[],
  started: [number, number][],
  settled: string[],
  remaining: ReturnType<typeof left> | undefined,
  after: number[],
  begun: number[],
][] = [
  ["begins nothing while nothing is triggered", [], [], [], undefined, [], []],
  ["begins the first", [1], [], [], undefined, [1], [1]],
  ["does not begin the second with the first", [1, 2], [], [], undefined, [1], [1]],
  ["tells a beginning once", [1], [[1, T - 1]], [], undefined, [1], []],
  ["waits for every host of the first", [1, 2], [[1, T - 1]], ["tv"], undefined, [1], []],
  ["goes on when every host is down", [1, 2], [[1, T - 1]], ["tv", "pc"], undefined, [1, 2], [2]],
  ["waits 1 ms before the time is up", [1, 2], [[1, T - 5 * MIN + 1]], [], undefined, [1], []],
  ["goes on when the time is up", [1, 2], [[1, T - 5 * MIN]], [], undefined, [1, 2], [2]],
  ["does not begin a stage that is not triggered", [1], [[1, T - 5 * MIN]], [], undefined, [1], []],
  ["waits while the battery lasts", [1, 2, 3], [[1, T - 1]], [], left(11.1), [1], []],
  ["does not wait when the battery would not last", [1, 2, 3], [[1, T - 1]], [], left(11), [1, 2], [2]],
  ["hurries all when it is nearly empty", [1, 2, 3], [[1, T - 1]], [], left(1), [1, 2, 3], [2, 3]],
  ["goes through stages whose hosts are all settled", [1, 2, 3], [], ["tv", "pc", "nas"], undefined, [
    1,
    2,
    3,
  ], [
    1,
    2,
    3,
  ]],
  ["forgets a stage that is called off", [], [[1, T - 1]], [], undefined, [], []],
];
for (const [name, down, started, settled, remaining, after, begun] of rows) {
  Deno.test(`stepStages() ${name}`, () => {
    const step = stepStages(RULES, phases(...down), new Map(started), view(settled), remaining, T);
    assert.deepEqual([...step.started.keys()], after);
    assert.deepEqual(step.begun.map(({ number }) => number), begun);
    const again = stepStages(RULES, phases(...down), step.started, view(settled), remaining, T);
    assert.deepEqual(again.begun, [], "told twice");
  });
}

Deno.test("needFromMs() adds up what was learned with a margin, else the time limits, and never more than those", () => {
  assert.equal(needFromMs(RULES, 1, view()), 16 * MIN);
  assert.equal(needFromMs(RULES, 2, view()), 11 * MIN);
  assert.equal(needFromMs(RULES, 2, view([], { nas: 2 * MIN })), 2 * NEED_MARGIN * MIN + MIN);
  assert.equal(needFromMs(RULES, 2, view([], { nas: 60 * MIN })), 11 * MIN);
  assert.equal(needFromMs(RULES, 1, view([], { tv: MIN })), 16 * MIN, "the pc is not known yet");
  assert.equal(needFromMs(RULES, 1, view(["tv", "pc", "nas", "pi"])), 0);
});

Deno.test("stepStages() waits for the stage before when no reserve is kept, however empty the battery is", () => {
  const started = new Map([[1, T - 1]]);
  const step = (hasReserve: boolean) =>
    stepStages({ ...RULES, hasReserve }, phases(1, 2), started, view(), left(1), T).begun.map(({ number }) =>
      number
    );
  assert.deepEqual([step(true), step(false)], [[2], []]);
});

for (
  const [name, down, started, settled, remaining, reasons] of [
    ["the first", [1], [], [], undefined, ["it is the first"]],
    ["the first that is triggered at all", [2], [], [], undefined, ["it is the first"]],
    ["one after another that is done", [1, 2], [[1, T - 5 * MIN]], [], undefined, [
      "the one before it is done",
    ]],
    ["one that cannot wait", [1, 2], [[1, T - 1]], [], left(11), [
      "the battery does not last until stage 1 is done",
    ]],
    ["some that cannot wait for the first", [1, 2, 3], [[1, T - 1]], [], left(1), [
      "the battery does not last until stage 1 is done",
      "the battery does not last until stage 1 is done",
    ]],
    ["one that cannot wait for the second", [1, 2, 3], [[1, T - 5 * MIN], [2, T - 1]], [], left(1), [
      "the battery does not last until stage 2 is done",
    ]],
    ["one that need not wait for hosts that are down", [1, 2], [], ["tv", "pc"], left(1), [
      "it is the first",
      "the one before it is done",
    ]],
  ] as const
) {
  Deno.test(`stepStages() says why it begins ${name}`, () => {
    const begun = stepStages(RULES, phases(...down), new Map(started), view(settled), remaining, T).begun;
    assert.deepEqual(begun.map(({ reason }) => reason), reasons);
  });
}

Deno.test("stepStages() begins a stage by any of its groups, and it is done when the hosts of all are down", () => {
  const second = { key: "other", hosts: ["lamp"], triggers: {}, debounceMs: 0 };
  const two = { ...stage(1, ["tv"]), groups: [...stage(1, ["tv"]).groups, second] };
  const rules = { ...RULES, stages: [two, stage(2, ["nas"])] };
  const step = (
    down: string,
    ...settled: string[]
  ) => [
    ...stepStages(rules, new Map([[down, DOWN], ["2", DOWN]]), new Map(), view(settled), undefined, T).started
      .keys(),
  ];
  assert.deepEqual([step("1"), step("other")], [[1], [1]]);
  assert.deepEqual([step("1", "tv"), step("1", "lamp"), step("1", "tv", "lamp")], [[1], [1], [1, 2]]);
});

Deno.test("stepStages() keeps the time at which a stage began", () => {
  const step = stepStages(RULES, phases(1), new Map([[1, T - 77]]), view(), undefined, T);
  assert.deepEqual([...step.started], [[1, T - 77]]);
});

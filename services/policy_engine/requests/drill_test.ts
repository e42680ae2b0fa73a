/** A drill's own rules, without a service around them. */
import assert from "node:assert/strict";
import { type Drill, type DrillHost, isDrillOver, noteAnswer, wouldTakeMs } from "./drill.ts";
import { emptyHouse, House } from "../house.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { CONFIG } from "../testdata/test_policy.ts";

type State = DrillHost["state"];
const host = (state: State, more: Partial<DrillHost> = {}): DrillHost => ({
  agent: "pc",
  commandId: "c1",
  state,
  ...more,
});
const drill = (...hosts: DrillHost[]): Drill => ({ id: "d", startedMonoMs: 1000, startedWallMs: 0, hosts });
const answer = (status: string, more: object = {}) => ({ agent: "pc", commandId: "c1", status, ...more });

const ends: readonly [name: string, states: readonly State[], afterMs: number, isOver: boolean][] = [
  ["everybody is done or has refused", ["done", "rejected"], 0, true],
  ["one has only accepted", ["done", "accepted"], 899_999, false],
  ["one goes on after a failed preparation", ["done", "failed"], 899_999, false],
  ["one has only accepted, after a quarter of an hour", ["done", "accepted"], 900_000, true],
  ["one was not heard for not quite a minute", ["done", "waiting"], 59_999, false],
  ["one was not heard for a minute", ["done", "waiting"], 60_000, true],
  ["one was not heard for a minute while another works", ["accepted", "waiting"], 60_000, false],
];
for (const [name, states, afterMs, isOver] of ends) {
  Deno.test(`isDrillOver() is ${isOver} when ${name}`, () => {
    assert.equal(isDrillOver(drill(...states.map((state) => host(state))), 1000 + afterMs), isOver);
  });
}

const answers: readonly [before: State, status: string, after: State][] = [
  ["waiting", "accepted", "accepted"],
  ["waiting", "running", "accepted"],
  ["waiting", "rejected", "rejected"],
  ["waiting", "failed", "failed"],
  ["waiting", "done", "done"],
  ["accepted", "failed", "failed"],
  ["failed", "running", "failed"],
  ["failed", "done", "done"],
];
for (const [before, status, after] of answers) {
  Deno.test(`noteAnswer() makes "${before}" by "${status}" to "${after}"`, () => {
    const { hosts } = noteAnswer(drill(host(before)), answer(status), 5000);
    assert.equal(hosts[0]?.state, after);
    assert.equal(hosts[0]?.answeredMonoMs, 5000);
    assert.equal(hosts[0]?.doneMonoMs, after === "done" ? 5000 : undefined);
  });
}

Deno.test("noteAnswer() keeps the time of the first answer and the last detail that was given", () => {
  const first = noteAnswer(drill(host("waiting")), answer("accepted", { detail: "begun" }), 2000);
  const second = noteAnswer(first, answer("running"), 3000);
  const third = noteAnswer(second, answer("done", { detail: "ready" }), 4000);
  assert.deepEqual(second.hosts[0], host("accepted", { answeredMonoMs: 2000, detail: "begun" }));
  assert.deepEqual(
    third.hosts[0],
    host("done", { answeredMonoMs: 2000, doneMonoMs: 4000, detail: "ready" }),
  );
});

for (
  const [name, before, other] of [
    ["of another agent", "waiting", { agent: "nas" }],
    ["to another command", "waiting", { commandId: "c2" }],
    ["of a host that is done", "done", {}],
  ] as const
) {
  Deno.test(`noteAnswer() gives the same drill for an answer ${name}`, () => {
    const running = drill(host(before), host("waiting", { agent: "tv", commandId: "c3" }));
    assert.equal(noteAnswer(running, answer("failed", other), 5000), running);
  });
}

Deno.test("noteAnswer() leaves the other hosts as they are", () => {
  const tv = host("waiting", { agent: "tv", commandId: "c3" });
  const { hosts } = noteAnswer(drill(tv, host("waiting")), answer("done"), 5000);
  assert.equal(hosts[0], tv);
  assert.equal(hosts[1]?.state, "done");
});

Deno.test("wouldTakeMs() adds the delay and the last step, which a drill leaves out, and is none before it is done", () => {
  const rules = simpleRules({ ...CONFIG, shutdownDelaySec: 45 }, 0);
  const house = new House(emptyHouse(rules), rules, () => "id");
  const done = host("done", { doneMonoMs: 21_000 });
  assert.equal(wouldTakeMs(drill(done), done, house), 20_000 + 45_000 + 60_000);
  assert.equal(wouldTakeMs(drill(host("accepted")), host("accepted"), house), undefined);
});

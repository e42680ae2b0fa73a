import assert from "node:assert/strict";
import {
  ABORT_REPEAT_MS,
  type HostInput,
  type HostPhase,
  type HostRules,
  type HostState,
  PREPARATIONS_MS,
  stepHost,
} from "./host.ts";

const RULES: HostRules = { cooldownMs: 300_000, abortWindowMs: 120_000, shutdownDelayMs: 60_000 };
const T = 5_000_000;
const DOWN_TICK: HostInput = { kind: "tick", wanted: "down" };
const UP_TICK: HostInput = { kind: "tick", wanted: "up" };
const ack = (status: Extract<HostInput, { kind: "ack" }>["status"], commandId = "s1"): HostInput => ({
  kind: "ack",
  commandId,
  status,
});
const presence = (online: boolean): HostInput => ({ kind: "presence", online });

const IDLE: HostState = { phase: { kind: "idle" }, online: true };
const told = (
  answer: Extract<HostPhase, { kind: "told" }>["answer"] = "none",
  online: boolean | undefined = true,
): HostState => ({
  phase: { kind: "told", commandId: "s1", toldMonoMs: T, answer },
  online,
});
const GONE: HostState = { phase: { kind: "down", commandId: "s1", sinceMonoMs: T }, online: false };
const calling = (online = true): HostState => ({
  phase: { kind: "calling_off", shutdownId: "s1", abortId: "a1", sinceMonoMs: T, sentMonoMs: T },
  online,
});
const TAKEN_MS = RULES.cooldownMs + RULES.shutdownDelayMs + PREPARATIONS_MS;

const rows: readonly [
  name: string,
  from: HostState,
  input: HostInput,
  atMs: number,
  to: HostPhase["kind"],
  effects: readonly string[],
][] = [
  ["tells a host once it is wanted down", IDLE, DOWN_TICK, T, "told", ["shutdown"]],
  ["tells a host that was never seen", { phase: { kind: "idle" } }, DOWN_TICK, T, "told", ["shutdown"]],
  ["leaves an idle host alone", IDLE, UP_TICK, T, "idle", []],
  ["does not repeat 1 ms before the cooldown ends", told(), DOWN_TICK, T + 299_999, "told", []],
  ["repeats when the cooldown ends", told(), DOWN_TICK, T + 300_000, "told", ["shutdown"]],
  ["repeats to a host that refused", told("rejected"), DOWN_TICK, T + 300_000, "told", ["shutdown"]],
  ["repeats to a host that failed", told("failed"), DOWN_TICK, T + 300_000, "told", ["shutdown"]],
  ["does not repeat to a host that accepted", told("accepted"), DOWN_TICK, T + TAKEN_MS - 1, "told", []],
  ["repeats to a host that accepted and never went", told("accepted"), DOWN_TICK, T + TAKEN_MS, "told", [
    "shutdown",
  ]],
  ["believes a host down that accepted and went", told("accepted"), presence(false), T + 1, "down", [
    "is_down",
  ]],
  ["believes a host down that was shutting down", told("shutting_down"), presence(false), T + 1, "down", [
    "is_down",
  ]],
  ["does not take absence alone for down", told("none"), presence(false), T + 1, "told", []],
  ["does not take a refusal and absence for down", told("rejected"), presence(false), T + 1, "told", []],
  ["sees it go when the answer came late", told("accepted", false), DOWN_TICK, T + 1, "down", ["is_down"]],
  ["calls a told host off", told(), UP_TICK, T, "calling_off", ["abort"]],
  ["calls off a host that accepted", told("accepted"), UP_TICK, T, "calling_off", ["abort"]],
  ["calls off a told host that is offline", told("none", false), UP_TICK, T, "calling_off", ["abort"]],
  ["does not call off a host that is down", GONE, UP_TICK, T, "down", []],
  ["does not tell a host that is down", GONE, DOWN_TICK, T + 9e9, "down", []],
  ["knows a host that came back up", GONE, presence(true), T + 1, "idle", []],
  ["repeats an abort, not 1 ms early", calling(), UP_TICK, T + ABORT_REPEAT_MS - 1, "calling_off", []],
  ["repeats an abort", calling(), UP_TICK, T + ABORT_REPEAT_MS, "calling_off", ["abort"]],
  ["aborts again at once when it comes back", calling(false), presence(true), T + 1, "calling_off", [
    "abort",
  ]],
  [
    "does not abort again for a presence that is no news",
    calling(true),
    presence(true),
    T + 1,
    "calling_off",
    [],
  ],
  ["ends with the abort's answer", calling(), ack("aborted", "a1"), T + 1, "idle", ["is_called_off"]],
  ["ends with the shutdown's answer", calling(), ack("aborted", "s1"), T + 1, "idle", ["is_called_off"]],
  ["ignores another command's answer", calling(), ack("aborted", "zz"), T + 1, "calling_off", []],
  ["goes on after a failed abort", calling(), ack("failed", "a1"), T + 1, "calling_off", []],
  ["keeps calling 1 ms before the window ends", calling(), UP_TICK, T + 119_999, "calling_off", ["abort"]],
  ["gives up when the window ends", calling(), UP_TICK, T + 120_000, "idle", ["not_called_off"]],
  ["tells it again in a second outage", calling(), DOWN_TICK, T + 1, "told", ["shutdown"]],
];
for (const [name, from, input, atMs, to, effects] of rows) {
  Deno.test(`stepHost() ${name}`, () => {
    const step = stepHost(from, input, RULES, atMs, () => "new");
    assert.equal(step.state.phase.kind, to);
    assert.deepEqual(step.effects.map((e) => e.kind === "send" ? e.action : e.kind), effects);
  });
}

for (
  const [status, answer] of [
    ["accepted", "accepted"],
    ["running", "accepted"],
    ["shutting_down", "shutting_down"],
    ["rejected", "rejected"],
    ["failed", "failed"],
    ["aborted", "failed"],
    ["done", "failed"],
  ] as const
) {
  Deno.test(`stepHost() takes "${status}" as "${answer}"`, () => {
    const { state } = stepHost(told(), ack(status), RULES, T, () => "new");
    assert.equal(state.phase.kind === "told" && state.phase.answer, answer);
    const other = stepHost(told(), ack(status, "zz"), RULES, T, () => "new");
    assert.deepEqual(other.state, told());
  });
}

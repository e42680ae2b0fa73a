import assert from "node:assert/strict";
import {
  goneDown,
  hasGone,
  heardAck,
  heardPresence,
  isTaken,
  wasDelivered,
  wasRefused,
} from "./host_evidence.ts";
import type { HostInput, HostPhase, HostState } from "./host_phase.ts";

const T = 5_000_000;
type Commanded = HostPhase & { kind: "commanded" };
type Aborting = HostPhase & { kind: "aborting" };
type Status = (HostInput & { kind: "ack" })["status"];

const told = (more: Partial<Commanded> = {}): Commanded => ({
  kind: "commanded",
  commandId: "s1",
  commandedMonoMs: T,
  firstCommandedMonoMs: T - 1000,
  answer: "none",
  delivery: "waiting",
  ...more,
});
const calledOff = (more: Partial<Aborting> = {}): Aborting => ({
  kind: "aborting",
  shutdownId: "s1",
  abortId: "a1",
  sinceMonoMs: T,
  sentMonoMs: T,
  ...more,
});
const ack = (status: Status, commandId = "s1", detail?: string) =>
  ({ kind: "ack", status, commandId, detail }) as const;
const comes = (phase: HostPhase, wasOnline: boolean | undefined) =>
  heardPresence(
    { phase, online: true },
    { kind: "presence", online: true, isLive: true },
    wasOnline,
    T,
    () => "new",
  );

for (
  const [answer, online, isGone] of [
    ["accepted", false, true],
    ["shutting_down", false, true],
    ["accepted", true, false],
    ["accepted", undefined, false],
    ["none", false, false],
    ["rejected", false, false],
    ["failed", false, false],
  ] as const
) {
  Deno.test(`hasGone() is ${isGone} for a host that answered "${answer}" and of which "online" is ${online}`, () => {
    assert.equal(hasGone({ phase: told({ answer }), online }), isGone);
    assert.equal(isTaken(told({ answer })), answer === "accepted" || answer === "shutting_down");
  });
}

Deno.test("goneDown() counts from the first time that the host was told", () => {
  const { state, effects } = goneDown({ phase: told(), online: false }, told(), T + 500);
  assert.deepEqual(state, {
    phase: { kind: "down", commandId: "s1", commandedMonoMs: T - 1000, sinceMonoMs: T + 500 },
    online: false,
  });
  assert.deepEqual(effects, [{ kind: "is_down", tookMs: 1500 }]);
});

for (
  const [name, phase, wasOnline, isAgain] of [
    ["comes back", calledOff({ wasDown: true }), false, true],
    ["was there all the time", calledOff({ wasDown: true }), true, false],
    ["is seen for the first time", calledOff({ wasDown: true }), undefined, false],
  ] as const
) {
  Deno.test(`heardPresence() ${isAgain ? "repeats" : "does not repeat"} the abort to a host that ${name}`, () => {
    const { state, effects } = comes(phase, wasOnline);
    const again = { kind: "send", action: "abort", commandId: "new", isRepeat: true };
    assert.deepEqual(effects, isAgain ? [again] : []);
    assert.deepEqual(state.phase, isAgain ? calledOff({ abortId: "new", wasDown: undefined }) : phase);
  });
}

for (const isTaken of [true, undefined]) {
  Deno.test(`heardPresence() takes a called-off host that goes ${isTaken ? "for down, it had taken the command" : "for what it was"}`, () => {
    const phase = calledOff({ isTaken });
    const goes = { kind: "presence", online: false, isLive: true } as const;
    const { state, effects } = heardPresence({ phase, online: false }, goes, true, T, () => "new");
    assert.deepEqual(state.phase, isTaken ? { ...phase, wasDown: true } : phase);
    assert.deepEqual(effects, []);
  });
}

for (
  const [name, answer, wasOnline, afterMs, isLost] of [
    ["comes back 5 s after it was told", "none", false, 5000, true],
    ["comes back sooner", "none", false, 4999, false],
    ["comes back, and has answered", "failed", false, 5000, false],
    ["was there all the time", "none", true, 5000, false],
    ["is seen for the first time", "none", undefined, 5000, false],
  ] as const
) {
  Deno.test(`heardPresence() takes the command for ${isLost ? "lost" : "delivered"} when its host ${name}`, () => {
    const phase = told({ commandedMonoMs: T - afterMs, answer, delivery: "done" });
    assert.deepEqual(comes(phase, wasOnline).state.phase, isLost ? { ...phase, delivery: "lost" } : phase);
  });
}

const answers: readonly [
  name: string,
  before: Partial<Commanded>,
  heard: ReturnType<typeof ack>,
  after: object,
][] = [
  [
    "an answer is the proof that the command came, and that the host is not down",
    { wasDown: true },
    ack("rejected"),
    {
      answer: "rejected",
    },
  ],
  [
    "a refused repeat of what it has not answered was taken",
    { wasDown: true },
    ack("rejected", "s1", "repeated: s1"),
    {
      answer: "accepted",
    },
  ],
  [
    "a refused repeat of what it has refused is a refusal",
    { answer: "rejected" },
    ack("rejected", "s1", "repeated: s1"),
    {
      answer: "rejected",
    },
  ],
  ["a refusal that only speaks of repeats is a refusal", {}, ack("rejected", "s1", "not repeated"), {
    answer: "rejected",
  }],
  ["after a failed preparation it may go on", { answer: "failed" }, ack("shutting_down"), {
    answer: "shutting_down",
  }],
];
for (const [name, before, heard, after] of answers) {
  Deno.test(`heardAck() knows: ${name}`, () => {
    const { state, effects } = heardAck({ phase: told(before), online: true }, heard);
    const { detail } = heard;
    assert.deepEqual(
      state.phase,
      told({ ...before, delivery: "done", wasDown: undefined, detail, ...after }),
    );
    assert.deepEqual(effects, []);
  });
}

Deno.test("heardAck() leaves a command that was taken as it is when its repeat is refused", () => {
  for (const answer of ["accepted", "shutting_down"] as const) {
    const state = { phase: told({ answer }), online: true };
    assert.equal(heardAck(state, ack("rejected", "s1", "expired")).state, state);
  }
});

for (
  const [status, answer, id, isThere] of [
    ["accepted", "none", "s1", true],
    ["running", "none", "s1", true],
    ["shutting_down", "none", "s1", false],
    ["failed", "none", "s1", false],
    ["accepted", "failed", "s1", false],
    ["accepted", "none", "s0", false],
  ] as const
) {
  Deno.test(`heardAck() takes "${status}" to ${id} after "${answer}" for ${isThere ? "a" : "no"} sign that a host is there`, () => {
    assert.equal(heardAck({ phase: told({ answer }), online: false }, ack(status, id)).state.online, isThere);
    assert.equal(heardAck({ phase: told({ answer }) }, ack(status, id)).state.online, undefined);
  });
}

const duringAbort: readonly [
  name: string,
  before: Partial<Aborting>,
  heard: ReturnType<typeof ack>,
  after: Partial<Aborting> | undefined,
][] = [
  ["takes the shutdown", {}, ack("accepted"), { isTaken: true }],
  ["prepares for the shutdown", {}, ack("running"), { isTaken: true }],
  ["is shutting down", {}, ack("shutting_down"), { isTaken: true }],
  ["refuses the shutdown", {}, ack("rejected"), undefined],
  ["takes the abort", {}, ack("accepted", "a1"), undefined],
  ["went, and now answers the abort", { isTaken: true, wasDown: true }, ack("failed", "a1"), {
    isTaken: true,
  }],
  ["was down, and now refuses the shutdown", { wasDown: true }, ack("rejected"), { isTaken: undefined }],
  ["was down, and now takes the shutdown", { wasDown: true }, ack("accepted"), { isTaken: true }],
];
for (const [name, before, heard, after] of duringAbort) {
  Deno.test(`heardAck() of a host that is called off and ${name}`, () => {
    const state = { phase: calledOff(before), online: true };
    const step = heardAck(state, heard);
    assert.deepEqual(step.effects, []);
    if (after === undefined) assert.equal(step.state, state);
    else assert.deepEqual(step.state.phase, { ...calledOff(before), wasDown: undefined, ...after });
  });
}

for (
  const phase of [{ kind: "idle" }, {
    kind: "down",
    commandId: "s1",
    commandedMonoMs: 0,
    sinceMonoMs: 0,
  }] as const
) {
  Deno.test(`heardAck() hears no answer of a host that is ${phase.kind}`, () => {
    const state: HostState = { phase, online: false };
    for (const status of ["accepted", "aborted", "rejected"] as const) {
      assert.equal(heardAck(state, ack(status)).state, state);
    }
  });
}

Deno.test("heardAck() learns nothing of a host by its answer to a command that does not count any more", () => {
  for (const status of ["accepted", "rejected", "aborted"] as const) {
    const phase = told({ wasDown: true });
    assert.deepEqual(heardAck({ phase, online: false }, ack(status, "s0")).state, { phase, online: false });
  }
});

Deno.test("wasDelivered() takes back only what the broker had said of a refused command", () => {
  const delivered = (phase: HostPhase, id = "s1") => wasDelivered({ phase }, id).state.phase;
  const detail = "the queue is full";
  const refused = told({ delivery: "refused", refused: { times: 1, atMonoMs: T }, detail });
  assert.deepEqual(delivered(refused), { ...refused, delivery: "done", detail: undefined });
  assert.deepEqual(delivered(told({ detail })), told({ delivery: "done", detail }));
  assert.equal(delivered(refused, "s2"), refused);
  const abort = calledOff();
  assert.equal(delivered(abort), abort);
});

Deno.test("wasRefused() counts how often the broker refused the command that counts, and nothing after an answer", () => {
  const refuse = (phase: HostPhase, atMonoMs: number, commandId = "s1") =>
    wasRefused({ phase }, { kind: "undelivered", commandId, reason: "no" }, atMonoMs).state.phase;
  const once = refuse(told(), T);
  assert.deepEqual(once, told({ delivery: "refused", refused: { times: 1, atMonoMs: T }, detail: "no" }));
  assert.deepEqual(refuse(once, T + 5), {
    ...once,
    refused: { times: 2, atMonoMs: T + 5 },
  });
  for (
    const [phase, id] of [[once, "s2"], [told({ delivery: "done" }), "s1"], [calledOff(), "s1"]] as const
  ) {
    assert.equal(refuse(phase, T, id), phase);
  }
});

import assert from "node:assert/strict";
import { stepHost } from "./host.ts";
import type { HostInput, HostPhase, HostState, HostStep } from "./host_phase.ts";
import type { HostRules } from "../rules/host_rules.ts";

const RULES: HostRules = { cooldownMs: 300_000, abortWindowMs: 120_000, shutdownDelayMs: 60_000 };
const T = 5_000_000;
const DOWN_TICK: HostInput = { kind: "tick", wanted: "down", mayWake: false };
const UP_TICK: HostInput = { kind: "tick", wanted: "up", mayWake: false };
const WAKE_TICK: HostInput = { kind: "tick", wanted: "up", mayWake: true };
const ack = (status: Extract<HostInput, { kind: "ack" }>["status"], commandId = "s1"): HostInput => ({
  kind: "ack",
  commandId,
  status,
});
const presence = (online: boolean, isLive = true): HostInput => ({ kind: "presence", online, isLive });

const IDLE: HostState = { phase: { kind: "idle" }, online: true };
const commanded = (
  answer: Extract<HostPhase, { kind: "commanded" }>["answer"] = "none",
  online: boolean | undefined = true,
): HostState => ({
  phase: {
    kind: "commanded",
    commandId: "s1",
    commandedMonoMs: T,
    firstCommandedMonoMs: T,
    answer,
    delivery: "done",
  },
  online,
});
const DOWN: HostPhase = { kind: "down", commandId: "s1", commandedMonoMs: T, sinceMonoMs: T };
const GONE: HostState = { phase: DOWN, online: false };
const waking = (sentMonoMs = T): HostState => ({
  phase: { kind: "waking", commandId: "s1", sinceMonoMs: T, sentMonoMs },
  online: false,
});
const LOST: HostState = {
  phase: {
    kind: "commanded",
    commandId: "s1",
    commandedMonoMs: T,
    firstCommandedMonoMs: T,
    answer: "none",
    delivery: "lost",
  },
  online: true,
};
const abortedDown: HostState = {
  phase: {
    kind: "aborting",
    shutdownId: "s1",
    abortId: "a1",
    sinceMonoMs: T,
    sentMonoMs: T,
    wasDown: true,
  },
  online: false,
};
const calling = (online = true): HostState => ({
  phase: { kind: "aborting", shutdownId: "s1", abortId: "a1", sinceMonoMs: T, sentMonoMs: T },
  online,
});
const tooLate = (online: boolean, wasDown?: boolean): HostState => ({
  phase: { ...calling().phase as HostPhase & { kind: "aborting" }, isTaken: true, wasDown },
  online,
});
/** The cooldown, the delay and ten minutes of preparations. */
const TAKEN_MS = 960_000;

const rows: readonly [
  name: string,
  from: HostState,
  input: HostInput,
  atMs: number,
  to: HostPhase["kind"],
  effects: readonly string[],
][] = [
  ["tells a host once it is wanted down", IDLE, DOWN_TICK, T, "commanded", ["shutdown"]],
  ["tells a host that was never seen", { phase: { kind: "idle" } }, DOWN_TICK, T, "commanded", ["shutdown"]],
  ["leaves an idle host alone", IDLE, UP_TICK, T, "idle", []],
  ["says no new one 1 ms before the cooldown ends", commanded(), DOWN_TICK, T + 299_999, "commanded", [
    "shutdown again",
  ]],
  ["repeats when the cooldown ends", commanded(), DOWN_TICK, T + 300_000, "commanded", ["shutdown"]],
  ["repeats to a host that refused", commanded("rejected"), DOWN_TICK, T + 300_000, "commanded", [
    "shutdown",
  ]],
  ["repeats to a host that failed", commanded("failed"), DOWN_TICK, T + 300_000, "commanded", ["shutdown"]],
  [
    "does not repeat to a host that accepted",
    commanded("accepted"),
    DOWN_TICK,
    T + TAKEN_MS - 1,
    "commanded",
    [],
  ],
  [
    "repeats to a host that accepted and never went",
    commanded("accepted"),
    DOWN_TICK,
    T + TAKEN_MS,
    "commanded",
    [
      "shutdown",
    ],
  ],
  ["believes a host down that accepted and went", commanded("accepted"), presence(false), T + 1, "down", [
    "is_down",
  ]],
  [
    "believes a host down that was shutting down",
    commanded("shutting_down"),
    presence(false),
    T + 1,
    "down",
    [
      "is_down",
    ],
  ],
  ["does not take absence alone for down", commanded("none"), presence(false), T + 1, "commanded", []],
  [
    "does not take a refusal and absence for down",
    commanded("rejected"),
    presence(false),
    T + 1,
    "commanded",
    [],
  ],
  ["sees it go when the answer came late", commanded("accepted", false), DOWN_TICK, T + 1, "down", [
    "is_down",
  ]],
  ["calls a told host off", commanded(), UP_TICK, T, "aborting", ["abort"]],
  ["calls off a host that accepted", commanded("accepted"), UP_TICK, T, "aborting", ["abort"]],
  ["calls off a told host that is offline", commanded("none", false), UP_TICK, T, "aborting", ["abort"]],
  ["does not call off a host that is down", GONE, UP_TICK, T, "down", []],
  ["does not tell a host that is down", GONE, DOWN_TICK, T + 9e9, "down", []],
  ["waits for the tick with a host that came back up", GONE, presence(true), T + 1, "down", []],
  [
    "calls off a host that came back so soon that its shutdown may still run",
    { phase: DOWN, online: true },
    UP_TICK,
    T + 1,
    "aborting",
    ["abort"],
  ],
  [
    "calls it off 1 ms before its delay and ten minutes of preparations are over",
    { phase: DOWN, online: true },
    UP_TICK,
    T + 659_999,
    "aborting",
    ["abort"],
  ],
  ["knows a host that has booted", { phase: DOWN, online: true }, UP_TICK, T + 660_000, "idle", []],
  ["tells a host that came up in the outage", { phase: DOWN, online: true }, DOWN_TICK, T + 1, "commanded", [
    "shutdown",
  ]],
  ["sends a lost command again with its id", LOST, DOWN_TICK, T + 1, "commanded", ["shutdown again"]],
  ["sends a lost command again 1 ms before the cooldown ends", LOST, DOWN_TICK, T + 299_999, "commanded", [
    "shutdown again",
  ]],
  ["sends a new one instead when the cooldown ends", LOST, DOWN_TICK, T + 300_000, "commanded", ["shutdown"]],
  ["does not send it twice", commanded(), DOWN_TICK, T + 1, "commanded", []],
  ["calls off a host whose command was lost", LOST, UP_TICK, T + 1, "aborting", ["abort"]],
  [
    "waits for the tick with a host that comes online without an answer",
    commanded("none", false),
    presence(true),
    T + 5000,
    "commanded",
    [],
  ],
  ["wakes a host that is down", GONE, WAKE_TICK, T + 1, "waking", ["wake"]],
  ["waits a minute before it wakes again", waking(), WAKE_TICK, T + 59_999, "waking", []],
  ["wakes again after a minute", waking(), WAKE_TICK, T + 60_000, "waking", ["wake"]],
  ["wakes each minute for ten", waking(T + 539_999), WAKE_TICK, T + 599_999, "waking", ["wake"]],
  ["wakes less often then", waking(T + 540_000), WAKE_TICK, T + 600_000, "waking", []],
  ["waits five minutes then", waking(T + 600_000), WAKE_TICK, T + 899_999, "waking", []],
  ["but still wakes", waking(T + 600_000), WAKE_TICK, T + 900_000, "waking", ["wake"]],
  ["pauses while it may not wake", waking(), UP_TICK, T + 60_000, "waking", []],
  ["ends when the agent is online", waking(), presence(true), T + 1, "idle", ["is_awake"]],
  ["does not take an old presence for awake", waking(), presence(true, false), T + 1, "waking", []],
  ["wakes for a day", waking(T), WAKE_TICK, T + 86_399_999, "waking", ["wake"]],
  ["gives up after a day", waking(), WAKE_TICK, T + 86_400_000, "idle", ["not_awake"]],
  ["tells a host that is being woken in a second outage", waking(), DOWN_TICK, T + 1, "commanded", [
    "shutdown",
  ]],
  [
    "keeps calling a host that went all the same, 1 ms before the window ends",
    tooLate(false, true),
    UP_TICK,
    T + 119_999,
    "aborting",
    ["abort"],
  ],
  [
    "knows a host that went all the same for down when the window ends",
    tooLate(false, true),
    UP_TICK,
    T + 120_000,
    "down",
    ["not_aborted"],
  ],
  [
    "does not take a host for down that had taken it and is there",
    tooLate(true),
    UP_TICK,
    T + 120_000,
    "idle",
    ["not_aborted"],
  ],
  ["leaves it down when it never answered", abortedDown, UP_TICK, T + 120_000, "down", []],
  ["repeats an abort, not 1 ms early", calling(), UP_TICK, T + 15_000 - 1, "aborting", []],
  ["repeats an abort", calling(), UP_TICK, T + 15_000, "aborting", ["abort"]],
  ["aborts again at once when it comes back", calling(false), presence(true), T + 1, "aborting", [
    "abort",
  ]],
  [
    "does not abort again for a presence that is no news",
    calling(true),
    presence(true),
    T + 1,
    "aborting",
    [],
  ],
  ["ends with the abort's answer", calling(), ack("aborted", "a1"), T + 1, "idle", ["is_aborted"]],
  ["ends with the shutdown's answer", calling(), ack("aborted", "s1"), T + 1, "idle", ["is_aborted"]],
  ["ignores another command's answer", calling(), ack("aborted", "zz"), T + 1, "aborting", []],
  ["goes on after a failed abort", calling(), ack("failed", "a1"), T + 1, "aborting", []],
  ["keeps calling 1 ms before the window ends", calling(), UP_TICK, T + 119_999, "aborting", ["abort"]],
  ["gives up when the window ends", calling(), UP_TICK, T + 120_000, "idle", ["not_aborted"]],
  ["tells it again in a second outage", calling(), DOWN_TICK, T + 1, "commanded", ["shutdown"]],
];
for (const [name, from, input, atMs, to, effects] of rows) {
  Deno.test(`stepHost() ${name}`, () => {
    const step = stepHost(from, input, RULES, atMs, () => "new");
    assert.equal(step.state.phase.kind, to);
    assert.deepEqual(
      step.effects.map((e) => {
        if (e.kind !== "send") return e.kind;
        return e.action === "shutdown" && e.isRepeat ? "shutdown again" : e.action;
      }),
      effects,
    );
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
    const { state } = stepHost(commanded(), ack(status), RULES, T, () => "new");
    assert.equal(state.phase.kind === "commanded" && state.phase.answer, answer);
    const other = stepHost(commanded(), ack(status, "zz"), RULES, T, () => "new");
    assert.deepEqual(other.state, commanded());
  });
}

Deno.test("stepHost() does not let the answer to a repeat undo that a command was taken", () => {
  const { state } = stepHost(commanded("accepted"), ack("rejected"), RULES, T, () => "new");
  assert.equal(state.phase.kind === "commanded" && state.phase.answer, "accepted");
});

for (const status of ["accepted", "running"] as const) {
  Deno.test(`stepHost() does not take a host that says "${status}" before it says "online" for down`, () => {
    const step = (state: HostState, input: HostInput) => stepHost(state, input, RULES, T + 1, () => "new");
    const taken = step(commanded("none", false), ack(status)).state;
    for (const input of [DOWN_TICK, presence(true)]) {
      const after = step(taken, input);
      assert.equal(after.state.phase.kind, "commanded");
      assert.deepEqual(after.effects, []);
    }
    assert.equal(step(taken, presence(false)).state.phase.kind, "down");
  });
}

Deno.test("stepHost() does not take the answer to another command, or a refusal, for a sign that a host is there", () => {
  for (const input of [ack("accepted", "zz"), ack("rejected"), ack("failed")]) {
    assert.equal(stepHost(commanded("none", false), input, RULES, T, () => "new").state.online, false);
  }
});

for (
  const [name, from, online, atMs, isRepeated] of [
    ["repeats to a host that comes online without an answer", commanded("none", false), true, T + 5000, true],
    ["does not repeat so soon after the command", commanded("none", false), true, T + 4999, false],
    ["does not repeat to a host that has answered", commanded("rejected", false), true, T + 5000, false],
    ["does not repeat for a presence that is no news", commanded(), true, T + 5000, false],
    ["does not repeat to a host that goes offline", commanded(), false, T + 5000, false],
  ] as const
) {
  Deno.test(`stepHost() ${name}, with its id, when it is still wanted down`, () => {
    const { state } = stepHost(from, presence(online), RULES, atMs, () => "new");
    const { effects } = stepHost(state, DOWN_TICK, RULES, atMs, () => "new");
    const again = { kind: "send", action: "shutdown", commandId: "s1", isRepeat: true };
    assert.deepEqual(effects, isRepeated ? [again] : []);
  });
}

const NEVER_SEEN: HostState = { phase: commanded().phase };
const ON_ITS_WAY: HostState = {
  phase: { ...commanded().phase as HostPhase & { kind: "commanded" }, delivery: "waiting" },
  online: true,
};
for (
  const [name, from, saidAgainMs, atMs, isRepeated] of [
    ["repeats to one that is online and has not answered", commanded(), undefined, 15_000, true],
    ["waits the first 15 s for an answer", commanded(), undefined, 14_999, false],
    ["repeats 15 s after the first repeat", commanded(), 15_000, 30_000, true],
    ["waits 15 s after the first repeat", commanded(), 15_000, 29_999, false],
    ["repeats ever more seldom", commanded(), 30_000, 60_000, true],
    ["waits as long again as it has waited", commanded(), 30_000, 59_999, false],
    ["waits at most a minute", commanded(), 180_000, 240_000, true],
    ["waits no shorter than a minute later on", commanded(), 180_000, 239_999, false],
    ["does not repeat to one that is not there", commanded("none", false), undefined, 60_000, false],
    ["does not repeat to one that was never seen", NEVER_SEEN, undefined, 60_000, false],
    ["does not repeat to one that took it", commanded("accepted"), undefined, 60_000, false],
    ["does not repeat to one that refused it", commanded("rejected"), undefined, 60_000, false],
    ["does not repeat what the broker has not taken yet", ON_ITS_WAY, undefined, 60_000, false],
  ] as const
) {
  Deno.test(`stepHost() ${name}, with its id`, () => {
    const phase = { ...from.phase, ...(saidAgainMs && { saidAgainMonoMs: T + saidAgainMs }) } as HostPhase;
    const { state, effects } = stepHost({ ...from, phase }, DOWN_TICK, RULES, T + atMs, () => "new");
    const again = { kind: "send", action: "shutdown", commandId: "s1", isRepeat: true, isUnanswered: true };
    assert.deepEqual(effects, isRepeated ? [again] : []);
    // The broker had it, and the cooldown runs from the first time.
    assert.deepEqual(state.phase, isRepeated ? { ...phase, saidAgainMonoMs: T + atMs } : phase);
  });
}

for (
  const [name, times, afterMs, isRepeated] of [
    ["waits 5 s with what the broker refused once", 1, 4999, false],
    ["sends what the broker refused once again after 5 s", 1, 5000, true],
    ["waits twice as long after the second time", 2, 9999, false],
    ["sends it again then", 2, 10_000, true],
    ["waits 40 s after the fourth time", 4, 39_999, false],
    ["sends it again after the fourth time", 4, 40_000, true],
    ["waits a minute at most", 9, 59_999, false],
    ["sends it once a minute then", 9, 60_000, true],
  ] as const
) {
  Deno.test(`stepHost() ${name}, with its id`, () => {
    const refused = { times, atMonoMs: T + 1000 };
    const phase = { ...ON_ITS_WAY.phase, delivery: "refused", refused } as HostPhase;
    const { state, effects } = stepHost({ phase }, DOWN_TICK, RULES, T + 1000 + afterMs, () => "new");
    const again = { kind: "send", action: "shutdown", commandId: "s1", isRepeat: true };
    assert.deepEqual(effects, isRepeated ? [again] : []);
    assert.deepEqual(state.phase, isRepeated ? { ...phase, delivery: "waiting" } : phase);
  });
}

for (
  const [name, from] of [
    ["was down and came up", { phase: DOWN, online: true }],
    ["was being woken", waking()],
    ["was down, called off and not heard", abortedDown],
  ] as const
) {
  Deno.test(`stepHost() remembers that a host ${name} when it is told once more, and calls it off`, () => {
    const told = stepHost(from, DOWN_TICK, RULES, T + 1, () => "s2").state;
    const silent = stepHost({ ...told, online: false }, UP_TICK, RULES, T + 2, () => "a2").state;
    const after = stepHost(silent, UP_TICK, RULES, T + 120_002, () => "a3");
    assert.equal(after.state.phase.kind, "down");
    assert.deepEqual(after.effects, [], "nobody expected it to answer");
  });
}

Deno.test("stepHost() tells a host anew when its time is up, and remembers that it was down", () => {
  const told = stepHost(waking(), DOWN_TICK, RULES, T, () => "s2").state;
  const { state } = stepHost(told, DOWN_TICK, RULES, T + 300_000, () => "s3");
  assert.deepEqual(state.phase, {
    kind: "commanded",
    commandId: "s3",
    commandedMonoMs: T + 300_000,
    firstCommandedMonoMs: T,
    answer: "none",
    delivery: "waiting",
    wasDown: true,
  });
});

Deno.test("stepHost() tells a host that was told again nothing more once the grid is back", () => {
  const again = stepHost(commanded(), DOWN_TICK, RULES, T + 15_000, () => "new").state;
  const { state, effects } = stepHost(again, UP_TICK, RULES, T + 16_000, () => "a1");
  assert.deepEqual(effects, [{ kind: "send", action: "abort", commandId: "a1" }]);
  for (const atMs of [30_000, 31_000, 60_000]) {
    const { effects }: HostStep = stepHost(state, UP_TICK, RULES, T + atMs, () => "a2");
    assert.ok(effects.every((effect) => effect.kind === "send" && effect.action === "abort"));
  }
});

Deno.test("stepHost() calls off a host that comes online when it is wanted up again", () => {
  const { state } = stepHost(commanded("none", false), presence(true), RULES, T + 5000, () => "a1");
  const { effects } = stepHost(state, UP_TICK, RULES, T + 5000, () => "a1");
  assert.deepEqual(effects, [{ kind: "send", action: "abort", commandId: "a1" }]);
});

Deno.test("stepHost() measures from the first telling how long a host took", () => {
  const once = stepHost(IDLE, DOWN_TICK, RULES, T, () => "s1").state;
  const twice = stepHost(once, DOWN_TICK, RULES, T + 300_000, () => "s2").state;
  const taken = stepHost(twice, ack("accepted", "s2"), RULES, T + 300_100, () => "new").state;
  const { effects } = stepHost(taken, presence(false), RULES, T + 360_000, () => "new");
  assert.deepEqual(effects, [{ kind: "is_down", tookMs: 360_000 }]);
});

Deno.test("stepHost() knows when the broker has a command", () => {
  const fresh = stepHost(IDLE, DOWN_TICK, RULES, T, () => "s1").state;
  assert.equal(fresh.phase.kind === "commanded" && fresh.phase.delivery, "waiting");
  const other = stepHost(fresh, { kind: "delivered", commandId: "zz" }, RULES, T, () => "new").state;
  assert.equal(other.phase.kind === "commanded" && other.phase.delivery, "waiting");
  const { state } = stepHost(fresh, { kind: "delivered", commandId: "s1" }, RULES, T, () => "new");
  assert.equal(state.phase.kind === "commanded" && state.phase.delivery, "done");
});

const abortCases: readonly [
  name: string,
  from: HostState,
  inputs: readonly HostInput[],
  to: HostPhase["kind"],
][] = [
  ["down when it had accepted and goes", commanded("accepted"), [UP_TICK, presence(false)], "down"],
  ["down when it refuses to be called off and goes", commanded("shutting_down"), [
    UP_TICK,
    ack("failed", "a1"),
    presence(false),
  ], "down"],
  ["down when its answer comes after the abort and it goes", commanded(), [
    UP_TICK,
    ack("accepted"),
    presence(false),
  ], "down"],
  ["down when it came back for a moment and its shutdown still ran", { phase: DOWN, online: true }, [
    UP_TICK,
    presence(false),
  ], "down"],
  ["up when it goes for a moment", commanded("accepted"), [UP_TICK, presence(false), presence(true)], "idle"],
  ["up when it goes without ever having answered", commanded(), [UP_TICK, presence(false)], "idle"],
  [
    "up when it says so before it goes",
    commanded("accepted"),
    [UP_TICK, ack("aborted"), presence(false)],
    "idle",
  ],
];
for (const [name, from, inputs, kind] of abortCases) {
  Deno.test(`stepHost() takes a host that is called off for ${name}`, () => {
    let state = from;
    for (const input of inputs) state = stepHost(state, input, RULES, T, () => "a1").state;
    assert.equal(stepHost(state, UP_TICK, RULES, T + 120_000, () => "a2").state.phase.kind, kind);
  });
}

Deno.test("stepHost() takes the refusal of a repeat for the answer that was lost", () => {
  const repeated: HostInput = {
    kind: "ack",
    commandId: "s1",
    status: "rejected",
    detail: 'repeated: command "s1" …',
  };
  const { state } = stepHost(commanded(), repeated, RULES, T, () => "new");
  assert.equal(state.phase.kind === "commanded" && state.phase.answer, "accepted");
});

import assert from "node:assert/strict";
import type { AgentPlan } from "../../lib/messages/agent/plan.ts";
import {
  FIRST_GRACE_MS,
  type HostNow,
  keepPlan,
  type KeptPlan,
  lastResort,
  type Reach,
  recallPlan,
  replaces,
  TOO_LATE_MS,
} from "./last_resort.ts";

const MIN = 60_000;
const HOUR = 60 * MIN;
const WALL = Date.UTC(2026, 10, 23, 19, 0, 0);
const GRACE = 2 * MIN;
/** The host has been up for ten hours when the plan is made; its deadline is in half an hour. */
const T0 = 10 * HOUR;
const DEADLINE = T0 + 30 * MIN;
const iso = (wallMs: number) => new Date(wallMs).toISOString();
const PLAN: AgentPlan = {
  id: "p",
  agent: "pc",
  device: "Study",
  state: "on_battery",
  issued_at: iso(WALL),
  deadline_at: iso(WALL + 30 * MIN),
  deadline_in_s: 1800,
  reason: "the battery ends",
};
/** The host's clocks at an uptime, with a wall clock that is wrong by `wallErrorMs`. */
const at = (uptimeMs: number, wallErrorMs = 0, bootId = "boot"): HostNow => ({
  bootId,
  uptimeMs,
  wallMs: WALL + (uptimeMs - T0) + wallErrorMs,
});
const live = keepPlan(PLAN, false, at(T0));
const lost = (sinceUptimeMs: number, awakeMs: number, wasReached = true): Reach => ({
  kind: "lost",
  sinceUptimeMs,
  awakeMs,
  wasReached,
});
const REACHABLE: Reach = { kind: "reachable" };
const { deadline_at: _at, deadline_in_s: _in, ...withoutDeadline } = PLAN;

type Wanted = "act" | "wait" | "no_plan" | "online" | "no_deadline" | "void" | "reachable" | "too_late";
const rows: readonly [
  name: string,
  kept: KeptPlan | undefined,
  reach: Reach,
  now: HostNow,
  wanted: Wanted,
][] = [
  ["no plan", undefined, lost(T0, HOUR), at(T0 + HOUR), "no_plan"],
  [
    "a plan that says online",
    keepPlan({ ...PLAN, state: "online" }, false, at(T0)),
    lost(T0, 9 * HOUR),
    at(T0 + 9 * HOUR),
    "online",
  ],
  [
    "a plan without a deadline",
    keepPlan(withoutDeadline, false, at(T0)),
    lost(T0, 9 * HOUR),
    at(T0 + 9 * HOUR),
    "no_deadline",
  ],
  ["the daemon reachable, long after the deadline", live, REACHABLE, at(DEADLINE + 9 * HOUR), "reachable"],
  ["lost before the deadline", live, lost(T0, 29 * MIN), at(DEADLINE - 1), "wait"],
  ["lost at the deadline", live, lost(T0, 30 * MIN), at(DEADLINE), "act"],
  ["a short loss at the deadline", live, lost(DEADLINE - GRACE + 1, GRACE - 1), at(DEADLINE), "wait"],
  [
    "a broker restart across the deadline",
    live,
    lost(DEADLINE - MIN, GRACE - 1),
    at(DEADLINE + MIN - 1),
    "wait",
  ],
  ["a loss that lasted through its grace", live, lost(DEADLINE - MIN, GRACE), at(DEADLINE + MIN), "act"],
  [
    "lost long after the deadline, within its grace",
    live,
    lost(DEADLINE + HOUR, GRACE - 1),
    at(DEADLINE + HOUR + GRACE - 1),
    "wait",
  ],
  [
    "lost long after the deadline, after its grace",
    live,
    lost(DEADLINE + HOUR, GRACE),
    at(DEADLINE + HOUR + GRACE),
    "act",
  ],
  ["awake, at the last moment to act", live, lost(T0, HOUR), at(DEADLINE + TOO_LATE_MS), "act"],
  ["a moment later than the last", live, lost(T0, HOUR), at(DEADLINE + TOO_LATE_MS + 1), "too_late"],
  // Sleep: the host's uptime goes on, the time awake does not.
  [
    "woken before the deadline, not yet awake through the grace",
    live,
    lost(T0, 5000),
    at(DEADLINE - 5000),
    "wait",
  ],
  ["woken before the deadline, awake through the grace", live, lost(T0, GRACE), at(DEADLINE + GRACE), "act"],
  ["woken at the deadline, network not up yet", live, lost(T0, 0), at(DEADLINE), "wait"],
  ["woken with the plan of yesterday", live, lost(T0, 0), at(DEADLINE + 20 * HOUR), "too_late"],
  [
    "woken with the plan of yesterday, long awake",
    live,
    lost(T0, HOUR),
    at(DEADLINE + 21 * HOUR),
    "too_late",
  ],
  // Clock jumps, same boot: a live plan is counted on the uptime.
  [
    "a clock that jumped a day ahead, before the deadline",
    live,
    lost(T0, 20 * MIN),
    at(DEADLINE - 1, 24 * HOUR),
    "wait",
  ],
  [
    "a clock that jumped a day ahead, at the deadline",
    live,
    lost(T0, 30 * MIN),
    at(DEADLINE, 24 * HOUR),
    "act",
  ],
  [
    "a clock that jumped a day back, at the deadline",
    live,
    lost(T0, 30 * MIN),
    at(DEADLINE, -24 * HOUR),
    "act",
  ],
  // A plan that the broker had kept, 20 minutes old when it came.
  [
    "a kept plan before its deadline",
    keepPlan(PLAN, true, at(T0 + 20 * MIN)),
    lost(T0 + 20 * MIN, 10 * MIN - 1),
    at(DEADLINE - 1),
    "wait",
  ],
  [
    "a kept plan at its deadline",
    keepPlan(PLAN, true, at(T0 + 20 * MIN)),
    lost(T0 + 20 * MIN, 10 * MIN),
    at(DEADLINE),
    "act",
  ],
  [
    "a kept plan, taken with a clock a day behind, never waits longer than it was good for",
    keepPlan(PLAN, true, at(T0 + 20 * MIN, -24 * HOUR)),
    lost(T0 + 20 * MIN, HOUR),
    at(T0 + 50 * MIN, -24 * HOUR),
    "act",
  ],
  [
    "a kept plan that was over when it came, lost afterwards",
    keepPlan(PLAN, true, at(T0 + HOUR)),
    lost(T0 + HOUR, GRACE),
    at(T0 + HOUR + GRACE),
    "act",
  ],
  [
    "a kept plan whose clock then learnt that it is five hours old, never reached",
    keepPlan(PLAN, true, at(T0)),
    lost(T0, 30 * MIN, false),
    at(DEADLINE, 5 * HOUR),
    "too_late",
  ],
  // Restart of the agent in the same boot: the broker has not been reached since.
  [
    "an agent that restarted, within the first grace",
    live,
    lost(DEADLINE - MIN, FIRST_GRACE_MS - 1, false),
    at(DEADLINE - MIN + FIRST_GRACE_MS - 1),
    "wait",
  ],
  [
    "an agent that restarted, after the first grace",
    live,
    lost(DEADLINE - MIN, FIRST_GRACE_MS, false),
    at(DEADLINE - MIN + FIRST_GRACE_MS),
    "act",
  ],
  [
    "an agent that was off for hours",
    live,
    lost(DEADLINE + 5 * HOUR, FIRST_GRACE_MS, false),
    at(DEADLINE + 5 * HOUR + FIRST_GRACE_MS),
    "too_late",
  ],
  // Another boot: uptime begins anew, the plan is judged by the wall clock.
  [
    "a host restarted in mid-outage, before the deadline",
    recall(10 * MIN, 20 * MIN),
    lost(0, 29 * MIN, false),
    boot2(20 * MIN - 1, 10 * MIN),
    "wait",
  ],
  [
    "a host restarted in mid-outage, at the deadline",
    recall(10 * MIN, 20 * MIN),
    lost(0, 20 * MIN, false),
    boot2(20 * MIN, 10 * MIN),
    "act",
  ],
  [
    "a host started after the deadline",
    recall(3 * HOUR, 0),
    lost(0, HOUR, false),
    boot2(HOUR, 3 * HOUR),
    "void",
  ],
  [
    "a host that obeyed, went down and was started again before the deadline",
    { ...recall(10 * MIN, 20 * MIN, true) },
    lost(0, HOUR, false),
    boot2(20 * MIN, 10 * MIN),
    "void",
  ],
  [
    "a host without a clock battery that learns the time five hours later",
    recall(10 * MIN, 20 * MIN),
    lost(0, 20 * MIN, false),
    { ...boot2(20 * MIN, 10 * MIN), wallMs: WALL + 5.5 * HOUR },
    "too_late",
  ],
];

/** The plan found again by a boot that began `offMs` after the plan was made. */
function recall(offMs: number, _left: number, wasFollowed?: boolean): KeptPlan {
  return recallPlan({ ...live, was_followed: wasFollowed }, boot2(1000, offMs));
}
function boot2(uptimeMs: number, offMs: number): HostNow {
  return { bootId: "boot2", uptimeMs, wallMs: WALL + offMs + uptimeMs };
}

for (const [name, kept, reach, now, wanted] of rows) {
  Deno.test(`lastResort() with ${name}: ${wanted}`, () => {
    const verdict = lastResort(kept, reach, now, { graceMs: GRACE });
    const found = verdict.kind === "nothing" ? verdict.code : verdict.kind === "shut_down" ? "act" : "wait";
    assert.equal(found, wanted, JSON.stringify(verdict));
  });
}

Deno.test("lastResort() says how long it waits: for the deadline, or for the grace when that is longer", () => {
  const left = (reach: Reach, now: HostNow) => {
    const verdict = lastResort(live, reach, now, { graceMs: GRACE });
    assert.equal(verdict.kind, "wait");
    return verdict.kind === "wait" ? verdict.leftMs : NaN;
  };
  assert.equal(left(lost(T0, 10 * MIN), at(T0 + 10 * MIN)), 20 * MIN);
  assert.equal(left(lost(DEADLINE, MIN), at(DEADLINE + MIN)), GRACE - MIN);
  assert.equal(left(lost(T0, 0), at(DEADLINE + MIN)), GRACE);
});

Deno.test("recallPlan() leaves a plan of the same boot as it was", () => {
  assert.equal(recallPlan(live, at(T0 + HOUR)), live);
});

const newer: readonly [name: string, issuedAt: number, keptAt: number, wanted: boolean][] = [
  ["a later one", 1, 0, true],
  ["the same one", 0, 0, false],
  ["an earlier one", -1, 0, false],
  ["one of now when the kept one is from the future", 60_000, 120_001, true],
  ["one of now when the kept one is only a little ahead", 60_000, 120_000, false],
  ["an old one when the kept one is from the future", -120_001, HOUR, false],
  ["an old one at the limit when the kept one is from the future", -120_000, HOUR, true],
];
for (const [name, issuedAt, keptAt, wanted] of newer) {
  Deno.test(`replaces() ${wanted ? "takes" : "leaves"} ${name}`, () => {
    const plan = (offsetMs: number) => ({ ...PLAN, issued_at: iso(WALL + offsetMs) });
    assert.equal(replaces(plan(issuedAt), plan(keptAt), WALL), wanted);
  });
}

for (
  const [name, bootedAgoMs, isVoid] of [
    ["1 ms after the boot", 1, false],
    ["at the boot", 0, false],
    ["1 ms before the boot", -1, true],
    ["long after the boot", HOUR, false],
  ] as const
) {
  Deno.test(`recallPlan() ${isVoid ? "voids" : "keeps"} a plan of an earlier boot whose deadline was ${name}`, () => {
    const wallMs = WALL + 30 * MIN;
    // The deadline lies so long after the boot; the agent looks ten minutes after both.
    const now: HostNow = { bootId: "next", uptimeMs: 10 * MIN + bootedAgoMs, wallMs: wallMs + 10 * MIN };
    assert.equal(recallPlan(live, now).is_void ?? false, isVoid);
  });
}

for (
  const [name, rules, reachedAgoMs, kind] of [
    ["1 ms before five minutes after the start", { graceMs: 1000 }, 299_999, "wait"],
    ["five minutes after the start", { graceMs: 1000 }, 300_000, "shut_down"],
    ["at a longer grace less 1 ms", { graceMs: 400_000 }, 399_999, "wait"],
    ["at a longer grace", { graceMs: 400_000 }, 400_000, "shut_down"],
  ] as const
) {
  Deno.test(`lastResort() of an agent that never reached the daemon, ${name}: ${kind}`, () => {
    const reach = lost(DEADLINE, reachedAgoMs, false);
    assert.equal(lastResort(live, reach, at(DEADLINE + reachedAgoMs), rules).kind, kind);
  });
}

for (const [lateMs, kind] of [[600_000, "shut_down"], [600_001, "nothing"]] as const) {
  Deno.test(`lastResort() ${lateMs} ms after the moment to act: ${kind}`, () => {
    const now = at(DEADLINE + lateMs);
    assert.equal(lastResort(live, lost(T0, HOUR), now, { graceMs: GRACE }).kind, kind);
  });
}

const { deadline_at: _wall, ...byDuration } = PLAN;
const { deadline_in_s: _duration, ...byClock } = PLAN;
const anchors: readonly [
  name: string,
  plan: AgentPlan,
  isRetained: boolean,
  wallErrorMs: number,
  leftMs: number,
  byWall: boolean,
][] = [
  ["a live plan by its duration", PLAN, false, 0, 30 * MIN, false],
  [
    "a live plan by its duration, whatever a clock that is ahead says",
    PLAN,
    false,
    20 * MIN,
    30 * MIN,
    false,
  ],
  ["a live plan by its duration, whatever a clock that is behind says", PLAN, false, -HOUR, 30 * MIN, false],
  ["a live plan without a duration by the clock", byClock, false, 20 * MIN, 10 * MIN, true],
  ["a kept plan by the clock", PLAN, true, 20 * MIN, 10 * MIN, true],
  [
    "a kept plan by a clock that is behind, but no longer than its duration",
    PLAN,
    true,
    -HOUR,
    30 * MIN,
    true,
  ],
  ["a kept plan without a duration by the clock", byClock, true, -HOUR, 90 * MIN, true],
  ["a kept plan without a time by its duration", byDuration, true, 20 * MIN, 30 * MIN, false],
];
for (const [name, plan, isRetained, wallErrorMs, leftMs, byWall] of anchors) {
  Deno.test(`keepPlan() counts ${name}`, () => {
    const kept = keepPlan(plan, isRetained, at(T0, wallErrorMs));
    assert.deepEqual([kept.deadline_uptime_ms, kept.by_wall, kept.boot_id], [T0 + leftMs, byWall, "boot"]);
  });
}

Deno.test("lastResort() says how long the daemon was not reached, and how late it is, in seconds", () => {
  const why = (reach: Reach, now: HostNow) => {
    const verdict = lastResort(live, reach, now, { graceMs: GRACE });
    return verdict.kind === "wait" ? "" : verdict.why;
  };
  assert.match(why(lost(T0, 1_800_400), at(DEADLINE)), /not reached for 1800 s$/);
  assert.match(why(lost(T0, HOUR), at(DEADLINE + 700_000)), /passed 700 s ago/);
});

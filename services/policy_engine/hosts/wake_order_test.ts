import assert from "node:assert/strict";
import { LIMITS } from "../testdata/limits.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import type { HouseRules } from "../rules/rules.ts";
import type { HostState } from "./host_phase.ts";
import { type FeedView, isFeedReady, mayWake } from "./wake_order.ts";

const NOW = 100_000_000;
const STABLE_MS = 300_000;
const group = (hosts: readonly string[]) => ({ key: hosts.join(), hosts, triggers: {}, debounceMs: 0 });
const BASE = simpleRules({ ...LIMITS, stations: { Study: ["nas"], Attic: ["nas"] } }, 0);
const RULES: HouseRules = {
  ...BASE,
  wake: {
    gridStableMs: STABLE_MS,
    socPercent: 30,
    addresses: {},
    macs: { nas: "01:02:03:04:05:06", pi: "01:02:03:04:05:07" },
  },
};
const READY: FeedView = { gridSinceMonoMs: NOW - STABLE_MS, socPercent: 30 };

const feeds: readonly [name: string, feed: FeedView, isReady: boolean][] = [
  ["at both limits", READY, true],
  ["1 ms before the grid is stable", { ...READY, gridSinceMonoMs: NOW - STABLE_MS + 1 }, false],
  ["a tenth of a point below the charge", { ...READY, socPercent: 29.9 }, false],
  ["without a fresh grid", { socPercent: 100 }, false],
  ["without a fresh charge", { gridSinceMonoMs: 0 }, false],
];
for (const [name, feed, isReady] of feeds) {
  Deno.test(`isFeedReady() says ${isReady ? "yes" : "no"} ${name}`, () => {
    assert.equal(isFeedReady(feed, RULES, NOW), isReady);
  });
}

const NOT_READY: FeedView = { ...READY, socPercent: 5 };
const one: readonly [name: string, goesWithAny: boolean, study: FeedView, attic: FeedView, may: boolean][] = [
  ["on two stations, one of which is ready", false, READY, NOT_READY, true],
  ["on two stations, none of which is ready", false, NOT_READY, NOT_READY, false],
  ["that goes with any, while one is not ready", true, READY, NOT_READY, false],
  ["that goes with any, when all are ready", true, READY, READY, true],
];
for (const [name, goesWithAny, study, attic, may] of one) {
  Deno.test(`mayWake() ${may ? "wakes" : "does not wake"} a host ${name}`, () => {
    const rules = { ...RULES, goesWithAny: new Set(goesWithAny ? ["nas"] : []) };
    const views = new Map([["Study", study], ["Attic", attic]]);
    assert.equal(mayWake("nas", rules, views, new Map(), NOW), may);
  });
}

const STAGED: HouseRules = {
  ...RULES,
  stations: {
    Study: {
      stages: [
        { number: 1, timeLimitMs: 1, groups: [group(["nas"])] },
        { number: 2, timeLimitMs: 1, groups: [group(["tv", "pi"]), group(["unwakeable"])] },
      ],
      hasReserve: true,
    },
  },
};
const down: HostState = { phase: { kind: "down", commandId: "1", commandedMonoMs: 0, sinceMonoMs: 0 } };
const waking = (sinceMonoMs: number): HostState => ({
  phase: { kind: "waking", commandId: "1", sinceMonoMs, sentMonoMs: sinceMonoMs },
});
const order: readonly [name: string, host: string, others: Record<string, HostState>, may: boolean][] = [
  ["waits for a host of a later stage that is down", "nas", { pi: down }, false],
  ["waits not quite ten minutes for one that is being woken", "nas", { pi: waking(NOW - 599_999) }, false],
  ["waits no longer then", "nas", { pi: waking(NOW - 600_000) }, true],
  ["waits for nobody who cannot be woken", "nas", { unwakeable: down }, true],
  ["waits for nobody who is up", "nas", { pi: { phase: { kind: "idle" } } }, true],
  ["waits for nobody who is only called off", "nas", {
    pi: { phase: { kind: "aborting", shutdownId: "1", abortId: "2", sinceMonoMs: NOW, sentMonoMs: NOW } },
  }, true],
  ["waits for nobody of whom nothing is known", "nas", {}, true],
  ["begins with the last stage", "pi", { nas: down }, true],
  ["leaves a host alone that has no hardware address", "unwakeable", {}, false],
];
for (const [name, host, others, may] of order) {
  Deno.test(`mayWake() ${name}`, () => {
    const hosts = new Map(Object.entries(others));
    assert.equal(mayWake(host, STAGED, new Map([["Study", READY]]), hosts, NOW), may);
  });
}

Deno.test("mayWake() waits for hosts of a later stage on each station of the host, and of no other", () => {
  const stages = [{ number: 1, timeLimitMs: 1, groups: [group(["nas"])] }, {
    number: 2,
    timeLimitMs: 1,
    groups: [group(["pi"])],
  }];
  const simple = { stages: [{ number: 1, timeLimitMs: 1, groups: [group(["nas"])] }], hasReserve: true };
  const apart = [
    { number: 1, timeLimitMs: 1, groups: [group(["tv"])] },
    { number: 2, timeLimitMs: 1, groups: [group(["pi"])] },
  ];
  const may = (attic: HouseRules["stations"][string]) => {
    const rules = { ...RULES, stations: { Study: simple, Attic: attic } };
    const views = new Map([["Study", READY], ["Attic", READY]]);
    return mayWake("nas", rules, views, new Map([["pi", down]]), NOW);
  };
  assert.equal(may({ stages, hasReserve: true }), false);
  assert.equal(may({ stages: apart, hasReserve: true }), true);
});

Deno.test("mayWake() wakes by no station of which nothing is known", () => {
  assert.equal(mayWake("nas", RULES, new Map([["Attic", READY]]), new Map(), NOW), true);
  assert.equal(mayWake("nas", RULES, new Map(), new Map(), NOW), false);
});

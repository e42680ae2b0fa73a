import assert from "node:assert/strict";
import { type FaultKind, FAULTS } from "../api/faults.ts";
import { LOG_INS_PER_DAY, LOG_INS_PER_HOUR } from "../api/login_budget.ts";
import {
  FAILURES_BETWEEN_RENEWALS,
  FAILURES_UNTIL_RENEWAL,
  KICKS,
  Retry,
  SILENCES_UNTIL_RENEWAL,
  STABLE_MS,
} from "./retry.ts";

const KINDS = Object.keys(FAULTS) as FaultKind[];
const HOUR = 3_600_000;
const API_HOSTS = 3;
const middle = () => 0.5;

const waits: readonly [kind: FaultKind, firstMs: readonly number[]][] = [
  ["network", [5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]],
  ["tls", [60_000, 120_000, 240_000, 480_000, 600_000, 600_000]],
  ["server", [30_000, 60_000, 120_000, 240_000, 480_000, 600_000]],
  ["closed_early", [10_000, 30_000, 90_000, 270_000, 810_000, 1_800_000, 1_800_000]],
  ["hung_up", [5_000, 10_000, 20_000, 40_000, 80_000, 120_000, 120_000]],
  ["not_authorised", [10_000, 100_000, 1_000_000, HOUR, HOUR]],
  ["client_id_refused", [0.5 * HOUR, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 6 * HOUR]],
  ["rate_limited", [0.25 * HOUR, 0.5 * HOUR, HOUR, 2 * HOUR, 2 * HOUR]],
  ["credentials_refused", [300_000, 900_000, 2_700_000, 2 * HOUR, 2 * HOUR]],
  ["key_refused", [300_000, 900_000, 2_700_000, 2 * HOUR]],
  ["signature_refused", [300_000, 900_000, 2_700_000, 2 * HOUR]],
  ["api_refused", [60_000, 180_000, 540_000, 1_620_000, HOUR]],
  ["unreadable_reply", [60_000, 180_000, 540_000, 1_620_000, 4_860_000, 2 * HOUR, 2 * HOUR]],
  ["broker_forbidden", [600_000, 1_200_000, 2_400_000, HOUR]],
  ["no_stations", [300_000, 600_000, 1_200_000, 2_400_000, HOUR]],
];

for (const [kind, expected] of waits) {
  Deno.test(`Retry.after() waits for ${kind} as the table says`, () => {
    const retry = new Retry(middle);
    assert.deepEqual(expected.map(() => retry.after(kind).waitMs), expected);
  });
}

Deno.test("Retry.after() keeps counting over connections that did not last, and forgets after one that did", () => {
  const retry = new Retry(middle);
  const waitsOf = (upMs: number) => retry.after("dropped", upMs).waitMs;
  assert.equal(waitsOf(STABLE_MS), 1000);
  assert.equal(waitsOf(STABLE_MS - 1), 2000);
  assert.equal(waitsOf(STABLE_MS - 1), 4000);
  assert.equal(waitsOf(STABLE_MS), 1000);
});

Deno.test("Retry.after() calls the third short connection in a row a kick-out, and is in no hurry then", () => {
  const retry = new Retry(middle);
  const kinds = Array.from({ length: KICKS + 1 }, () => retry.after("dropped", 1000));
  assert.deepEqual(kinds.map(({ kind }) => kind), ["dropped", "dropped", "kicked_out", "kicked_out"]);
  assert.deepEqual(kinds.map(({ waitMs }) => waitMs), [1000, 2000, 300_000, 600_000]);
  assert.ok(kinds.every(({ renews }) => !renews));
  assert.equal(retry.after("dropped", STABLE_MS).kind, "dropped");
});

for (const kind of ["network", "tls", "server", "hung_up"] as const) {
  Deno.test(`Retry.after() asks for a new broker address now and then when it is ${kind} all the time`, () => {
    const retry = new Retry(middle);
    const renewals = Array.from({ length: 66 }, (_, i) => retry.after(kind).renews ? i + 1 : 0).filter((n) =>
      n > 0
    );
    const second = FAILURES_UNTIL_RENEWAL + FAILURES_BETWEEN_RENEWALS;
    assert.deepEqual(renewals, [FAILURES_UNTIL_RENEWAL, second, second + FAILURES_BETWEEN_RENEWALS]);
  });
}

Deno.test("Retry.after() renews the credentials once when connection after connection stays silent", () => {
  const retry = new Retry(middle);
  const renewals = (count: number) =>
    Array.from({ length: count }, (_, i) => retry.after("silent", STABLE_MS).renews ? i + 1 : 0).filter((n) =>
      n > 0
    );
  assert.deepEqual(renewals(SILENCES_UNTIL_RENEWAL - 1), []);
  assert.equal(retry.after("network").renews, false, "what lies between is no word of a station");
  assert.deepEqual(renewals(50), [1]);
  retry.heard();
  assert.deepEqual(renewals(50), [SILENCES_UNTIL_RENEWAL]);
});

Deno.test("Retry.after() waits as long as the fault itself asks for", () => {
  assert.equal(new Retry(middle).after("paused", undefined, 1234).waitMs, 1234);
});

/** Faults that come only after every API host was asked. */
const ASKS_EVERY_HOST: readonly FaultKind[] = [
  "credentials_refused",
  "key_refused",
  "signature_refused",
  "unreadable_reply",
];

/** The log-ins of a day in which every try ends in the same fault, without the budget, ms since its beginning. */
function dayOf(kind: FaultKind): number[] {
  // The shortest waits that the jitter allows.
  const retry = new Retry(() => 0);
  const logIns: number[] = [];
  let renews = true;
  for (let nowMs = 0; nowMs < 24 * HOUR;) {
    const hosts = ASKS_EVERY_HOST.includes(kind) ? API_HOSTS : 1;
    if (renews) logIns.push(...Array.from({ length: hosts }, () => nowMs));
    const plan = retry.after(kind, kind === "dropped" || kind === "silent" ? 1000 : undefined);
    renews = plan.renews;
    nowMs += plan.waitMs;
  }
  return logIns;
}

for (const kind of KINDS.filter((kind) => kind !== "paused")) {
  Deno.test(`Retry.after() stays within the log-in budget in a day of ${kind}`, () => {
    const logIns = dayOf(kind);
    const inHour = Math.max(
      ...logIns.map((from) => logIns.filter((at) => at >= from && at < from + HOUR).length),
    );
    assert.ok(inHour <= LOG_INS_PER_HOUR, `${inHour} in an hour`);
    assert.ok(logIns.length <= LOG_INS_PER_DAY, `${logIns.length} in a day`);
  });
}

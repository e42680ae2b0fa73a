import assert from "node:assert/strict";
import { LOG_INS_PER_DAY, LOG_INS_PER_HOUR, loginWaitMs, withLogin } from "./login_budget.ts";

const NOW = Date.UTC(2026, 10, 23);
const HOUR = 3_600_000;
const ago = (count: number, ageMs: number) => Array.from({ length: count }, () => NOW - ageMs);

const rows: readonly { name: string; past: number[]; waitMs: number }[] = [
  { name: "allows the first", past: [], waitMs: 0 },
  { name: "allows the last of the hour", past: ago(LOG_INS_PER_HOUR - 1, 1000), waitMs: 0 },
  { name: "holds back the next of the hour", past: ago(LOG_INS_PER_HOUR, 1000), waitMs: HOUR - 1000 },
  { name: "holds back 1 ms before the hour ends", past: ago(LOG_INS_PER_HOUR, HOUR - 1), waitMs: 1 },
  { name: "allows when the hour ends", past: ago(LOG_INS_PER_HOUR, HOUR), waitMs: 0 },
  {
    name: "waits for the oldest of the last ones only",
    past: [...ago(1, HOUR - 5), ...ago(LOG_INS_PER_HOUR - 1, 7)],
    waitMs: 5,
  },
  { name: "allows the last of the day", past: ago(LOG_INS_PER_DAY - 1, 2 * HOUR), waitMs: 0 },
  { name: "holds back the next of the day", past: ago(LOG_INS_PER_DAY, 2 * HOUR), waitMs: 22 * HOUR },
  { name: "takes a log-in in the future for one of now", past: ago(LOG_INS_PER_HOUR, -HOUR), waitMs: HOUR },
];

for (const { name, past, waitMs } of rows) {
  Deno.test(`loginWaitMs() ${name}`, () => assert.equal(loginWaitMs(past, NOW), waitMs));
}

Deno.test("withLogin() forgets what is a day old, and brings the future back", () => {
  assert.deepEqual(withLogin([NOW - 24 * HOUR, NOW - 24 * HOUR + 1, NOW + HOUR], NOW), [
    NOW - 24 * HOUR + 1,
    NOW,
    NOW,
  ]);
});

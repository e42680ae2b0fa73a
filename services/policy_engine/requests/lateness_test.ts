import assert from "node:assert/strict";
import { lateness } from "./lateness.ts";

const NOW = Date.UTC(2026, 10, 29, 16);
const issued = (agoMs: number) => ({ issued_at: new Date(NOW - agoMs).toISOString() });
const rows: readonly [name: string, request: { issued_at?: string }, want: string | undefined][] = [
  ["says no time", {}, undefined],
  ["was issued now", issued(0), undefined],
  ["is a minute old", issued(60_000), undefined],
  ["is a millisecond older than a minute", issued(60_001), "it was asked for 60 s ago"],
  ["is an hour old", issued(3_600_000), "it was asked for 3600 s ago"],
  ["comes from a clock that is an hour ahead", issued(-3_600_000), undefined],
];
for (const [name, request, want] of rows) {
  Deno.test(`lateness() is ${want ?? "none"} of a request that ${name}`, () => {
    assert.equal(lateness(request, NOW), want);
  });
}

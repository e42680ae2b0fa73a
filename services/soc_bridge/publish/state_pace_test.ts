import assert from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { GATHER_MS, HEARTBEAT_MS, isDue, QUIET_HEARTBEAT_MS } from "./state_pace.ts";

const LIVE: PowerState = {
  device: "s",
  soc: 50,
  grid_connected: true,
  out_watts: 10,
  link: "live",
  age_s: 1,
};
const STALE: PowerState = { ...LIVE, link: "stale" };

const ROWS: {
  name: string;
  now: PowerState;
  last: PowerState | undefined;
  waitedMs: number;
  due: boolean;
}[] = [
  { name: "the first state", now: LIVE, last: undefined, waitedMs: 0, due: true },
  { name: "nothing new", now: LIVE, last: LIVE, waitedMs: GATHER_MS, due: false },
  {
    name: "only an age",
    now: { ...LIVE, age_s: 2, grid_age_s: 5 },
    last: LIVE,
    waitedMs: GATHER_MS,
    due: false,
  },
  { name: "the grid", now: { ...LIVE, grid_connected: false }, last: LIVE, waitedMs: 0, due: true },
  {
    name: "a doubt about the grid",
    now: { ...LIVE, grid_unconfirmed: true },
    last: LIVE,
    waitedMs: 0,
    due: true,
  },
  { name: "the charge", now: { ...LIVE, soc: 49.9 }, last: LIVE, waitedMs: 0, due: true },
  { name: "the link", now: STALE, last: LIVE, waitedMs: 0, due: true },
  {
    name: "watts, a moment ago",
    now: { ...LIVE, out_watts: 11 },
    last: LIVE,
    waitedMs: GATHER_MS - 1,
    due: false,
  },
  { name: "watts, gathered", now: { ...LIVE, out_watts: 11 }, last: LIVE, waitedMs: GATHER_MS, due: true },
  { name: "1 ms before the heartbeat", now: LIVE, last: LIVE, waitedMs: HEARTBEAT_MS - 1, due: false },
  { name: "the heartbeat", now: LIVE, last: LIVE, waitedMs: HEARTBEAT_MS, due: true },
  {
    name: "1 ms before the quiet heartbeat",
    now: STALE,
    last: STALE,
    waitedMs: QUIET_HEARTBEAT_MS - 1,
    due: false,
  },
  { name: "the quiet heartbeat", now: STALE, last: STALE, waitedMs: QUIET_HEARTBEAT_MS, due: true },
];

for (const { name, now, last, waitedMs, due } of ROWS) {
  Deno.test(`isDue() ${due ? "publishes" : "keeps back"}: ${name}`, () => {
    assert.equal(isDue(now, last, waitedMs), due);
  });
}

import assert from "node:assert/strict";
import { encodePowerState, parsePowerState } from "../../lib/messages/power_state.ts";
import { type Moment, momentAt, type PlayedEvent, playedState } from "./script.ts";

const OUTAGE: PlayedEvent = { kind: "outage", limitPercent: 10 };
const STILL: PlayedEvent = { kind: "still", socPercent: 42, gridConnected: false };
const LIMIT = 600;

const rows: readonly [PlayedEvent, number, number | undefined, number, [number, boolean] | "over"][] = [
  [OUTAGE, 0, undefined, LIMIT, [15, true]],
  [OUTAGE, 9.9, undefined, LIMIT, [15, true]],
  [OUTAGE, 10, undefined, LIMIT, [15, false]],
  [OUTAGE, 19.9, undefined, LIMIT, [15, false]],
  [OUTAGE, 20, undefined, LIMIT, [9, false]],
  [OUTAGE, 219.9, 200, LIMIT, [9, false]],
  [OUTAGE, 220, 200, LIMIT, [9, true]],
  [OUTAGE, 229.9, 200, LIMIT, [9, true]],
  [OUTAGE, 230, 200, LIMIT, "over"],
  // A policy that shuts nobody down: the grid is back before the end all the same.
  [OUTAGE, 589.9, undefined, LIMIT, [9, false]],
  [OUTAGE, 590, undefined, LIMIT, [9, true]],
  [OUTAGE, 600, undefined, LIMIT, "over"],
  [{ kind: "outage", limitPercent: 0 }, 30, undefined, LIMIT, [0, false]],
  [{ kind: "outage", limitPercent: 99 }, 0, undefined, LIMIT, [100, true]],
  [STILL, 0, undefined, LIMIT, [42, false]],
  [STILL, 599.9, 10, LIMIT, [42, false]],
  [STILL, 600, undefined, LIMIT, "over"],
];

for (const [event, elapsed, down, limit, wanted] of rows) {
  Deno.test(`momentAt() ${event.kind} at ${elapsed} s, down ${down}: ${wanted}`, () => {
    const moment = momentAt(event, elapsed, down, limit);
    if (wanted === "over") return assert.equal(moment.kind, "over");
    assert.ok(moment.kind === "state");
    assert.deepEqual([moment.soc, moment.grid], wanted);
  });
}

Deno.test("playedState() says that it is played and when it expires, and is a state that everybody reads", () => {
  const moment: Moment = { kind: "state", soc: 9, grid: false, title: "" };
  const state = playedState("SimulatedDevice", moment, 0);
  assert.deepEqual([state.simulated, state.expires_s], [true, 15]);
  assert.deepEqual(parsePowerState(encodePowerState(state), "test"), state);
});

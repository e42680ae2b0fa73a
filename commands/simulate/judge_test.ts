import assert from "node:assert/strict";
import { judge, type Sighting } from "./judge.ts";
import type { Expectation } from "./scenario.ts";

const told = (atSec: number): Sighting => ({
  atSec,
  kind: "command",
  agent: "pc",
  action: "shutdown",
  id: "1",
});
const policy = (atSec: number, state: string): Sighting => ({
  atSec,
  kind: "policy",
  device: "S",
  state,
  sentence: "",
});
const command = { kind: "command", agent: "pc", action: "shutdown", why: "w" } as const;

const STAYS = { kind: "stays_on", agent: "pc", why: "w" } as const;
const aborted = (atSec: number): Sighting => ({
  atSec,
  kind: "command",
  agent: "pc",
  action: "abort",
  id: "2",
});
const ack = (atSec: number, status: string): Sighting => ({ atSec, kind: "ack", agent: "pc", status });

const rows: readonly [name: string, expectation: Expectation, sightings: Sighting[], held: boolean][] = [
  ["a command that came", command, [told(5)], true],
  ["a command that never came", command, [], false],
  ["a command at the span's end", { ...command, toSec: 5 }, [told(5)], true],
  ["a command after the span's end", { ...command, toSec: 5 }, [told(5.1)], false],
  ["a command before the span", { ...command, fromSec: 6 }, [told(5)], false],
  ["no command, as wanted", { ...command, times: 0 }, [], true],
  ["a command that was not wanted", { ...command, times: 0 }, [told(5)], false],
  ["twice where once was wanted", { ...command, times: 1 }, [told(5), told(6)], false],
  [
    "a host that stays on after its abort",
    STAYS,
    [ack(1, "shutting_down"), aborted(5), ack(6, "aborted")],
    true,
  ],
  [
    "a host that goes off after its abort",
    STAYS,
    [aborted(5), ack(6, "aborted"), ack(7, "shutting_down")],
    false,
  ],
  ["a host that was never called off", STAYS, [ack(6, "running")], false],
  ["a command to another agent", { ...command, agent: "nas" }, [told(5)], false],
  [
    "a state that holds since before",
    { kind: "policy", device: "S", state: "online", fromSec: 9, why: "w" },
    [
      policy(1, "online"),
    ],
    true,
  ],
  ["a state that ended before", { kind: "policy", device: "S", state: "online", fromSec: 9, why: "w" }, [
    policy(1, "online"),
    policy(2, "critical"),
  ], false],
  ["a state that must never be", { kind: "policy_never", device: "S", state: "critical", why: "w" }, [
    policy(2, "critical"),
  ], false],
  ["an unknown grid", { kind: "grid", device: "S", connected: false, why: "w" }, [
    { atSec: 1, kind: "state", device: "S" },
  ], false],
];
for (const [name, expectation, sightings, held] of rows) {
  Deno.test(`judge() ${held ? "accepts" : "refuses"} ${name}`, () => {
    const [verdict] = judge([expectation], sightings, 100);
    assert.equal(verdict?.held, held, verdict?.text ?? "");
  });
}

import { deepEqual, equal, match } from "node:assert/strict";
import {
  AWAY_MS,
  AWAY_ON_BATTERY_MS,
  COMES_BACK_MS,
  FIRST_LOGIN_MS,
  type HostFacts,
  MissingHosts,
  REFUSED_LATELY_MS,
} from "./missing_hosts.ts";

const AWAY: HostFacts = { isLoggedIn: false, isExcused: false, isOnBattery: false, hasGrid: true };
const HERE: HostFacts = { ...AWAY, isLoggedIn: true };
const BATTERY: HostFacts = { ...AWAY, isOnBattery: true, hasGrid: false };
const EXCUSED: HostFacts = { ...AWAY, isExcused: true, hasGrid: false };
const EXCUSED_WITH_GRID: HostFacts = { ...EXCUSED, hasGrid: true };
const refusedAt = (atMonoMs: number) => ({
  user: "u",
  ups: "ups",
  why: "the password is wrong",
  address: "192.168.1.20",
  host: "nas",
  atMonoMs,
});

Deno.test("MissingHosts tells of a host without a client, once, at its limit, and of its return", () => {
  const rows: readonly (readonly [
    name: string,
    steps: readonly (readonly [nowMonoMs: number, facts: HostFacts])[],
    told: readonly string[],
  ])[] = [
    ["never logged in, 1 ms before the limit", [[0, AWAY], [FIRST_LOGIN_MS - 1, AWAY]], []],
    ["never logged in, at the limit", [[0, AWAY], [FIRST_LOGIN_MS, AWAY]], ["nut_host_missing"]],
    ["once", [[0, AWAY], [FIRST_LOGIN_MS, AWAY], [FIRST_LOGIN_MS + 1, AWAY]], ["nut_host_missing"]],
    ["on battery, 1 ms before its limit", [[0, BATTERY], [AWAY_ON_BATTERY_MS - 1, BATTERY]], []],
    ["on battery, at its limit", [[0, BATTERY], [AWAY_ON_BATTERY_MS, BATTERY]], ["nut_host_missing"]],
    ["away since before the outage", [[0, AWAY], [AWAY_ON_BATTERY_MS, BATTERY]], ["nut_host_missing"]],
    ["gone, 1 ms before the limit", [[0, HERE], [1, AWAY], [AWAY_MS, AWAY]], []],
    ["gone, at the limit", [[0, HERE], [1, AWAY], [AWAY_MS + 1, AWAY]], ["nut_host_missing"]],
    ["a reboot", [[0, HERE], [1, AWAY], [AWAY_MS - 1, HERE], [AWAY_MS + 9, AWAY]], []],
    [
      "back",
      [[0, AWAY], [FIRST_LOGIN_MS, AWAY], [FIRST_LOGIN_MS + 1, HERE], [FIRST_LOGIN_MS + 2, HERE]],
      ["nut_host_missing", "nut_host_back"],
    ],
    ["it was told to go", [[0, HERE], [1, EXCUSED], [9 * AWAY_MS, EXCUSED]], []],
    ["told to go, then the excuse ends: its time begins", [
      [0, HERE],
      [1, EXCUSED],
      [AWAY_MS, AWAY],
      [2 * AWAY_MS - 1, AWAY],
    ], []],
    ["down as told, the grid is back, 1 ms before its time to come back is over", [
      [0, HERE],
      [1, EXCUSED],
      [AWAY_MS, EXCUSED_WITH_GRID],
      [AWAY_MS + COMES_BACK_MS - 1, EXCUSED_WITH_GRID],
    ], []],
    ["down as told, the grid is back, and it does not come", [
      [0, HERE],
      [1, EXCUSED],
      [AWAY_MS, EXCUSED_WITH_GRID],
      [AWAY_MS + COMES_BACK_MS, EXCUSED_WITH_GRID],
    ], ["nut_host_missing"]],
    ["down as told, and the grid goes again before: its time begins anew", [
      [0, EXCUSED_WITH_GRID],
      [COMES_BACK_MS - 1, EXCUSED],
      [COMES_BACK_MS, EXCUSED_WITH_GRID],
      [2 * COMES_BACK_MS - 1, EXCUSED_WITH_GRID],
    ], []],
    ["missing after an outage, and back", [
      [0, EXCUSED_WITH_GRID],
      [COMES_BACK_MS, EXCUSED_WITH_GRID],
      [COMES_BACK_MS + 1, HERE],
    ], ["nut_host_missing", "nut_host_back"]],
    ["refused: at once", [[0, { ...AWAY, refused: refusedAt(0) }]], ["nut_host_missing"]],
    ["refused, though it was told to go", [[0, { ...EXCUSED, refused: refusedAt(0) }]], ["nut_host_missing"]],
    [
      "refused long ago, then switched off as it was told",
      [[0, EXCUSED], [REFUSED_LATELY_MS, { ...EXCUSED, refused: refusedAt(0) }]],
      [],
    ],
    ["refused, but another client of it is logged in", [[0, { ...HERE, refused: refusedAt(0) }]], []],
  ];
  for (const [name, steps, told] of rows) {
    const hosts = new MissingHosts();
    const kinds: string[] = [];
    for (const [nowMonoMs, facts] of steps) {
      for (const outcome of hosts.tick(new Map([["nas", facts]]), nowMonoMs)) {
        if (outcome.kind === "event") kinds.push(outcome.event.kind);
      }
      const isMissing = kinds.at(-1) === "nut_host_missing";
      equal(hosts.now(new Map([["nas", facts]])) !== undefined, isMissing, `${name}: the condition holds`);
    }
    deepEqual(kinds, told, name);
  }
});

Deno.test("MissingHosts names host, reason and all that are missing in one sentence", () => {
  const hosts = new MissingHosts();
  const facts = new Map([["nas", { ...AWAY, refused: refusedAt(0) }], ["pve", AWAY], ["pc", HERE]]);
  hosts.tick(facts, 0);
  match(
    hosts.now(facts)?.text ?? "",
    /^The NUT client of nas has not logged in since the start \(refused: user "u" on UPS "ups" from 192\.168\.1\.20, the password is wrong\): a shutdown would not reach it$/,
  );
  hosts.tick(facts, FIRST_LOGIN_MS);
  match(
    hosts.now(facts)?.text ?? "",
    /nas .*; The NUT client of pve has not logged in since the start: a shutdown/,
  );
  deepEqual(hosts.now(facts)?.hosts, [
    { host: "nas", refused: 'user "u" on UPS "ups" from 192.168.1.20, the password is wrong' },
    { host: "pve", refused: undefined },
  ]);
});

/** When a shutdown may be called off, to the millisecond, without a service around it. */
import assert from "node:assert/strict";
import { emptyHouse, House } from "../house.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { CONFIG } from "../testdata/test_policy.ts";
import { abortRefusal, AbortRequests } from "./abort_requests.ts";

const NOW_WALL_MS = Date.UTC(2026, 10, 29, 16);
const ABORT = { id: "a1", device: "Study" };
const message = (payload: string, retained = false) => ({
  topic: "t",
  payload: new TextEncoder().encode(payload),
  retained,
});

/** On battery below the limit, with so many minutes to empty. `pc` has five minutes to go down, or took so long before. */
function critical(discharge_min?: number, tookMs?: number): House {
  const rules = simpleRules(CONFIG, 0);
  const house = new House(emptyHouse(rules), rules, () => "id");
  if (tookMs !== undefined) house.step({ kind: "learned", agent: "pc", tookMs }, 0);
  const state = { device: "Study", soc: 9, grid_connected: false, discharge_min };
  const arrival = { atMonoMs: 0, atWallMs: NOW_WALL_MS, retained: false };
  house.step({ kind: "state", device: "Study", state, arrival }, 0);
  return house;
}

function asked(payload: string, house: House, retained = false) {
  const did: string[] = [];
  const requests = new AbortRequests({
    nowMonoMs: () => 1000,
    nowWallMs: () => NOW_WALL_MS,
    hold: (device, { untilMonoMs, reason }) => did.push(`hold ${device} until ${untilMonoMs}: ${reason}`),
    tell: (kind, device, text, id) => did.push(`${kind} ${device} ${id}: ${text}`),
  });
  requests.onRequest(message(payload, retained), house);
  return did;
}

const WHY = (left: number, need: number) =>
  `the battery lasts for about ${left} min, and waiting and an orderly shutdown need ${need} min`;
const rows: readonly [name: string, minutes: number | undefined, tookMs: number | undefined, why?: string][] =
  [
    ["for the five minutes of the hold and the five of the host", 10, undefined, WHY(10, 10)],
    ["for a millisecond longer", 600_001 / 60_000, undefined],
    ["for nobody knows how long", undefined, undefined],
    // 48 s, a quarter more, and the hold: six minutes to the millisecond.
    ["for six minutes, which are needed", 6, 48_000, WHY(6, 6)],
    ["for six minutes, and a millisecond more is needed", 6, 48_001, WHY(6, 7)],
    ["for a second less than six minutes", 5.98, 48_000, WHY(5, 6)],
  ];
for (const [name, minutes, tookMs, why] of rows) {
  Deno.test(`abortRefusal() ${why === undefined ? "has none" : "refuses"} when the battery lasts ${name}`, () => {
    assert.equal(abortRefusal("Study", critical(minutes, tookMs), 0), why);
  });
}

Deno.test("AbortRequests holds for five minutes from now on, in the name of who asks, or of a person", () => {
  const held = (who: string) => [
    `shutdown_held Study a1: Study: ${who} holds the shutdown back for 5 min`,
    `hold Study until 301000: ${who} holds the shutdown back for 5 min`,
  ];
  assert.deepEqual(asked(JSON.stringify({ ...ABORT, by: "Ann" }), critical()), held("Ann"));
  assert.deepEqual(asked(JSON.stringify(ABORT), critical()), held("a person"));
});

Deno.test("AbortRequests refuses what was asked for more than a minute ago, before it looks at anything else", () => {
  const issued = (agoMs: number) => new Date(NOW_WALL_MS - agoMs).toISOString();
  const late = { ...ABORT, device: "Attic", issued_at: issued(61_000) };
  assert.deepEqual(asked(JSON.stringify(late), critical()), [
    "abort_refused Attic a1: Attic: not aborted: it was asked for 61 s ago",
  ]);
  assert.equal(asked(JSON.stringify({ ...ABORT, issued_at: issued(60_000) }), critical()).length, 2);
});

Deno.test("AbortRequests passes over what the broker kept and an emptied topic, and throws on all else that is no request", () => {
  assert.deepEqual(asked(JSON.stringify(ABORT), critical(), true), []);
  assert.deepEqual(asked("", critical()), []);
  assert.throws(() => asked("1", critical()), /MQTT topic "t"/);
});

import assert from "node:assert/strict";
import { TestClock } from "../../../lib/time/test_clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { emptyHouse, House } from "../house.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { CONFIG } from "../testdata/test_policy.ts";
import { PlayRequests } from "./play_requests.ts";

const PLAYED = { device: "Sim", simulated: true, expires_s: 60 } as const;
const rules = simpleRules({ ...CONFIG, stations: { Sim: ["pc"], Study: ["pc", "nas"] } }, 0);
const house = new House(emptyHouse(rules), rules, () => "id");

function plays() {
  const clock = new TestClock();
  const log = memoryLog();
  const did: string[] = [];
  const requests = new PlayRequests({
    clock,
    log,
    simulatedStations: ["Sim"],
    tell: ({ title }) => did.push(title),
    endCutOff: () => {},
    end: (device) => did.push(`end ${device}`),
    look: (device) => did.push(`look ${device}`),
    takeBack: (device) => did.push(`take back ${device}`),
  });
  return { clock, log, did, requests };
}

Deno.test("PlayRequests admits the real state that ends a play, and calls off whom the play told", () => {
  const { did, requests } = plays();
  assert.equal(requests.admits("Sim", PLAYED, false), true);
  assert.equal(requests.admits("Sim", PLAYED, false), true);
  assert.deepEqual(did.splice(0), ["SIMULATION BEGINS"]);
  assert.equal(requests.admits("Sim", { device: "Sim" }, false), true);
  assert.deepEqual(did, ["SIMULATION ENDED", "end Sim"]);
});

Deno.test("PlayRequests admits every real state, and logs a refused played one once", () => {
  const { log, did, requests } = plays();
  assert.equal(requests.admits("Study", { device: "Study" }, false), true);
  assert.equal(requests.admits("Study", { device: "Study" }, true), true);
  for (let i = 0; i < 3; i++) {
    assert.equal(requests.admits("Study", { ...PLAYED, device: "Study" }, false), false);
  }
  assert.equal(log.entries.length, 1);
  assert.deepEqual(did, []);
});

Deno.test("PlayRequests takes for a part of a play whoever hangs on its station, also beside a real one", () => {
  const { requests } = plays();
  requests.admits("Sim", PLAYED, false);
  const isPartOf = (agent: string) =>
    requests.isPartOf({ kind: "host", agent } as Parameters<typeof requests.isPartOf>[0], house);
  assert.deepEqual([isPartOf("pc"), isPartOf("nas")], [true, false]);
});

Deno.test("PlayRequests ends a play that nobody goes on with, once, and leaves nothing of it", async () => {
  const { clock, did, requests } = plays();
  requests.admits("Sim", PLAYED, false);
  did.splice(0);
  await clock.advance(59_999);
  requests.tick(house);
  assert.deepEqual(did, []);
  await clock.advance(1);
  requests.tick(house);
  assert.deepEqual(did, ["SIMULATION ENDED", "end Sim", "look Sim"]);
  assert.equal(requests.isPlayed("Sim"), false);
  requests.tick(house);
  assert.equal(did.length, 3);
});

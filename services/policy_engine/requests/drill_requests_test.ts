/** What is told, learned and published of a drill, without a service around it. */
import assert from "node:assert/strict";
import { encodeDrillRequest, parseDrillReport } from "../../../lib/messages/drill.ts";
import { topicsUnder } from "../../../lib/mqtt/topics.ts";
import { TestClock } from "../../../lib/time/test_clock.ts";
import type { PublishOptions } from "../../../lib/workers/bus.ts";
import { emptyHouse, House } from "../house.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { CONFIG } from "../testdata/test_policy.ts";
import { DrillRequests } from "./drill_requests.ts";

const RULES = simpleRules({ ...CONFIG, stations: { Study: ["pc", "nas"] } }, 0);

function drills() {
  const clock = new TestClock();
  const house = new House(emptyHouse(RULES), RULES, () => "id");
  const said: string[] = [];
  const ways: (PublishOptions | undefined)[] = [];
  const did: string[] = [];
  let ids = 0;
  const requests = new DrillRequests({
    bus: {
      publish: (_topic, payload, options) => {
        said.push(String(payload));
        ways.push(options);
        return Promise.reject(new Error("the queue is full"));
      },
      subscribe: () => {},
      onLink: () => {},
    },
    clock,
    topics: topicsUnder(CONFIG.roots),
    newId: () => `c${++ids}`,
    send: (agent, id) => did.push(`drill ${agent} ${id}`),
    tell: (_kind, text) => did.push(text),
    knowsDrills: () => true,
    learn: (agent, tookMs) => did.push(`learn ${agent} ${tookMs}`),
  });
  const ask = (text: string, retained = false) =>
    requests.onRequest({ topic: "t", payload: new TextEncoder().encode(text), retained }, house);
  const answer = (agent: string, commandId: string, status: string) =>
    requests.onAnswer({ agent, commandId, status }, house);
  const report = () => parseDrillReport(said.at(-1) ?? "", "report");
  return { clock, house, said, ways, did, requests, ask, answer, report };
}

Deno.test("DrillRequests tells who drills and who asked for it", () => {
  const { did, ask } = drills();
  ask(encodeDrillRequest({ id: "d", device: "Study", by: "Ann" }));
  assert.deepEqual(did, ["A drill begins (Ann): pc, nas", "drill pc c1", "drill nas c2"]);
});

Deno.test("DrillRequests publishes each report retained and with QoS 1, and none for an answer that is no news", () => {
  const { said, ways, ask, answer } = drills();
  ask(encodeDrillRequest({ id: "d", all: true }));
  answer("pc", "c1", "done");
  assert.equal(said.length, 2);
  answer("pc", "c1", "done");
  answer("tv", "c9", "done");
  assert.equal(said.length, 2);
  answer("nas", "c2", "done");
  assert.equal(said.length, 4, "as it runs, and as it ended");
  assert.deepEqual(ways, Array(4).fill({ retain: true, qos: 1 }));
});

Deno.test("DrillRequests learns from the hosts that got done, and from no other", async () => {
  const { clock, house, did, requests, ask, answer, report } = drills();
  ask(encodeDrillRequest({ id: "d", all: true }));
  await clock.advance(5000);
  answer("pc", "c1", "done");
  did.splice(0);
  await clock.advance(54_999);
  requests.tick(house);
  assert.deepEqual(did, []);
  await clock.advance(1);
  requests.tick(house);
  // 5 s, the delay of 60 s and the last step's 60 s.
  assert.deepEqual(did, ["learn pc 125000", "1 of 2 hosts are ready."]);
  requests.tick(house);
  assert.equal(did.length, 2);
  assert.deepEqual(report().hosts.map(({ state }) => state), ["done", "silent"]);
});

Deno.test("DrillRequests says its last report again, and nothing before the first", () => {
  const { said, requests, ask } = drills();
  requests.sayAgain();
  assert.deepEqual(said, []);
  ask(encodeDrillRequest({ id: "d", all: true }));
  requests.sayAgain();
  assert.deepEqual(said, Array(2).fill(said[0]));
});

Deno.test("DrillRequests passes over what the broker kept and an emptied topic, and throws on all else that is no request", () => {
  const { said, did, ask } = drills();
  ask(encodeDrillRequest({ id: "d", all: true }), true);
  ask("");
  assert.deepEqual([said, did], [[], []]);
  assert.throws(() => ask("1"), /MQTT topic "t"/);
});

Deno.test("DrillRequests cuts a refusal to what a report may hold", () => {
  const { did, ask, report } = drills();
  const agents = Array.from({ length: 20 }, (_, index) => `${index}`.padStart(64, "a"));
  ask(encodeDrillRequest({ id: "d", agents }));
  assert.equal(report().state, "refused");
  assert.equal(report().sentence, `${did[0]}.`.slice(0, 500));
  assert.equal(report().sentence.length, 500);
});

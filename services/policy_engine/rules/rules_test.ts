import assert from "node:assert/strict";
import { feedsOf } from "./rules.ts";
import { simpleRules } from "./simple_rules.ts";
import { CONFIG } from "../testdata/test_policy.ts";

const STATIONS = { Study: ["pc", "nas"], Cellar: ["nas"], Attic: [] };

Deno.test("feedsOf() names the stations of a host in their order, and none for a host that nobody knows", () => {
  const rules = simpleRules({ ...CONFIG, stations: STATIONS }, 0);
  assert.deepEqual(feedsOf("nas", rules), ["Study", "Cellar"]);
  assert.deepEqual(feedsOf("pc", rules), ["Study"]);
  assert.deepEqual(feedsOf("toaster", rules), []);
  assert.deepEqual(feedsOf("constructor", rules), []);
});

Deno.test("feedsOf() looks through the stations once, however often it is asked", () => {
  const { stations } = simpleRules({ ...CONFIG, stations: STATIONS }, 0);
  let looks = 0;
  const counted = new Proxy(stations, {
    ownKeys: (target) => {
      looks++;
      return Reflect.ownKeys(target);
    },
  });
  for (let i = 0; i < 100; i++) feedsOf("pc", { stations: counted });
  assert.equal(looks, 1);
});

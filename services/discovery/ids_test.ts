import assert from "node:assert/strict";
import { hostId, kindOfId, stationId, templateText, uniqueId } from "./ids.ts";
import { CONFIG_TOPIC } from "./testdata/home_assistant_rules.ts";
import { renderTemplate } from "./testdata/template.ts";

/** Names that a topic may hold, and that are trouble somewhere else. */
const HOSTILE = [
  "Küche",
  "küche",
  "Study",
  "study",
  "a b",
  "a_b",
  "a-b",
  `quote"d`,
  "it's",
  "}}{{ 7*7 }}",
  "{% raw %}",
  "back\\slash\\'",
  "🔋",
  "日本",
  "..",
  "x".repeat(64),
  "config",
  "null",
  "$SYS",
];

Deno.test("hostId() and stationId() give each name a word of its own that a discovery topic can hold", () => {
  const ids = HOSTILE.flatMap((
    name,
  ) => [hostId(name), stationId(undefined, name), stationId("x/+", `${name}2`)]);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) {
    assert.match(`device/ecoflow-power/${id}/config`, CONFIG_TOPIC);
    assert.ok(["host", "station"].includes(kindOfId(id) ?? ""), id);
  }
});

Deno.test("stationId() stays the same when a station is renamed", () => {
  assert.equal(stationId("R651ZAB1ST5H0001", "Study"), "station_r651zab1st5h0001");
  assert.equal(stationId("R651ZAB1ST5H0001", "Cellar"), "station_r651zab1st5h0001");
  assert.equal(uniqueId("station_r651zab1st5h0001", "soc"), "ecoflow_power_station_r651zab1st5h0001_soc");
});

Deno.test("kindOfId() does not know the words of others", () => {
  for (const id of ["", "tasmota", "station_", "station_A", "host_a/b", "daemons"]) {
    assert.equal(kindOfId(id), undefined, id);
  }
  assert.equal(kindOfId("daemon"), "daemon");
});

Deno.test("templateText() lets no name out of its literal", () => {
  for (const name of HOSTILE) {
    assert.match(templateText(name), /^'[A-Za-z0-9 _.\\-]*'$/);
    assert.equal(renderTemplate(`{{ ${templateText(name)} }}`, {}), name);
  }
});

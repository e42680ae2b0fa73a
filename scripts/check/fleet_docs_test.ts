/** Holds docs/fleet.md and the dashboard of all sites to what a site really says. */
import assert from "node:assert/strict";
import { DEFAULT_ROOTS, matchesFilter } from "../../lib/mqtt/topics.ts";
import { encodePowerState, parsePowerState } from "../../lib/messages/power_state.ts";
import { siteBridgeTopics } from "../../services/broker_access.ts";

const read = (path: string) => Deno.readTextFileSync(new URL(`../../${path}`, import.meta.url));
const fleet = read("docs/fleet.md");

Deno.test("docs/fleet.md has a row for each topic that crosses, with its QoS, and no other", () => {
  const rows = [...fleet.matchAll(/^\| `site\/NAME\/([^`]+)` \| ([01]) \|/gm)]
    .map(([, topic = "", qos]) => ({ topic: topic.replaceAll(/<\w+>/g, "Study"), qos: Number(qos) }))
    .filter(({ topic }) => topic !== "bridge");
  const topics = siteBridgeTopics(DEFAULT_ROOTS);
  for (const { topic, qos } of rows) {
    assert.equal(topics.find(({ filter }) => matchesFilter(filter, topic))?.qos, qos, topic);
  }
  for (const { filter } of topics) assert.ok(rows.some(({ topic }) => matchesFilter(filter, topic)), filter);
});

Deno.test("docs/grafana-sites.json asks for metrics of docs/fleet.md and no other", () => {
  const made = new Set([...fleet.matchAll(/prom_name: (ecoflow_site_\w+)/g)].map(([, name]) => name));
  const asked = new Set(
    [...read("docs/grafana-sites.json").matchAll(/ecoflow_site_\w+/g)].map(([name]) => name),
  );
  assert.deepEqual([...asked].filter((name) => !made.has(name)), []);
  assert.deepEqual([...made].filter((name) => !asked.has(name ?? "")), []);
});

Deno.test("docs/fleet.md reads keys of a state that a state has", () => {
  const states = fleet.slice(fleet.indexOf("# states.yaml"), fleet.indexOf("# policy.yaml"));
  const keys = [...states.matchAll(/mqtt_name: (\w+)/g)].map(([, key = ""]) => key);
  assert.equal(keys.length, 4);
  const full = {
    device: "Study",
    soc: 1,
    out_watts: 1,
    grid_connected: true,
    link: "live",
    ts: "2026-01-01T00:00:00Z",
  };
  const state = encodePowerState(parsePowerState(JSON.stringify(full), "test"));
  for (const key of keys) assert.ok(state.includes(`"${key}":`), key);
});

/** A street of stations that lose the grid in one moment. */
import assert from "node:assert/strict";
import { settle } from "../../lib/time/test_clock.ts";
import { BACK, house, KEY, memoryStore, SlowDiskClock } from "./testdata/test_policy.ts";

const COUNT = 200;
const NAMES = Array.from({ length: COUNT }, (_, i) => `S${i}`);
/** How long a write takes, ms: a Pi's card. */
const WRITE_MS = 20;

async function street() {
  const clock = new SlowDiskClock();
  const store = memoryStore();
  const { write } = store;
  store.write = (text) => {
    clock.spend(WRITE_MS);
    write(text);
  };
  const h = await house(
    {
      stations: Object.fromEntries(NAMES.map((name) => [name, [`host-${name}`]])),
      agentKeys: Object.fromEntries(NAMES.map((name) => [`host-${name}`, KEY])),
      debounceSec: 0,
    },
    store,
    clock,
  );
  const feedAll = async (state: object) => {
    for (const device of NAMES) {
      h.broker.publish(`bridge-ecoflow/${device}/json/state`, JSON.stringify({ device, ...state }));
    }
    await settle();
  };
  return { h, store, clock, feedAll };
}

Deno.test("PolicyEngine with many stations that lose the grid at once tells every host, with a few snapshots", async () => {
  const { h, store, clock, feedAll } = await street();
  await feedAll({ soc: 50, grid_connected: true });
  await clock.advance(2000);
  const before = store.writes;
  await feedAll({ soc: 9, grid_connected: false });
  await clock.advance(2000);
  assert.deepEqual(h.actions().toSorted(), NAMES.map((name) => `shutdown host-${name}`).toSorted());
  assert.ok(store.writes - before <= 10, `${store.writes - before} snapshots for ${COUNT} stations`);
  await h.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("PolicyEngine with many stations has each command in its snapshot before it sends it", async () => {
  const { h, store, clock, feedAll } = await street();
  const notStored: string[] = [];
  h.broker.watch(({ topic, payload }) => {
    if (!topic.endsWith("/cmd")) return;
    const { id, agent } = JSON.parse(new TextDecoder().decode(payload));
    if (!store.text?.includes(id)) notStored.push(agent);
  });
  await feedAll({ soc: 50, grid_connected: true });
  await feedAll({ soc: 9, grid_connected: false });
  await clock.advance(2000);
  assert.equal(h.commands.length, COUNT);
  assert.deepEqual(notStored, []);
  await h.stop();
});

Deno.test("PolicyEngine with many stations tells no host while each has the grid", async () => {
  const { h, clock, feedAll } = await street();
  await feedAll(BACK);
  await clock.advance(600_000);
  assert.deepEqual(h.actions(), []);
  await h.stop();
});

Deno.test("PolicyEngine with a thousand stations in an outage goes on where it was after a restart", async () => {
  const names = Array.from({ length: 1000 }, (_, i) => `Station ${i}`);
  const stations = Object.fromEntries(names.map((name, i) => [name, [`host-${i}`]]));
  const h = await house({ stations, debounceSec: 0 });
  const state = {
    soc: 9,
    grid_connected: false,
    discharge_min: 7,
    out_watts: 100,
    battery_wh: 245,
    min_soc: 0,
  };
  for (const device of names) {
    h.broker.publish(`bridge-ecoflow/${device}/json/state`, JSON.stringify({ device, ...state }));
  }
  await settle();
  await h.clock.advance(2000);
  assert.equal(h.commands.length, names.length);
  await h.restart();
  assert.deepEqual(h.healthTexts().filter((text) => text.includes("begins anew")), []);
  await h.clock.advance(2000);
  for (const device of names) {
    assert.equal(h.status(device).state, "shutting_down");
    assert.equal(h.status(device).hosts?.[0]?.state, "told");
  }
  assert.equal(h.commands.length, names.length, "nobody is told twice");
  await h.stop();
});

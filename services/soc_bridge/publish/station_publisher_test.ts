import assert from "node:assert/strict";
import { createHealth } from "../../../lib/health.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { encodeFrame } from "../../../proto/frame.ts";
import { loadFamily } from "../../../proto/registry.ts";
import { IDLE_ON_GRID, stationEncoder } from "../../../proto/encode_station.ts";
import { compileModel } from "../models/compiled_model.ts";
import { findModel } from "../models/models.ts";
import { PowerStation } from "../judge/power_station.ts";
import { Gathering, TOGETHER_MS } from "../../../lib/time/gathering.ts";
import { RefusalLog } from "./refusal_log.ts";
import { GATHER_MS } from "./state_pace.ts";
import { StationPublisher } from "./station_publisher.ts";
import { seededRandom } from "../testdata/hostile.ts";

const SN = "R631SIM000000001";

const LOSS = { gridPresent: false, acInWatts: 0 };

/** Counts how often its whole state is made. */
class CountedStation extends PowerStation {
  states = 0;
  override state(...args: Parameters<PowerStation["state"]>): PowerState {
    this.states++;
    return super.state(...args);
  }
}

/** @param stations As many are in its house */
async function feed(stations = 1) {
  const spec = findModel(SN);
  assert.ok(spec);
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const log = memoryLog();
  const published: PowerState[] = [];
  const topicsSaid: string[] = [];
  const dues: number[] = [];
  broker.watch(({ topic, payload }) => {
    topicsSaid.push(topic);
    if (topic.endsWith("/json/state") && payload.length > 0) {
      published.push(JSON.parse(new TextDecoder().decode(payload)));
    }
  });
  const gathering = new Gathering<StationPublisher>(clock, () => stations, (one) => one.tellGathered());
  const parts = {
    bus: broker.bus({ service: "soc_bridge", publishes: ["#"], subscribes: [] }),
    clock,
    log,
    health: createHealth(),
    topics: topicsUnder(DEFAULT_ROOTS),
    refusals: new RefusalLog(log, clock),
    publishRawJson: false,
    journal: () => {},
    device: () => "Study",
    gathering,
    dueAt: (monoMs: number) => void dues.push(monoMs),
  };
  const one = new StationPublisher(SN, parts);
  const model = await compileModel(spec);
  const station = new CountedStation({ sn: SN, model, gridRule: "auto", staleAfterMs: 120_000 });
  one.begin(station, false);
  const encoder = await stationEncoder("RIVER 3 Plus", SN);
  const say = (values: Partial<typeof IDLE_ON_GRID> = {}) =>
    one.take(encoder.reply({ ...IDLE_ON_GRID, ...values }), "raw");
  say();
  await settle();
  /** Another station of the house was told just now. */
  const another = () =>
    void gathering.admits(new StationPublisher("R631SIM000000002", { ...parts, device: () => "Hall" }));
  return { clock, one, station, published, topicsSaid, dues, say, another, tick: () => one.tick() };
}

Deno.test("StationPublisher looks at most once a second at a station that speaks a hundred times", async () => {
  const { clock, station, say } = await feed();
  await clock.advance(1000);
  const before = station.states;
  for (let i = 0; i < 500; i++) {
    await clock.advance(10);
    say();
  }
  assert.ok(station.states - before <= 6, `${station.states - before} looks in 5 s`);
});

Deno.test("StationPublisher publishes a lost grid at once, in the middle of a stream", async () => {
  const { clock, published, say } = await feed();
  for (let i = 0; i < 50; i++) {
    await clock.advance(10);
    say();
  }
  say({ gridPresent: false, acInWatts: 0 });
  await settle();
  assert.equal(published.at(-1)?.grid_connected, false);
});

Deno.test("StationPublisher publishes what changed within the second at the next tick, though the station says no more", async () => {
  const { clock, published, say, tick } = await feed();
  await clock.advance(1000);
  say();
  await clock.advance(500);
  say({ acOutWatts: 77 });
  assert.notEqual(published.at(-1)?.ac_out_watts, 77);
  await clock.advance(600);
  tick();
  await settle();
  assert.equal(published.at(-1)?.ac_out_watts, 77);
});

Deno.test("StationPublisher says at least every ten seconds that a chatty station is alive", async () => {
  const { clock, published, say, tick } = await feed();
  const before = published.length;
  for (let second = 0; second < 30; second++) {
    for (let i = 0; i < 10; i++) {
      await clock.advance(100);
      say();
    }
    tick();
  }
  await settle();
  assert.ok(published.length - before >= 2, `${published.length - before} in 30 s`);
});

Deno.test("StationPublisher of a large house tells what is not urgent with the others, as it is then", async () => {
  const { clock, published, say, another } = await feed(100);
  await clock.advance(5000);
  another();
  await clock.advance(100);
  say({ acOutWatts: 77 });
  say({ acOutWatts: 78 });
  await clock.advance(TOGETHER_MS - 101);
  assert.notEqual(published.at(-1)?.ac_out_watts, 78);
  await clock.advance(1);
  assert.equal(published.at(-1)?.ac_out_watts, 78);
});

for (
  const [name, values] of [["a lost grid", LOSS], ["a charge", {
    socPercent: IDLE_ON_GRID.socPercent - 1,
  }]] as const
) {
  Deno.test(`StationPublisher of a large house tells ${name} at once, though its watts wait for others`, async () => {
    const { clock, published, say, another } = await feed(100);
    await clock.advance(5000);
    another();
    say({ acOutWatts: 77 });
    const before = published.length;
    say({ acOutWatts: 77, ...values });
    await settle();
    assert.equal(published.length, before + 1);
    assert.equal(published.at(-1)?.ac_out_watts, 77);
    await clock.advance(TOGETHER_MS);
    assert.equal(published.length, before + 1, "and not a second time");
  });
}

Deno.test("StationPublisher that waits for others says nothing once its station is gone", async () => {
  const { clock, one, topicsSaid, say, another } = await feed(100);
  await clock.advance(5000);
  another();
  say({ acOutWatts: 77 });
  one.clear();
  await settle();
  const before = topicsSaid.length;
  await clock.advance(5000);
  assert.equal(topicsSaid.length, before);
});

Deno.test("StationPublisher of a large house tells what its cable says at once", async () => {
  const { clock, one, published, say, another } = await feed(100);
  await clock.advance(5000);
  another();
  one.takeSource({
    source: "nut",
    grid: false,
    evidence: "ups.status=OB DISCHRG",
    ts: new Date(clock.wallMs()).toISOString(),
  }, 0);
  say();
  await settle();
  assert.equal(published.at(-1)?.grid_connected, false);
});

for (
  const [name, make, dueMs] of [
    ["at its heartbeat while nothing happens", () => {}, 10_000],
    ["when what changed within the second was gathered", ({ say }) => say({ acOutWatts: 77 }), GATHER_MS],
    ["each time while its grid is in doubt", async ({ one }) => {
      const { schema } = await loadFamily("river3");
      const pdata = schema.encode("DisplayPropertyUpload", { pow_get_ac_in: 0 });
      one.take(encodeFrame([{ pdata, dest: 32, cmd_func: 254, cmd_id: 21 }]), "raw");
    }, -Infinity],
    ["when its silence makes it stale", async ({ clock, tick }) => {
      for (let sec = 0; sec < 120; sec++) {
        await clock.advance(1000);
        tick();
      }
    }, 120_001],
    ["at its slow heartbeat once it is stale", async ({ clock, tick }) => {
      await clock.advance(120_001);
      tick();
      await settle();
    }, 180_001],
  ] as readonly [string, (house: Awaited<ReturnType<typeof feed>>) => unknown, number][]
) {
  Deno.test(`StationPublisher is due ${name}`, async () => {
    const house = await feed();
    await make(house);
    assert.equal(house.one.dueMonoMs, dueMs);
  });
}

Deno.test("StationPublisher tells at once that it is due when its link changed, for the conditions name it", async () => {
  const { clock, dues, say, tick } = await feed();
  await clock.advance(121_000);
  tick();
  assert.equal(dues.at(-1), -Infinity);
  const before = dues.length;
  await clock.advance(60_000);
  tick();
  assert.equal(dues.length, before, "the same link again");
  say();
  assert.equal(dues.at(-1), -Infinity);
});

Deno.test("StationPublisher has nothing to say or to ask before it is due, whatever its station said", async () => {
  const seed = Number(Deno.env.get("PUBLISHER_SEED") ?? Date.now() >>> 0);
  const random = seededRandom(seed);
  const house = await feed(random() < 0.5 ? 1 : 100);
  let early = 0;
  // As rounds do: by what was due after the last one, or sooner when that was told.
  let plannedMonoMs = house.one.dueMonoMs;
  for (let step = 0; step < 3000; step++) {
    const kind = random();
    if (kind < 0.15) house.say();
    else if (kind < 0.2) house.say(LOSS);
    else if (kind < 0.25) house.say({ acInWatts: 0 });
    else if (kind < 0.4) house.say({ acOutWatts: Math.floor(random() * 5) });
    else if (kind < 0.42) house.another();
    else if (kind < 0.45) house.say({ socPercent: 50 + Math.floor(random() * 3) });
    const { dueMonoMs } = house.one;
    const told = Math.min(plannedMonoMs, ...house.dues.splice(0));
    assert.ok(told <= dueMonoMs, `seed ${seed}, step ${step}: told ${told}, due ${dueMonoMs}`);
    await house.clock.advance(Math.floor(random() ** 4 * 30_000));
    // Whoever waited for others was told meanwhile.
    if (house.clock.monoMs() < Math.min(dueMonoMs, ...house.dues)) {
      early++;
      const before = house.topicsSaid.length;
      house.tick();
      await settle();
      assert.deepEqual(house.topicsSaid.slice(before), [], `seed ${seed}, step ${step}`);
    } else {
      house.tick();
      await settle();
    }
    plannedMonoMs = house.one.dueMonoMs;
  }
  assert.ok(early > 300, `only ${early} ticks were early, seed ${seed}`);
});

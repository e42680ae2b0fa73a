import assert from "node:assert/strict";
import { createHealth } from "../../../lib/health.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { IDLE_ON_GRID, stationEncoder } from "../../../proto/encode_station.ts";
import { compileModel } from "../models/compiled_model.ts";
import { findModel } from "../models/models.ts";
import { PowerStation } from "../judge/power_station.ts";
import { RefusalLog } from "./refusal_log.ts";
import { StationPublisher } from "./station_publisher.ts";

const SN = "R631SIM000000001";

/** Counts how often its whole state is made. */
class CountedStation extends PowerStation {
  states = 0;
  override state(...args: Parameters<PowerStation["state"]>): PowerState {
    this.states++;
    return super.state(...args);
  }
}

async function feed() {
  const spec = findModel(SN);
  assert.ok(spec);
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const log = memoryLog();
  const published: PowerState[] = [];
  broker.watch(({ topic, payload }) => {
    if (topic.endsWith("/json/state")) published.push(JSON.parse(new TextDecoder().decode(payload)));
  });
  const one = new StationPublisher(
    SN,
    {
      bus: broker.bus({ service: "soc_bridge", publishes: ["#"], subscribes: [] }),
      clock,
      log,
      health: createHealth(),
      topics: topicsUnder(DEFAULT_ROOTS),
      refusals: new RefusalLog(log, clock),
      publishRawJson: false,
      journal: () => {},
      device: () => "Study",
    } as ConstructorParameters<typeof StationPublisher>[1],
  );
  const model = await compileModel(spec);
  const station = new CountedStation({ sn: SN, model, gridRule: "auto", staleAfterMs: 120_000 });
  one.begin(station, false);
  const encoder = await stationEncoder("RIVER 3 Plus", SN);
  const say = (values: Partial<typeof IDLE_ON_GRID> = {}) =>
    one.take(encoder.reply({ ...IDLE_ON_GRID, ...values }), "raw");
  say();
  await settle();
  return { clock, station, published, say, tick: () => one.tick() };
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

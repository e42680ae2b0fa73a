import assert from "node:assert/strict";
import type { Battery } from "./battery.ts";
import { batteryOf, batteryOfOpen, outletFloor, stationFloor } from "./floor.ts";
import type { Readings } from "./readings.ts";

const reading = <T>(value: T) => ({ value, atMonoMs: 0 });
const PORTS: Readings = {
  outagePorts: reading([{ port: "dc", min_soc: 60 }, { port: "ac1", min_soc: 20 }, {
    port: "ac2",
    min_soc: 33,
  }]),
};
const battery = (percent: number | undefined, minutes: number | undefined): Battery => ({
  charge: percent === undefined ? undefined : { percent, isEstimate: false },
  remaining: minutes === undefined ? undefined : { minutes, isEstimate: false },
  onBatteryMs: 0,
  floorPercent: 10,
  assumedDischargePercentPerMin: 1,
  samples: [],
  sinceMonoMs: 0,
});

for (
  const [name, said, owners, floor] of [
    ["nobody says", undefined, undefined, 0],
    ["the station says", 15, undefined, 15],
    ["the owner says", undefined, 20, 20],
    ["the owner says more", 15, 20, 20],
    ["the owner says less", 15, 5, 15],
  ] as const
) {
  Deno.test(`stationFloor() when ${name} is ${floor} %`, () => {
    const readings = said === undefined ? {} : { minSocPercent: reading(said) };
    assert.equal(stationFloor(readings, { minSocPercent: owners }), floor);
  });
}

for (
  const [port, readings, floor] of [
    ["ac1", PORTS, 20],
    ["ac2", PORTS, 33],
    ["dc", PORTS, 60],
    [undefined, PORTS, 33],
    ["ac2", {}, 0],
    ["ac2", { outagePorts: reading([{ port: "ac1", min_soc: 20 }]) }, 0],
    [undefined, { outagePorts: reading([{ port: "dc", min_soc: 20 }]) }, 0],
  ] as const
) {
  Deno.test(`outletFloor() of ${port ?? "an unknown outlet"} is ${floor} % of ${JSON.stringify(readings)}`, () => {
    assert.equal(outletFloor(port, readings as Readings), floor);
  });
}

Deno.test("batteryOf() counts minutes to the outlet's floor, none at it and below", () => {
  const minutes = (percent: number) =>
    batteryOf(battery(percent, 100), { port: "ac2" }, PORTS).remaining?.minutes;
  assert.equal(minutes(56), 50);
  assert.equal(minutes(33), 0);
  assert.equal(minutes(20), 0);
  assert.equal(minutes(10), 0);
  const near = { outagePorts: reading([{ port: "ac1", min_soc: 10.5 }] as const) };
  assert.equal(batteryOf(battery(11, 8), { port: "ac1" }, near).remaining?.minutes, 4);
  assert.equal(batteryOf(battery(56, undefined), { port: "ac2" }, PORTS).remaining, undefined);
  assert.equal(batteryOf(battery(undefined, undefined), { port: "ac2" }, PORTS).floorPercent, 33);
  assert.deepEqual(batteryOf(battery(56, 100), { port: "ac2" }, {}), battery(56, 100));
});

Deno.test("batteryOfOpen() looks at the outlet that goes off first of those whose hosts are not down", () => {
  const group = (port: "ac1" | "ac2") => ({ key: port, hosts: [port], triggers: {}, debounceMs: 0, port });
  const stages = [{ number: 1, timeLimitMs: 0, groups: [group("ac1"), group("ac2")] }];
  const floor = (...settled: string[]) =>
    batteryOfOpen(battery(50, 10), { stages }, { isSettled: (host) => settled.includes(host) }, PORTS)
      ?.floorPercent;
  assert.equal(floor(), 33);
  assert.equal(floor("ac2"), 20);
  assert.equal(floor("ac1", "ac2"), 10);
});

Deno.test("batteryOfOpen() counts the outlet of a group until its last host is down", () => {
  const stages = [{
    number: 1,
    timeLimitMs: 0,
    groups: [{ key: "all", hosts: ["nas", "tv"], triggers: {}, debounceMs: 0, port: "ac2" as const }],
  }];
  const floor = (...settled: string[]) =>
    batteryOfOpen(battery(50, 10), { stages }, { isSettled: (host) => settled.includes(host) }, PORTS)
      ?.floorPercent;
  assert.deepEqual([floor(), floor("nas"), floor("tv"), floor("nas", "tv")], [33, 33, 33, 10]);
});

Deno.test("batteryOfOpen() is unknown while the battery is, whatever outlets say, and has no floor that nobody told", () => {
  const stages = [{ number: 1, timeLimitMs: 0, groups: [] }];
  assert.equal(batteryOfOpen(undefined, { stages }, { isSettled: () => false }, PORTS), undefined);
  const whole = { ...battery(50, 10), floorPercent: 0 };
  assert.deepEqual(batteryOfOpen(whole, { stages }, { isSettled: () => false }, PORTS), whole);
});

Deno.test("batteryOf() leaves the station's own minutes as they are when its outlet ends with it", () => {
  const readings = { outagePorts: reading([{ port: "ac1", min_soc: 10 }] as const) };
  assert.equal(batteryOf(battery(9, 30), { port: "ac1" }, readings).remaining?.minutes, 30);
});

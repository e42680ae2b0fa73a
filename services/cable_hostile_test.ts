/** What NUT servers say that is late, wrong or nothing, and what becomes of the host behind it, without any cloud. */
import assert from "node:assert/strict";
import { type CabledHouse, makeCabledHouse, type Says } from "./nut_source/testdata/cabled_house.ts";

const OL = { "ups.status": "OL", "battery.charge": 100 };
const OB = { "ups.status": "OB DISCHRG", "battery.charge": 100 };

/** From `from` on, a percent in 30 s, down to 0. */
const falling = (from: number, sec: number) => Math.max(0, Math.round(from - sec / 30));

async function inHouse(run: (house: CabledHouse) => Promise<void>, settings?: Record<string, string>) {
  const house = makeCabledHouse(settings);
  try {
    await house.play(60, () => OL);
    house.events();
    await run(house);
  } finally {
    await house.stop();
  }
}

const tells: readonly (readonly [string, (sec: number) => Says])[] = [
  ["a charge that falls to the limit", (sec) => ({ ...OB, "battery.charge": falling(60, sec) })],
  [
    "a server that answers every second poll",
    (sec) => sec % 6 === 0 ? { ...OB, "battery.charge": falling(60, sec) } : undefined,
  ],
  [
    "data that are stale at every second poll",
    (sec) => sec % 6 === 0 ? { ...OB, "battery.charge": falling(60, sec) } : "ERR DATA-STALE\n",
  ],
  [
    "a server that answers every second poll, and tells no charge on battery",
    (sec) => sec % 6 === 0 ? { "ups.status": "OB" } : undefined,
  ],
  [
    "a driver that says no charge any more",
    (sec) => sec < 120 ? { ...OB, "battery.charge": falling(60, sec) } : { "ups.status": "OB" },
  ],
  ["a driver that never says a charge on battery", () => ({ "ups.status": "OB DISCHRG" })],
  [
    "a server that dies in the outage",
    (sec) => sec < 60 ? { ...OB, "battery.charge": falling(90, sec) } : undefined,
  ],
  ["40 h of run time on battery", (sec) => ({
    ...OB,
    "battery.charge": falling(60, sec),
    "battery.runtime": 144_000,
  })],
  ["an empty status", (sec) => ({ "ups.status": "", "battery.charge": falling(60, sec) })],
  ["words that nobody knows", (sec) => ({ "ups.status": "HELLO 7", "battery.charge": falling(60, sec) })],
  ["OL and OB at once", (sec) => ({ "ups.status": "OL OB", "battery.charge": falling(60, sec) })],
  ["OL and OB in turn", (sec) => ({
    "ups.status": sec % 6 === 0 ? "OL" : "OB",
    "battery.charge": falling(60, sec),
  })],
];

for (const [name, says] of tells) {
  Deno.test(`a host by cable alone is told with ${name}`, () =>
    inHouse(async (house) => {
      await house.play(3600, says);
      assert.ok(
        house.commands.includes("shutdown"),
        `${JSON.stringify(house.state())} ${house.events()} ${house.health()}`,
      );
    }));
}

const leaves: readonly (readonly [string, (sec: number) => Says])[] = [
  ["a charge of 0 on line", () => ({ ...OL, "battery.charge": 0 })],
  [
    "one OB of a kind",
    (sec) => sec % 60 === 0 ? { ...OB, "battery.charge": 10 } : { ...OL, "battery.charge": 10 },
  ],
  ["one charge of 0 on battery", (sec) => ({ ...OB, "battery.charge": sec % 30 === 15 ? 0 : 90 })],
  ["LB on line", () => ({ ...OL, "ups.status": "OL LB", "battery.charge": 12 })],
  ["LB without OB", () => ({ ...OL, "ups.status": "LB" })],
  ["LB on battery with a good charge", () => ({ ...OB, "ups.status": "OB LB", "battery.charge": 80 })],
  ["ALARM, RB and CAL", () => ({ ...OL, "ups.status": "ALARM OL RB CAL", "battery.charge": 15 })],
  [
    "no run time on battery with a good charge",
    () => ({ ...OB, "battery.charge": 80, "battery.runtime": 0 }),
  ],
  [
    "a negative run time and charge",
    (sec) => sec < 60 ? OB : { ...OB, "battery.charge": 90, "battery.runtime": -1, "ups.realpower": -70 },
  ],
  ["a server that dies on line", () => undefined],
  ["data that are stale on line", () => "ERR DATA-STALE\n"],
  ["a driver that is not connected", () => "ERR DRIVER-NOT-CONNECTED\n"],
  ["a UPS that has another name now", () => "ERR UNKNOWN-UPS\n"],
  ["rubbish", () => "\u0000\u00ff\n"],
  ["half a list", () => 'BEGIN LIST VAR rack\nVAR rack ups.status "OB"\nVAR rack battery.charge "1"\n'],
  [
    "the list of another UPS",
    () => 'BEGIN LIST VAR rack\nVAR other ups.status "OB"\nVAR other battery.charge "1"\nEND LIST VAR rack\n',
  ],
  ["the charge as text", (sec) => ({ ...OL, "battery.charge": sec % 2 ? "low" : "5%" })],
];

for (const [name, says] of leaves) {
  Deno.test(`a host by cable alone is left alone with ${name}`, () =>
    inHouse(async (house) => {
      await house.play(1200, says);
      assert.deepEqual(house.commands, [], `${JSON.stringify(house.state())} ${house.events()}`);
    }));
}

Deno.test("a driver that hangs at OL while the battery empties, without a cloud, is told once, and while it lasts", () =>
  inHouse(async (house) => {
    await house.play(1350, (sec) => ({ ...OL, "battery.charge": falling(100, sec) }));
    assert.deepEqual(house.events(), ["source_doubtful"]);
    assert.match(house.health(), /says "on line" although the charge falls.*: Rack/);
    await house.play(60, () => ({ ...OL, "battery.charge": 60 }));
    assert.doesNotMatch(house.health(), /while the charge falls/);
  }));

Deno.test("a battery that is calibrated on line is not told", () =>
  inHouse(async (house) => {
    await house.play(
      1350,
      (sec) => ({ "ups.status": "OL CAL DISCHRG", "battery.charge": falling(100, sec) }),
    );
    assert.deepEqual([house.events(), house.commands], [[], []]);
  }));

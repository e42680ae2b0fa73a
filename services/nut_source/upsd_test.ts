/** The worker's own loop, in real time, against Debian's real `upsd` with `dummy-ups`: recorded and hostile sequences. */
import assert from "node:assert/strict";
import { createHealth } from "../../lib/health.ts";
import { parseSourceReading, type SourceReading } from "../../lib/messages/source_reading.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { memoryLog } from "../../lib/testing.ts";
import { systemClock } from "../../lib/time/clock.ts";
import { havePrograms } from "../nut_server/testdata/debian_programs.ts";
import { NutSourceService } from "./service.ts";
import { type DummyHouse, UPS, withDummyHouse } from "./testdata/dummy_house.ts";

const TOPIC = topicsUnder(DEFAULT_ROOTS).source("Study");
/** Half of the least that the configuration allows, so that the test is short; `dummy-ups` looks once a second. */
const POLL_MS = 1000;

interface Watched {
  readonly house: DummyHouse;
  readonly said: SourceReading[];
  readonly health: () => string;
  /** Waits for a reading that is so, of those that come from now on. @returns how many came before it */
  next(what: string, isIt: (reading: SourceReading) => boolean, withinMs?: number): Promise<number>;
  /** Waits until the health says so. */
  nextHealth(pattern: RegExp | undefined, withinMs?: number): Promise<void>;
}

async function watched(
  first: Readonly<Record<string, string | number>>,
  run: (parts: Watched) => Promise<void>,
): Promise<void> {
  if (!havePrograms("upsd", "dummy-ups")) return;
  await withDummyHouse(first, async (house) => {
    const clock = systemClock();
    const broker = new MemoryBroker(clock);
    const health = createHealth();
    const log = memoryLog("nut_source");
    const said: SourceReading[] = [];
    broker.bus({ service: "test", publishes: [], subscribes: [TOPIC] })
      .subscribe(TOPIC, ({ payload }) => void said.push(parseSourceReading(payload, "test")), { qos: 0 });
    const service = new NutSourceService({
      name: "nut_source",
      config: {
        roots: DEFAULT_ROOTS,
        sources: [{ device: "Study", ups: UPS, host: "127.0.0.1", port: house.port }],
        pollMs: POLL_MS,
      },
      bus: broker.bus({ service: "nut_source", publishes: [TOPIC], subscribes: [] }),
      clock,
      log,
      health,
      random: () => 0.5,
    });
    const healthText = () => health.list().map(({ text }) => text).join("; ");
    const wait = async (what: string, isIt: () => boolean, withinMs: number) => {
      const endMs = Date.now() + withinMs;
      while (!isIt()) {
        if (Date.now() > endMs) {
          throw new Error(
            `Waited in vain for ${what}; said ${
              JSON.stringify(said.slice(-5))
            }\n${log.text()}\n${house.text()}`,
          );
        }
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    const next = async (what: string, isIt: (reading: SourceReading) => boolean, withinMs = 20_000) => {
      const from = said.length;
      await wait(what, () => said.slice(from).some(isIt), withinMs);
      return said.slice(from).findIndex(isIt);
    };
    const nextHealth = (pattern: RegExp | undefined, withinMs = 20_000) =>
      wait(
        `the health ${pattern}`,
        () => pattern ? pattern.test(healthText()) : healthText() === "",
        withinMs,
      );
    await service.start();
    try {
      await run({ house, said, health: healthText, next, nextHealth });
    } finally {
      await service.stop();
    }
  });
}

const ON_LINE = {
  "ups.model": "RIVER 3 Plus",
  "ups.status": "OL",
  "battery.charge": 100,
  // What some firmware says on line: 40 hours.
  "battery.runtime": 144_000,
  "ups.realpower": 47,
  "input.voltage": 231.4,
};
const ON_BATTERY = { ...ON_LINE, "ups.status": "OB DISCHRG", "battery.charge": 93, "battery.runtime": 5430 };

Deno.test("NutSourceService reads charge, grid and minutes of a real upsd through an outage", () =>
  watched(ON_LINE, async ({ house, said, next, health }) => {
    await next("on line", ({ grid }) => grid === true);
    assert.deepEqual({ ...said.at(-1), ts: "" }, {
      source: "nut",
      grid: true,
      soc: 100,
      out_watts: 47,
      in_volts: 231.4,
      model: "RIVER 3 Plus",
      evidence: "ups.status=OL",
      ts: "",
    });
    house.say(ON_BATTERY);
    // Its first word of OB is no word on the grid; the second poll says it.
    await next("the first OB", ({ grid, evidence }) => /=OB/.test(evidence) && grid === undefined);
    const polls = await next("on battery", ({ grid }) => grid === false);
    assert.equal(polls, 0, "the poll after the first that saw OB says it");
    assert.deepEqual([said.at(-1)?.soc, said.at(-1)?.discharge_min], [93, 90]);
    house.say({ ...ON_BATTERY, "battery.charge": 92, "battery.runtime": 5399 });
    await next("the next minutes", ({ soc, discharge_min }) => soc === 92 && discharge_min === 89);
    house.say({ ...ON_LINE, "battery.charge": 92, "ups.status": "OL CHRG" });
    await next("the first OL", ({ grid, evidence }) => /=OL/.test(evidence) && grid === undefined);
    assert.equal(await next("on line again", ({ grid }) => grid === true), 0);
    assert.equal(said.at(-1)?.discharge_min, undefined);
    assert.equal(health(), "");
  }));

Deno.test("NutSourceService says nothing while a real upsd calls the data stale, and confirms anew after it", () =>
  watched(ON_BATTERY, async ({ house, said, next, nextHealth }) => {
    await next("on battery", ({ grid }) => grid === false);
    house.hangDriver();
    await nextHealth(/"Study" by cable is silent.*DATA-STALE/);
    const count = said.length;
    await new Promise((resolve) => setTimeout(resolve, 3 * POLL_MS));
    assert.equal(said.length, count, "silence is silence");
    house.say(ON_LINE);
    house.wakeDriver();
    await nextHealth(undefined);
    await next("on line", ({ grid }) => grid === true);
    assert.equal(said[count]?.grid, undefined, "what was said before the silence confirms nothing");
  }));

Deno.test("NutSourceService is silent while upsd is dead, and goes on when it is back", () =>
  watched(ON_LINE, async ({ house, said, next, nextHealth }) => {
    await next("on line", ({ grid }) => grid === true);
    await house.killUpsd();
    await nextHealth(/"Study" by cable is silent.*refused/i);
    const count = said.length;
    house.say(ON_BATTERY);
    house.startUpsd();
    await nextHealth(undefined);
    await next("on battery", ({ grid }) => grid === false);
    assert.ok(said.slice(count).every(({ grid }) => grid !== true), "nothing of before is said again");
  }));

Deno.test("NutSourceService believes no driver that flaps, and says its charge all the same", () =>
  watched(ON_LINE, async ({ house, said, next, nextHealth, health }) => {
    await next("on line", ({ grid }) => grid === true);
    for (let changes = 0; changes < 5; changes++) {
      const isOnBattery = changes % 2 === 0;
      house.say(isOnBattery ? ON_BATTERY : ON_LINE);
      await next(`change ${changes}`, ({ evidence }) => /=OB/.test(evidence) === isOnBattery);
    }
    await nextHealth(/"Study" by cable changes between OL and OB too often/);
    const count = said.length;
    await next("a charge", ({ soc, flapping }) => soc === 93 && flapping === true);
    await new Promise((resolve) => setTimeout(resolve, 2 * POLL_MS));
    assert.ok(said.slice(count).every(({ grid, discharge_min }) => (grid ?? discharge_min) === undefined));
    assert.match(health(), /too often/);
  }));

const STATUSES = [
  ["OL LB", true],
  ["OL RB", true],
  ["OL ALARM", true],
  ["OL CAL", true],
  ["OL BYPASS TRIM BOOST OVER", true],
  ["LB", undefined],
  ["RB ALARM", undefined],
  ["CAL", undefined],
  ["OFF", undefined],
  ["OL OB", undefined],
  ["WAIT", undefined],
  ["OB DISCHRG", false],
  ["OB DISCHRG LB", false],
  ["FSD OB LB", false],
] as const;

Deno.test("NutSourceService takes OL and OB of a real upsd, and shows all else without a word on the grid", () =>
  watched(ON_LINE, async ({ house, next, health }) => {
    const words = (text: string) => text.split(" ").toSorted().join(" ");
    for (const [status, wanted] of STATUSES) {
      house.say({ ...ON_LINE, "ups.status": status });
      const isIt = ({ evidence, grid, soc }: SourceReading) =>
        words(evidence.replace("ups.status=", "")) === words(status) && grid === wanted && soc === 100;
      // Twice: what waits to be confirmed has no grid either.
      await next(status, isIt);
      assert.equal(await next(`${status} again`, isIt), 0);
      assert.equal(health(), "");
    }
  }));

Deno.test("NutSourceService leaves nonsense of a real upsd out, each value by itself", () =>
  watched({
    "ups.status": "OB",
    "battery.charge": 250,
    "battery.runtime": -60,
    "ups.realpower": "lots",
    "input.voltage": "0x20",
    "battery.temperature": "1e99",
    "ups.model": "x".repeat(200),
  }, async ({ house, said, next }) => {
    await next("on battery", ({ grid }) => grid === false);
    assert.deepEqual({ ...said.at(-1), ts: "" }, {
      source: "nut",
      grid: false,
      model: "x".repeat(64),
      evidence: "ups.status=OB",
      ts: "",
    });
    house.say({ "ups.status": "OB LB", "battery.charge": "-0x1", "battery.runtime": "9".repeat(20) });
    await next("the next words", ({ grid, evidence }) => grid === false && /LB/.test(evidence));
    assert.deepEqual([said.at(-1)?.soc, said.at(-1)?.discharge_min], [undefined, undefined]);
  }));

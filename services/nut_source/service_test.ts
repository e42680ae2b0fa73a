import assert from "node:assert/strict";
import { parseSourceReading, type SourceReading } from "../../lib/messages/source_reading.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { testContext } from "../../lib/testing.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { NutSourceService } from "./service.ts";

const POLL_MS = 3000;
const TOPIC = topicsUnder(DEFAULT_ROOTS).source("Study");
const SOURCE = { device: "Study", ups: "u", host: "127.0.0.1", port: 3493 };

Deno.test("NutSourceService says OB with the second poll, nothing of stale data, and confirms anew after a long silence", async () => {
  const context = testContext(
    { service: "nut_source", publishes: [TOPIC], subscribes: [] },
    { roots: DEFAULT_ROOTS, sources: [SOURCE], pollMs: POLL_MS },
  );
  const said: SourceReading[] = [];
  context.broker.bus({ service: "test", publishes: [], subscribes: [TOPIC] })
    .subscribe(TOPIC, ({ payload }) => void said.push(parseSourceReading(payload, "test")), { qos: 0 });
  let answer = "";
  const say = (status: string) =>
    answer =
      `BEGIN LIST VAR u\nVAR u ups.status "${status}"\nVAR u battery.charge "70"\nVAR u battery.runtime "600"\nEND LIST VAR u\n`;
  say("OB");
  const service = new NutSourceService(context, () => Promise.resolve(answer));
  await service.start();
  await settle();
  assert.deepEqual(said.map(({ grid, soc, discharge_min }) => [grid, soc, discharge_min]), [
    [undefined, 70, undefined],
  ]);
  const poll = async () => {
    context.clock.advance(POLL_MS);
    await settle();
    return said.splice(0).map(({ grid, discharge_min }) => [grid, discharge_min]);
  };
  said.splice(0);
  assert.deepEqual(await poll(), [[false, 10]]);
  answer = "ERR DATA-STALE\n";
  assert.deepEqual(await poll(), []);
  assert.match(JSON.stringify(context.health.list()), /"Study\\" by cable is silent.*DATA-STALE/);
  say("OB LB");
  assert.deepEqual(await poll(), [[false, 10]], "the same word 6 s later");
  answer = "ERR DATA-STALE\n";
  for (let i = 0; i < 5; i++) assert.deepEqual(await poll(), []);
  say("OB LB");
  assert.deepEqual(await poll(), [[undefined, undefined]], "what was said 18 s ago confirms nothing");
  assert.deepEqual(await poll(), [[false, 10]]);
  assert.deepEqual(context.health.list(), []);
  await service.stop();
});

Deno.test("NutSourceService says a serial number, and nothing of a UPS that is not the configured one", async () => {
  const context = testContext(
    { service: "nut_source", publishes: [TOPIC], subscribes: [] },
    {
      roots: DEFAULT_ROOTS,
      sources: [SOURCE, { ...SOURCE, ups: "v", serial: "0123456789" }],
      pollMs: POLL_MS,
    },
  );
  const said: SourceReading[] = [];
  context.broker.bus({ service: "test", publishes: [], subscribes: [TOPIC] })
    .subscribe(TOPIC, ({ payload }) => void said.push(parseSourceReading(payload, "test")), { qos: 0 });
  const serials: Record<string, string> = { u: "R631", v: "0123456789" };
  const service = new NutSourceService(context, ({ ups }) =>
    Promise.resolve(
      `BEGIN LIST VAR ${ups}\nVAR ${ups} ups.status "OL"\nVAR ${ups} device.serial "${
        serials[ups]
      }"\nEND LIST VAR ${ups}\n`,
    ));
  await service.start();
  await settle();
  // What the configuration calls its own is compared here, and not with the cloud's.
  assert.deepEqual(said.splice(0).map(({ serial }) => serial), ["R631", undefined]);
  serials["v"] = "0123456780";
  context.clock.advance(POLL_MS);
  await settle();
  assert.deepEqual(said.map(({ serial }) => serial), ["R631"]);
  assert.match(
    JSON.stringify(context.health.list()),
    /is silent: its serial number is \\"0123456780\\", wanted \\"0123456789\\"/,
  );
  await service.stop();
});

import assert from "node:assert/strict";
import { parseSourceReading, type SourceReading } from "../../lib/messages/source_reading.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { testContext } from "../../lib/testing.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { NutSourceService } from "./service.ts";

const POLL_MS = 3000;
const TOPIC = topicsUnder(DEFAULT_ROOTS).source("Study");
const SOURCE = { device: "Study", ups: "u", host: "127.0.0.1", port: 3493 };

Deno.test("NutSourceService says OB with the second poll, nothing of stale data, and confirms anew after it", async () => {
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
  assert.deepEqual(await poll(), [[undefined, undefined]]);
  assert.deepEqual(await poll(), [[false, 10]]);
  assert.deepEqual(context.health.list(), []);
  await service.stop();
});

/** An outage whose station does not tell the grid any more: decoder and policy together, by its frames alone. */
import assert from "node:assert/strict";
import { loadConfig } from "../lib/config/load.ts";
import { parsePolicyStatus } from "../lib/messages/policy_status.ts";
import { parsePowerState } from "../lib/messages/power_state.ts";
import { MemoryBroker } from "../lib/mqtt/memory_broker.ts";
import { topicsUnder } from "../lib/mqtt/topics.ts";
import { settle, TestClock } from "../lib/time/test_clock.ts";
import { testContext } from "../lib/testing.ts";
import { encodeFrame } from "../proto/frame.ts";
import { loadFamily } from "../proto/registry.ts";
import { PolicyEngine, type PolicyEngineConfig } from "./policy_engine/service.ts";
import { capabilityOf, SERVICES } from "./registry.ts";
import { createSocBridge, type SocBridgeConfig } from "./soc_bridge/service.ts";

const SN = "R655TEST00000001";
const STEP_SEC = 10;
const GONE = { plug_in_info_ac_charger_flag: false, pow_get_ac_in: 0, flow_info_ac_in: 0 };
const THERE = { plug_in_info_ac_charger_flag: true, pow_get_ac_in: 30, flow_info_ac_in: 2 };

async function house() {
  const clock = new TestClock(1_790_000_000_000);
  const broker = new MemoryBroker(clock);
  const config = loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      ECOFLOW_DEVICE_LIST: `${SN}:Ups`,
      DEVICE_TO_AGENTS_JSON: '{"Ups":["nas"]}',
      STATE_DIR: "/none",
    },
    exists: () => false,
    readFile: () => "",
  });
  const topics = topicsUnder(config.roots);
  const { schema } = await loadFamily("river3");
  const context = <Config>(name: string) => {
    const row = SERVICES.find((service) => service.name === name) ?? assert.fail(name);
    return testContext(capabilityOf(row, config), row.slice(config) as Config, { clock, broker });
  };
  const commands: string[] = [];
  broker.watch(({ topic, payload }) => {
    if (topic !== topics.command("nas")) return;
    commands.push((JSON.parse(new TextDecoder().decode(payload)) as { action: string }).action);
  });
  const services = [
    createSocBridge(context<SocBridgeConfig>("soc_bridge")),
    new PolicyEngine(context<PolicyEngineConfig>("policy_engine"), {
      store: { read: () => undefined, write: () => {}, writePlain: () => {}, setAside: () => "nowhere" },
      newId: () => crypto.randomUUID(),
    }),
  ];
  for (const service of services) await service.start();
  await settle();
  const say = async (fields: Record<string, unknown>, isReply = false) => {
    const pdata = schema.encode("DisplayPropertyUpload", fields);
    const header = { pdata, cmd_func: 254, cmd_id: 21, seq: 7, ...(isReply ? {} : { dest: 32 }) };
    broker.publish(topics.raw(SN), encodeFrame([header]));
    await settle();
    await clock.advance(0);
  };
  return {
    commands,
    say,
    /** The charge alone is told, from one value to the other in so many seconds. */
    charge: async (from: number, to: number, seconds: number) => {
      for (let passed = STEP_SEC; passed <= seconds; passed += STEP_SEC) {
        await clock.advance(STEP_SEC * 1000);
        await say({ cms_batt_soc: from + (to - from) * passed / seconds });
      }
    },
    state: () => parsePowerState(broker.retained(topics.state("Ups")) ?? "", "state"),
    policy: () => parsePolicyStatus(broker.retained(topics.policy("Ups")) ?? "", "policy"),
    stop: async () => {
      for (const service of services) await service.stop();
    },
  };
}

/** On the grid, then lost, and 200 s later told no more: the charge has fallen to 19 %. */
async function untold() {
  const h = await house();
  await h.say({ ...THERE, cms_batt_soc: 20 }, true);
  await h.charge(20, 20, 60);
  await h.say({ ...GONE, cms_batt_soc: 20 }, true);
  assert.equal(h.policy().state, "on_battery");
  await h.charge(20, 19, 200);
  const { grid_connected, grid_unknown } = h.state();
  assert.deepEqual([grid_connected, grid_unknown], [false, true]);
  assert.deepEqual([h.policy().state, h.policy().grid_unknown, h.policy().blind], [
    "on_battery",
    true,
    false,
  ]);
  return h;
}

Deno.test("an outage that is not told any more goes on: the host is told by the charge", async () => {
  const h = await untold();
  await h.charge(19, 9.5, 1800);
  await h.charge(9.5, 9, 250);
  assert.deepEqual(h.commands, ["shutdown"]);
  await h.stop();
});

Deno.test("an outage that is not told any more is called off when the battery is charged, and feared again when it falls", async () => {
  const h = await untold();
  await h.charge(19, 9.5, 1800);
  await h.charge(9.5, 9, 250);
  assert.deepEqual(h.commands, ["shutdown"]);
  await h.charge(9, 12, 60);
  assert.equal(h.commands[1], "abort");
  assert.match(h.policy().sentence, /^The danger is over; shutdowns are being aborted/);
  await h.charge(12, 8, 200);
  await h.charge(8, 7, 400);
  assert.equal(h.commands.at(-1), "shutdown", "it falls: the battery ends after all");
  await h.stop();
});

Deno.test("an outage that is told again is one, and its return too", async () => {
  const h = await untold();
  await h.say({ ...GONE, cms_batt_soc: 19 });
  assert.equal(h.state().grid_unknown, undefined);
  await h.charge(19, 19, 20);
  assert.deepEqual([h.policy().state, h.policy().grid_unknown], ["on_battery", undefined]);
  await h.say({ ...THERE, cms_batt_soc: 19 }, true);
  await h.charge(19, 19, 20);
  assert.equal(h.policy().state, "online");
  assert.deepEqual(h.commands, []);
  await h.stop();
});

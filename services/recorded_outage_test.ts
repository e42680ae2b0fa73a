/**
 * The recorded outage of a RIVER 3 UPS, each frame at the moment when it was received, through decoder and policy on a memory
 * broker and the test clock. The recordings are other people's and are read where they are.
 */
import assert from "node:assert/strict";
import { loadConfig } from "../lib/config/load.ts";
import { parsePolicyStatus } from "../lib/messages/policy_status.ts";
import { parsePowerState, type PowerState } from "../lib/messages/power_state.ts";
import { MemoryBroker } from "../lib/mqtt/memory_broker.ts";
import { topicsUnder } from "../lib/mqtt/topics.ts";
import { settle, TestClock } from "../lib/time/test_clock.ts";
import { testContext } from "../lib/testing.ts";
import { loadFamily } from "../proto/registry.ts";
import { PolicyEngine, type PolicyEngineConfig } from "./policy_engine/service.ts";
import { capabilityOf, SERVICES } from "./registry.ts";
import { createSocBridge, type SocBridgeConfig } from "./soc_bridge/service.ts";

const FOLDER = new URL("../../shared/protocol/captures/", import.meta.url);
const SN = "R655TEST00000001";
/** Unix seconds. The recorder wrote down both, to the second. */
const PULLED_SEC = 1791132794.99 - 18;
const RETURNED_SEC = 1791132988;
const KEEP_ALIVE_SEC = 45;

interface Frame {
  readonly atSec: number;
  readonly bytes: Uint8Array;
  readonly isReply: boolean;
}

function frame(name: string): Frame | undefined {
  let text: string;
  try {
    text = Deno.readTextFileSync(new URL(`river3ups-r655-${name}.json`, FOLDER));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
  const { payload, notes } = JSON.parse(text) as { payload: string; notes: string };
  const atSec = Number(/Received at ([0-9.]+)/.exec(notes)?.[1]);
  assert.ok(atSec > 0, `${name} has a time`);
  return { atSec, bytes: Uint8Array.fromHex(payload), isReply: name.includes("reply") };
}

const NAMES = [
  "on-idle-get-reply",
  "on-push-part1-plain",
  "out-get-reply-1",
  "out-cms",
  "back-push-1",
  "back-get-reply",
  "back-push-3",
  "after-push",
] as const;
const FRAMES = Object.fromEntries(NAMES.map((name) => [name, frame(name)])) as Record<
  typeof NAMES[number],
  Frame | undefined
>;
const isAbsent = Object.values(FRAMES).some((one) => one === undefined);
const frameOf = (name: typeof NAMES[number]): Frame => FRAMES[name] ?? assert.fail(name);

/** Decoder and policy; the clock stands at `startSec`, Unix time. */
async function house(startSec: number) {
  const clock = new TestClock(startSec * 1000);
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
  await loadFamily("river3");
  const context = <Config>(name: string) => {
    const row = SERVICES.find((service) => service.name === name) ?? assert.fail(name);
    return testContext(capabilityOf(row, config), row.slice(config) as Config, { clock, broker });
  };
  const commands: string[] = [];
  const asked: number[] = [];
  const nowSec = () => clock.wallMs() / 1000;
  broker.watch(({ topic, payload }) => {
    if (topic === topics.command("nas")) commands.push(new TextDecoder().decode(payload));
    if (topic === topics.refresh(SN)) asked.push(nowSec());
  });
  const store = { read: () => undefined, write: () => {}, writePlain: () => {}, setAside: () => "nowhere" };
  const services = [
    createSocBridge(context<SocBridgeConfig>("soc_bridge")),
    new PolicyEngine(context<PolicyEngineConfig>("policy_engine"), {
      store,
      newId: () => crypto.randomUUID(),
    }),
  ];
  for (const service of services) await service.start();
  await settle();
  return {
    clock,
    broker,
    topics,
    commands,
    asked,
    nowSec,
    send: async ({ bytes }: Frame) => {
      broker.publish(topics.raw(SN), bytes);
      await settle();
      await clock.advance(0);
    },
    until: async (sec: number) => {
      const leftMs = Math.round((sec - nowSec()) * 1000);
      if (leftMs > 0) await clock.advance(leftMs);
    },
    state: (): PowerState => parsePowerState(broker.retained(topics.state("Ups")) ?? "", "state"),
    policy: () => parsePolicyStatus(broker.retained(topics.policy("Ups")) ?? "", "policy").state,
    stop: async () => {
      for (const service of services) await service.stop();
    },
  };
}

Deno.test({
  name: "the recorded outage, frame by frame: lost at the first get-all, back within 10 s of the return",
  ignore: isAbsent,
  fn: async () => {
    const start = frameOf("on-idle-get-reply");
    const ups = await house(start.atSec - 1);
    const grid: [
      name: string,
      grid: boolean | undefined,
      unconfirmed: boolean | undefined,
      soc: number | undefined,
    ][] = [];
    for (const name of NAMES) {
      const one = frameOf(name);
      await ups.until(one.atSec);
      await ups.send(one);
      const { grid_connected, grid_unconfirmed, soc } = ups.state();
      grid.push([name, grid_connected, grid_unconfirmed, soc]);
      if (name === "out-get-reply-1") {
        assert.ok(one.atSec - PULLED_SEC < KEEP_ALIVE_SEC);
        assert.equal(ups.state().grid_evidence, "plug_in_info_ac_charger_flag=0, pow_get_ac_in=0");
        assert.equal(ups.policy(), "on_battery");
      }
      if (name === "back-push-1") {
        assert.equal(ups.asked.at(-1), ups.nowSec(), "one word of the return is asked about at once");
      }
      if (name === "back-get-reply") {
        assert.ok(one.atSec - RETURNED_SEC < 10);
        assert.equal(ups.state().grid_evidence, "pow_get_ac_in=88.9");
        assert.equal(ups.policy(), "online");
      }
    }
    assert.deepEqual(grid, [
      ["on-idle-get-reply", true, undefined, 100],
      ["on-push-part1-plain", true, undefined, 100],
      ["out-get-reply-1", false, undefined, 98],
      ["out-cms", false, undefined, 98],
      ["back-push-1", false, true, 98],
      ["back-get-reply", true, undefined, 98],
      ["back-push-3", true, undefined, 99],
      ["after-push", true, undefined, 99],
    ]);
    assert.deepEqual(ups.commands, []);
    await ups.stop();
  },
});

Deno.test({
  name: "the recorded outage with every get-all answered: lost within one keep-alive round, back within 10 s",
  ignore: isAbsent,
  fn: async () => {
    // Ten minutes of the grid, then the recorded times.
    const ups = await house(PULLED_SEC - 600);
    const pushes = (["out-cms", "back-push-1", "back-push-3", "after-push"] as const).map(frameOf);
    const answer = (): Frame =>
      frameOf(
        ups.nowSec() < PULLED_SEC
          ? "on-idle-get-reply"
          : ups.nowSec() < RETURNED_SEC
          ? "out-get-reply-1"
          : "back-get-reply",
      );
    const timers = [
      ups.clock.every(KEEP_ALIVE_SEC * 1000, () => void ups.send(answer())),
      ...pushes.map((push) => ups.clock.after((push.atSec - ups.nowSec()) * 1000, () => void ups.send(push))),
    ];
    ups.broker.watch(({ topic }) => {
      if (topic === ups.topics.refresh(SN)) ups.clock.after(300, () => void ups.send(answer()));
    });
    const at = async (sec: number) => {
      await ups.until(sec);
      return ups.state().grid_connected;
    };
    for (let sec = PULLED_SEC - 540; sec <= PULLED_SEC; sec += 10) {
      assert.equal(await at(sec), true, String(sec));
    }
    assert.equal(await at(PULLED_SEC + KEEP_ALIVE_SEC + 1), false);
    assert.equal(ups.policy(), "on_battery");
    for (let sec = PULLED_SEC + 50; sec < RETURNED_SEC; sec += 5) {
      assert.equal(await at(sec), false, String(sec));
    }
    assert.equal(await at(RETURNED_SEC + 10), true);
    assert.equal(ups.policy(), "online");
    for (let sec = RETURNED_SEC + 15; sec < RETURNED_SEC + 240; sec += 5) {
      assert.equal(await at(sec), true, String(sec));
    }
    assert.deepEqual(ups.commands, []);
    for (const cancel of timers) cancel();
    await ups.stop();
  },
});

Deno.test({
  name:
    "the recorded outage with pushes alone: asked at the first sign, and again; never 'there' for longer than two rounds",
  ignore: isAbsent,
  fn: async () => {
    const full = frameOf("on-push-part1-plain");
    // A station on the grid pushes its state every two minutes; the last time 20 s before the plug was pulled.
    const ups = await house(PULLED_SEC - 620);
    for (let sec = PULLED_SEC - 620; sec < PULLED_SEC; sec += 120) {
      await ups.until(sec);
      await ups.send(full);
      assert.equal(ups.state().grid_connected, true);
    }
    const sign = frameOf("out-cms");
    await ups.until(sign.atSec);
    ups.asked.length = 0;
    await ups.send(sign);
    assert.deepEqual(ups.asked, [ups.nowSec()], "asked at once");
    for (let sec = sign.atSec + 5; sec < RETURNED_SEC; sec += 5) {
      await ups.until(sec);
      // What an outage's pushes carry: the charge, and never the grid.
      ups.broker.publish(ups.topics.raw(SN), sign.bytes);
      await settle();
      const { grid_connected, grid_unknown, link } = ups.state();
      if (sec > sign.atSec + 2 * KEEP_ALIVE_SEC) {
        assert.deepEqual(
          [grid_connected, grid_unknown, link],
          [undefined, true, "live"],
          String(sec - sign.atSec),
        );
      }
    }
    assert.ok(ups.asked.length >= 5, `asked ${ups.asked.length} times while unanswered`);
    for (const name of ["back-push-1", "back-push-3"] as const) {
      await ups.until(frameOf(name).atSec);
      await ups.send(frameOf(name));
    }
    assert.equal(ups.state().grid_connected, true);
    assert.equal("grid_unknown" in ups.state(), false);
    assert.deepEqual(ups.commands, []);
    await ups.stop();
  },
});

Deno.test({
  name:
    "the recorded outage with pushes alone, as sparse as they were recorded: unknown from the first one on",
  ignore: isAbsent,
  fn: async () => {
    const first = frameOf("on-push-part1-plain");
    const ups = await house(first.atSec - 1);
    await ups.send(first);
    const sign = frameOf("out-cms");
    await ups.until(sign.atSec);
    await ups.send(sign);
    const { grid_connected, grid_unknown, link } = ups.state();
    assert.deepEqual([grid_connected, grid_unknown, link], [undefined, true, "live"]);
    await ups.stop();
  },
});

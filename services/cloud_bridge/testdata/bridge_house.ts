/** A cloud bridge in a house of memory: fake cloud, memory broker, test clock, a state directory of its own. */
import assert from "node:assert/strict";
import type { TopicCapability } from "../../../lib/workers/bus.ts";
import { type CloudStatus, parseCloudStatus } from "../../../lib/messages/cloud_status.ts";
import { MemoryBroker } from "../../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { TestClock } from "../../../lib/time/test_clock.ts";
import { testContext } from "../../../lib/testing.ts";
import { CloudBridge, type CloudBridgeConfig } from "../service.ts";
import { CREDENTIALS, FakeCloud } from "./fake_cloud.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);
const CAPABILITY: TopicCapability = {
  service: "cloud_bridge",
  publishes: [TOPICS.raw("+"), TOPICS.cloudStatus, TOPICS.stationList, TOPICS.events],
  subscribes: [TOPICS.refresh("+")],
};

export const SN = "R651ZEB400000000";

/** Starts everything, hands it over, and stops it; nothing may be left afterwards. */
export async function inHouse(
  config: Partial<CloudBridgeConfig>,
  run: (house: Awaited<ReturnType<typeof build>>) => Promise<void>,
  cloud = new FakeCloud(),
): Promise<void> {
  const stateDir = config.stateDir ?? Deno.makeTempDirSync();
  const house = await build({ ...config, stateDir }, cloud);
  try {
    await run(house);
  } finally {
    await house.bridge.stop();
    await house.bridge.stop();
    if (config.stateDir === undefined) Deno.removeSync(stateDir, { recursive: true });
  }
  assert.equal(house.clock.pending, 0, "a timer is left");
  assert.equal(cloud.isConnected, false, "a connection is left");
  const told = `${house.context.log.text()} ${house.seen.join(" ")} ${JSON.stringify(house.healthTexts)}`;
  assert.doesNotMatch(told, /-secret|KEYSECRET|me@example\.com/, "a secret was told");
}

async function build(config: Partial<CloudBridgeConfig> & { stateDir: string }, cloud: FakeCloud) {
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const seen: string[] = [];
  const raw: { topic: string; payload: Uint8Array }[] = [];
  broker.watch(({ topic, payload }) => {
    seen.push(`${topic} ${new TextDecoder().decode(payload)}`);
    if (topic.endsWith("/data")) raw.push({ topic, payload });
  });
  const context = testContext<CloudBridgeConfig>(CAPABILITY, {
    roots: DEFAULT_ROOTS,
    enabled: true,
    ...(config.open ? {} : { app: CREDENTIALS }),
    devices: [{ sn: SN, name: "Study" }],
    apiHosts: ["api.ecoflow.com", "api-e.ecoflow.com"],
    brokerHosts: ["*.ecoflow.com"],
    keepAliveSec: 45,
    ...config,
  }, { clock, broker });
  const bridge = new CloudBridge(context, { connect: cloud.connect, http: cloud.http, close: () => {} });
  const healthTexts: string[] = [];
  await bridge.start();
  await clock.advance(0);
  return {
    bridge,
    broker,
    clock,
    cloud,
    context,
    seen,
    raw,
    healthTexts,
    /** The retained status. */
    status: (): CloudStatus => parseCloudStatus(broker.retained(TOPICS.cloudStatus) ?? "", "status"),
    list: () => JSON.parse(broker.retained(TOPICS.stationList) ?? "null"),
    /** Codes of the conditions that hold; their texts are kept for the search for secrets. */
    conditions: (): string[] => {
      const list = context.health.list();
      healthTexts.push(...list.map(({ text }) => text));
      return list.map(({ code }) => code);
    },
    logIns: () => cloud.hostsAsked("/auth/login").length,
  };
}

/** For tests: the NUT server with the real policy engine on one memory broker, and clients that are closed afterwards. */
import { deepEqual } from "node:assert/strict";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { DEFAULT_ROOTS } from "../../../lib/mqtt/topics.ts";
import { settle, TestClock } from "../../../lib/time/test_clock.ts";
import { testContext } from "../../../lib/testing.ts";
import { PolicyEngine, type PolicyEngineConfig } from "../../policy_engine/service.ts";
import type { NutServerConfig } from "../slice.ts";
import { LineClient } from "./line_client.ts";
import { startHouse, type TestHouse, TOPICS } from "./test_house.ts";

/** A policy with the documented limits and a short debounce. */
export const POLICY: PolicyEngineConfig = {
  roots: DEFAULT_ROOTS,
  stations: { Study: ["nas"] },
  socMinPercent: 10,
  debounceSec: 30,
  cooldownSec: 300,
  abortWindowSec: 120,
  shutdownDelaySec: 60,
  commandTtlSec: 300,
  staleAfterSec: 120,
  agentKeys: {},
  stateDir: "/none",
};

/** Both services and a clock that a test moves. */
export interface Scene {
  readonly house: TestHouse;
  readonly clock: TestClock;
  connect(): Promise<LineClient>;
  /** Lets time pass; the station says `state` every 5 s, or nothing when it is undefined. */
  pass(seconds: number, state: PowerState | undefined): Promise<void>;
  /** How the policy sees the host. */
  hostState(): string;
}

/** What a system that is started anew finds. */
export interface Machine {
  readonly clock: TestClock;
  readonly disk: { text?: string };
  readonly bootId?: string;
}

/** Runs with both of them up, and ends them. */
export async function withPolicy(
  run: (scene: Scene) => Promise<void>,
  { clock, disk, bootId }: Machine = { clock: new TestClock(), disk: {} },
  change: { readonly nut?: Partial<NutServerConfig>; readonly policy?: Partial<PolicyEngineConfig> } = {},
): Promise<void> {
  const house = await startHouse({ clock, config: { ...change.nut, bootId } });
  const capability = {
    service: "policy_engine",
    publishes: [TOPICS.command("+"), TOPICS.plan("+"), TOPICS.policy("+"), TOPICS.events],
    subscribes: [TOPICS.state("+"), TOPICS.ack("+"), TOPICS.agentStatus("+")],
  };
  let ids = 0;
  const engine = new PolicyEngine(
    { ...testContext(capability, { ...POLICY, ...change.policy, bootId }, { clock, broker: house.broker }) },
    {
      store: {
        read: () => disk.text,
        write: (text) => void (disk.text = text),
        writePlain: (text) => void (disk.text = text),
        setAside: () => "",
      },
      newId: () => `${bootId ?? "c"}${++ids}`,
    },
  );
  await engine.start();
  const clients: LineClient[] = [];
  try {
    await run({
      house,
      clock,
      async connect() {
        const client = await LineClient.connect(house.port);
        clients.push(client);
        deepEqual(await client.askAll("USERNAME monuser", "PASSWORD secret", "LOGIN ups"), [
          "OK",
          "OK",
          "OK",
        ]);
        return client;
      },
      async pass(seconds, state) {
        for (let done = 0; done < seconds; done += 5) {
          if (state) house.state({ ...state, age_s: 0, grid_age_s: 0 });
          await clock.advance(5_000);
        }
      },
      hostState: () => JSON.parse(house.broker.retained(TOPICS.policy("Study")) ?? "{}").hosts?.[0]?.state,
    });
  } finally {
    for (const client of clients) client.close();
    await engine.stop();
    await house.stop();
  }
}

/** Waits, in real time, until the NAS counts as offline. */
export async function gone(scene: Scene): Promise<void> {
  for (let i = 0; i < 300 && scene.house.presence("nas")?.online !== false; i++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await settle();
}

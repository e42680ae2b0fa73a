/** What many hosts on one station cost the policy: its service with a broker in memory, so that only its own work counts. */
import { encodeAgentStatus } from "../../../lib/messages/agent/status.ts";
import { house } from "../../../services/policy_engine/testdata/test_policy.ts";

/** The figures of one house. Times are ms of this processor. */
export interface HostsFigures {
  readonly hosts: number;
  /** From the state that is too low to the first command that the broker has; no debounce. */
  readonly firstCommandMs: number;
  /** The same to the last one. */
  readonly lastCommandMs: number;
  /** One state on battery, above the limit. */
  readonly stateMs: number;
  /** All hosts come online, one after the other, on battery. */
  readonly presencesMs: number;
}

const STATES = 20;
const ON_BATTERY = { soc: 80, grid_connected: false, out_watts: 100, battery_wh: 1000 };

/** One house after the other. */
export async function measureHosts(sizes: readonly number[]): Promise<readonly HostsFigures[]> {
  const found: HostsFigures[] = [];
  for (const size of sizes) found.push(await measureHouse(size));
  return found;
}

async function measureHouse(hosts: number): Promise<HostsFigures> {
  const names = Array.from({ length: hosts }, (_, i) => `host-${i}`);
  const h = await house({ stations: { Study: names }, agentKeys: {}, debounceSec: 0 });
  await h.feed({ soc: 80, grid_connected: true });
  await h.feed(ON_BATTERY);
  const presencesMs = await timed(async () => {
    for (const agent of names) {
      h.broker.publish(`power-manager/${agent}/status`, encodeAgentStatus({ agent, online: true }), {
        retain: true,
      });
    }
    await h.feed(ON_BATTERY);
  });
  await h.clock.advance(2000);
  const stateMs = await timed(async () => {
    for (let i = 0; i < STATES; i++) await h.feed({ ...ON_BATTERY, soc: 80 - i / 10 });
  });
  const startMs = performance.now();
  const sentMs: number[] = [];
  h.broker.watch(({ topic }) => {
    if (topic.endsWith("/cmd")) sentMs.push(performance.now() - startMs);
  });
  await h.feed({ ...ON_BATTERY, soc: 9 });
  await h.clock.advance(2000);
  await h.stop();
  if (sentMs.length !== hosts) throw new Error(`${sentMs.length} of ${hosts} hosts were told`);
  return {
    hosts,
    firstCommandMs: sentMs[0] ?? NaN,
    lastCommandMs: sentMs.at(-1) ?? NaN,
    stateMs: stateMs / STATES,
    presencesMs,
  };
}

async function timed(act: () => Promise<void>): Promise<number> {
  const startMs = performance.now();
  await act();
  return performance.now() - startMs;
}

/** As a table. */
export function hostsText(found: readonly HostsFigures[]): string {
  return [
    "| hosts on one station | first command | last command | a state on battery | all come online |",
    "| ---: | ---: | ---: | ---: | ---: |",
    ...found.map(({ hosts, ...ms }) =>
      `| ${hosts.toLocaleString("en")} | ${
        [ms.firstCommandMs, ms.lastCommandMs, ms.stateMs, ms.presencesMs].map((one) =>
          `${one.toFixed(one < 10 ? 2 : 0)} ms`
        ).join(" | ")
      } |`
    ),
  ].join("\n");
}

/** What a day writes to the disk: the historian and the policy, as the kernel counts it, over a day on a test clock. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import { testContext } from "../../lib/testing.ts";
import { slotFile } from "../../lib/files/slot_file.ts";
import { Historian } from "../../services/historian/service.ts";
import { PolicyEngine, type PolicyEngineConfig } from "../../services/policy_engine/service.ts";
import { capabilityOf, SERVICES } from "../../services/registry.ts";
import { loadConfig } from "../../lib/config/load.ts";

/** What a day came to. */
export interface DiskFigures {
  readonly stations: number;
  /** Bytes that went to the disk, as /proc/self/io has it. */
  readonly historyBytes: number;
  readonly policyBytes: number;
}

const DAY_SEC = 86_400;
/** A state comes at least so often, s. */
const STATE_SEC = 10;
/** The outage of the day: from the tenth hour, for two. */
const OUTAGE = { fromSec: 36_000, toSec: 43_200 };

/** Plays a day twice: with the historian alone, and with the policy alone. */
export async function measureDisk(stations = 2): Promise<DiskFigures> {
  return {
    stations,
    historyBytes: await playDay(stations, "historian"),
    policyBytes: await playDay(stations, "policy_engine"),
  };
}

async function playDay(stations: number, name: "historian" | "policy_engine"): Promise<number> {
  // Not where a file system in memory may lie.
  const dir = mkdtempSync(join(Deno.env.get("TMPDIR") ?? "/var/tmp", "ecoflow-disk-"));
  const clock = new TestClock();
  const broker = new MemoryBroker(clock);
  const devices = Array.from({ length: stations }, (_, i) => `Station ${i}`);
  const config = loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      STATE_DIR: dir,
      DEVICE_TO_AGENTS_JSON: JSON.stringify(
        Object.fromEntries(devices.map((device, i) => [device, [`host-${i}`]])),
      ),
    },
    exists: () => false,
    readFile: () => "",
  });
  const row = SERVICES.find((service) => service.name === name);
  if (!row) throw new RangeError(`Cannot measure: no service is named "${name}"`);
  const context = testContext(capabilityOf(row, config), row.slice(config), { clock, broker });
  const service = name === "historian"
    ? new Historian({
      ...context,
      config: { roots: DEFAULT_ROOTS, stateDir: dir, staleAfterSec: 120, days: 730 },
    })
    : new PolicyEngine({ ...context, config: context.config as PolicyEngineConfig }, {
      store: slotFile(join(dir, "policy.json")),
      newId: () => crypto.randomUUID(),
    });
  try {
    const before = bytesWritten();
    await service.start();
    for (let atSec = 0; atSec < DAY_SEC; atSec += STATE_SEC) {
      const isOut = atSec >= OUTAGE.fromSec && atSec < OUTAGE.toSec;
      for (const device of devices) say(broker, device, atSec, isOut, clock);
      await clock.advance(STATE_SEC * 1000);
    }
    await service.stop();
    return bytesWritten() - before;
  } finally {
    rmSync(dir, { recursive: true });
  }
}

function say(broker: MemoryBroker, device: string, atSec: number, isOut: boolean, clock: TestClock): void {
  const topics = topicsUnder(DEFAULT_ROOTS);
  const gone = isOut ? atSec - OUTAGE.fromSec : 0;
  const state = {
    device,
    soc: Math.max(20, 100 - gone / 120),
    grid_connected: !isOut,
    ac_in_watts: isOut ? 0 : 150 + atSec % 90,
    out_watts: 140 + atSec % 70,
    link: "live",
    age_s: 1,
    ts: new Date(clock.wallMs()).toISOString(),
  };
  broker.publish(topics.state(device), JSON.stringify(state));
  const isTurn = atSec === OUTAGE.fromSec || atSec === OUTAGE.toSec;
  if (!isTurn) return;
  const kind = isOut ? "grid_lost" : "grid_back";
  const event = {
    ts: state.ts,
    kind,
    severity: "warning",
    source: "policy_engine",
    text: `${device}: ${kind}`,
    device,
  };
  broker.publish(topics.events, JSON.stringify(event));
}

/** What this process has sent to disks so far. */
function bytesWritten(): number {
  const match = /^write_bytes: (\d+)$/m.exec(Deno.readTextFileSync("/proc/self/io"));
  if (!match) throw new Error("Cannot measure: /proc/self/io has no write_bytes");
  return Number(match[1]);
}

/** The figures as lines. */
export function diskText({ stations, historyBytes, policyBytes }: DiskFigures): string {
  const mb = (bytes: number) => (bytes / 1e6).toFixed(2);
  return `a day with ${stations} stations and a two-hour outage: historian ${mb(historyBytes)} MB, policy ${
    mb(policyBytes)
  } MB, together ${mb(historyBytes + policyBytes)} MB to the disk`;
}

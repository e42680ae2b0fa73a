/** What the daemon needs when nothing happens: one station that is silent but for its keep-alive. */
import { cpuSeconds, type Memory, MEMORY_HEAD, memoryOf, memoryText } from "./memory.ts";
import { type BenchBroker, startOutageHouse } from "./outage_house.ts";
import { column, pause } from "./figures/waiting.ts";

/** One house at rest. */
export interface IdleFigures {
  readonly broker: BenchBroker;
  readonly memory: Memory;
  /** Of one core. */
  readonly cpuShare: number;
  readonly threads: number;
}

/** Until memory has settled and V8 has compiled what is used often, ms: in the first half minute it takes 1 % of a core. */
const SETTLE_MS = 60_000;

/** Watches it for `seconds`. */
export async function measureIdle(broker: BenchBroker, seconds = 30): Promise<IdleFigures> {
  const { world, stop } = await startOutageHouse(broker, 1);
  try {
    const { pid } = world.daemon();
    await pause(SETTLE_MS);
    const before = cpuSeconds(pid);
    await pause(seconds * 1000);
    return {
      broker,
      cpuShare: (cpuSeconds(pid) - before) / seconds,
      memory: memoryOf(pid),
      threads: [...Deno.readDirSync(`/proc/${pid}/task`)].length,
    };
  } finally {
    await stop();
  }
}

/** The figures as a table. */
export function idleText(found: readonly IdleFigures[]): string {
  const rows = found.map(({ broker, memory, cpuShare, threads }) =>
    `| ${broker} | ${memoryText(memory)} | ${column(cpuShare * 100, 2)} | ${threads} |`
  );
  return [`| broker | ${MEMORY_HEAD} | CPU % of a core | threads |`, "| --- | --- | --- | --- |", ...rows]
    .join("\n");
}

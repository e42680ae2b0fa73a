/** What the dashboard costs: memory in the daemon, the weight of its page, and how fast news reach 50 open pages. */
import { gzipSync } from "node:zlib";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { ASSETS } from "../../services/dashboard/gen/assets.ts";
import { stationModels } from "../../commands/simulate/play.ts";
import { type RealWorld, startRealWorld } from "../simulate/real_world.ts";
import type { Scenario } from "../../commands/simulate/scenario.ts";
import { type Memory, MEMORY_HEAD, memoryOf, memoryText } from "./memory.ts";
import { withLimit } from "./figures/waiting.ts";
import { ownRuntime } from "./own_program.ts";

/** What one run shows. */
export interface DashboardFigures {
  /** All files of the first load, bytes: as they are, and packed as browsers ask for them. */
  readonly pageBytes: number;
  readonly packedBytes: number;
  /** Of the daemon's process: without the dashboard, with it, and with all pages open. */
  readonly memoryWithout: Memory;
  readonly memoryWith: Memory;
  readonly memoryOpen: Memory;
  readonly pages: number;
  /** Journal events published; every page got every one. */
  readonly events: number;
  /** Events that reached all pages, per second, from the broker through the whole daemon. */
  readonly eventsPerSec: number;
}

const SCENARIO: Scenario = {
  name: "dashboard_bench",
  title: "One station.",
  stations: [{ name: "Study", sn: "R631SIM000000001", socPercent: 80, loadWatts: 60, batteryWh: 286 }],
  hosts: { Study: ["study-pc"] },
  settings: {},
  steps: [],
  endSec: 0,
  expect: [],
};
/** Events published at once; the next wait until every page has them. */
const CHUNK = 50;
/** Until memory has settled, real ms. */
const SETTLE_MS = 4000;
/** A page that is told of nothing for so long is not served, ms. */
const SERVED_MS = 10_000;
const topics = topicsUnder(DEFAULT_ROOTS);

/** Starts the daemon twice, without and with the dashboard. */
export async function measureDashboard({ pages = 50, events = 2000 } = {}): Promise<DashboardFigures> {
  const texts = ASSETS.map(({ text }) => text);
  const memoryWithout = await inWorld(undefined, (world) => settledMemory(world));
  return await inWorld({ listen: "127.0.0.1:0", password: "nobody logs in here" }, async (world) => {
    const { port } = new URL(await world.dashboardUrl());
    const memoryWith = await settledMemory(world);
    const open = await Promise.all(Array.from({ length: pages }, () => openPage(Number(port))));
    const beganMs = performance.now();
    for (let sent = 0; sent < events; sent += CHUNK) {
      for (let i = sent; i < sent + CHUNK; i++) publish(world, i);
      await Promise.all(open.map((page) => page.has(sent + CHUNK)));
    }
    const seconds = (performance.now() - beganMs) / 1000;
    const memoryOpen = memoryOf(world.daemon().pid);
    await Promise.all(open.map((page) => page.close()));
    return {
      pageBytes: bytesOf(texts.map((text) => new TextEncoder().encode(text))),
      packedBytes: bytesOf(texts.map((text) => gzipSync(text))),
      memoryWithout,
      memoryWith,
      memoryOpen,
      pages,
      events,
      eventsPerSec: events / seconds,
    };
  });
}

/** The figures as lines. */
export function dashboardText(figures: DashboardFigures): string {
  const kb = (bytes: number) => (bytes / 1000).toFixed(1);
  const { memoryWithout, memoryWith, memoryOpen } = figures;
  return [
    `first load: ${kb(figures.pageBytes)} kB, ${kb(figures.packedBytes)} kB packed`,
    `memory of the daemon (${MEMORY_HEAD}): ${memoryText(memoryWithout)} without, ${
      memoryText(memoryWith)
    } with ` +
    `the dashboard (Pss +${(memoryWith.pss - memoryWithout.pss).toFixed(0)}), ${
      memoryText(memoryOpen)
    } after ` +
    `${figures.events} events to ${figures.pages} pages`,
    `${figures.events} events to ${figures.pages} open pages: ${figures.eventsPerSec.toFixed(0)} events/s, ` +
    `${(figures.eventsPerSec * figures.pages).toFixed(0)} deliveries/s`,
  ].join("\n");
}

async function inWorld<T>(
  dashboard: { listen: string; password: string } | undefined,
  run: (world: RealWorld) => Promise<T>,
): Promise<T> {
  const models = stationModels(SCENARIO);
  const world = await startRealWorld({
    scenario: SCENARIO,
    models,
    speed: 1,
    broker: "embedded",
    onLog: () => {},
    withAgents: false,
    dashboard,
    runtime: ownRuntime(),
  });
  try {
    return await run(world);
  } finally {
    await world.stop();
  }
}

async function settledMemory(world: RealWorld): Promise<Memory> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return memoryOf(world.daemon().pid);
}

function publish(world: RealWorld, index: number): void {
  const ts = new Date().toISOString();
  const event = { ts, kind: "bench", severity: "info", source: "bench", text: `event number ${index}` };
  world.feed(topics.events, JSON.stringify(event));
}

/** A page that counts the events that reach it, once it has been told of what was before. */
async function openPage(port: number) {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  await conn.write(new TextEncoder().encode(`GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`));
  let count = 0;
  let isOpen = true;
  const served = Promise.withResolvers<void>();
  let wanted = { count: Infinity, reached: () => {}, failed: (_error: Error) => {} };
  const reading = (async () => {
    let rest = "";
    for await (const text of conn.readable.pipeThrough(new TextDecoderStream())) {
      if (text.includes("event: journal")) served.resolve();
      const parts = (rest + text).split("event: entry\n");
      count += parts.length - 1;
      rest = (parts.at(-1) ?? "").slice(-20);
      if (count >= wanted.count) wanted.reached();
    }
  })().catch(() => {}).finally(() => {
    isOpen = false;
    wanted.failed(new Error("Cannot measure: the dashboard closed a page"));
  });
  await withLimit(served.promise, SERVED_MS, "the first events of a page");
  return {
    has: (total: number) =>
      new Promise<void>((resolve, reject) => {
        wanted = { count: total, reached: resolve, failed: reject };
        if (count >= total) resolve();
        else if (!isOpen) reject(new Error("Cannot measure: the dashboard closed a page"));
      }),
    close: async () => {
      wanted = { count: Infinity, reached: () => {}, failed: () => {} };
      conn.close();
      await reading;
    },
  };
}

function bytesOf(parts: readonly Uint8Array[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

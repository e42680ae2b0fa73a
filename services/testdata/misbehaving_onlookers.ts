/** For tests: the onlookers' common worker, with a notifier that does what an entry in the journal says: crash, blow, spin, fill. */
import { runTogether } from "../../lib/workers/worker_host.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { HEARD, PROBE } from "./listening.ts";
import type { ServiceFactory } from "../../lib/workers/service.ts";

const { events } = topicsUnder(DEFAULT_ROOTS);

const DEEDS: Readonly<Record<string, () => void>> = {
  crash: () => {
    throw new Error("crash, as told");
  },
  /** More than any machine gives: what lies outside of V8's heap. */
  blow: () => {
    const kept: ArrayBuffer[] = [];
    for (;;) kept.push(new ArrayBuffer(2 ** 53 - 1));
  },
  spin: () => {
    for (;;);
  },
  /** V8's own heap. */
  fill: () => {
    const kept: unknown[] = [];
    for (;;) kept.push(new Array(100_000).fill({}));
  },
};

const createMisbehaving: ServiceFactory<unknown> = ({ bus }) => ({
  start: () => {
    bus.subscribe(events, ({ payload, retained }) => {
      const text = new TextDecoder().decode(payload);
      if (text === PROBE) void bus.publish(events, HEARD);
      const deed = Object.keys(DEEDS).find((name) => text === name);
      // Outside of the handler, where nobody catches it.
      if (deed !== undefined && !retained) setTimeout(() => DEEDS[deed]?.());
    });
    return Promise.resolve();
  },
  stop: () => Promise.resolve(),
});

runTogether({
  historian: async () => (await import("../historian/service.ts")).createHistorian,
  dashboard: async () => (await import("../dashboard/service.ts")).createDashboard,
  notifier: () => Promise.resolve(createMisbehaving),
  discovery: async () => (await import("../discovery/service.ts")).createDiscovery,
});

/** The worker of the services that only look on, where they share one (`OPTIONAL_SERVICES=together`). */
import type { LoadFactory } from "../lib/workers/group_host.ts";
import { runTogether } from "../lib/workers/worker_host.ts";
import type { Onlooker } from "./onlookers.ts";

runTogether(
  {
    historian: async () => (await import("./historian/service.ts")).createHistorian,
    dashboard: async () => (await import("./dashboard/service.ts")).createDashboard,
    notifier: async () => (await import("./notifier/create.ts")).createNotifier,
    discovery: async () => (await import("./discovery/service.ts")).createDiscovery,
  } satisfies Readonly<Record<Onlooker, LoadFactory>>,
);

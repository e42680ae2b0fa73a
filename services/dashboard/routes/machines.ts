/** What machines ask: `/health` and `/metrics`. */
import type { EventCounts } from "../past/event_counts.ts";
import { healthReport, isDaemonWell } from "../house/health_report.ts";
import type { House } from "../house/house.ts";
import { jsonReply } from "../http/message.ts";
import { metricsText } from "../house/metrics.ts";
import type { HouseView } from "../page_contract.ts";
import type { Gate } from "../router.ts";
import type { Route } from "./route.ts";

/** What these routes work with. */
export interface MachineParts {
  readonly gate: Gate;
  readonly house: House;
  readonly counts: EventCounts;
  view(): HouseView;
}

/** Makes the routes. */
export function machineRoutes({ gate, house, counts, view }: MachineParts): readonly Route[] {
  return [
    {
      method: "GET",
      path: "/health",
      access: "open",
      // Whoever may not look learns whether, and not why.
      handle: (request) => {
        const { isHealthy, reasons } = healthReport(view(), house);
        const mayLook = gate.refuse(request, "measure") === undefined;
        return jsonReply(isHealthy ? 200 : 503, {
          status: isHealthy ? "ok" : "failing",
          ...(mayLook ? { reasons } : {}),
        });
      },
    },
    {
      method: "GET",
      path: "/health/daemon",
      access: "open",
      handle: () => {
        const isWell = isDaemonWell(view(), house);
        return jsonReply(isWell ? 200 : 503, { status: isWell ? "ok" : "failing" });
      },
    },
    {
      method: "GET",
      path: "/metrics",
      access: "measure",
      handle: async () => {
        const { text, contentType } = await metricsText({ view: view(), house, events: counts.list() });
        return {
          status: 200,
          headers: { "content-type": contentType, "cache-control": "no-store" },
          body: text,
        };
      },
    },
  ];
}

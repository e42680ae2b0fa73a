/** The dashboard: listens to the house on the bus, and to browsers on its own address. */
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext } from "../../lib/service.ts";
import type { DashboardConfig } from "./config.ts";
import { listen } from "./hearing.ts";
import { emptyHouse } from "./house.ts";
import { errorReply } from "./http/message.ts";
import { Router } from "./router.ts";
import { allRoutes } from "./routes/table.ts";
import { DashboardServer } from "./server.ts";

/** A running dashboard. */
export interface Dashboard extends Service {
  /** Where it listens, once it is started. */
  readonly port: number;
}

/** Makes the service. */
export function createDashboard(context: ServiceContext<DashboardConfig>): Dashboard {
  const { config, bus, clock, log } = context;
  const house = emptyHouse();
  const router = new Router(
    allRoutes({ config, clock, log, house }),
    {
      refuse: (_request, access) =>
        access === "open" || (access === "read" && config.readsWithoutLogin)
          ? undefined
          : errorReply(401, "Log in first"),
    },
    config.names,
  );
  const server = new DashboardServer({
    host: config.host,
    port: config.port,
    tls: config.tls,
    clock,
    log,
    handle: (request) => router.answer(request),
  });
  let port = config.port;
  return {
    get port() {
      return port;
    },
    start() {
      port = server.start();
      listen({
        bus,
        clock,
        log,
        topics: topicsUnder(config.roots),
        house,
        onChange: () => {},
        onEvent: () => {},
      });
      log.notice("DASHBOARD", { address: `${config.tls ? "https" : "http"}://${config.host}:${port}/` });
      return Promise.resolve();
    },
    stop: () => server.stop(),
  };
}

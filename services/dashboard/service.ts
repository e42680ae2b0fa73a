/** The dashboard: listens to the house on the bus, and to browsers on its own address. */
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import type { Service, ServiceContext } from "../../lib/service.ts";
import { Access } from "./access.ts";
import type { DashboardConfig } from "./config.ts";
import { listen } from "./hearing.ts";
import { HostHistory } from "./host_history.ts";
import { emptyHouse } from "./house.ts";
import { LivePages } from "./live.ts";
import { PasswordFile } from "./password_file.ts";
import { Router } from "./router.ts";
import { allRoutes } from "./routes/table.ts";
import { Seen } from "./seen.ts";
import { DashboardServer } from "./server.ts";
import { Sessions } from "./sessions.ts";
import { houseView } from "./view.ts";
import { WishDesk } from "./wishes.ts";

/** A running dashboard. */
export interface Dashboard extends Service {
  /** Where it listens, once it is started. */
  readonly port: number;
}

/** Makes the service. */
export function createDashboard(context: ServiceContext<DashboardConfig>): Dashboard {
  const { config, bus, clock, log } = context;
  const topics = topicsUnder(config.roots);
  const house = emptyHouse();
  const seen = new Seen();
  const hostHistory = new HostHistory();
  const view = () =>
    houseView(house, {
      nowMonoMs: clock.monoMs(),
      nowWallMs: clock.wallMs(),
      speed: clock.speed,
      staleAfterSec: config.staleAfterSec,
      agentsByStation: config.agentsByStation,
      hostHistory,
    });
  const sessions = new Sessions();
  const password = new PasswordFile(config.passwordFile, clock, () => {
    log.notice("PASSWORD CHANGED: all log-ins end");
    sessions.clear();
  });
  const access = new Access({ config, clock, sessions, password });
  const pages = new LivePages({ clock, view, events: () => seen.events() });
  const desk = new WishDesk({ bus, clock, topics });
  const findHistory = (device: string, hours: number) =>
    Promise.resolve(seen.history(device, clock.wallMs() / 1000 - hours * 3600));
  const routes = allRoutes({
    config,
    clock,
    log,
    house,
    access,
    sessions,
    password,
    pages,
    desk,
    findHistory,
  });
  const router = new Router(routes, access, config.names);
  const { host, tls } = config;
  const server = new DashboardServer({
    host,
    port: config.port,
    tls,
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
      pages.start();
      listen({
        bus,
        clock,
        log,
        topics,
        house,
        onChange: () => {
          if (house.drill) hostHistory.noteDrill(house.drill.value);
          pages.changed();
        },
        onState: (device, state) => noteSample(seen, device, state, clock.wallMs()),
        onEvent: (event) => {
          hostHistory.noteEvent(event);
          desk.noteEvent(event);
          pages.tell(seen.addEvent(event));
        },
      });
      const shown = host.includes(":") ? `[${host}]` : host;
      log.notice("DASHBOARD", { address: `${tls ? "https" : "http"}://${shown}:${port}/` });
      return Promise.resolve();
    },
    async stop() {
      pages.stop();
      await server.stop();
    },
  };
}

/** Only what is live is drawn; the rest is a gap. */
function noteSample(seen: Seen, device: string, state: PowerState, nowWallMs: number): void {
  if ((state.link ?? "live") !== "live" || state.role === "accessory") return;
  const sources = [state.ac_in_watts, state.dc_in_watts].filter((watts) => watts !== undefined);
  seen.addSample(device, {
    atSec: nowWallMs / 1000,
    socPercent: state.soc,
    inWatts: sources.length > 0 ? sources.reduce((sum, watts) => sum + watts, 0) : undefined,
    outWatts: state.out_watts,
  });
  if (state.soc !== undefined && state.grid_connected === false) seen.noteCharge(device, state.soc);
}

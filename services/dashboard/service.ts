/** The dashboard: listens to the house on the bus, and to browsers on its own address. */
import { netTarget } from "../../lib/text/host_name.ts";
import { topicsUnder } from "../../lib/mqtt/topics.ts";
import type { HistoryQuery } from "../../lib/messages/history_query.ts";
import { Isolation } from "../../lib/workers/isolation.ts";
import { freshReadings, inWattsOf, type PowerState } from "../../lib/messages/power_state.ts";
import { systemClock } from "../../lib/time/clock.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import { Access } from "./access.ts";
import type { DashboardConfig } from "./config.ts";
import { EventCounts } from "./past/event_counts.ts";
import { listen } from "./house/subscriptions.ts";
import { HistorianClient } from "./past/historian_client.ts";
import { HostHistory } from "./past/host_history.ts";
import { emptyHouse } from "./house/house.ts";
import { LivePages } from "./house/live.ts";
import { PasswordFile } from "./password_file.ts";
import { pastView } from "./past/past.ts";
import { askAllSamples, stepForHours } from "./past/past_samples.ts";
import { Router } from "./router.ts";
import { allRoutes } from "./routes/table.ts";
import { Seen } from "./past/seen.ts";
import { DashboardServer } from "./http/server.ts";
import { Sessions } from "./sessions.ts";
import { houseView } from "./house/view.ts";
import { WishRequests } from "./wishes.ts";

/** Days of energy on the page. */
const ENERGY_DAYS = 7;
/** By then the historian has started, real ms. */
const RECALL_AFTER_MS = 3000;

/** A running dashboard. */
export interface Dashboard extends Service {
  /** Where it listens, once it is started. */
  readonly port: number;
}

/** Makes the service. */
export function createDashboard(context: ServiceContext<DashboardConfig>): Dashboard {
  const { config, bus, clock, health, log } = context;
  const topics = topicsUnder(config.roots);
  const house = emptyHouse();
  const isolation = new Isolation({ clock, log, health }, "part_failed");
  const seen = new Seen();
  const counts = new EventCounts();
  const hostHistory = new HostHistory();
  const view = () =>
    houseView(house, {
      nowMonoMs: clock.monoMs(),
      nowWallMs: clock.wallMs(),
      speed: clock.speed,
      staleAfterSec: config.staleAfterSec,
      agentsByStation: config.agentsByStation,
      installation: config.installation,
      hostHistory,
      isolate: (what, act) => isolation.run(what, act),
    });
  const sessions = new Sessions();
  const password = new PasswordFile(config.passwordFile, clock, () => {
    log.notice("PASSWORD CHANGED: all log-ins end");
    sessions.clear();
  });
  const access = new Access({ config, clock, sessions, password });
  const hasLogin = (network: string) => sessions.isFrom(network, clock.monoMs());
  const pages = new LivePages({ clock, view, events: () => seen.events(), hasLogin });
  const desk = new WishRequests({ bus, clock, topics });
  const historian = new HistorianClient({ bus, clock, log, topics, isThere: config.asksHistorian });
  const findHistory = async (device: string, hours: number) => {
    const to_ms = Math.round(clock.wallMs());
    const from_ms = Math.max(0, Math.round(to_ms - hours * 3_600_000));
    const ask = (kind: HistoryQuery["kind"], fromMs = from_ms) =>
      historian.ask({ kind, device, from_ms: fromMs, to_ms, newest: true });
    const [samples, outages, energy] = await Promise.all([
      askAllSamples((query) => historian.ask(query), { device, from_ms, to_ms, step_s: stepForHours(hours) }),
      ask("outages"),
      ask("energy", Math.max(0, to_ms - ENERGY_DAYS * 86_400_000)),
    ]);
    // Without a historian: what this dashboard saw itself.
    return samples ? pastView(device, { samples, outages, energy }) : seen.history(device, from_ms / 1000);
  };
  /** What happened before this start belongs into the journal and beside the hosts. */
  const recallEvents = async () => {
    const to_ms = Math.round(clock.wallMs());
    const past = await historian.ask({ kind: "events", from_ms: 0, to_ms, newest: true });
    for (const event of past?.events ?? []) hostHistory.noteEvent(event);
    seen.recall(past?.events ?? []);
    pages.changed();
  };
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
    askHistorian: (query) => historian.ask(query),
    counts,
    view,
  });
  const router = new Router(routes, access, config.names);
  const { host, tls } = config;
  const server = new DashboardServer({
    host,
    port: config.port,
    tls,
    clock: systemClock(),
    log,
    hasLogin,
    handle: (request) => router.answer(request),
  });
  let port = config.port;
  let cancelRecall = () => {};
  return {
    get port() {
      return port;
    },
    async start() {
      port = await server.start();
      pages.start();
      historian.start();
      let isRecalled = false;
      bus.onLink((up) => {
        if (!up || isRecalled) return;
        isRecalled = true;
        // The historian may still be starting.
        cancelRecall = clock.after(RECALL_AFTER_MS * clock.speed, () => void recallEvents());
      });
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
        onState: (device, state) => noteSample(seen, device, state, config.staleAfterSec, clock.wallMs()),
        onEvent: (event) => {
          counts.note(event);
          hostHistory.noteEvent(event);
          desk.noteEvent(event);
          pages.tell(seen.addEvent(event));
        },
      });
      log.notice("DASHBOARD", { address: `${tls ? "https" : "http"}://${netTarget(host, port)}/` });
    },
    async stop() {
      cancelRecall();
      pages.stop();
      await server.stop();
    },
  };
}

/** Only what is live is drawn; the rest is a gap. */
function noteSample(
  seen: Seen,
  device: string,
  state: PowerState,
  staleAfterSec: number,
  nowWallMs: number,
): void {
  if ((state.link ?? "live") !== "live" || state.role === "accessory") return;
  const { soc, grid_connected } = freshReadings(state, staleAfterSec);
  seen.addSample(device, {
    atSec: nowWallMs / 1000,
    socPercent: soc,
    inWatts: inWattsOf(state),
    acInWatts: state.ac_in_watts,
    dcInWatts: state.dc_in_watts,
    outWatts: state.out_watts,
  });
  if (soc !== undefined && grid_connected === false) seen.noteCharge(device, soc);
}

/** Begins the page: finds out what this browser may do, listens to the stream, and draws twice a second. */
import type { EventView, HouseView, SessionView } from "../page_contract.ts";
import { typable } from "../../../lib/text/typable.ts";
import type { Surroundings } from "../shown/freshness.ts";
import { LoginDialog, prepareConfirm } from "./dialogs.ts";
import { byId, setText, show } from "./dom.ts";
import { drawFrame, drawWaiting } from "./frame.ts";
import { Journal } from "./journal.ts";
import { prepareLanguage, reader } from "./language.ts";
import { Server } from "./server.ts";
import { Stations } from "./stations.ts";
import { prepareTheme } from "./theme_button.ts";
import { Wishes } from "./wishes.ts";

/** How often ages and countdowns are drawn anew, ms. */
const DRAW_MS = 500;
/** A house that cannot be reached is asked again after this, ms. */
const RETRY_MS = 2000;

prepareLanguage();
const server = new Server();
const journal = new Journal();
let session: SessionView | undefined;
let house: HouseView | undefined;
/** The journal that came before the house, and with it the present time. */
let early: readonly EventView[] | undefined;
/** Two clocks: one stops while a machine sleeps, the other may be set. The later one counts. */
const moment = () => ({ monoMs: performance.now(), wallMs: Date.now() });
let receivedAt = moment();
let heardAt = moment();
/** When the wait for a first message began. */
let waitsSince = moment();

const login = new LoginDialog((password) => server.login(password), (now) => {
  session = now;
  begin();
});
const wishes = new Wishes(server, login, () => session?.signed_in === true);
const stations = new Stations({
  abort: (device) => void wishes.abort(device),
  drill: (device) => void wishes.drill(device),
  history: (device, hours) => server.history(device, hours),
});
prepareConfirm();
prepareTheme(() => stations.redraw());
byId("journal").append(journal.node);
byId("sign-in").addEventListener("click", () => void signInOrOut());
byId("gate-sign-in").addEventListener("click", () => login.open());
setInterval(draw, DRAW_MS);
document.addEventListener("visibilitychange", draw);
addEventListener("pageshow", draw);
begin();

/** Opens what this browser may see. */
function begin(): void {
  void (async () => {
    const found = session ?? await server.session();
    session = undefined;
    if (!found) return void setTimeout(begin, RETRY_MS);
    mayRead(found);
    session = found;
    if (!found.may_read) return server.close();
    server.open({
      onWord: () => heardAt = moment(),
      onHouse: (view) => {
        house = view;
        receivedAt = moment();
        if (early) journal.replace(early, view.now_ms);
        early = undefined;
        draw();
      },
      onJournal: (events) => {
        if (house) journal.replace(events, house.now_ms);
        else early = events;
      },
      onEntry: noteEntry,
      onLost: () => {
        session = undefined;
        begin();
      },
    });
  })();
}

function noteEntry(event: EventView): void {
  journal.add(event, house?.now_ms ?? Date.now());
  if (/^grid_|^host_|shutdown|abort|called_off/.test(event.kind)) setTimeout(() => stations.loadSoon(), 1000);
}

function mayRead(found: SessionView): void {
  show(byId("gate"), !found.may_read);
  show(byId("house"), found.may_read);
  show(byId("gate-no-password"), !found.password_set);
  show(byId("gate-why"), found.password_set);
  setText(byId("gate-command"), typable("sudo ecoflow-power dashboard password", found.installation));
  show(byId("gate-sign-in"), found.password_set);
  const button = byId("sign-in");
  // The gate has one of its own.
  show(button, found.password_set && found.may_read);
  setText(button, reader.say(found.signed_in ? "log_out" : "log_in"));
  if (found.may_read) return;
  // Nothing of the house is left for whoever looks next.
  house = undefined;
  waitsSince = moment();
}

/** Draws the present moment. */
function draw(): void {
  wishes.draw();
  const since = (past: { readonly monoMs: number; readonly wallMs: number }) =>
    Math.max(0, performance.now() - past.monoMs, Date.now() - past.wallMs) / 1000;
  show(byId("journal-section"), house !== undefined && house.stations.length > 0);
  if (!house) return drawWaiting(since(waitsSince), !byId("gate").hidden);
  const now: Surroundings = { sinceSentS: since(receivedAt) * house.speed, silentS: since(heardAt) };
  drawFrame(house, now);
  stations.update(house, now, session?.password_set === true);
}

async function signInOrOut(): Promise<void> {
  if (!session?.signed_in) return login.open();
  await server.logout();
  session = undefined;
  begin();
}

/** Begins the page: finds out what this browser may do, listens to the stream, and draws twice a second. */
import type { EventView, HouseView, SessionView, StationView, WishView } from "../page_contract.ts";
import { confirm, LoginDialog, prepareConfirm } from "./dialogs.ts";
import { byId, el, setText, show } from "./dom.ts";
import { duration, when } from "../shown/format.ts";
import { isConnected, type Surroundings } from "../shown/freshness.ts";
import { Journal } from "./journal.ts";
import { type Refusal, Server } from "./server.ts";
import { Station } from "./station.ts";

/** How often ages and countdowns are drawn anew, ms. */
const DRAW_MS = 500;
/** How often the charts are drawn anew, ms. */
const CHART_MS = 20_000;
/** How long an answer to a wish stays on the page, ms. */
const ANSWER_MS = 15_000;

const server = new Server();
const journal = new Journal();
const stations = new Map<string, Station>();
let session: SessionView | undefined;
let house: HouseView | undefined;
/** Two clocks: one stops while a machine sleeps, the other may be set. The later one counts. */
let receivedAt = { monoMs: 0, wallMs: 0 };
let heardAt = { monoMs: performance.now(), wallMs: Date.now() };
let chartsAtMs = -Infinity;
let spoken = "";
let answerUntilMs = 0;

const login = new LoginDialog((password) => server.login(password), (now) => {
  session = now;
  begin();
});
prepareConfirm();
byId("journal").append(journal.node);
byId("sign-in").addEventListener("click", () => void signInOrOut());
byId("gate-sign-in").addEventListener("click", () => login.open());
byId("theme").addEventListener("click", switchTheme);
document.addEventListener("history", () => loadCharts());
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", redrawCharts);
setInterval(draw, DRAW_MS);
document.addEventListener("visibilitychange", draw);
addEventListener("pageshow", draw);
begin();

/** Opens what this browser may see. */
function begin(): void {
  void (async () => {
    const found = session ?? await server.session();
    session = undefined;
    if (!found) return void setTimeout(begin, 2000);
    mayRead(found);
    session = found;
    if (!found.may_read) return server.close();
    server.open({
      onWord: () => heardAt = { monoMs: performance.now(), wallMs: Date.now() },
      onHouse: (view) => {
        house = view;
        receivedAt = { monoMs: performance.now(), wallMs: Date.now() };
        draw();
      },
      onJournal: (events) => journal.replace(events, house?.now_ms ?? Date.now()),
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
  if (/^grid_|^host_|shutdown|abort|called_off/.test(event.kind)) setTimeout(loadCharts, 1000);
}

function mayRead(found: SessionView): void {
  show(byId("gate"), !found.may_read);
  show(byId("house"), found.may_read);
  show(byId("gate-no-password"), !found.password_set);
  show(byId("gate-sign-in"), found.password_set);
  const button = byId("sign-in");
  show(button, found.password_set);
  setText(button, found.signed_in ? "Log out" : "Log in");
}

/** Draws the present moment. */
function draw(): void {
  if (performance.now() > answerUntilMs) show(byId("answer"), false);
  if (!house) return;
  const since = (moment: { readonly monoMs: number; readonly wallMs: number }) =>
    Math.max(0, performance.now() - moment.monoMs, Date.now() - moment.wallMs) / 1000;
  const now: Surroundings = { sinceSentS: since(receivedAt) * house.speed, silentS: since(heardAt) };
  drawPulse(house, now);
  const views = house.stations;
  for (const device of [...stations.keys()]) {
    if (!views.some((view) => view.device === device)) {
      stations.get(device)?.node.remove();
      stations.delete(device);
    }
  }
  const said = views.map((view) => {
    const { text } = stationFor(view).update(house as HouseView, view, now, session?.password_set === true);
    return `${view.device}: ${text}.`;
  }).join(" ");
  show(byId("empty"), views.length === 0);
  placeJournal();
  speak(said.replaceAll(/, [^,.]* ago/g, ""));
  if (performance.now() - chartsAtMs > CHART_MS / Math.min(5, house.speed)) loadCharts();
}

function stationFor({ device }: StationView): Station {
  let station = stations.get(device);
  if (!station) {
    station = new Station(device, { abort, drill, history: (name, hours) => server.history(name, hours) });
    stations.set(device, station);
    byId("stations").append(station.node);
    chartsAtMs = -Infinity;
  }
  return station;
}

/** Beside the only station there is room for it; of several, none is its own. */
function placeJournal(): void {
  const [only, second] = stations.values();
  const place = only && !second ? only.side : byId("house");
  const section = byId("journal-section");
  if (section.parentElement !== place) place.append(section);
}

function drawPulse(view: HouseView, now: Surroundings): void {
  const isLive = isConnected(view, now);
  const sentAt = when(new Date(view.now_ms).toISOString(), view.now_ms);
  document.body.classList.toggle("lost", !isLive);
  setText(
    byId("pulse"),
    isLive ? `Live${view.speed === 1 ? "" : ` · time × ${view.speed}`}` : "Not live",
  );
  const isSilent = isConnected({ ...view, is_broker_up: true, daemon: undefined }, now) === false;
  const problems = isSilent
    ? [
      `No word from the daemon for ${
        duration(now.silentS)
      }: nothing below is live. It shows what was known at ${sentAt}. ` +
      "If the daemon runs, it goes on without this page.",
    ]
    : [...view.problems, ...cloudProblem(view)];
  show(byId("notice"), problems.length > 0);
  const list = byId("notice-list");
  const text = problems.join("\n");
  if (list.dataset.shown !== text) {
    list.dataset.shown = text;
    list.replaceChildren(...problems.map((problem) => el("li", {}, problem)));
  }
  setText(byId("version"), view.daemon?.version ? `ecoflow-power ${view.daemon.version}` : "ecoflow-power");
}

function cloudProblem({ cloud }: HouseView): string[] {
  if (!cloud || cloud.link === "up" || cloud.link === "off") return [];
  return [`EcoFlow's cloud: ${cloud.detail}`];
}

/** Says a changed headline to screen readers, once. */
function speak(text: string): void {
  if (text === spoken) return;
  spoken = text;
  setText(byId("spoken"), text);
}

function loadCharts(): void {
  if (!house) return;
  chartsAtMs = performance.now();
  const nowMs = house.now_ms + (performance.now() - receivedAt.monoMs) * house.speed;
  for (const station of stations.values()) void station.loadHistory(nowMs);
}

function redrawCharts(): void {
  for (const station of stations.values()) station.redraw();
}

async function signInOrOut(): Promise<void> {
  if (!session?.signed_in) return login.open();
  await server.logout();
  session = undefined;
  begin();
}

async function abort(device: string): Promise<void> {
  if (!session?.signed_in) return login.open("Log in to call a shutdown off.");
  const isMeant = await confirm(
    `Call the shutdown of ${device}'s hosts off?`,
    "Hosts that are not down yet are called off, and nothing is shut down for five minutes. Then the conditions count " +
      "again. The battery goes on emptying. The policy refuses when it would not last for that.",
    "Call it off",
  );
  if (isMeant) answer(await server.abort(device));
}

async function drill(device: string): Promise<void> {
  if (!session?.signed_in) return login.open("Log in to start a drill.");
  const isMeant = await confirm(
    `Start a drill on ${device}?`,
    "Every host runs its preparations, in earnest, and leaves out the last step: none is switched off.",
    "Start the drill",
  );
  if (isMeant) answer(await server.drill(device));
}

function answer(given: WishView | Refusal): void {
  const text = "error" in given ? `${given.error}.` : given.text;
  const box = byId("answer");
  box.className = "error" in given || given.isTaken === false ? "refused" : "taken";
  setText(box, text);
  show(box, true);
  answerUntilMs = performance.now() + ANSWER_MS;
}

function switchTheme(): void {
  const root = document.documentElement;
  const isDark = root.dataset.theme
    ? root.dataset.theme === "dark"
    : matchMedia("(prefers-color-scheme: dark)").matches;
  root.dataset.theme = isDark ? "light" : "dark";
  try {
    localStorage.setItem("theme", root.dataset.theme);
  } catch {
    // A browser that keeps nothing.
  }
  redrawCharts();
}

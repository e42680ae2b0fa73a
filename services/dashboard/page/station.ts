/** One power station on the page: the glance, the countdown, the flow of power, the hosts and the charts. */
import type { HistoryView, HouseView, StationView } from "../page_contract.ts";
import { Charts } from "./charts.ts";
import { el, setAttributes, setText, show } from "./dom.ts";
import { Flow } from "./flow.ts";
import { ago, clockText, duration, percent, timeOfDay, UNKNOWN, watts } from "../shown/format.ts";
import { ageNow, freshnessOf, isPolicyLive, secondsLeft, type Surroundings } from "../shown/freshness.ts";
import { Hosts } from "./hosts.ts";
import { icon, toneIcon } from "./icons.ts";
import { runtimeOf } from "../shown/runtime.ts";
import { type Headline, headline } from "../shown/labels.ts";
import { own } from "../../../lib/own.ts";

/** What a station's buttons do. */
export interface StationActions {
  abort(device: string): void;
  drill(device: string): void;
  /** The history of a station for the last so many hours; undefined when it cannot be had now. */
  history(device: string, hours: number): Promise<HistoryView | undefined>;
}

const RANGES: readonly { readonly hours: number; readonly text: string }[] = [
  { hours: 1, text: "1 h" },
  { hours: 6, text: "6 h" },
  { hours: 24, text: "1 day" },
  { hours: 168, text: "1 week" },
];
let made = 0;

/** See the file comment. */
export class Station {
  readonly #sign = el("span", { class: "sign" });
  readonly #headline = el("span", {});
  readonly #model = el("span", { class: "quiet" });
  readonly #sentence = el("p", { class: "sentence" });
  readonly #digits = el("span", { class: "digits", role: "timer" });
  readonly #until = el("span", { class: "until" });
  readonly #abort = el("button", { type: "button", class: "primary" }, "Call it off");
  readonly #countdown = el("div", { class: "countdown" }, this.#digits, this.#until, this.#abort);
  readonly #held = el("p", { class: "held" });
  readonly #basis = el("p", { class: "quiet basis" });
  readonly #flow = new Flow();
  readonly #lasts = fact("Would last");
  readonly #draws = fact("House draws");
  readonly #feeds = fact("From the grid");
  readonly #warmth = fact("Hottest cell");
  readonly #hosts = new Hosts();
  readonly #drill = el("button", { type: "button" }, "Start a drill");
  readonly #ranges = RANGES.map(({ text }) =>
    el("button", { type: "button", "aria-pressed": "false" }, text)
  );
  readonly #charts = new Charts();
  readonly #hero: HTMLElement;
  #tone = "";
  /** Chosen by a person, or by how much there is to show. */
  #hours: number | undefined;
  #shownHours = 6;
  /** The column beside the glance, with room for more. */
  readonly side = el("div", { class: "side" });
  /** What to put on the page. */
  readonly node: HTMLElement;

  constructor(readonly device: string, private readonly actions: StationActions) {
    this.#abort.addEventListener("click", () => actions.abort(device));
    this.#drill.addEventListener("click", () => actions.drill(device));
    const id = `station-${made++}`;
    this.#hero = el(
      "div",
      { class: "card hero" },
      el("h2", { id }, device, " ", this.#model),
      el("p", { class: "headline" }, this.#sign, this.#headline),
      this.#sentence,
      this.#countdown,
      this.#held,
      this.#flow.node,
      el("dl", { class: "facts" }, this.#lasts.node, this.#draws.node, this.#feeds.node, this.#warmth.node),
      this.#basis,
    );
    this.side.append(
      el(
        "div",
        { class: "card" },
        el("div", { class: "row" }, el("h3", {}, "Hosts"), this.#drill),
        this.#hosts.node,
      ),
    );
    this.node = el(
      "section",
      { class: "station", "aria-labelledby": id },
      this.#hero,
      this.side,
      el(
        "div",
        { class: "card wide" },
        el("div", { class: "row" }, el("h3", {}, "Over time"), this.#rangeButtons()),
        this.#charts.node,
      ),
    );
  }

  /** Draws everything for this moment; called twice a second. @returns the headline, to be spoken when it changes */
  update(house: HouseView, station: StationView, now: Surroundings, maySignIn: boolean): Headline {
    const said = headline(house, station, now);
    if (said.tone !== this.#tone) {
      this.#tone = said.tone;
      this.#sign.replaceChildren(icon(toneIcon(said.tone)));
      this.#hero.className = `card hero tone-${said.tone}`;
    }
    setText(this.#headline, said.text);
    setText(this.#model, station.model ?? "");
    this.#updatePolicy(house, station, now);
    this.#updateValues(house, station, now);
    this.#hosts.update(house, station, now);
    this.#drill.disabled = !maySignIn || station.hosts.length === 0;
    return said;
  }

  /** Asks for the history anew, and draws it. */
  async loadHistory(nowMs: number): Promise<void> {
    const history = await this.actions.history(this.device, this.#hours ?? 6);
    if (!history) return;
    const toSec = nowMs / 1000;
    const knownSec = toSec - (history.at_s[0] ?? toSec);
    this.#showHours(this.#hours ?? (knownSec > 5400 ? 6 : 1));
    this.#charts.update({ history, fromSec: toSec - this.#shownHours * 3600, toSec });
  }

  /** The colours changed. */
  redraw(): void {
    this.#charts.redraw();
  }

  #updatePolicy(house: HouseView, station: StationView, now: Surroundings): void {
    const { policy } = station;
    const isLive = isPolicyLive(house, station, now);
    const age = ago(ageNow(policy?.age_s, now));
    const isPending = policy?.state === "critical" || policy?.state === "shutting_down";
    const timer = secondsLeft(policy?.timer_left_s, house, station, now);
    const said = policy?.sentence.replace(
      "{left}",
      timer === undefined ? "a time not known now" : duration(timer),
    );
    setText(
      this.#sentence,
      said === undefined
        ? "The policy has said nothing about this station yet."
        : isLive
        ? said
        : `The policy's last message, ${age}: ${said}`,
    );
    this.#sentence.classList.toggle("old", !isLive);
    const earliest = secondsLeft(policy?.shutdown_earliest_s, house, station, now);
    const left = timer ?? earliest;
    const clockTime = (leftS: number) => timeOfDay(house.now_ms + (now.sinceSentS + leftS) * 1000);
    show(this.#countdown, left !== undefined || (isPending && isLive));
    show(this.#digits, left !== undefined);
    setText(this.#digits, left === undefined ? "" : `${timer === undefined ? "≈ " : ""}${clockText(left)}`);
    setText(
      this.#until,
      timer !== undefined
        ? `until hosts are told to shut down, at ${clockTime(timer)}`
        : earliest !== undefined
        ? `until the first host is told to shut down, at about ${
          clockTime(earliest)
        } if the load stays as it is`
        : policy?.is_in_doubt
        ? "Nobody is told to shut down yet."
        : "Hosts are being shut down.",
    );
    show(this.#abort, isPending && isLive && policy.held === undefined);
    this.#countdown.classList.toggle("calm", timer === undefined && !isPending);
    show(this.#held, isLive && policy?.held !== undefined);
    setText(this.#held, policy?.held === undefined ? "" : `Held back: ${policy.held}.`);
  }

  #updateValues(house: HouseView, station: StationView, now: Surroundings): void {
    const of = (value: { readonly age_s?: number } | undefined) => freshnessOf(value, house, station, now);
    const [grid, soc, rest] = [of(station.grid), of(station.soc), of(station)];
    this.#flow.update(station, { grid, soc, rest });
    const age = ago(ageNow(station.age_s, now));
    const isLive = rest === "live";
    const aged = (text: string) => text === UNKNOWN ? "not known" : isLive ? "" : `last known, ${age}`;
    const runtime = soc === "live" && isLive ? runtimeOf(station, grid === "live") : undefined;
    const blind = station.policy?.soc_is_estimate && isPolicyLive(house, station, now);
    this.#lasts.set(
      runtime ? `≈ ${duration(runtime.seconds)}` : UNKNOWN,
      runtime?.basis ??
        (blind
          ? `charge is estimated: ${percent(station.policy?.soc_percent)}`
          : isLive
          ? "nobody can tell now"
          : "not known now"),
      runtime !== undefined,
    );
    const volts = station.ac_in_volts === undefined ? "" : `at ${Math.round(station.ac_in_volts)} V`;
    const drawn = watts(station.out_watts);
    this.#draws.set(drawn, aged(drawn), isLive);
    const fed = watts(station.ac_in_watts);
    this.#feeds.set(fed, aged(fed) || volts, isLive);
    const warmth = station.temp_celsius === undefined ? UNKNOWN : `${Math.round(station.temp_celsius)} °C`;
    this.#warmth.set(warmth, aged(warmth), isLive);
    const gridAge = ago(ageNow(station.grid?.age_s, now));
    const link = { live: "", stale: ", nothing fresh arrives", offline: ", the station is offline" };
    setText(
      this.#basis,
      station.grid
        ? `Grid last confirmed ${gridAge}${
          station.grid.evidence ? ` (${station.grid.evidence})` : ""
        }; values ${age}${own(link, station.link ?? "live")}.`
        : station.is_grid_unknown
        ? `The station does not tell the grid any more; values ${age}${own(link, station.link ?? "live")}.`
        : `Nothing is known of the grid${own(link, station.link ?? "live")}.`,
    );
  }

  #rangeButtons(): HTMLElement {
    for (const [i, button] of this.#ranges.entries()) {
      button.addEventListener("click", () => {
        this.#hours = RANGES[i]?.hours;
        this.#showHours(this.#hours ?? 6);
        this.node.dispatchEvent(new CustomEvent("history", { bubbles: true }));
      });
    }
    return el("div", { class: "ranges", role: "group", "aria-label": "Span of time" }, ...this.#ranges);
  }

  #showHours(hours: number): void {
    this.#shownHours = hours;
    for (const [i, button] of this.#ranges.entries()) {
      setAttributes(button, { "aria-pressed": String(RANGES[i]?.hours === hours) });
    }
  }
}

function fact(name: string) {
  const value = el("span", { class: "value" });
  const note = el("span", { class: "quiet" });
  const node = el("div", {}, el("dt", {}, name), el("dd", {}, value, note));
  return {
    node,
    set(text: string, remark: string, isLive: boolean): void {
      setText(value, text);
      setText(note, remark);
      value.classList.toggle("old", !isLive);
    },
  };
}

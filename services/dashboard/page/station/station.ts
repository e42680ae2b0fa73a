/** One power station on the page: the glance, the countdown, the flow of power, the hosts, the past. */
import type { HistoryView, HouseView, StationView } from "../../page_contract.ts";
import { isPolicyLive, type Surroundings } from "../../shown/freshness.ts";
import { countdownOf, type Glance, sentenceOf } from "../../shown/glance.ts";
import { daemonWords } from "../../shown/daemon_words.ts";
import { toneIcon } from "../../shown/tone_icon.ts";
import { el, setText, show } from "../dom.ts";
import { icon } from "../icons.ts";
import { reader } from "../language.ts";
import { Details } from "./details.ts";
import { Facts } from "./facts.ts";
import { Hosts } from "./hosts.ts";
import { Past } from "./past.ts";

/** What a station's buttons do. */
export interface StationActions {
  abort(device: string): void;
  drill(device: string): void;
  /** The history of a station for the last so many hours; undefined when it cannot be had now. */
  history(device: string, hours: number): Promise<HistoryView | undefined>;
}

/** What else a station is drawn by. */
export interface StationLook {
  readonly glance: Glance;
  readonly maySignIn: boolean;
}

/** See the file comment. */
export class Station {
  readonly #mark = el("span", { class: "mark", hidden: true }, reader.say("simulated"));
  readonly #sign = el("span", { class: "sign" });
  readonly #headline = el("span", {});
  readonly #sentence = el("p", { class: "sentence" });
  readonly #digits = el("span", { class: "digits", role: "timer" });
  readonly #until = el("span", { class: "until" });
  readonly #abort = el("button", { type: "button", class: "primary" }, reader.say("abort"));
  readonly #countdown = el("div", { class: "countdown" }, this.#digits, this.#until, this.#abort);
  readonly #held = el("p", { class: "held" });
  readonly #facts = new Facts();
  readonly #details = new Details();
  readonly #hosts = new Hosts();
  readonly #drill = el("button", { type: "button" }, reader.say("drill"));
  readonly #past: Past;
  readonly #hero: HTMLElement;
  #tone = "";
  /** The column beside the glance, with room for more. */
  readonly side = el("div", { class: "side" });
  /** What to put on the page. */
  readonly node: HTMLElement;

  constructor(readonly device: string, id: string, actions: StationActions) {
    this.#abort.addEventListener("click", () => actions.abort(device));
    this.#drill.addEventListener("click", () => actions.drill(device));
    this.#past = new Past((hours) => actions.history(device, hours));
    this.#hero = el(
      "div",
      { class: "card hero" },
      el("h2", { id: `${id}-name` }, device, " ", this.#mark),
      el("p", { class: "headline" }, this.#sign, this.#headline),
      this.#countdown,
      this.#sentence,
      this.#held,
      ...this.#facts.nodes,
      this.#details.node,
    );
    const head = el("div", { class: "row" }, el("h3", {}, reader.say("hosts")), this.#drill);
    this.side.append(el("div", { class: "card" }, head, this.#hosts.node));
    this.node = el(
      "section",
      { class: "station", id, "aria-labelledby": `${id}-name` },
      this.#hero,
      this.side,
      this.#past.node,
    );
  }

  /** Draws everything for this moment; called twice a second. */
  update(house: HouseView, station: StationView, now: Surroundings, look: StationLook): void {
    const { glance, maySignIn } = look;
    if (glance.tone !== this.#tone) {
      this.#tone = glance.tone;
      this.#sign.replaceChildren(icon(toneIcon(glance.tone)));
      this.#hero.className = `card hero tone-${glance.tone}`;
    }
    setText(this.#headline, reader.say(glance.key));
    show(this.#mark, station.is_simulated === true);
    this.#updatePolicy(house, station, now);
    this.#facts.update(house, station, now);
    this.#details.update(house, station, now);
    this.#hosts.update(house, station, now);
    this.#drill.disabled = !maySignIn || station.hosts.length === 0;
  }

  /** Asks for the history anew, and draws it. */
  async loadHistory(nowMs: number): Promise<void> {
    await this.#past.load(nowMs);
  }

  /** The colours changed. */
  redraw(): void {
    this.#past.redraw();
  }

  #updatePolicy(house: HouseView, station: StationView, now: Surroundings): void {
    const { policy } = station;
    const { text, isOld } = sentenceOf(reader, house, station, now);
    const countdown = countdownOf(house, station, now);
    const isLive = isPolicyLive(house, station, now);
    const isPending = isLive && (policy?.state === "critical" || policy?.state === "shutting_down");
    // How many are down stands beside the button then.
    const isTold = isPending && policy.state === "shutting_down" && countdown === undefined;
    show(this.#sentence, text !== "" && !isTold);
    setText(this.#sentence, text);
    this.#sentence.classList.toggle("old", isOld);
    show(this.#countdown, countdown !== undefined || isPending);
    show(this.#digits, countdown !== undefined);
    if (countdown) {
      const isFirm = countdown.kind === "hosts";
      const left = reader.countdown(countdown.leftS);
      setText(this.#digits, isFirm ? left : `≈\u00a0${left}`);
      const line = reader.say(isFirm ? "go_down_at" : "first_goes_down_at", {
        time: reader.time(countdown.atMs),
      });
      setText(this.#until, `${line}, ${reader.say(isFirm ? "unless_back" : "if_load_stays")}`);
    } else setText(this.#until, isTold ? text : reader.say("in_doubt"));
    show(this.#abort, isPending && policy?.held === undefined);
    this.#countdown.classList.toggle("calm", countdown?.kind !== "hosts" && !isPending);
    show(this.#held, isLive && policy?.held !== undefined);
    setText(
      this.#held,
      policy?.held === undefined ? "" : reader.say("held", { why: daemonWords(reader, policy.held).text }),
    );
  }
}

/** The row of all stations: name, state, charge and the one time that matters. A press unfolds the station below. */
import type { StationView } from "../page_contract.ts";
import type { Glance } from "../shown/glance.ts";
import { toneIcon } from "../shown/tone_icon.ts";
import { el, setAttributes, setText, show } from "./dom.ts";
import { icon } from "./icons.ts";
import { reader } from "./language.ts";

/** One station's tile. */
export class Tile {
  readonly #sign = el("span", { class: "sign" });
  readonly #name: HTMLElement;
  readonly #mark = el("span", { class: "mark", hidden: true }, reader.say("simulated"));
  readonly #state = el("span", { class: "state" });
  readonly #charge = el("span", { class: "charge" });
  readonly #time = el("span", { class: "time" });
  readonly #button: HTMLButtonElement;
  #tone = "";
  /** What to put on the page. */
  readonly node: HTMLLIElement;

  /** @param controls The id of what it unfolds */
  constructor(device: string, controls: string, onPress: () => void) {
    this.#name = el("span", { class: "name" }, device);
    this.#button = el(
      "button",
      { type: "button", class: "tile", "aria-controls": controls },
      this.#sign,
      el("span", { class: "head" }, this.#name, this.#mark),
      this.#charge,
      this.#state,
      this.#time,
    );
    this.#button.addEventListener("click", onPress);
    this.node = el("li", {}, this.#button);
  }

  /** Draws it for this moment. */
  update(station: StationView, glance: Glance, isOpen: boolean): void {
    if (glance.tone !== this.#tone) {
      this.#tone = glance.tone;
      this.#sign.replaceChildren(icon(toneIcon(glance.tone)));
      this.#button.className = `tile tone-${glance.tone}`;
    }
    setText(this.#state, reader.say(glance.shortKey));
    setText(this.#charge, glance.charge);
    setText(this.#time, glance.time);
    show(this.#mark, station.is_simulated === true);
    this.setOpen(isOpen);
  }

  /** Says whether its station is unfolded: at once when pressed, or a second press would be told of the state before. */
  setOpen(isOpen: boolean): void {
    setAttributes(this.#button, { "aria-expanded": String(isOpen) });
  }
}

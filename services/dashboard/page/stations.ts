/** All stations: the strip on top, and each station below it, folded until somebody or an alarm unfolds it. */
import type { HouseView, StationView } from "../page_contract.ts";
import type { Surroundings } from "../shown/freshness.ts";
import { glanceOf } from "../shown/glance.ts";
import { byId, setText, show } from "./dom.ts";
import { reader } from "./language.ts";
import { Station, type StationActions } from "./station/station.ts";
import { Tile } from "./strip.ts";

/** How often the charts are drawn anew, ms. */
const CHART_MS = 20_000;

interface Shown {
  readonly station: Station;
  readonly tile: Tile;
  /** Chosen by a person or an alarm; absent: by nobody. */
  chosen?: boolean;
  isOpen: boolean;
}

/** See the file comment. */
export class Stations {
  readonly #shown = new Map<string, Shown>();
  #made = 0;
  #loadedAtMs = -Infinity;
  #spoken = "";
  #last: { readonly house: HouseView; readonly atMs: number } | undefined;

  constructor(private readonly actions: StationActions) {
    document.addEventListener("history", ({ target }) => this.#loadOf(target));
  }

  /** Draws the present moment. */
  update(house: HouseView, now: Surroundings, maySignIn: boolean): void {
    this.#last = { house, atMs: performance.now() - now.sinceSentS * 1000 / house.speed };
    this.#forget(house.stations);
    const isOnly = house.stations.length === 1;
    const said = house.stations.map((view) => {
      const shown = this.#of(view);
      const glance = glanceOf(reader, house, view, now);
      // What an alarm unfolded stays so until somebody folds it.
      if (glance.tone === "danger") shown.chosen ??= true;
      const isOpen = isOnly || shown.chosen === true;
      if (isOpen && !shown.isOpen) this.#loadedAtMs = -Infinity;
      shown.isOpen = isOpen;
      show(shown.station.node, isOpen);
      shown.tile.update(view, glance, isOpen);
      shown.station.update(house, view, now, { glance, maySignIn });
      return { device: view.device, glance };
    });
    show(byId("strip"), house.stations.length > 1);
    this.#placeJournal();
    this.#speak(said.map(({ device, glance }) => `${device}: ${reader.say(glance.key)}.`).join(" "));
    const worst = said.find(({ glance }) => glance.tone === "danger") ??
      said.find(({ glance }) => glance.tone !== "well") ?? said[0];
    document.title = worst
      ? `${worst.device}: ${reader.say(worst.glance.shortKey)} · ecoflow-power`
      : "ecoflow-power";
    if (performance.now() - this.#loadedAtMs > CHART_MS / Math.min(5, house.speed)) this.loadSoon();
  }

  /** Asks for the past of what is unfolded. */
  loadSoon(): void {
    if (!this.#last) return;
    this.#loadedAtMs = performance.now();
    const nowMs = this.#nowMs(this.#last);
    for (const { station, isOpen } of this.#shown.values()) if (isOpen) void station.loadHistory(nowMs);
  }

  /** Asks for the past of the station in which something was pressed, and of no other. */
  #loadOf(pressed: EventTarget | null): void {
    if (!this.#last || !(pressed instanceof Node)) return;
    const nowMs = this.#nowMs(this.#last);
    for (const { station } of this.#shown.values()) {
      if (station.node.contains(pressed)) void station.loadHistory(nowMs);
    }
  }

  /** The house's time. */
  #nowMs({ house, atMs }: { readonly house: HouseView; readonly atMs: number }): number {
    return house.now_ms + (performance.now() - atMs) * house.speed;
  }

  /** The colours changed. */
  redraw(): void {
    for (const { station } of this.#shown.values()) station.redraw();
  }

  #forget(views: readonly StationView[]): void {
    for (const [device, { station, tile }] of this.#shown) {
      if (views.some((view) => view.device === device)) continue;
      if (station.node.contains(byId("journal-section"))) byId("house").append(byId("journal-section"));
      station.node.remove();
      tile.node.remove();
      this.#shown.delete(device);
    }
  }

  #of({ device }: StationView): Shown {
    const known = this.#shown.get(device);
    if (known) return known;
    const id = `station-${this.#made++}`;
    const station = new Station(device, id, this.actions);
    const made: Shown = {
      station,
      isOpen: false,
      tile: new Tile(device, id, () => {
        made.chosen = !made.isOpen;
        made.isOpen = made.chosen;
        show(station.node, made.isOpen);
        made.tile.setOpen(made.isOpen);
        if (made.isOpen) this.loadSoon();
      }),
    };
    this.#shown.set(device, made);
    byId("stations").append(station.node);
    byId("strip").append(made.tile.node);
    return made;
  }

  /** Beside the only station there is room for it; of several, none is its own. */
  #placeJournal(): void {
    const [only, second] = this.#shown.values();
    const place = only && !second ? only.station.side : byId("house");
    const section = byId("journal-section");
    if (section.parentElement !== place) place.append(section);
  }

  /** Says a changed headline to screen readers, once. */
  #speak(text: string): void {
    if (text === this.#spoken) return;
    this.#spoken = text;
    setText(byId("spoken"), text);
  }
}

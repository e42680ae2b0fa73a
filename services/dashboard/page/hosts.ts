/** The hosts of a station: who is protected and online, and when each last showed that it can go down. */
import type { HouseView, StationView } from "../page_contract.ts";
import { el } from "./dom.ts";
import { duration, when } from "../shown/format.ts";
import { isPolicyLive, type Surroundings } from "../shown/freshness.ts";
import { icon, toneIcon } from "./icons.ts";
import { drillWords, hostWords } from "../shown/labels.ts";

/** See the file comment. */
export class Hosts {
  readonly #list = el("ul", { class: "hosts" });
  readonly #none = el(
    "p",
    { class: "quiet" },
    "No hosts are plugged into this station: nothing is shut down.",
  );
  #shown = "";
  /** What to put on the page. */
  readonly node = el("div", {}, this.#list, this.#none);

  /** Draws them, when something changed. */
  update(house: HouseView, station: StationView, now: Surroundings): void {
    const isLive = isPolicyLive(house, station, now);
    const key = JSON.stringify([station.hosts, isLive]);
    if (key === this.#shown) return;
    this.#shown = key;
    this.#none.hidden = station.hosts.length > 0;
    this.#list.replaceChildren(...station.hosts.map((host) => {
      const { tone, text } = hostWords(host, isLive);
      const facts: string[] = [];
      if (host.stage !== undefined && station.hosts.some(({ stage }) => stage !== host.stage)) {
        facts.push(`stage ${host.stage}`);
      }
      if (host.os) facts.push(host.os);
      if (host.detail) facts.push(host.detail);
      const { last_drill: drill } = host;
      const drilled = drill
        ? `${drillWords(drill).text}${
          drill.needs_s === undefined ? "" : `, needs ${duration(drill.needs_s)}`
        } · ${when(drill.at, house.now_ms)}`
        : "none seen yet";
      const row = (name: string, value: string) => el("div", {}, el("dt", {}, name), el("dd", {}, value));
      return el(
        "li",
        { class: `host tone-${tone}` },
        icon(toneIcon(tone)),
        el(
          "div",
          { class: "who" },
          el("strong", {}, host.agent),
          el("span", { class: "what" }, text),
          el("span", { class: "quiet" }, facts.join(" · ")),
        ),
        el(
          "dl",
          { class: "past" },
          row("Last drill", drilled),
          row(
            "Last shutdown",
            host.last_shutdown_at ? when(host.last_shutdown_at, house.now_ms) : "none seen yet",
          ),
        ),
      );
    }));
  }
}

/** What few people need, folded away: evidence, ages, voltages, limits, and the policy's own words. */
import type { HouseView, StationView } from "../../page_contract.ts";
import { ageNow, isPolicyLive, secondsLeft, type Surroundings } from "../../shown/freshness.ts";
import { plain } from "../../shown/plain.ts";
import type { TextKey } from "../../shown/texts/texts.ts";
import { own } from "../../../../lib/own.ts";
import { el, setText, show } from "../dom.ts";
import { DAEMON_LANG, reader } from "../language.ts";

const LINKS = { live: "link_live", stale: "link_stale", offline: "link_offline" } as const;

const SOURCES = { cloud: "source_cloud", nut: "source_cable" } as const;

/** See the file comment. */
export class Details {
  readonly #rows = new Map<TextKey, { readonly row: HTMLElement; readonly value: HTMLElement }>();
  readonly #list = el("dl", { class: "rows" });
  /** What to put on the page. */
  readonly node = el("details", {}, el("summary", {}, reader.say("details")), this.#list);

  /** Draws them for this moment. */
  update(house: HouseView, station: StationView, now: Surroundings): void {
    const { grid, policy, link } = station;
    this.#set("model", station.model);
    this.#set("grid_seen", grid && reader.ago(ageNow(grid.age_s, now)));
    this.#set("evidence", grid?.evidence);
    const { grid: gridSource, charge: chargeSource } = station.sources ?? {};
    this.#set("grid_source", gridSource && reader.say(own(SOURCES, gridSource)));
    this.#set("charge_source", chargeSource && reader.say(own(SOURCES, chargeSource)));
    this.#set("sources_disagree", station.is_disputed && reader.say("cable_decides"));
    this.#set(
      "values_seen",
      station.age_s === undefined ? undefined : reader.ago(ageNow(station.age_s, now)),
    );
    this.#set("link", link && reader.say(own(LINKS, link)));
    const isKnown = (value: number | undefined) => value !== undefined;
    this.#set("volts", isKnown(station.ac_in_volts) ? reader.volts(station.ac_in_volts) : undefined);
    this.#set("hottest", isKnown(station.temp_celsius) ? reader.celsius(station.temp_celsius) : undefined);
    this.#set("capacity", isKnown(station.battery_wh) ? reader.wattHours(station.battery_wh) : undefined);
    this.#set(
      "own_limit",
      isKnown(station.min_soc_percent) ? reader.percent(station.min_soc_percent) : undefined,
    );
    const timer = secondsLeft(policy?.timer_left_s, house, station, now);
    const words = policy?.sentence.replace("{left}", timer === undefined ? "…" : reader.countdown(timer));
    const age = isPolicyLive(house, station, now) ? "" : ` (${reader.ago(ageNow(policy?.age_s, now))})`;
    this.#set("policy_words", words && `${plain(reader, words)}${age}`, DAEMON_LANG);
  }

  #set(key: TextKey, text: string | undefined, lang?: string): void {
    let found = this.#rows.get(key);
    if (!found) {
      const value = el("dd", { lang });
      found = { row: el("div", {}, el("dt", {}, reader.say(key)), value), value };
      this.#rows.set(key, found);
      this.#list.append(found.row);
    }
    show(found.row, text !== undefined);
    setText(found.value, text ?? "");
  }
}

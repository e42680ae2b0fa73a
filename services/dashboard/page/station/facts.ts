/** The picture of the flow of power, and the few figures that people look for. */
import type { HouseView, StationView } from "../../page_contract.ts";
import { ageNow, freshnessOf, isPolicyLive, type Surroundings } from "../../shown/freshness.ts";
import { wallMsIn } from "../../shown/glance.ts";
import { UNKNOWN } from "../../shown/reader.ts";
import { fullInSeconds, runtimeOf } from "../../shown/runtime.ts";
import { el, setText, show } from "../dom.ts";
import { reader } from "../language.ts";
import { Flow } from "./flow.ts";

/** See the file comment. */
export class Facts {
  readonly #flow = new Flow();
  readonly #lasts = fact(reader.say("fact_lasts"));
  readonly #full = fact(reader.say("fact_full"));
  readonly #feeds = fact(reader.say("fact_feeds"));
  readonly #sun = fact(reader.say("fact_sun"));
  readonly #draws = fact(reader.say("fact_draws"));
  /** What to put on the page, in this order. */
  readonly nodes: readonly Node[] = [
    this.#flow.node,
    el(
      "dl",
      { class: "facts" },
      this.#lasts.node,
      this.#full.node,
      this.#feeds.node,
      this.#sun.node,
      this.#draws.node,
    ),
  ];

  /** Draws them for this moment. */
  update(house: HouseView, station: StationView, now: Surroundings): void {
    const of = (value: { readonly age_s?: number } | undefined) => freshnessOf(value, house, station, now);
    const [grid, soc, rest] = [of(station.grid), of(station.soc), of(station)];
    this.#flow.update(station, { grid, soc, rest });
    const isLive = rest === "live";
    const age = reader.ago(ageNow(station.age_s, now));
    const isKnown = soc === "live" && isLive;
    const runtime = isKnown ? runtimeOf(station, grid === "live") : undefined;
    const isEstimate = station.policy?.soc_is_estimate === true && isPolicyLive(house, station, now);
    this.#lasts.set(
      runtime ? `≈\u00a0${reader.duration(runtime.seconds)}` : UNKNOWN,
      runtime
        ? reader.say(runtime.basis)
        : isEstimate
        ? reader.say("policy_estimates", { charge: reader.percent(station.policy?.soc_percent) })
        : reader.say(isLive ? "nobody_knows" : "not_known_now"),
      runtime !== undefined,
    );
    const full = isKnown && grid === "live" ? fullInSeconds(station) : undefined;
    show(this.#full.node, full !== undefined);
    if (full !== undefined) {
      const left = Math.max(0, full - (ageNow(station.age_s, now) ?? 0));
      const parts = { time: reader.time(wallMsIn(left, house, now)), left: reader.duration(left) };
      this.#full.set(parts.time, `${parts.left}, ${reader.say("by_station")}`, true);
    }
    const power = (target: Fact, value: number | undefined) => {
      const note = value === undefined
        ? reader.say("unknown")
        : isLive
        ? ""
        : reader.say("last_known_age", { age });
      target.set(reader.watts(value), note, isLive && value !== undefined);
    };
    power(this.#feeds, station.ac_in_watts);
    power(this.#draws, station.out_watts);
    power(this.#sun, station.dc_in_watts);
    show(this.#sun.node, (station.dc_in_watts ?? 0) >= 1);
  }
}

type Fact = ReturnType<typeof fact>;

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

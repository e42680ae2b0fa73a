/** The picture of where power comes from and goes to, with the battery in the middle. */
import type { StationView } from "../../page_contract.ts";
import type { Freshness } from "../../shown/freshness.ts";
import { setAttributes, setText, svg } from "../dom.ts";
import { icon, type IconName } from "../icons.ts";
import { reader } from "../language.ts";

/** Which values may be shown as live. */
export interface FlowFreshness {
  readonly grid: Freshness;
  readonly soc: Freshness;
  readonly rest: Freshness;
}

const RADIUS = 62;
const AROUND = 2 * Math.PI * RADIUS;
/** Below this nothing visibly flows, W. */
const FLOWS_FROM_W = 1;

/** See the file comment. */
export class Flow {
  readonly #grid = node(64, "grid", reader.say("grid"));
  readonly #home = node(416, "house", reader.say("house"));
  readonly #sun = svg("g", { class: "solar" });
  readonly #sunText = svg("text", { x: 268, y: 20, class: "watts" });
  readonly #in = svg("path", { d: "M102 108H166", class: "wire" });
  readonly #out = svg("path", { d: "M314 108H378", class: "wire" });
  readonly #sunWire = svg("path", { d: "M240 26V36", class: "wire flows" });
  readonly #level = svg("circle", {
    cx: 240,
    cy: 108,
    r: RADIUS,
    class: "level",
    transform: "rotate(-90 240 108)",
  });
  readonly #limit = svg("path", { d: "M240 38V54", class: "limit" });
  readonly #soc = svg("text", { x: 240, y: 116, class: "soc" });
  readonly #label = svg("text", { x: 240, y: 139, class: "label inside" }, reader.say("battery"));
  /** What to put on the page. */
  readonly node: SVGSVGElement;

  constructor() {
    const sun = icon("sun", "sign");
    setAttributes(sun, { x: 229, y: 2, width: 22, height: 22 });
    this.#sun.append(sun, this.#sunText, this.#sunWire);
    const ring = svg("circle", { cx: 240, cy: 108, r: RADIUS, class: "ring" });
    this.node = svg(
      "svg",
      { viewBox: "0 0 480 186", class: "flow", role: "img" },
      this.#in,
      this.#out,
      ring,
      this.#level,
      this.#limit,
      this.#soc,
      this.#label,
      this.#grid.group,
      this.#home.group,
      this.#sun,
    );
  }

  /** Draws what is known. */
  update(station: StationView, fresh: FlowFreshness): void {
    const isLive = fresh.rest === "live";
    const known = (value: number | undefined) => isLive ? value : undefined;
    const [inWatts, outWatts, sunWatts] = [
      known(station.ac_in_watts),
      known(station.out_watts),
      known(station.dc_in_watts),
    ];
    const socPercent = station.soc?.percent;
    const isSocLive = fresh.soc === "live";
    setText(this.#grid.watts, reader.watts(inWatts));
    setText(this.#home.watts, reader.watts(outWatts));
    const gridClass = fresh.grid !== "live" ? "unknown" : station.grid?.connected ? "there" : "gone";
    setAttributes(this.#grid.group, { class: `node ${gridClass}` });
    setAttributes(this.#home.group, { class: `node ${outWatts === undefined ? "unknown" : "there"}` });
    const wire = (value: number | undefined) =>
      `wire ${value === undefined ? "unknown" : value >= FLOWS_FROM_W ? "flows" : ""}`;
    setAttributes(this.#in, { class: `${wire(inWatts)} ${gridClass === "gone" ? "cut" : ""}` });
    setAttributes(this.#out, { class: wire(outWatts) });
    const filled = AROUND * Math.min(100, socPercent ?? 0) / 100;
    setAttributes(this.#level, {
      "stroke-dasharray": `${filled.toFixed(1)} ${AROUND.toFixed(1)}`,
      class: `level ${isSocLive ? "" : "old"}`,
    });
    const limit = station.policy?.soc_min_percent;
    setAttributes(this.#limit, {
      transform: `rotate(${(limit ?? 0) * 3.6} 240 108)`,
      visibility: limit === undefined ? "hidden" : "visible",
    });
    setText(this.#soc, reader.percent(socPercent));
    setAttributes(this.#soc, { class: `soc ${isSocLive ? "" : "old"}` });
    setText(
      this.#label,
      reader.say(socPercent === undefined ? "unknown" : isSocLive ? "battery" : "last_known"),
    );
    const hasSun = sunWatts !== undefined && sunWatts >= FLOWS_FROM_W;
    setAttributes(this.#sun, { visibility: hasSun ? "visible" : "hidden" });
    setText(this.#sunText, reader.watts(sunWatts));
    setAttributes(this.node, { "aria-label": spoken(station, { inWatts, outWatts, isSocLive, gridClass }) });
  }
}

function spoken(
  { soc }: StationView,
  { inWatts, outWatts, isSocLive, gridClass }: {
    inWatts: number | undefined;
    outWatts: number | undefined;
    isSocLive: boolean;
    gridClass: string;
  },
): string {
  const known = (value: number | undefined) =>
    value === undefined ? reader.say("unknown") : reader.watts(value);
  const charge = reader.percent(soc?.percent);
  return reader.say("flow_label", {
    grid: reader.say(gridClass === "unknown" ? "unknown" : gridClass === "there" ? "is_there" : "is_gone"),
    in: known(inWatts),
    charge: soc === undefined
      ? reader.say("unknown")
      : isSocLive
      ? charge
      : `${reader.say("last_known")} ${charge}`,
    out: known(outWatts),
  });
}

function node(x: number, sign: IconName, name: string) {
  const power = svg("text", { x, y: 166, class: "watts" });
  const drawn = icon(sign, "sign");
  setAttributes(drawn, { x: x - 17, y: 91, width: 34, height: 34 });
  const group = svg(
    "g",
    { class: "node unknown" },
    svg("circle", { cx: x, cy: 108, r: 36, class: "disc" }),
    drawn,
    svg("text", { x, y: 60, class: "label" }, name),
    power,
  );
  return { group, watts: power };
}

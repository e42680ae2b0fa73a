/** Charge and power over time, with the outages behind them. */
import uPlot from "uplot";
import type { HistoryView, OutageView } from "../page_contract.ts";
import { el, setAttributes, show } from "./dom.ts";
import { duration, percent, wattHours, watts, when } from "../shown/format.ts";

/** What is drawn, and for which span of time. */
export interface ChartData {
  readonly history: HistoryView;
  readonly fromSec: number;
  readonly toSec: number;
}

const HEIGHT = 180;
const DAY_S = 86_400;

/** See the file comment. */
export class Charts {
  readonly #soc = el("div", { class: "chart", role: "img", "aria-label": "Charge, being loaded" });
  readonly #power = el("div", { class: "chart", role: "img", "aria-label": "Power, being loaded" });
  readonly #outages = el("ol", { class: "outages" });
  readonly #energy = el("tbody");
  readonly #energySection = el(
    "section",
    { hidden: true },
    el("h4", {}, "Energy of the last days"),
    el(
      "table",
      { class: "energy" },
      el(
        "thead",
        {},
        el("tr", {}, ...["Day", "In", "Out"].map((title) => el("th", { scope: "col" }, title))),
      ),
      this.#energy,
    ),
  );
  readonly #files = el("p", { class: "files", hidden: true });
  #plots: readonly uPlot[] = [];
  #data: ChartData | undefined;
  #width = 0;
  /** What to put on the page. */
  readonly node = el(
    "div",
    { class: "charts" },
    el("h4", {}, "Charge, %"),
    this.#soc,
    el(
      "h4",
      {},
      "Power, W ",
      el("span", { class: "key in" }, "in"),
      " ",
      el("span", { class: "key out" }, "out"),
    ),
    this.#power,
    el("h4", {}, "Outages"),
    this.#outages,
    this.#energySection,
    this.#files,
  );

  constructor() {
    new ResizeObserver(() => {
      if (Math.abs(this.#soc.clientWidth - this.#width) > 1) this.redraw();
    }).observe(this.#soc);
  }

  /** Draws new data. */
  update(data: ChartData): void {
    const isFirst = this.#data === undefined;
    this.#data = data;
    if (isFirst || this.#plots.length === 0) this.redraw();
    else {
      const { history, fromSec, toSec } = data;
      const x = [...history.at_s];
      const columns = [[[...history.soc_percent]], [[...history.in_watts], [...history.out_watts]]];
      for (const [i, plot] of this.#plots.entries()) {
        plot.batch(() => {
          plot.setData([x, ...(columns[i] ?? [])], false);
          plot.setScale("x", { min: fromSec, max: toSec });
        });
      }
    }
    this.#describe(data);
  }

  /** Draws everything anew: the size or the colours are others. */
  redraw(): void {
    const data = this.#data;
    const width = this.#soc.clientWidth;
    if (!data || width === 0) return;
    this.#width = width;
    for (const plot of this.#plots) plot.destroy();
    const { history } = data;
    const x = [...history.at_s];
    const color = colors(this.#soc);
    this.#plots = [
      this.#plot(this.#soc, [x, [...history.soc_percent]], [{
        stroke: color("--battery"),
        fill: color("--battery-soft"),
      }], [0, 100]),
      this.#plot(this.#power, [x, [...history.in_watts], [...history.out_watts]], [
        { stroke: color("--well") },
        { stroke: color("--out"), dash: [6, 4] },
      ]),
    ];
  }

  #plot(
    at: HTMLElement,
    data: uPlot.AlignedData,
    series: readonly uPlot.Series[],
    fixed?: [number, number],
  ): uPlot {
    const color = colors(at);
    const axis = {
      stroke: color("--quiet"),
      grid: { stroke: color("--line"), width: 1 },
      ticks: { stroke: color("--line"), width: 1, size: 4 },
      font: "12px system-ui, sans-serif",
    };
    const span = () => [this.#data?.fromSec ?? 0, this.#data?.toSec ?? 1] as [number, number];
    return new uPlot(
      {
        width: this.#width,
        height: HEIGHT,
        legend: { show: false },
        cursor: { sync: { key: at.dataset.station ?? "" }, y: false, drag: { x: false, y: false } },
        scales: {
          x: { time: true, range: span },
          y: { range: (_plot, _min, max) => fixed ?? [0, Math.max(10, (max ?? 0) * 1.15)] },
        },
        axes: [{ ...axis, values: timeLabels }, { ...axis, size: 52 }],
        series: [
          {},
          ...series.map((one) => ({ width: 2, points: { show: false }, spanGaps: false, ...one })),
        ],
        hooks: { drawClear: [(plot) => this.#shade(plot, color("--outage"))] },
      },
      data,
      at,
    );
  }

  /** The times without the grid, behind the lines. */
  #shade(plot: uPlot, fill: string): void {
    const data = this.#data;
    if (!data) return;
    const { left, top, width, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.fillStyle = fill;
    for (const { from, to } of data.history.outages) {
      const at = (iso: string | undefined, other: number) => {
        const seconds = iso === undefined ? other : Date.parse(iso) / 1000;
        const x = plot.valToPos(Math.min(data.toSec, Math.max(data.fromSec, seconds)), "x", true);
        return Math.min(left + width, Math.max(left, x));
      };
      const [x0, x1] = [at(from, data.fromSec), at(to, data.toSec)];
      if (x1 > x0) plot.ctx.fillRect(x0, top, Math.max(2, x1 - x0), height);
    }
    plot.ctx.restore();
  }

  #describe({ history, toSec }: ChartData): void {
    const last = (values: readonly (number | null)[]) =>
      values.findLast((value) => value !== null) ?? undefined;
    const range = (values: readonly (number | null)[]) => {
      const known = values.filter((value) => value !== null);
      return known.length === 0 ? undefined : [Math.min(...known), Math.max(...known)];
    };
    const charge = range(history.soc_percent);
    setAttributes(this.#soc, {
      "aria-label": charge
        ? `Charge between ${percent(charge[0])} and ${percent(charge[1])}, last ${
          percent(last(history.soc_percent))
        }`
        : "No charge known in this time",
    });
    setAttributes(this.#power, {
      "aria-label": `Power, last ${watts(last(history.in_watts))} in and ${
        watts(last(history.out_watts))
      } out`,
    });
    const lines = history.outages.toReversed().slice(0, 20).map((outage) => outageLine(outage, toSec * 1000));
    const shown = lines.length > 0 ? lines : [el("li", { class: "quiet" }, "None seen.")];
    this.#outages.replaceChildren(...shown);
    this.#describeKept(history);
  }

  /** What only a historian knows. */
  #describeKept({ device, energy, source }: HistoryView): void {
    show(this.#energySection, energy !== undefined && energy.length > 0);
    const cells = (texts: readonly string[]) => texts.map((text, i) => el(i === 0 ? "th" : "td", {}, text));
    this.#energy.replaceChildren(
      ...(energy ?? []).toReversed().map(({ day, in_wh, out_wh }) =>
        el("tr", {}, ...cells([day, wattHours(in_wh), wattHours(out_wh)]))
      ),
    );
    const isKept = source === "historian";
    show(this.#files, isKept);
    if (!isKept || this.#files.childElementCount > 0) return;
    const links = (["samples", "outages", "energy", "events"] as const).flatMap((kind) => {
      const query = new URLSearchParams({ kind, format: "csv", ...(kind === "events" ? {} : { device }) });
      return [" ", el("a", { href: `/history/export?${query}`, download: true }, FILE_NAMES[kind])];
    });
    this.#files.replaceChildren("As CSV, seven days:", ...links);
  }
}

const FILE_NAMES = { samples: "values", outages: "outages", energy: "energy", events: "events" } as const;

/** Times as this browser's place writes them; dates where the steps are days. */
const timeLabels: uPlot.Axis.DynamicValues = (_plot, splits, _axis, _space, stepS) =>
  splits.map((at) => {
    const time = new Date(at * 1000);
    return stepS >= DAY_S
      ? time.toLocaleDateString([], { day: "numeric", month: "short" })
      : time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  });

function outageLine({ from, to, lowest_soc_percent: lowest }: OutageView, nowMs: number): HTMLLIElement {
  const began = from === undefined ? "began before anybody looked" : `since ${when(from, nowMs)}`;
  const text = to === undefined
    ? `${began}, it goes on`
    : from === undefined
    ? `until ${when(to, nowMs)}`
    : `${when(from, nowMs)} to ${when(to, nowMs)}, ${duration((Date.parse(to) - Date.parse(from)) / 1000)}`;
  const depth = lowest === undefined ? "" : `, down to ${percent(lowest)}`;
  return el("li", { class: to === undefined ? "now" : "" }, `${text}${depth}`);
}

function colors(at: Element): (name: string) => string {
  const style = getComputedStyle(at);
  return (name) => style.getPropertyValue(name).trim();
}

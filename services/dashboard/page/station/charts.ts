/** Charge and power over time, with the outages behind them. */
import uPlot from "uplot";
import type { HistoryView } from "../../page_contract.ts";
import { el, setAttributes } from "../dom.ts";
import { reader } from "../language.ts";

/** What is drawn, and for which span of time. */
export interface ChartData {
  readonly history: HistoryView;
  readonly fromSec: number;
  readonly toSec: number;
}

const HEIGHT = 160;
const DAY_S = 86_400;

/** See the file comment. */
export class Charts {
  readonly #soc = el("div", { class: "chart", role: "img", "aria-label": reader.say("loading") });
  readonly #power = el("div", { class: "chart", role: "img", "aria-label": reader.say("loading") });
  #plots: readonly uPlot[] = [];
  #data: ChartData | undefined;
  #width = 0;
  /** What to put on the page. */
  readonly node = el(
    "div",
    { class: "charts" },
    el("h4", {}, reader.say("charge")),
    this.#soc,
    el(
      "h4",
      {},
      reader.say("power"),
      " ",
      el("span", { class: "key in" }, reader.say("power_in")),
      " ",
      el("span", { class: "key out" }, reader.say("power_out")),
    ),
    this.#power,
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
        axes: [{ ...axis, size: 32, values: timeLabels }, { ...axis, size: 52, values: numberLabels }],
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

  /** The times without the grid, as far as they were seen, behind the lines. */
  #shade(plot: uPlot, fill: string): void {
    const data = this.#data;
    if (!data) return;
    const { left, top, width, height } = plot.bbox;
    plot.ctx.save();
    plot.ctx.fillStyle = fill;
    for (const { from, to } of data.history.outages) {
      // Nobody knows how much of the time before belongs to it.
      if (from === undefined) continue;
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

  #describe({ history }: ChartData): void {
    const last = (values: readonly (number | null)[]) =>
      values.findLast((value) => value !== null) ?? undefined;
    const known = history.soc_percent.filter((value) => value !== null);
    const charge = {
      low: reader.percent(known.length > 0 ? Math.min(...known) : undefined),
      high: reader.percent(known.length > 0 ? Math.max(...known) : undefined),
      last: reader.percent(last(history.soc_percent)),
    };
    const power = { in: reader.watts(last(history.in_watts)), out: reader.watts(last(history.out_watts)) };
    setAttributes(this.#soc, {
      "aria-label": known.length > 0 ? reader.say("charge_label", charge) : reader.say("charge_none"),
    });
    setAttributes(this.#power, { "aria-label": reader.say("power_label", power) });
  }
}

/** Times as the reader writes them; dates where the steps are days. */
const timeLabels: uPlot.Axis.DynamicValues = (_plot, splits, _axis, _space, stepS) =>
  splits.map((at) => stepS >= DAY_S ? reader.date(at * 1000) : reader.time(at * 1000));
/** Numbers of the axes. */
const numberLabels: uPlot.Axis.DynamicValues = (_plot, splits) => splits.map((value) => reader.number(value));

function colors(at: Element): (name: string) => string {
  const style = getComputedStyle(at);
  return (name) => style.getPropertyValue(name).trim();
}

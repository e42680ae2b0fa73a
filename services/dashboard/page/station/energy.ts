/** Energy of a day or a week: what came in, what went to the house, and what of it the battery gave. */
import type { HistoryView } from "../../page_contract.ts";
import { type EnergySlot, energySlots, type EnergySpan, energyTotal } from "../../shown/energy.ts";
import type { TextKey } from "../../shown/texts/texts.ts";
import { el, setAttributes, show, svg } from "../dom.ts";
import { reader } from "../language.ts";

const SPANS = [
  { span: "day", hours: 24, key: "energy_day" },
  { span: "week", hours: 168, key: "energy_week" },
] as const;
/** Of the drawing, in its own units. */
const WIDTH = 480;
const HEIGHT = 130;
const BASE = 108;
const TOP = 14;

/** See the file comment. */
export class Energy {
  readonly #buttons = SPANS.map(({ key, span }) =>
    el("button", { type: "button", "aria-pressed": String(span === "day") }, reader.say(key))
  );
  readonly #totals = el("dl", { class: "facts totals" });
  readonly #bars = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "bars", role: "img" });
  readonly #key = el(
    "p",
    { class: "keys" },
    el("span", { class: "key in" }, reader.say("energy_in")),
    el("span", { class: "key house" }, reader.say("energy_out")),
    el("span", { class: "key given" }, reader.say("energy_battery")),
  );
  readonly #note = el("p", { class: "quiet" });
  readonly #table = el("tbody");
  readonly #none = el("p", { class: "quiet" }, reader.say("loading"));
  readonly #numbers = numbersTable(this.#table);
  readonly #shown = el(
    "div",
    { hidden: true },
    this.#totals,
    this.#key,
    this.#bars,
    this.#note,
    this.#numbers,
  );
  #span: EnergySpan = "day";
  #nowMs = 0;
  /** What to put on the page. */
  readonly node: HTMLElement;

  /** @param find The history of the last so many hours; undefined when it cannot be had now */
  constructor(private readonly find: (hours: number) => Promise<HistoryView | undefined>) {
    for (const [i, button] of this.#buttons.entries()) {
      button.addEventListener("click", () => {
        this.#span = SPANS[i]?.span ?? "day";
        for (const [j, other] of this.#buttons.entries()) {
          setAttributes(other, { "aria-pressed": String(i === j) });
        }
        void this.load(this.#nowMs);
      });
    }
    const spans = el(
      "div",
      { class: "ranges", role: "group", "aria-label": reader.say("span") },
      ...this.#buttons,
    );
    this.node = el(
      "div",
      { class: "card energy" },
      el("div", { class: "row" }, el("h3", {}, reader.say("energy")), spans),
      this.#none,
      this.#shown,
    );
  }

  /** Asks for it anew, and draws it. */
  async load(nowMs: number): Promise<void> {
    this.#nowMs = nowMs;
    const span = this.#span;
    const history = await this.find(SPANS.find((one) => one.span === span)?.hours ?? 24);
    if (!history || span !== this.#span) return;
    const slots = energySlots(history, span, nowMs / 1000);
    const isKnown = slots.some(({ knownSec }) => knownSec > 0);
    show(this.#none, !isKnown);
    show(this.#shown, isKnown);
    this.#none.textContent = reader.say("energy_none");
    if (!isKnown) return;
    this.#showTotals(slots, nowMs / 1000);
    this.#note.textContent = `${reader.say("energy_basis", { step: reader.duration(history.step_s) })} ${
      reader.say("energy_gaps")
    }`;
    this.#draw(slots, span);
    this.#fillTable(slots, span);
  }

  #showTotals(slots: readonly EnergySlot[], nowSec: number): void {
    const total = energyTotal(slots, nowSec);
    const known = `${reader.duration(total.knownSec)} / ${reader.duration(total.spanSec)}`;
    const rows: (readonly [TextKey, string])[] = [
      ["energy_in", reader.wattHours(total.inWh)],
      ["energy_out", reader.wattHours(total.outWh)],
      ["energy_battery", approximately(total.fromBatteryWh)],
      ["energy_stored", approximately(total.toBatteryWh)],
    ];
    if ((total.sunWh ?? 0) >= 1) rows.push(["energy_sun", reader.wattHours(total.sunWh)]);
    rows.push(["energy_known", known]);
    this.#totals.replaceChildren(
      ...rows.map(([key, value]) =>
        el("div", {}, el("dt", {}, reader.say(key)), el("dd", { class: "value" }, value))
      ),
    );
    const label = { in: reader.wattHours(total.inWh), out: reader.wattHours(total.outWh) };
    setAttributes(this.#bars, { "aria-label": reader.say("energy_label", label) });
  }

  #draw(slots: readonly EnergySlot[], span: EnergySpan): void {
    const most = Math.max(1, ...slots.flatMap(({ inWh = 0, outWh = 0 }) => [inWh, outWh]));
    const step = WIDTH / slots.length;
    const bar = Math.min(26, step * 0.36);
    const tall = (wh: number) => wh / most * (BASE - TOP);
    const parts: SVGElement[] = [
      svg("path", { d: `M0 ${BASE}H${WIDTH}`, class: "axis" }),
      svg("text", { x: 0, y: 10 }, reader.wattHours(most)),
    ];
    for (const [i, { fromSec, inWh, outWh, fromBatteryWh = 0, knownSec }] of slots.entries()) {
      const x = i * step + step / 2;
      const rect = (className: string, left: number, wh: number, above = 0) => {
        const height = tall(wh);
        if (height <= 0) return;
        const y = BASE - height - tall(above);
        parts.push(svg("rect", { class: className, x: left, y, width: bar, height }));
      };
      if (knownSec === 0) {
        parts.push(svg("text", { x, y: BASE - 4, class: "gap" }, "?"));
      } else {
        rect("in", x - bar, inWh ?? 0);
        const given = Math.min(fromBatteryWh, outWh ?? 0);
        rect("given", x, given);
        rect("house", x, (outWh ?? 0) - given, given);
      }
      if (span === "week" || i % 6 === 2) {
        parts.push(svg("text", { x, y: HEIGHT - 6, class: "slot" }, slotName(fromSec, span)));
      }
    }
    this.#bars.replaceChildren(...parts);
  }

  #fillTable(slots: readonly EnergySlot[], span: EnergySpan): void {
    this.#table.replaceChildren(
      ...slots.filter(({ knownSec }) => knownSec > 0).toReversed().map((slot) =>
        el(
          "tr",
          {},
          el("th", { scope: "row" }, slotName(slot.fromSec, span)),
          ...[
            reader.wattHours(slot.inWh),
            reader.wattHours(slot.outWh),
            approximately(slot.fromBatteryWh),
            reader.duration(slot.knownSec),
          ].map((text) => el("td", {}, text)),
        )
      ),
    );
  }
}

function numbersTable(body: HTMLElement): HTMLElement {
  const titles = ["energy_slot", "energy_in", "energy_out", "energy_battery", "energy_known"] as const;
  const head = el(
    "thead",
    {},
    el("tr", {}, ...titles.map((key) => el("th", { scope: "col" }, reader.say(key)))),
  );
  return el(
    "details",
    {},
    el("summary", {}, reader.say("energy_numbers")),
    el(
      "div",
      { class: "scroll", tabindex: 0, role: "group", "aria-label": reader.say("energy_numbers") },
      el("table", {}, head, body),
    ),
  );
}

function slotName(fromSec: number, span: EnergySpan): string {
  return span === "week" ? reader.weekday(fromSec * 1000) : reader.time(fromSec * 1000);
}

function approximately(wh: number | undefined): string {
  return wh === undefined ? reader.wattHours(wh) : `≈\u00a0${reader.wattHours(wh)}`;
}

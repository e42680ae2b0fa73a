/** Energy of a day or a week: from the grid, from the sun, to the house, and what of it the battery gave. */
import type { HistoryView } from "../../page_contract.ts";
import { broughtIn, type EnergySlot, energySlots, type EnergySpan, energyTotal } from "../../shown/energy.ts";
import { isDue } from "../../shown/freshness.ts";
import type { TextKey } from "../../shown/texts/texts.ts";
import { el, setAttributes, show, svg } from "../dom.ts";
import { reader } from "../language.ts";
import { numbersTable } from "./energy_numbers.ts";

const SPANS = [
  { span: "day", hours: 24, key: "energy_day" },
  { span: "week", hours: 168, key: "energy_week" },
] as const;
/** Its finest rows are a minute long, ms. */
const FRESH_MS = 60_000;
/** Of the drawing, in its own units. */
const [WIDTH, HEIGHT, BASE, TOP] = [480, 134, 112, 20] as const;

/** See the file comment. */
export class Energy {
  readonly #buttons = SPANS.map(({ key, span }) =>
    el("button", { type: "button", "aria-pressed": String(span === "day") }, reader.say(key))
  );
  readonly #totals = el("dl", { class: "facts totals" });
  readonly #bars = svg("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "bars", role: "img" });
  readonly #undividedKey = el("span", { class: "key undivided" }, reader.say("energy_undivided"));
  readonly #key = el(
    "p",
    { class: "keys" },
    el("span", { class: "key in" }, reader.say("energy_grid")),
    el("span", { class: "key sun" }, reader.say("energy_sun")),
    this.#undividedKey,
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
  /** What is shown was asked for at this time, of the house. */
  #shownAtMs = -Infinity;
  /** An answer is on its way. */
  #isAsked = false;
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
        void this.load(this.#nowMs, true);
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

  /** Asks for it anew, and draws it, when it can have changed. @param isPressed What is shown is of another span */
  async load(nowMs: number, isPressed = false): Promise<void> {
    this.#nowMs = nowMs;
    if (!isPressed && (this.#isAsked || !isDue(nowMs, this.#shownAtMs, FRESH_MS))) return;
    const span = this.#span;
    this.#isAsked = true;
    const history = await this.find(SPANS.find((one) => one.span === span)?.hours ?? 24);
    this.#isAsked = false;
    if (!history || span !== this.#span) return;
    this.#shownAtMs = nowMs;
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
      ["energy_grid", reader.wattHours(total.gridWh)],
      ["energy_sun", reader.wattHours(total.sunWh)],
      ["energy_out", reader.wattHours(total.outWh)],
      ["energy_battery", approximately(total.fromBatteryWh)],
      ["energy_stored", approximately(total.toBatteryWh)],
    ];
    show(this.#undividedKey, total.undividedWh !== undefined);
    if (total.undividedWh !== undefined) {
      rows.splice(2, 0, ["energy_undivided", reader.wattHours(total.undividedWh)]);
    }
    rows.push(["energy_known", known]);
    this.#totals.replaceChildren(
      ...rows.map(([key, value]) =>
        el("div", {}, el("dt", {}, reader.say(key)), el("dd", { class: "value" }, value))
      ),
    );
    const sums = { in: reader.wattHours(broughtIn(total)), out: reader.wattHours(total.outWh) };
    setAttributes(this.#bars, { "aria-label": reader.say("energy_label", sums) });
  }

  #draw(slots: readonly EnergySlot[], span: EnergySpan): void {
    const most = Math.max(1, ...slots.flatMap((slot) => [broughtIn(slot) ?? 0, slot.outWh ?? 0]));
    const step = WIDTH / slots.length;
    const bar = Math.min(26, step * 0.36);
    const tall = (wh: number) => wh / most * (BASE - TOP);
    const parts: SVGElement[] = [
      svg("path", { d: `M0 ${BASE}H${WIDTH}`, class: "axis" }),
      svg("text", { x: 0, y: 14 }, reader.wattHours(most)),
    ];
    for (const [i, slot] of slots.entries()) {
      const { fromSec, gridWh = 0, sunWh = 0, undividedWh = 0, outWh, fromBatteryWh = 0, knownSec } = slot;
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
        rect("in", x - bar, gridWh);
        rect("sun", x - bar, sunWh, gridWh);
        rect("undivided", x - bar, undividedWh, gridWh + sunWh);
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
            reader.wattHours(slot.gridWh),
            reader.wattHours(slot.sunWh),
            reader.wattHours(broughtIn(slot)),
            reader.wattHours(slot.outWh),
            approximately(slot.fromBatteryWh),
            reader.duration(slot.knownSec),
          ].map((text) => el("td", {}, text)),
        )
      ),
    );
  }
}

function slotName(fromSec: number, span: EnergySpan): string {
  return span === "week" ? reader.weekday(fromSec * 1000) : reader.time(fromSec * 1000);
}

function approximately(wh: number | undefined): string {
  return wh === undefined ? reader.wattHours(wh) : `≈\u00a0${reader.wattHours(wh)}`;
}

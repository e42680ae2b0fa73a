/** A station's past: charts over a chosen span, outages, energy, and files to take away. */
import type { HistoryView, OutageView } from "../../page_contract.ts";
import { isDue } from "../../shown/freshness.ts";
import { el, setAttributes, show } from "../dom.ts";
import { reader } from "../language.ts";
import { Charts } from "./charts.ts";
import { Energy } from "./energy.ts";

/** Spans of the charts, h. */
const RANGES = [
  { hours: 1, key: "range_1" },
  { hours: 6, key: "range_6" },
  { hours: 24, key: "range_24" },
  { hours: 168, key: "range_168" },
  { hours: 720, key: "range_720" },
  { hours: 8760, key: "range_8760" },
] as const;
const FILES = [
  { kind: "samples", key: "file_samples" },
  { kind: "outages", key: "file_outages" },
  { kind: "energy", key: "file_energy" },
  { kind: "events", key: "file_events" },
] as const;
const MAX_OUTAGES = 20;
/** The newest row is shown at most this part of its own length late. */
const STEPS_IN_AGE = 10;
/** With more than this known, six hours are a better first view than one, s. */
const LONG_SEC = 5400;

/** See the file comment. */
export class Past {
  readonly #ranges = RANGES.map(({ key }) =>
    el("button", { type: "button", "aria-pressed": "false" }, reader.say(key))
  );
  readonly #charts = new Charts();
  readonly #outages = el("ol", { class: "outages" });
  readonly #files = el("p", { class: "files", hidden: true });
  readonly #energy: Energy;
  /** Chosen by a person, or by how much there is to show. */
  #hours: number | undefined;
  #shownHours = 6;
  /** When the charts were asked for last, for which span, and how far apart its rows are. */
  #asked = { atMs: -Infinity, hours: 0, stepSec: 0 };
  /** The span whose answer is on its way. */
  #waitsFor: number | undefined;
  /** What to put on the page. */
  readonly node: HTMLElement;

  /** @param find The history of the last so many hours; undefined when it cannot be had now */
  constructor(private readonly find: (hours: number) => Promise<HistoryView | undefined>) {
    this.#energy = new Energy(find);
    const ranges = el(
      "div",
      { class: "ranges", role: "group", "aria-label": reader.say("span") },
      ...this.#ranges,
    );
    for (const [i, button] of this.#ranges.entries()) {
      button.addEventListener("click", () => {
        this.#hours = RANGES[i]?.hours;
        this.#showHours(this.#hours ?? 6);
        this.node.dispatchEvent(new CustomEvent("history", { bubbles: true }));
      });
    }
    this.node = el(
      "div",
      { class: "past wide" },
      el(
        "div",
        { class: "card" },
        el("div", { class: "row" }, el("h3", {}, reader.say("over_time")), ranges),
        this.#charts.node,
        el("h4", {}, reader.say("outages")),
        this.#outages,
        this.#files,
      ),
      this.#energy.node,
    );
  }

  /** Asks for the history anew, and draws it. */
  async load(nowMs: number): Promise<void> {
    void this.#energy.load(nowMs);
    const hours = this.#hours ?? 6;
    // A year's rows are six hours apart: to ask for them every 20 s would only keep the Pi busy.
    const isOld = hours !== this.#asked.hours ||
      isDue(nowMs, this.#asked.atMs, this.#asked.stepSec * 1000 / STEPS_IN_AGE);
    if (!isOld || this.#waitsFor === hours) return;
    this.#waitsFor = hours;
    const history = await this.find(hours);
    if (this.#waitsFor === hours) this.#waitsFor = undefined;
    // Another span was chosen meanwhile: that one's answer is waited for.
    if (!history || hours !== (this.#hours ?? 6)) return;
    this.#asked = { atMs: nowMs, hours, stepSec: history.step_s };
    const toSec = nowMs / 1000;
    const knownSec = toSec - (history.at_s[0] ?? toSec);
    this.#showHours(this.#hours ?? (knownSec > LONG_SEC ? 6 : 1));
    this.#charts.update({ history, fromSec: toSec - this.#shownHours * 3600, toSec });
    this.#showOutages(history.outages, nowMs);
    this.#showFiles(history);
  }

  /** The colours changed. */
  redraw(): void {
    this.#charts.redraw();
  }

  #showHours(hours: number): void {
    this.#shownHours = hours;
    for (const [i, button] of this.#ranges.entries()) {
      setAttributes(button, { "aria-pressed": String(RANGES[i]?.hours === hours) });
    }
  }

  #showOutages(outages: readonly OutageView[], nowMs: number): void {
    const lines = outages.toReversed().slice(0, MAX_OUTAGES).map((outage) =>
      el("li", { class: outage.to === undefined ? "now" : "" }, outageText(outage, nowMs))
    );
    const none = el("li", { class: "quiet" }, reader.say("outages_none"));
    this.#outages.replaceChildren(...(lines.length > 0 ? lines : [none]));
  }

  /** Only a historian has files. */
  #showFiles({ device, source }: HistoryView): void {
    const isKept = source === "historian";
    show(this.#files, isKept);
    if (!isKept || this.#files.childElementCount > 0) return;
    const links = FILES.flatMap(({ kind, key }) => {
      const query = new URLSearchParams({ kind, format: "csv", ...(kind === "events" ? {} : { device }) });
      return [" ", el("a", { href: `/history/export?${query}`, download: true }, reader.say(key))];
    });
    this.#files.replaceChildren(reader.say("files"), ...links);
  }
}

function outageText({ from, to, lowest_soc_percent: lowest }: OutageView, nowMs: number): string {
  const when = (iso: string) => reader.when(iso, nowMs);
  const outage = to === undefined
    ? from === undefined ? reader.say("outage_unseen") : reader.say("outage_since", { from: when(from) })
    : from === undefined
    ? reader.say("outage_until", { to: when(to) })
    : reader.say("outage_whole", {
      from: when(from),
      to: when(to),
      time: reader.duration((Date.parse(to) - Date.parse(from)) / 1000),
    });
  return lowest === undefined
    ? outage
    : reader.say("outage_depth", { outage, charge: reader.percent(lowest) });
}

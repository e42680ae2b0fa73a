/** The journal: what happened, newest first. */
import type { EventView } from "../page_contract.ts";
import { el } from "./dom.ts";
import { when } from "../shown/format.ts";
import { icon, type IconName } from "./icons.ts";

const MAX_SHOWN = 150;
const SIGNS: Readonly<Record<EventView["severity"], { icon: IconName; tone: string; word: string }>> = {
  info: { icon: "check", tone: "unknown", word: "Note" },
  notice: { icon: "check", tone: "well", word: "Notice" },
  warning: { icon: "alert", tone: "battery", word: "Warning" },
  danger: { icon: "alert", tone: "danger", word: "Danger" },
};

/** See the file comment. */
export class Journal {
  readonly #list = el("ol", { class: "journal", tabindex: 0, "aria-label": "Events, newest first" });
  readonly #none = el("p", { class: "quiet" }, "Nothing has happened since the dashboard was started.");
  /** What to put on the page. */
  readonly node = el("div", {}, this.#none, this.#list);

  /** Shows these and no others. @param events Oldest first */
  replace(events: readonly EventView[], nowMs: number): void {
    this.#list.replaceChildren(
      ...events.toReversed().slice(0, MAX_SHOWN).map((event) => entry(event, nowMs)),
    );
    this.#changed();
  }

  /** Adds the newest. */
  add(event: EventView, nowMs: number): void {
    this.#list.prepend(entry(event, nowMs));
    while (this.#list.childElementCount > MAX_SHOWN) this.#list.lastElementChild?.remove();
    this.#changed();
  }

  #changed(): void {
    const isEmpty = this.#list.childElementCount === 0;
    this.#none.hidden = !isEmpty;
    this.#list.hidden = isEmpty;
  }
}

function entry({ ts, severity, text }: EventView, nowMs: number): HTMLLIElement {
  const sign = SIGNS[severity];
  return el(
    "li",
    { class: `tone-${sign.tone}` },
    icon(sign.icon),
    el("time", { datetime: ts }, when(ts, nowMs)),
    el("span", { class: "sr" }, `${sign.word}: `),
    el("span", { class: "text" }, text),
  );
}

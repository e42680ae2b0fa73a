/** The journal: what happened, newest first. */
import type { EventView } from "../page_contract.ts";
import { el } from "./dom.ts";
import { daemonWords } from "../shown/daemon_words.ts";
import { EVENT_TITLES_DE } from "../shown/texts/event_titles.ts";
import type { TextKey } from "../shown/texts/texts.ts";
import { own } from "../../../lib/own.ts";
import { icon, type IconName } from "./icons.ts";
import { langOf, reader } from "./language.ts";

const MAX_SHOWN = 150;
const SIGNS: Readonly<Record<EventView["severity"], { icon: IconName; tone: string; word: TextKey }>> = {
  info: { icon: "check", tone: "unknown", word: "severity_info" },
  notice: { icon: "check", tone: "well", word: "severity_notice" },
  warning: { icon: "alert", tone: "battery", word: "severity_warning" },
  danger: { icon: "alert", tone: "danger", word: "severity_danger" },
};

/** See the file comment. */
export class Journal {
  readonly #list = el("ol", { class: "journal", tabindex: 0, "aria-label": reader.say("journal_label") });
  readonly #none = el("p", { class: "quiet" }, reader.say("journal_none"));
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

function entry({ ts, kind, severity, text }: EventView, nowMs: number): HTMLLIElement {
  const sign = SIGNS[severity];
  const words = daemonWords(reader, text);
  const title = words.isEnglish && reader.language === "de" ? own(EVENT_TITLES_DE, kind) : undefined;
  return el(
    "li",
    { class: `tone-${sign.tone}` },
    icon(sign.icon),
    el("time", { datetime: ts }, reader.when(ts, nowMs)),
    el("span", { class: "sr" }, `${reader.say(sign.word)}: `),
    el(
      "span",
      { class: "text" },
      ...(title ? [el("b", {}, title), " "] : []),
      el("span", { lang: langOf(words) }, words.text),
    ),
  );
}

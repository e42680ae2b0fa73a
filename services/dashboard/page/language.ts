/** The reader's language: chosen here, else the browser's. It is read once; a change loads the page anew. */
import type { DaemonWords } from "../shown/daemon_words.ts";
import { chooseLanguage, Reader } from "../shown/reader.ts";
import { LANGUAGES, type TextKey, TEXTS } from "../shown/texts/texts.ts";
import { own } from "../../../lib/own.ts";
import { byId, el, setAttributes, setText } from "./dom.ts";

const STORED = "language";
const NAMES = { en: "English", de: "Deutsch" } as const;

/** Writes for this reader. */
export const reader = new Reader(chooseLanguage(stored(), navigator.languages));

/** Marks what the daemon says in its own language, which is English, so that it is read out rightly. */
export const DAEMON_LANG = reader.language === "en" ? undefined : "en";

/** The same of a sentence that may be in the reader's own. */
export function langOf({ isEnglish }: DaemonWords): string | undefined {
  return isEnglish ? DAEMON_LANG : undefined;
}

/** Puts the texts of the page's frame in, and makes the choice of language work; call once. */
export function prepareLanguage(): void {
  document.documentElement.lang = reader.language;
  for (const node of document.querySelectorAll<HTMLElement>("[data-text]")) {
    setText(node, reader.say(keyOf(node.dataset.text)));
  }
  for (const node of document.querySelectorAll<HTMLElement>("[data-label]")) {
    setAttributes(node, { "aria-label": reader.say(keyOf(node.dataset.label)) });
  }
  const select = byId<HTMLSelectElement>("language");
  select.append(
    ...LANGUAGES.map((one) =>
      el("option", { value: one, lang: one, selected: one === reader.language }, own(NAMES, one))
    ),
  );
  select.addEventListener("change", () => {
    try {
      localStorage.setItem(STORED, select.value);
    } catch {
      // A browser that keeps nothing goes on in its own language.
    }
    location.reload();
  });
}

function keyOf(name: string | undefined): TextKey {
  if (name === undefined || !Object.hasOwn(TEXTS, name)) {
    throw new Error(`Cannot build the page: there is no text "${name}"`);
  }
  return name as TextKey;
}

function stored(): string | null {
  try {
    return localStorage.getItem(STORED);
  } catch {
    return null;
  }
}

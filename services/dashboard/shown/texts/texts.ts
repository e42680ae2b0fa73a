/** The one table of the page's texts, and the languages that it has. Pure. */
import { PAGE_TEXTS } from "./page_texts.ts";
import { PAST_TEXTS } from "./past_texts.ts";
import { STATION_TEXTS } from "./station_texts.ts";

/** The languages, in the order of each row. */
export const LANGUAGES = ["en", "de"] as const;
/** One of them. */
export type Language = typeof LANGUAGES[number];

/** All texts, each in every language. */
export const TEXTS = { ...PAGE_TEXTS, ...STATION_TEXTS, ...PAST_TEXTS } as const;
/** The name of a text. */
export type TextKey = keyof typeof TEXTS;

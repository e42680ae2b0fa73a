/** Writes texts, numbers and times as the reader's language has them. Pure but for the place's own time zone. */
import { type Language, LANGUAGES, type TextKey, TEXTS } from "./texts/texts.ts";
import { own } from "../../../lib/own.ts";

/** What stands where nothing is known. */
export const UNKNOWN = "–";
/** Keeps a number and its unit on one line. */
const SPACE = "\u00a0";

/** The language of the page, and the place whose numbers and dates go with it. */
export interface Choice {
  readonly language: Language;
  /** As `Intl` takes it: `en-GB`, `de-AT`. */
  readonly locale: string;
}

/**
 * Chooses.
 *
 * @param chosen By the reader, on this browser; anything else is no choice
 * @param wanted The browser's languages, the best first
 */
export function chooseLanguage(chosen: string | null | undefined, wanted: readonly string[]): Choice {
  const languageOf = (locale: string) => LANGUAGES.find((one) => locale.toLowerCase().split("-")[0] === one);
  const language = LANGUAGES.find((one) => one === chosen) ??
    wanted.map(languageOf).find((one) => one !== undefined) ?? "en";
  // English of nowhere would have the dates of one country.
  const other = language === "en" ? "en-GB" : language;
  return { language, locale: wanted.find((one) => languageOf(one) === language) ?? other };
}

/** See the file comment. */
export class Reader {
  readonly language: Language;
  readonly #whole: Intl.NumberFormat;
  readonly #tenth: Intl.NumberFormat;
  readonly #percent: Intl.NumberFormat;
  readonly #percentTenth: Intl.NumberFormat;
  readonly #celsius: Intl.NumberFormat;
  readonly #time: Intl.DateTimeFormat;
  readonly #timeSec: Intl.DateTimeFormat;
  readonly #date: Intl.DateTimeFormat;
  readonly #weekday: Intl.DateTimeFormat;

  constructor({ language, locale }: Choice) {
    this.language = language;
    const number = (options: Intl.NumberFormatOptions) => new Intl.NumberFormat(locale, options);
    const date = (options: Intl.DateTimeFormatOptions) => new Intl.DateTimeFormat(locale, options);
    this.#whole = number({ maximumFractionDigits: 0 });
    this.#tenth = number({ minimumFractionDigits: 1, maximumFractionDigits: 1 });
    this.#percent = number({ style: "percent", maximumFractionDigits: 0 });
    this.#percentTenth = number({ style: "percent", maximumFractionDigits: 1 });
    this.#celsius = number({ style: "unit", unit: "celsius", maximumFractionDigits: 0 });
    this.#time = date({ hour: "2-digit", minute: "2-digit" });
    this.#timeSec = date({ hour: "2-digit", minute: "2-digit", second: "2-digit" });
    this.#date = date({ day: "numeric", month: "short" });
    this.#weekday = date({ weekday: "short" });
  }

  /** A text of the table, with `{name}` filled in. */
  say(key: TextKey, parts: Readonly<Record<string, string | number>> = {}): string {
    const [english, german] = own(TEXTS, key);
    const text = this.language === "de" ? german : english;
    return text.replace(/\{(\w+)\}/g, (_all, name: string) => String(own(parts, name) ?? ""));
  }

  /** `45 s`, `12 min`, `3 h 20 min`, `2 d 4 h`: the one form of durations. @param seconds 0 or more */
  duration(seconds: number): string {
    const of = (value: number, unit: string) => `${this.#whole.format(value)}${SPACE}${unit}`;
    if (seconds < 59.5) return of(seconds, "s");
    const minutes = Math.round(seconds / 60);
    if (minutes < 60) return of(minutes, "min");
    const hours = Math.floor(minutes / 60);
    const two = (big: string, small: number, unit: string) => small === 0 ? big : `${big} ${of(small, unit)}`;
    if (hours < 48) return two(of(hours, "h"), minutes % 60, "min");
    return two(of(Math.floor(hours / 24), "d"), hours % 24, "h");
  }

  /** What is left of something that is watched: `4:50` below an hour, else as a duration. @param seconds 0 or more */
  countdown(seconds: number): string {
    if (seconds >= 3600) return this.duration(seconds);
    return `${Math.floor(seconds / 60)}:${String(Math.floor(seconds) % 60).padStart(2, "0")}`;
  }

  /** `5 s ago`; an unknown age says so. */
  ago(seconds: number | undefined): string {
    if (seconds === undefined) return this.say("unknown_age");
    return seconds < 2 ? this.say("just_now") : this.say("ago", { time: this.duration(seconds) });
  }

  /** `51 W`, `1.2 kW`. */
  watts(value: number | undefined): string {
    return this.#scaled(value, "W");
  }

  /** `850 Wh`, `1.2 kWh`. */
  wattHours(value: number | undefined): string {
    return this.#scaled(value, "Wh");
  }

  /** `87 %`; below ten with a decimal, for there each counts. @param value 0 to 100 */
  percent(value: number | undefined): string {
    if (value === undefined) return UNKNOWN;
    return (value < 9.95 ? this.#percentTenth : this.#percent).format(value / 100);
  }

  /** `31 °C`. */
  celsius(value: number | undefined): string {
    return value === undefined ? UNKNOWN : this.#celsius.format(value);
  }

  /** `231 V`. */
  volts(value: number | undefined): string {
    return value === undefined ? UNKNOWN : `${this.#whole.format(value)}${SPACE}V`;
  }

  /** A whole number. */
  number(value: number): string {
    return this.#whole.format(value);
  }

  /** Hours and minutes. @param wallMs ms since 1970 */
  time(wallMs: number): string {
    return this.#time.format(wallMs);
  }

  /** The day: `28 Nov`. */
  date(wallMs: number): string {
    return this.#date.format(wallMs);
  }

  /** The day of a week: `Sat`. */
  weekday(wallMs: number): string {
    return this.#weekday.format(wallMs);
  }

  /** Time and, unless it is today, the day. */
  when(iso: string, nowMs: number): string {
    const at = Date.parse(iso);
    const clock = this.#timeSec.format(at);
    return this.#date.format(at) === this.#date.format(nowMs) ? clock : `${this.#date.format(at)}, ${clock}`;
  }

  #scaled(value: number | undefined, unit: string): string {
    if (value === undefined) return UNKNOWN;
    return Math.abs(value) < 999.5
      ? `${this.#whole.format(value)}${SPACE}${unit}`
      : `${this.#tenth.format(value / 1000)}${SPACE}k${unit}`;
  }
}

/** The words of a message. Pure. */
import { SEVERITIES } from "../../lib/config/notifier/event_choice.ts";
import type { JournalEvent } from "../../lib/messages/event.ts";
import { coalesce } from "./coalesce.ts";
import { codeUnits, cut, leftOutLine } from "./fit.ts";
import { own } from "../../lib/own.ts";

/** What a channel sends. */
export interface Message {
  /** One line. */
  readonly title: string;
  /** Lines, each with the time at which it happened. */
  readonly text: string;
  /** Of the worst event in it. */
  readonly severity: JournalEvent["severity"];
  /** Where to look; absent: nowhere. */
  readonly link?: string;
}

/** How to write it. */
export interface MessageOptions {
  readonly nowWallMs: number;
  /** IANA name; absent: this machine's. */
  readonly timeZone?: string;
  readonly link?: string;
}

/** Told later than this, a message says so, ms. */
const LATE_MS = 120_000;
/** More is read by nobody; what happened last stays. Each channel shortens further, to what its service takes. */
const MAX_LINES = 20;
const MAX_TITLE = 100;

/** One message of all events, oldest first. @param events At least one */
export function composeMessage(events: readonly JournalEvent[], options: MessageOptions): Message {
  const { nowWallMs, timeZone, link } = options;
  const time = (ts: string) => timeText(Date.parse(ts), nowWallMs, timeZone);
  const shown = coalesce(events, time);
  const worst = shown.reduce((a, b) =>
    SEVERITIES.indexOf(b.severity) >= SEVERITIES.indexOf(a.severity) ? b : a
  );
  const left = shown.length - MAX_LINES;
  const lines = shown.slice(-MAX_LINES).map(({ ts, text }) => `${time(ts)}  ${oneLine(text)}`);
  const oldestMs = Math.min(...shown.map(({ ts }) => Date.parse(ts)));
  const isLate = nowWallMs - oldestMs > LATE_MS;
  const mark = own({ info: "", notice: "", warning: "⚠ ", danger: "‼ " }, worst.severity);
  return {
    title: cut(`${mark}${oneLine(worst.text)}`, MAX_TITLE, codeUnits),
    text: [
      ...(left > 0 ? [leftOutLine(left)] : []),
      ...lines,
      ...(isLate
        ? [`Told late, at ${time(new Date(nowWallMs).toISOString())}: there was no way out before.`]
        : []),
    ].join("\n"),
    severity: worst.severity,
    ...(link === undefined ? {} : { link }),
  };
}

/** A name in it may hold anything: no line end, no half of a character. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ").toWellFormed();
}

/** `19:04:12`; with the day when that was another one. */
function timeText(wallMs: number, nowWallMs: number, timeZone: string | undefined): string {
  const day = (ms: number) =>
    new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" }).format(
      ms,
    );
  const time = new Intl.DateTimeFormat("en-GB", { timeZone, timeStyle: "medium" }).format(wallMs);
  return day(wallMs) === day(nowWallMs) ? time : `${day(wallMs)} ${time}`;
}

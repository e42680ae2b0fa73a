/** Log lines: one event, one line, `level service what happened key=value`. */

/** From chatter to the end: the meaning of each level is in CONTRIBUTING.md. */
export const LOG_LEVELS = ["debug", "info", "notice", "warn", "error", "crit"] as const;

/** One of {@link LOG_LEVELS}. */
export type LogLevel = typeof LOG_LEVELS[number];

/** Values that a line can carry. Never a secret, never a whole payload above `debug`. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** Writes lines for one service. */
export type Logger = Readonly<Record<LogLevel, (text: string, fields?: LogFields) => void>>;

/** One written line, before it is text. */
export interface LogEntry {
  readonly level: LogLevel;
  readonly service: string;
  readonly text: string;
  readonly fields: LogFields;
}

/** syslog priorities, which journald reads from a `<N>` in front of a line. */
const PRIORITY: Record<LogLevel, number> = { debug: 7, info: 6, notice: 5, warn: 4, error: 3, crit: 2 };

/** Where finished entries go. */
export type LogSink = (entry: LogEntry) => void;

/** A logger that drops everything below `minimum` and hands the rest to `sink`. */
export function createLogger(service: string, minimum: LogLevel, sink: LogSink): Logger {
  const from = LOG_LEVELS.indexOf(minimum);
  const write = (level: LogLevel, index: number) => (text: string, fields: LogFields = {}): void => {
    if (index >= from) sink({ level, service, text, fields });
  };
  return Object.fromEntries(LOG_LEVELS.map((level, index) => [level, write(level, index)])) as Logger;
}

/**
 * Writes entries to standard output.
 *
 * @param style `journal` puts the syslog priority in front and leaves the time to journald; `plain` adds the time
 * @param wallMs The time shown, ms since 1970
 */
export function consoleSink(style: "journal" | "plain", wallMs: () => number): LogSink {
  return (entry) => {
    const line = formatEntry(entry);
    // deno-lint-ignore no-console
    console.log(
      style === "journal"
        ? `<${PRIORITY[entry.level]}>${line}`
        : `${new Date(wallMs()).toISOString()} ${line}`,
    );
  };
}

/** `level service text key=value`; values with blanks or quotes are JSON-quoted, line ends never break a line. */
export function formatEntry({ level, service, text, fields }: LogEntry): string {
  const parts = [level.padEnd(6), service, text.replaceAll(/[\r\n]+/g, " | ").replaceAll(UNSEEN, escaped)];
  for (const [key, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    const shown = String(value);
    parts.push(`${key}=${/^[^\s"=\p{C}]+$/u.test(shown) ? shown : quoted(shown)}`);
  }
  return parts.join(" ");
}

/** What a terminal obeys or does not show: control characters, marks of direction, halves of characters. */
const UNSEEN = /\p{C}/gu;

function escaped(character: string): string {
  return `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
}

function quoted(text: string): string {
  return JSON.stringify(text).replaceAll(UNSEEN, escaped);
}

/**
 * How much may be written to the log, so that nobody outside can fill it: a log on an SD card that is written thousands of
 * times wears the card out, and hides what matters. Pure: time is an argument.
 */
import type { LogEntry, LogSink } from "./log.ts";
import { RateLimit } from "../rate_limit.ts";

/** Lines about what came from outside and was refused: so many of one title and one sender, then one every so many ms. */
export const REFUSED_BUDGET = { burst: 10, everyMs: 60_000 };
/** The same of one title, whoever sent it. */
export const REFUSED_TITLE_BUDGET = { burst: 100, everyMs: 10_000 };
/** All other lines of one title: a large house writes hundreds when the grid goes. */
export const TITLE_BUDGET = { burst: 1000, everyMs: 1000 };
/** So many titles and senders are told apart; names come from outside. All others share one budget. */
export const KEYS_LIMIT = 2000;

/** A sink that leaves out what is too much. The next line of the same kind says how many, as `left_out`. */
export function budgeted(sink: LogSink, monoMs: () => number): LogSink {
  const limits = new Map<string, RateLimit>();
  const leftOut = new Map<string, number>();
  const limitOf = (key: string, { burst, everyMs }: { burst: number; everyMs: number }): RateLimit => {
    const bounded = limits.has(key) || limits.size < KEYS_LIMIT ? key : "others";
    const limit = limits.get(bounded) ?? new RateLimit(burst, everyMs);
    limits.set(bounded, limit);
    return limit;
  };
  return (entry) => {
    // What tells of a shutdown is always written.
    if (entry.level === "crit") return sink(entry);
    const now = monoMs();
    const title = `${entry.service} ${entry.text}`;
    const passes = entry.text.includes("REFUSED")
      ? limitOf(`${title} ${senderOf(entry)}`, REFUSED_BUDGET).take(now) &&
        limitOf(title, REFUSED_TITLE_BUDGET).take(now)
      : limitOf(title, TITLE_BUDGET).take(now);
    if (!passes) {
      if (leftOut.size < KEYS_LIMIT || leftOut.has(title)) leftOut.set(title, (leftOut.get(title) ?? 0) + 1);
      return;
    }
    const count = leftOut.get(title);
    if (count === undefined) return sink(entry);
    leftOut.delete(title);
    sink({ ...entry, fields: { ...entry.fields, left_out: count } });
  };
}

/** Where a refused thing came from, as the line has it. */
function senderOf({ fields }: LogEntry): string {
  const known = fields.topic ?? fields.sender ?? fields.agent ?? fields.address ?? fields.device ?? fields.sn;
  // A stranger who tries many names from an address must not hide the one client there that matters.
  const user = typeof fields.user === "string" ? ` ${fields.user}` : "";
  return user + String(known ?? /topic "([^"]{1,200})"/.exec(String(fields.text ?? ""))?.[1] ?? "");
}

/** Whether it is quiet now, by the clock on the wall. Pure. */
import type { QuietHours } from "../../lib/config/notifier/quiet_hours.ts";

/** Whether a wall time lies in the quiet hours. @param timeZone IANA name; absent: this machine's */
export function isQuiet(
  hours: QuietHours | undefined,
  wallMs: number,
  timeZone: string | undefined,
): boolean {
  if (!hours) return false;
  const parts = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  })
    .formatToParts(wallMs);
  const part = (type: string) => Number(parts.find((one) => one.type === type)?.value);
  const minute = part("hour") * 60 + part("minute");
  const { from, to } = hours;
  return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

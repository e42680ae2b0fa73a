/** Numbers and times as a person reads them. Pure. */

/** What stands where nothing is known. */
export const UNKNOWN = "–";

/** `45 s`, `12 min`, `3 h 20 min`, `2 days 4 h`. @param seconds 0 or more */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
  const days = Math.floor(hours / 24);
  return hours % 24 === 0 ? `${days} days` : `${days} days ${hours % 24} h`;
}

/** `5 s ago`; an unknown age says so. */
export function ago(seconds: number | undefined): string {
  return seconds === undefined ? "of unknown age" : seconds < 2 ? "just now" : `${duration(seconds)} ago`;
}

/** `2:05`, `1:02:05`: what a countdown shows. @param seconds 0 or more */
export function clockText(seconds: number): string {
  const pad = (value: number) => String(value).padStart(2, "0");
  const [h, m, s] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, Math.floor(seconds) % 60];
  return h > 0 ? `${h}:${pad(m)}:${pad(s)}` : `${m}:${pad(s)}`;
}

/** `51 W`, `1.2 kW`. */
export function watts(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  return Math.abs(value) < 1000 ? `${Math.round(value)} W` : `${(value / 1000).toFixed(1)} kW`;
}

/** `850 Wh`, `1.2 kWh`. */
export function wattHours(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  return value < 1000 ? `${Math.round(value)} Wh` : `${(value / 1000).toFixed(1)} kWh`;
}

/** `87 %`; below ten with a decimal, for there each counts. */
export function percent(value: number | undefined): string {
  if (value === undefined) return UNKNOWN;
  return `${value < 10 ? value.toFixed(1).replace(/\.0$/, "") : Math.round(value)} %`;
}

/** Hours and minutes of this browser's place. @param wallMs ms since 1970 */
export function timeOfDay(wallMs: number): string {
  return new Date(wallMs).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}

/** Date and time of this browser's place: only the time today. */
export function when(iso: string, nowMs: number): string {
  const time = new Date(iso);
  const clock = time.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", second: "2-digit" });
  const isToday = time.toDateString() === new Date(nowMs).toDateString();
  return isToday ? clock : `${time.toLocaleDateString([], { day: "numeric", month: "short" })} ${clock}`;
}

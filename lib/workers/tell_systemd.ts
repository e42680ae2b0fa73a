/**
 * What systemd hears while the daemon starts and runs. Its limits are for a daemon that hangs. One may load slowly, from a slow card
 * or beside everything else that starts after a power cut. Those limits would only start it anew, and it would never be ready.
 */
import type { Cancel, Clock } from "../time/clock.ts";
import { type SdNotify, watchdogIntervalMs } from "./sd_notify.ts";
import type { Supervisor } from "./supervisor.ts";

/** How often a start is said to go on, ms. */
const START_EVERY_MS = 10_000;
/** What systemd then waits, from there: the unit's own `TimeoutStartSec`, ms. */
export const START_LIMIT_MS = 90_000;

/** What is needed of the surroundings. */
export interface TellSystemdParts {
  readonly clock: Clock;
  readonly systemd: Pick<SdNotify, "send">;
  readonly supervisor: Pick<Supervisor, "ready" | "getsOn">;
  /** The value of `WATCHDOG_USEC`; undefined when systemd does not watch. */
  readonly watchdogUsec: string | undefined;
}

/** Begins; READY itself is said elsewhere. @returns what ends it */
export function tellSystemd({ clock, systemd, supervisor, watchdogUsec }: TellSystemdParts): Cancel {
  let isUp = false;
  const cancelStart = clock.every(START_EVERY_MS, () => {
    isUp ||= supervisor.ready;
    if (!isUp && supervisor.getsOn) systemd.send(`EXTEND_TIMEOUT_USEC=${START_LIMIT_MS * 1000}`);
  });
  const feedMs = watchdogIntervalMs(watchdogUsec);
  const cancelFeed = feedMs === undefined
    ? () => {}
    : clock.every(feedMs, () => supervisor.getsOn && systemd.send("WATCHDOG=1"));
  return () => {
    cancelStart();
    cancelFeed();
  };
}

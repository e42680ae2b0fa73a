/** Linux: systemd's logind counts down; without systemd the agent does. Pure. */
import { type Argv, FAREWELL, type HostPlatform } from "./platform.ts";

const LOGIND = [
  "org.freedesktop.login1",
  "/org/freedesktop/login1",
  "org.freedesktop.login1.Manager",
] as const;

/** logind's own note of a shutdown that it counts. */
const SCHEDULED = "/run/systemd/shutdown/scheduled";

/**
 * The system's own way down, whoever inhibits it. While a block inhibitor is held, logind of systemd 257 and later refuses `shutdown`
 * and `systemctl poweroff` even to root. Process 1 does not ask logind. Services are stopped in order.
 */
const PAST_INHIBITORS = [
  "systemctl",
  "start",
  "poweroff.target",
  "--job-mode=replace-irreversibly",
  "--no-block",
];

/**
 * A Linux host.
 *
 * @param hasSystemd Whether systemd is process 1 (`/run/systemd/system` exists). Other systems' `shutdown -h +1` stays
 * in the foreground until the time is up, so there the agent counts by itself.
 */
export function linuxPlatform(hasSystemd: boolean): HostPlatform {
  return {
    name: "linux",
    schedule: hasSystemd ? schedule : () => [],
    cancel: ["shutdown", "-c"],
    powerOffNow: hasSystemd
      // The last one stops no service in order: only when nothing else can.
      ? [["shutdown", "-h", "now", FAREWELL], PAST_INHIBITORS, ["systemctl", "poweroff", "--force"]]
      : [["shutdown", "-h", "now"], ["poweroff"]],
    hibernateNow: hasSystemd ? [["systemctl", "hibernate"]] : undefined,
    ...(hasSystemd ? { probe: { argv: () => ["test", "-e", SCHEDULED], undoneCode: 1 } } : {}),
    shell: (line) => ["sh", "-c", line],
  };
}

/** `shutdown` knows whole minutes only and shows the message; logind itself takes any moment. Both keep it in logind. */
function schedule(delaySec: number, wallMs: number): readonly Argv[] {
  const byShutdown = ["shutdown", "-h", `+${Math.ceil(delaySec / 60)}`, FAREWELL];
  if (delaySec % 60 === 0) return [byShutdown];
  const atMicros = String(Math.round(wallMs + delaySec * 1000) * 1000);
  return [["busctl", "call", ...LOGIND, "ScheduleShutdown", "st", "poweroff", atMicros], byShutdown];
}

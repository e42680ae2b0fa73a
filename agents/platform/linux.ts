/** Linux: systemd's logind counts down; without systemd the agent does. Pure. */
import { type Argv, FAREWELL, type HostPlatform } from "./platform.ts";

const LOGIND = [
  "org.freedesktop.login1",
  "/org/freedesktop/login1",
  "org.freedesktop.login1.Manager",
] as const;

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
      ? [["shutdown", "-h", "now", FAREWELL], ["systemctl", "poweroff", "--force"]]
      : [["shutdown", "-h", "now"], ["poweroff"]],
    hibernateNow: hasSystemd ? [["systemctl", "hibernate"]] : undefined,
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

/** macOS: `shutdown` counts down in the background, in whole minutes. Pure. */
import type { HostPlatform } from "./platform.ts";

/** A Mac. The delay is rounded up to the next minute. There is no program that hibernates. */
export const MACOS: HostPlatform = {
  name: "darwin",
  schedule: (delaySec) => [["/sbin/shutdown", "-h", `+${Math.ceil(delaySec / 60)}`]],
  cancel: ["/usr/bin/killall", "shutdown"],
  powerOffNow: [["/sbin/shutdown", "-h", "now"], ["/sbin/halt"]],
  shell: (line) => ["/bin/sh", "-c", line],
};

/** Which system this is. */
import { linuxPlatform } from "./linux.ts";
import { MACOS } from "./macos.ts";
import type { HostPlatform } from "./platform.ts";
import { WINDOWS } from "./windows.ts";

/** @throws RangeError on a system that no agent was written for */
export function platformHere(): HostPlatform {
  switch (Deno.build.os) {
    case "linux":
      return linuxPlatform(isSystemdThere());
    case "darwin":
      return MACOS;
    case "windows":
      return WINDOWS;
    default:
      throw new RangeError(`Cannot run on "${Deno.build.os}": must be linux, darwin or windows`);
  }
}

/** As `sd_booted(3)` finds out. */
function isSystemdThere(): boolean {
  try {
    return Deno.statSync("/run/systemd/system").isDirectory;
  } catch {
    return false;
  }
}

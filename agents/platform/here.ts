/** Which system this is. */
import { asService, keepsRightsLow } from "./as_service.ts";
import { systemdUnit } from "../install/linux.ts";
import { linuxPlatform } from "./linux.ts";
import { MACOS } from "./macos.ts";
import type { Argv, HostPlatform } from "./platform.ts";
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

/** Whether this program is root of a Linux or a Mac. */
export function isRoot(): boolean {
  return Deno.build.os !== "windows" && Deno.uid() === 0;
}

/**
 * How a program is run with the rights of the service: of the installed one with what was added to it, else of ours.
 *
 * @returns undefined where that cannot be tried: no systemd, or not root
 */
export async function serviceRights(platform: HostPlatform["name"]) {
  if (platform !== "linux" || !isSystemdThere() || !isRoot()) return undefined;
  const { success, stdout } = await new Deno.Command("systemctl", {
    args: ["cat", "--no-pager", "ecoflow-agent.service"],
    stderr: "null",
  }).output();
  const unit = success ? new TextDecoder().decode(stdout) : systemdUnit();
  return {
    argv: (argv: Argv, limitSec?: number) => asService(unit, argv, limitSec),
    keepsRightsLow: keepsRightsLow(unit),
  };
}

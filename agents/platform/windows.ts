/** Windows: `shutdown.exe` counts down by the second. Pure. */
import { FAREWELL, type HostPlatform } from "./platform.ts";

/** A Windows host. Programs that do not end by themselves are closed (`/f`): nobody is there to answer them. */
export const WINDOWS: HostPlatform = {
  name: "windows",
  schedule: (delaySec) => [["shutdown.exe", "/s", "/f", "/t", String(delaySec), "/c", FAREWELL]],
  cancel: ["shutdown.exe", "/a"],
  powerOffNow: [["shutdown.exe", "/s", "/f", "/t", "0", "/c", FAREWELL], ["shutdown.exe", "/p", "/f"]],
  hibernateNow: [["shutdown.exe", "/h", "/f"]],
  shell: (line) => ["cmd.exe", "/d", "/s", "/c", line],
  // Without the first words an error of a cmdlet would pass for success.
  powershell: (line) => [
    "powershell.exe",
    "-NoProfile",
    "-NonInteractive",
    "-ExecutionPolicy",
    "Bypass",
    "-Command",
    `$ErrorActionPreference = 'Stop'; ${line}`,
  ],
};

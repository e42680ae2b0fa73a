/** Windows: `shutdown.exe` counts down by the second. Pure. */
import { FAREWELL, type HostPlatform } from "./platform.ts";

/** `ERROR_SHUTDOWN_IS_SCHEDULED` and `ERROR_NO_SHUTDOWN_IN_PROGRESS` of Windows' system error codes. */
const [IS_SCHEDULED, NONE_IN_PROGRESS] = [1190, 1116];

const CANCEL = ["shutdown.exe", "/a"];
const count = (sec: number) => ["shutdown.exe", "/s", "/f", "/t", String(sec), "/c", FAREWELL];

/** A Windows host. Programs that do not end by themselves are closed (`/f`): nobody is there to answer them. */
export const WINDOWS: HostPlatform = {
  name: "windows",
  schedule: (delaySec) => [count(delaySec)],
  cancel: CANCEL,
  otherCountCode: IS_SCHEDULED,
  nothingToCancelCode: NONE_IN_PROGRESS,
  // Windows has no question for it. But it refuses a second count while one runs; when it takes it, there was none.
  probe: { argv: count, undoneCode: 0, afterwards: CANCEL },
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

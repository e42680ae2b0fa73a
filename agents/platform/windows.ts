/** Windows: `shutdown.exe` counts down by the second. Pure. */
import { FAREWELL, type HostPlatform } from "./platform.ts";

/** Of Windows' system error codes: `ERROR_SHUTDOWN_…IS_SCHEDULED`, `…IN_PROGRESS`, `ERROR_NO_SHUTDOWN_IN_PROGRESS`. */
const [IS_SCHEDULED, IN_PROGRESS, NONE_IN_PROGRESS] = [1190, 1115, 1116];

const CANCEL = ["shutdown.exe", "/a"];
const count = (sec: number) => ["shutdown.exe", "/s", "/f", "/t", String(sec), "/c", FAREWELL];

/** A Windows host. Programs that do not end by themselves are closed (`/f`): nobody is there to answer them. */
export const WINDOWS: HostPlatform = {
  name: "windows",
  schedule: (delaySec) => [count(delaySec)],
  cancel: CANCEL,
  otherCountCode: IS_SCHEDULED,
  nothingToCancelCode: NONE_IN_PROGRESS,
  goingDownCode: IN_PROGRESS,
  codeTexts: new Map([
    [5, "access denied: the agent must run as SYSTEM or administrator"],
    [IN_PROGRESS, "the system is going down already"],
    [NONE_IN_PROGRESS, "no shutdown is under way"],
    [IS_SCHEDULED, "another shutdown is scheduled already"],
  ]),
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

/** The agent as a scheduled task at start-up, as SYSTEM: needs no service wrapper. Pure. */
import { agentPaths } from "../settings/paths.ts";
import type { Argv } from "../platform/platform.ts";
import { serviceArgv, type ServicePlan } from "./service_plan.ts";

const TASK = "ecoflow-agent";

/** How the task scheduler is told. */
export function windowsService(words?: Argv): ServicePlan {
  const paths = agentPaths("windows");
  const [program = "", ...args] = serviceArgv(paths, words);
  const quoted = args.map((word) => (/\s/.test(word) ? `&quot;${word}&quot;` : word)).join(" ");
  const xmlPath = `${paths.configDir}\\ecoflow-agent.task.xml`;
  const text = `<?xml version="1.0"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
  <RegistrationInfo><Description>Switches this host off before its power station is empty</Description></RegistrationInfo>
  <Triggers><BootTrigger><Enabled>true</Enabled></BootTrigger></Triggers>
  <Principals><Principal id="System"><UserId>S-1-5-18</UserId><RunLevel>HighestAvailable</RunLevel></Principal></Principals>
  <Settings>
    <MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
    <DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries>
    <StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
    <ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
    <RestartOnFailure><Interval>PT1M</Interval><Count>999</Count></RestartOnFailure>
    <StartWhenAvailable>true</StartWhenAvailable>
    <Enabled>true</Enabled>
  </Settings>
  <Actions Context="System">
    <Exec><Command>${program}</Command><Arguments>${quoted}</Arguments></Exec>
  </Actions>
</Task>
`;
  return {
    files: [{ path: xmlPath, text, mode: 0o644 }],
    install: [
      // The key is in the state folder: SYSTEM and administrators only.
      [
        "icacls.exe",
        paths.configDir,
        "/inheritance:r",
        "/grant:r",
        "*S-1-5-18:(OI)(CI)F",
        "*S-1-5-32-544:(OI)(CI)F",
      ],
      ["schtasks.exe", "/Create", "/TN", TASK, "/XML", xmlPath, "/F"],
      // One that runs already would be the program of before, and keep the new one from running. None runs: that is all right.
      ["cmd.exe", "/d", "/c", `schtasks.exe /End /TN ${TASK} >nul 2>nul & exit /b 0`],
      ["schtasks.exe", "/Run", "/TN", TASK],
    ],
    uninstall: [["schtasks.exe", "/End", "/TN", TASK], ["schtasks.exe", "/Delete", "/TN", TASK, "/F"]],
    status: ["schtasks.exe", "/Query", "/TN", TASK, "/V", "/FO", "LIST"],
  };
}

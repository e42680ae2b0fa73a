/** The agent as a daemon of launchd. Pure. */
import { agentPaths } from "../settings/paths.ts";
import type { Argv } from "../platform/platform.ts";
import { serviceArgv, type ServicePlan } from "./service_plan.ts";

const LABEL = "power.ecoflow.agent";
const PLIST = `/Library/LaunchDaemons/${LABEL}.plist`;
const LOG = "/usr/local/var/log/ecoflow-agent.log";

/** How launchd is told. */
export function macosService(program?: Argv): ServicePlan {
  const words = serviceArgv(agentPaths("darwin"), program).map((word) => `    <string>${word}</string>`).join(
    "\n",
  );
  const text = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
  <key>Label</key><string>${LABEL}</string>
  <key>ProgramArguments</key>
  <array>
${words}
  </array>
  <key>RunAtLoad</key><true/>
  <key>KeepAlive</key><true/>
  <key>ThrottleInterval</key><integer>5</integer>
  <key>ProcessType</key><string>Background</string>
  <!-- The system's shutdown counts in a child: it must live on when the agent is restarted. -->
  <key>AbandonProcessGroup</key><true/>
  <key>Umask</key><integer>63</integer>
  <key>StandardOutPath</key><string>${LOG}</string>
  <key>StandardErrorPath</key><string>${LOG}</string>
</dict>
</plist>
`;
  return {
    files: [{ path: PLIST, text, mode: 0o644 }],
    install: [
      // Leaves nothing behind when it is not loaded: bootout fails then, and that is all right.
      ["/bin/sh", "-c", `launchctl bootout system/${LABEL} 2>/dev/null; launchctl bootstrap system ${PLIST}`],
      ["launchctl", "enable", `system/${LABEL}`],
    ],
    uninstall: [["launchctl", "bootout", `system/${LABEL}`]],
    status: ["launchctl", "print", `system/${LABEL}`],
  };
}

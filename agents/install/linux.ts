/** The agent as a unit of systemd. Pure. */
import { agentPaths } from "../settings/paths.ts";
import type { Argv } from "../platform/platform.ts";
import { serviceArgv, type ServicePlan } from "./service_plan.ts";

const UNIT = "ecoflow-agent.service";

/**
 * The unit, also kept as `systemd/ecoflow-agent.service`.
 *
 * It runs as root because logind lets only root, or somebody at the screen, switch a host off without asking; of root's
 * powers it keeps none but that name.
 *
 * @param program The words that run the agent; the installed single program when absent
 */
export function systemdUnit(program?: Argv): string {
  const paths = agentPaths("linux");
  return `[Unit]
Description=ecoflow-agent: switches this host off before its power station is empty
# It must try for ever: the host depends on it.
StartLimitIntervalSec=0

[Service]
Type=exec
ExecStart=${serviceArgv(paths, program).join(" ")}
Restart=always
RestartSec=5
# A configuration that cannot be used does not get better by itself.
RestartPreventExitStatus=64 78
StateDirectory=ecoflow-agent
StateDirectoryMode=0700
UMask=0077

# What follows holds for your PRE_SHUTDOWN_CMD lines too. Loosen it with: systemctl edit ecoflow-agent
# (for example ReadWritePaths=/srv/backup), or start a line with "systemd-run --wait --pipe", which runs it outside.
NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
RemoveIPC=yes
KeyringMode=private
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged
SystemCallErrorNumber=EPERM
# Not MemoryDenyWriteExecute: the runtime compiles JavaScript while it runs.
# Not ProtectProc and ProcSubset: process 1 and the boot id in /proc tell one start of this host from the next.

[Install]
WantedBy=multi-user.target
`;
}

/** How systemd is told. */
export function linuxService(program?: Argv): ServicePlan {
  return {
    files: [{ path: `/etc/systemd/system/${UNIT}`, text: systemdUnit(program), mode: 0o644 }],
    install: [
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", UNIT],
      ["systemctl", "restart", UNIT],
    ],
    uninstall: [["systemctl", "disable", "--now", UNIT]],
    // Else systemd goes on knowing a unit that is not there.
    uninstalled: [["systemctl", "daemon-reload"]],
    status: ["systemctl", "status", "--no-pager", "--lines=10", UNIT],
  };
}

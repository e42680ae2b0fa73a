/** Where things are on each system. Pure. */
import type { HostPlatform } from "../platform/platform.ts";

/** The agent's places on one system; absolute paths. */
export interface AgentPaths {
  readonly binary: string;
  /** Where the runtime and the script lie when the agent is no single program. */
  readonly programDir: string;
  readonly configDir: string;
  readonly stateDir: string;
  /** The env file in `configDir`. */
  readonly envFile: string;
}

/** Where an installed agent lives. */
export function agentPaths(platform: HostPlatform["name"]): AgentPaths {
  switch (platform) {
    case "linux":
      return {
        binary: "/usr/local/bin/ecoflow-agent",
        programDir: "/usr/local/lib/ecoflow-agent",
        configDir: "/etc/ecoflow-agent",
        stateDir: "/var/lib/ecoflow-agent",
        envFile: "/etc/ecoflow-agent/ecoflow-agent.env",
      };
    case "darwin":
      return {
        binary: "/usr/local/bin/ecoflow-agent",
        programDir: "/usr/local/lib/ecoflow-agent",
        configDir: "/usr/local/etc/ecoflow-agent",
        stateDir: "/usr/local/var/ecoflow-agent",
        envFile: "/usr/local/etc/ecoflow-agent/ecoflow-agent.env",
      };
    case "windows":
      return {
        binary: "C:\\Program Files\\ecoflow-agent\\ecoflow-agent.exe",
        programDir: "C:\\Program Files\\ecoflow-agent\\program",
        configDir: "C:\\ProgramData\\ecoflow-agent",
        stateDir: "C:\\ProgramData\\ecoflow-agent\\state",
        envFile: "C:\\ProgramData\\ecoflow-agent\\ecoflow-agent.env",
      };
  }
}

/** The dashboard's slice of the configuration, and what the registry has to grant for it. Pure. */
import { netTarget } from "../../lib/text/host_name.ts";
import type { DashboardSettings } from "../../lib/config/dashboard_keys.ts";
import type { Installation } from "../../lib/text/typable.ts";
import type { TopicRoots } from "../../lib/mqtt/topics.ts";

/** See the file comment. */
export interface DashboardConfig extends DashboardSettings {
  readonly roots: TopicRoots;
  /** Without fresh evidence for this long a value is old, s. */
  readonly staleAfterSec: number;
  /** Whether a historian runs: then it is asked for the past. */
  readonly asksHistorian: boolean;
  /** Which hosts are plugged into which station. */
  readonly agentsByStation: Readonly<Record<string, readonly string[]>>;
  /** How commands are typed here. */
  readonly installation: Installation;
}

/** The target of the worker's permission to listen. */
export function listenGrant({ host, port }: Pick<DashboardConfig, "host" | "port">): string {
  return netTarget(host, port);
}

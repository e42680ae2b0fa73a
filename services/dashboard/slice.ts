/** What the dashboard gets of the configuration, and what its worker may do. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { type Grant, stateDirOf } from "../grant.ts";
import { type DashboardConfig, listenGrant } from "./config.ts";

/** To listen, and to read the hash of its password. */
export function dashboardGrants(config: HouseConfig): readonly Grant[] {
  return [
    ...(config.dashboard
      ? [{
        kind: "net" as const,
        targets: [listenGrant(config.dashboard)],
        reason: "to listen for browsers",
      }]
      : []),
    {
      kind: "read",
      targets: [stateDirOf(config, "dashboard")],
      reason: "the hash of the password, which may change while it runs",
    },
  ];
}

/** Where it listens and whom it lets in. */
export function dashboardSlice(
  { dashboard, history, roots, staleAfterSec, agentsByStation, installation = "package" }: HouseConfig,
): DashboardConfig {
  return {
    host: dashboard?.host ?? "",
    port: dashboard?.port ?? 0,
    names: dashboard?.names ?? [],
    readsWithoutLogin: dashboard?.readsWithoutLogin ?? false,
    passwordFile: dashboard?.passwordFile ?? "",
    metricsToken: dashboard?.metricsToken,
    tls: dashboard?.tls,
    roots,
    staleAfterSec,
    asksHistorian: history !== undefined,
    agentsByStation,
    installation,
  };
}

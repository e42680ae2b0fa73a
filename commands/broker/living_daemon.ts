/** What to believe of a daemon's own word at the broker, and what to say when there is none. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { OrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import type { StateHolder } from "../../lib/state_lock.ts";

/**
 * The broker keeps a daemon's "online" over a cut of power that took both. On this machine the lock of the state directory knows it
 * better: whoever is said to run here and does not hold it is gone.
 */
export function livingDaemon(
  status: OrchestratorStatus | undefined,
  { stateDir, hostName }: Pick<HouseConfig, "stateDir" | "hostName">,
  holder: StateHolder,
): OrchestratorStatus | undefined {
  const isFromHere = status?.online === true && hostName !== undefined && status.host_name === hostName &&
    status.state_dir === stateDir;
  if (!isFromHere) return status;
  const isAnother = holder.kind === "taken" && holder.pid !== undefined && status.pid !== undefined &&
    holder.pid !== status.pid;
  return holder.kind === "free" || isAnother ? { online: false } : status;
}

/** Why the broker has nothing from a daemon that is online, and what to do: one that runs is not to be started. */
export function noDaemonText(
  { broker, embeddedPort }: Pick<HouseConfig, "broker" | "embeddedPort">,
  holder: StateHolder,
): string {
  if (holder.kind !== "taken") {
    return "does not run; start it: sudo systemctl start ecoflow-power, and see: journalctl -u ecoflow-power";
  }
  const runs = `runs (process ${holder.pid ?? "unknown"}), but`;
  if (!broker) {
    return `${runs} it says nothing at its own broker's address: ${foreignBrokerText(embeddedPort)}`;
  }
  return `${runs} the broker has nothing from it: the broker's user of MQTT_USER may not write, or the daemon is not connected. ` +
    'To see which lines its access list lacks, look at: journalctl -u ecoflow-power -g "BROKER"';
}

/** Whoever answers at the port of the daemon's own broker is somebody else. */
export function foreignBrokerText(port: number): string {
  return `another program has 127.0.0.1:${port} (sudo ss -ltnp "sport = :${port}" names it): end it, or set MQTT_EMBEDDED_PORT to ` +
    "another port, or MQTT_HOST to the broker that is there, and restart: sudo systemctl restart ecoflow-power";
}

/** There is none, or another one answers: what to do. */
export class NoDaemonError extends Error {
  override readonly name = "NoDaemonError";
}

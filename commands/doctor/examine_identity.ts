/** Whose daemon and whose listeners are behind what answers: nothing may be judged by somebody else's. Pure. */
import type { Finding } from "../../lib/findings.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import type { OrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import type { StateHolder } from "../../lib/state_lock.ts";
import { foreignBrokerText } from "../broker/living_daemon.ts";
import type { PortOwner } from "./port_owner.ts";

/** Whether the daemon on the broker is the one of this configuration; undefined: none is online. */
export function examineIdentity(
  { stateDir, hostName }: Pick<HouseConfig, "stateDir" | "hostName">,
  status: OrchestratorStatus | undefined,
): Finding | undefined {
  if (status?.online !== true) return undefined;
  const what = "whose daemon";
  if (status.state_dir === undefined) {
    return { what, verdict: "unsure", text: "it does not say who it is: an older version; start it anew" };
  }
  const whose = `process ${status.pid ?? "unknown"} on ${status.host_name ?? "a host without a name"}, ` +
    `state in ${status.state_dir}`;
  if (status.host_name !== undefined && hostName !== undefined && status.host_name !== hostName) {
    return {
      what,
      verdict: "unsure",
      text: `${whose}: on another machine than this one (${hostName}), whose disk, clock and ports say ` +
        "nothing about it; run doctor there",
    };
  }
  if (status.state_dir === stateDir) return { what, verdict: "good", text: whose };
  return {
    what,
    verdict: "bad",
    text:
      `the daemon that answers is another one (${whose}; this configuration has ${stateDir}), so nothing is ` +
      "judged by it: name its own configuration with --env FILE, or end one of the two",
  };
}

/** A listener that the configuration wants. */
export interface WantedListener {
  readonly what: string;
  /** The service of the daemon that listens there. */
  readonly service: "dashboard" | "nut_server" | "broker_link";
  readonly address: string;
  /** Why nobody can be reached there; absent: somebody listens. */
  readonly error?: string;
  /** Absent: not known here. */
  readonly owner?: PortOwner;
}

/**
 * @param status Of this configuration's own daemon; absent: it says nothing at the broker
 * @param holder Who holds this configuration's state directory
 */
export function examineListener(
  { what, service, address, error, owner }: WantedListener,
  status: OrchestratorStatus | undefined,
  holder: StateHolder,
): Finding {
  const port = address.slice(address.lastIndexOf(":") + 1);
  const who = owner
    ? `${owner.name}, process ${owner.pid}`
    : `who it is says: sudo ss -ltnp "sport = :${port}"`;
  const taken = (why: string): Finding => ({
    what,
    verdict: "bad",
    text: `another program listens at ${address} (${who}), ${why}: end it, or choose another port`,
  });
  if (error !== undefined) {
    return { what, verdict: "bad", text: `does not listen at ${address}: ${error}` };
  }
  if (status?.online !== true) {
    if (holder.kind === "free") return taken("for the daemon does not run");
    const isDaemon = owner !== undefined && holder.kind === "taken" && owner.pid === holder.pid;
    if (isDaemon) return { what, verdict: "good", text: `listens at ${address} (${who})` };
    // A broker of its own would have its word.
    if (service === "broker_link" && holder.kind === "taken") {
      return {
        what,
        verdict: "bad",
        text: `the daemon's own broker cannot be there: ${foreignBrokerText(Number(port))}`,
      };
    }
    return {
      what,
      verdict: "unsure",
      text: `somebody listens at ${address} (${who}); the daemon does not say whether it does`,
    };
  }
  // On this very machine the kernel knows it better than anybody's word.
  if (owner !== undefined && status.pid !== undefined && owner.pid !== status.pid) {
    return taken(`not the daemon, which is process ${status.pid}`);
  }
  const state = new Map(Object.entries(status.services ?? {})).get(service);
  if (state !== undefined && state.state !== "ready") {
    return taken(`and the daemon's ${service} is ${state.state}`);
  }
  return { what, verdict: "good", text: `listens at ${address}${owner ? ` (${who})` : ""}` };
}

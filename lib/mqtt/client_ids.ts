/**
 * Client ids at the broker. Whoever connects with the id of another throws it out. So an id has a part that only its owner can make,
 * from a secret that it has anyway. Nothing need be stored, and the id is the same at every start.
 */
import { hmacSha256Hex } from "../text/sha256.ts";

/** The daemon's id when the owner names none. */
export const DAEMON_CLIENT_ID = "ecoflow-power";

function withSecretPart(id: string, secret: string | undefined, what: readonly string[]): string {
  if (secret === undefined || secret === "") return id;
  return `${id}-${hmacSha256Hex(secret, JSON.stringify([id, ...what])).slice(0, 16)}`;
}

/**
 * The daemon's: the same for two daemons of one configuration, so that the broker lets only one of them speak.
 *
 * @param id What the owner names, which is used as it is, or {@link DAEMON_CLIENT_ID}
 * @param secret The password at the broker, or else the agents' keys; absent: whoever reaches the broker may do anything
 */
export function daemonClientId(id: string, secret: string | undefined): string {
  return id === DAEMON_CLIENT_ID ? withSecretPart(id, secret, []) : id;
}

/**
 * An agent's: another one on each machine and after each start of it, so that two hosts with one name and key (a cloned
 * disk) both stay connected and both hear their commands.
 *
 * @param keyHex Absent: the agent has no key
 * @param bootId As in `HostTime`
 */
export function agentClientId(agent: string, keyHex: string | undefined, bootId: string): string {
  return withSecretPart(`ecoflow-agent-${agent}`, keyHex, [bootId]);
}

/** What a status says of the start of its host: the same until the next, and telling nothing of the machine. */
export function bootMark(bootId: string): string {
  return hmacSha256Hex("boot", bootId).slice(0, 16);
}

/** Which hosts lie inside a house's own network, so that plain HTTP to them leaves no house. Pure. */
import { ipFamily } from "./text/ip_family.ts";
import { plainAddress } from "./text/plain_address.ts";
import { isThisMachine } from "./this_machine.ts";

const PRIVATE_V4 = [/^10\./, /^192\.168\./, /^169\.254\./, /^172\.(1[6-9]|2\d|3[01])\./];
/** The endings that are kept for private networks. */
const PRIVATE_NAME = /\.(local|lan|internal|home\.arpa)$/i;

/** Whether a host, a name or an address without brackets, is this machine or lies in a private network. */
export function isPrivateHost(host: string): boolean {
  if (isThisMachine(host)) return true;
  switch (ipFamily(host)) {
    case 4:
      return PRIVATE_V4.some((pattern) => pattern.test(host));
    case 6: {
      const plain = plainAddress(host);
      if (plain !== host) return isPrivateHost(plain);
      return /^f[cd][0-9a-f]{2}:/i.test(host) || /^fe[89ab][0-9a-f]:/i.test(host);
    }
    default:
      return PRIVATE_NAME.test(host);
  }
}

/** Whether a host's name or address means this machine, whatever it is called. Pure. */
import { ipFamily } from "./text/ip_family.ts";

/**
 * `localhost`, 127.0.0.0/8 and `::1` in every spelling, IPv4 within IPv6 and brackets included. False for `0.0.0.0` and `::`, which
 * mean every address, and for this machine's own name: what listens there is reached from elsewhere, too.
 */
export function isThisMachine(host: string): boolean {
  const bare = /^\[(.*)\]$/.exec(host)?.[1] ?? host;
  if (!/^[0-9a-z.:]+$/i.test(bare)) return false;
  const plain = hostnameOf(bare.includes(":") ? `[${bare}]` : bare);
  return plain === "localhost" || plain === "[::1]" || (ipFamily(plain) === 4 && plain.startsWith("127.")) ||
    /^\[::ffff:7f[0-9a-f]{2}:[0-9a-f]{1,4}\]$/.test(plain);
}

/** In the one spelling that addresses of the web have; empty: it is none. */
function hostnameOf(host: string): string {
  try {
    return new URL(`http://${host}`).hostname.replace(/\.$/, "");
  } catch {
    return "";
  }
}

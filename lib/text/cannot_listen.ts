/** Why an address cannot be listened at, and what to do. */
import { errorText } from "../errors.ts";

/** What was tried. */
export interface WantedAddress {
  /** What would listen: `the dashboard`. */
  readonly what: string;
  readonly host: string;
  readonly port: number;
  /** The key that says the address, and the one that says the port; often the same. */
  readonly keys: { readonly address: string; readonly port: string };
  /** A further way out; absent: there is none. */
  readonly or?: string;
}

/** One sentence: what, where, why, and the cure. */
export function cannotListenText(wanted: WantedAddress, error: unknown): string {
  const { what, host, port, keys, or } = wanted;
  const start = `Cannot start ${what} at ${host}:${port}: `;
  const ways = (cure: string) => start + cure + (or === undefined ? "" : `, or ${or}`);
  switch (codeOf(error)) {
    case "EADDRINUSE":
      return ways(
        `another program listens there (who: sudo ss -ltnp "sport = :${port}"): end it, or set ${keys.port} to ` +
          "another port",
      );
    case "EADDRNOTAVAIL":
      return ways(`this machine has no such address: set ${keys.address} to one of its own (ip address)`);
    case "EACCES":
      return ways(
        `a program without root's rights may not use this port: set ${keys.port} to one above 1023`,
      );
    default:
      return ways(`${errorText(error)}; see ${keys.address}`);
  }
}

/** Node's code, or that of Deno's own classes. */
function codeOf(error: unknown): string | undefined {
  if (error instanceof Deno.errors.AddrInUse) return "EADDRINUSE";
  if (error instanceof Deno.errors.AddrNotAvailable) return "EADDRNOTAVAIL";
  if (error instanceof Deno.errors.PermissionDenied) return "EACCES";
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}

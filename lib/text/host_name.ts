/** Which texts name a host, and how such a one stands in a permission. Pure. */
import { ipFamily } from "./ip_family.ts";

const LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?";
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`);

/** A host name of at most 253 characters, or an address without zone and brackets; no port behind it. */
export function isHost(text: string): boolean {
  if (text.includes(":")) return !text.includes("%") && ipFamily(text) === 6;
  return text.length <= 253 && NAME.test(text);
}

/** `host:port` as the runtime's permissions want it; for what is no host the start would fail with all services. */
export function netTarget(host: string, port: number): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

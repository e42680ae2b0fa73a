/**
 * Whether a request names us, by its Host and Origin headers. A page of somebody else can make a browser resolve its own
 * name to our address (DNS rebinding), but the browser then still says that name. An IP address cannot be rebound. Pure.
 */

/** Whether the Host header is one by which browsers may reach us. */
export function isOwnHost(host: string | undefined, names: readonly string[]): boolean {
  const match = /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::\d{1,5})?$/.exec(host?.toLowerCase() ?? "");
  const name = match?.[1];
  if (name === undefined) return false;
  return name.startsWith("[") || name === "localhost" || isIpv4(name) || names.includes(name);
}

/**
 * Whether a wish comes from our own page: browsers send the origin with every POST, and no page can change it.
 *
 * @param origin The Origin header; absent is refused
 * @param host The Host header, already found right
 */
export function isOwnOrigin(origin: string | undefined, host: string, isTls: boolean): boolean {
  return origin?.toLowerCase() === `${isTls ? "https" : "http"}://${host.toLowerCase()}`;
}

function isIpv4(name: string): boolean {
  const parts = name.split(".");
  return parts.length === 4 && parts.every((part) => /^\d{1,3}$/.test(part) && Number(part) <= 255);
}

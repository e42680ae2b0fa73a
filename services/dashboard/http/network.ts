/** Which addresses are one client's. Pure. */

/** The address itself; of IPv6 the /64, as one client has a whole one to come from. */
export function networkOf(address: string): string {
  if (!address.includes(":")) return address;
  const [head = "", tail] = address.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  const missing = 8 - groups.length - (tail?.split(":").filter((group) => group !== "").length ?? 0);
  return [...groups, ...(tail === undefined ? [] : Array(Math.max(0, missing)).fill("0"))].slice(0, 4).join(
    ":",
  );
}

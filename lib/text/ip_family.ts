/** Which texts are addresses of the internet. Pure. */

const V4_PART = "(?:25[0-5]|2[0-4]\\d|1\\d\\d|[1-9]?\\d)";
const V4 = new RegExp(`^${V4_PART}(?:\\.${V4_PART}){3}$`);

/** 4 or 6 for an address, also one of IPv6 with a zone (`fe80::1%eth0`), without brackets; 0 for anything else. */
export function ipFamily(text: string): 0 | 4 | 6 {
  if (V4.test(text)) return 4;
  const [, address] = /^([^%]+)(?:%[\dA-Za-z.:-]+)?$/.exec(text) ?? [];
  return address !== undefined && isV6(address) ? 6 : 0;
}

function isV6(address: string): boolean {
  const halves = address.split("::");
  const groups = halves.flatMap((half) => half === "" ? [] : half.split(":"));
  const last = address.endsWith("::") ? undefined : groups.at(-1);
  const endsAsV4 = last !== undefined && V4.test(last);
  if (!groups.every((group, at) => /^[\da-f]{1,4}$/i.test(group) || (endsAsV4 && at === groups.length - 1))) {
    return false;
  }
  const count = groups.length + (endsAsV4 ? 1 : 0);
  return halves.length === 1 ? count === 8 : halves.length === 2 && count <= 7;
}

/** Lists of client addresses and networks. Pure. */
import { ipFamily } from "../../../lib/text/ip_family.ts";

/** Why a text is no address or network, or undefined when it is one. */
export function networkProblem(text: string): string | undefined {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = address.includes("%") ? 0 : ipFamily(address);
  const longest = family === 4 ? 32 : 128;
  if (
    family === 0 || rest.length > 0 ||
    (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest))
  ) return `must be an address or a network such as 192.168.1.0/24, found "${text}"`;
  return undefined;
}

/** A network, as the bits that its addresses begin with. */
interface Network {
  readonly family: 4 | 6;
  readonly prefix: number;
  readonly bits: bigint;
}

const LONGEST = { 4: 32, 6: 128 } as const;
/** `::ffff:0:0/96` holds all of IPv4. */
const MAPPED = 0xffffn;
const MAPPED_BITS = 96;

/** Answers whether an address belongs to one of some networks. */
export class AddressList {
  readonly #networks: readonly Network[];

  /** @param networks Each without a {@link networkProblem} */
  constructor(networks: readonly string[]) {
    this.#networks = networks.flatMap((network) => {
      const [address = "", written] = network.split("/");
      const family = ipFamily(address);
      if (family === 0) return [];
      const prefix = written === undefined ? LONGEST[family] : Number(written);
      return { family, prefix, bits: numberOf(address, family) >> BigInt(LONGEST[family] - prefix) };
    });
  }

  /** An address of IPv4 is the same as its mapping into IPv6. A zone does not count. @param address Without a port and brackets */
  has(address: string): boolean {
    const family = ipFamily(address);
    if (family === 0) return false;
    const number = numberOf(address, family);
    const asV6 = family === 6 ? number : MAPPED << 32n | number;
    const asV4 = asV6 >> 32n === MAPPED ? asV6 & 0xffffffffn : undefined;
    return this.#networks.some(({ family: itsFamily, prefix, bits }) => {
      if (itsFamily === 4) return asV4 !== undefined && asV4 >> BigInt(32 - prefix) === bits;
      // All of IPv6 is not meant to have IPv4 in it.
      return (family === 6 || prefix >= MAPPED_BITS) && asV6 >> BigInt(128 - prefix) === bits;
    });
  }
}

/** An address as one number of 32 or 128 bits. */
function numberOf(address: string, family: 4 | 6): bigint {
  if (family === 4) return address.split(".").reduce((sum, part) => sum << 8n | BigInt(part), 0n);
  const [plain = ""] = address.split("%");
  const [before = [], after] = plain.split("::").map((half) =>
    half === "" ? [] : half.split(":").flatMap(groupsOf)
  );
  const missing = 8 - before.length - (after ?? []).length;
  const groups = after === undefined ? before : [...before, ...Array<bigint>(missing).fill(0n), ...after];
  return groups.reduce((sum, group) => sum << 16n | group, 0n);
}

/** The groups of 16 bits of a part between colons: one, or two where it is written as IPv4. */
function groupsOf(part: string): bigint[] {
  if (!part.includes(".")) return [BigInt(`0x${part}`)];
  const number = numberOf(part, 4);
  return [number >> 16n, number & 0xffffn];
}

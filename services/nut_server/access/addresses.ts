/** Lists of client addresses and networks. Pure. */
import { BlockList, isIP } from "node:net";

/** Why a text is no address or network, or undefined when it is one. */
export function networkProblem(text: string): string | undefined {
  const [address = "", prefix, ...rest] = text.split("/");
  const family = isIP(address);
  const longest = family === 4 ? 32 : 128;
  if (
    family === 0 || rest.length > 0 ||
    (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= longest))
  ) return `must be an address or a network such as 192.168.1.0/24, found "${text}"`;
  return undefined;
}

/** `::ffff:192.168.1.2`, as a socket that serves both families says it, becomes `192.168.1.2`. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  return mapped?.[1] ?? address;
}

/** Answers whether an address belongs to one of some networks. */
export class AddressList {
  readonly #list = new BlockList();

  /** @param networks Each without a {@link networkProblem} */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = "", prefix] = network.split("/");
      const family = isIP(address) === 6 ? "ipv6" : "ipv4";
      if (prefix === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(prefix), family);
    }
  }

  /** @param address As {@link plainAddress} gives it */
  has(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? "ipv6" : "ipv4");
  }
}

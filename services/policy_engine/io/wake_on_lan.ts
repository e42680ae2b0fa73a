/** Switches hosts on over the network: the magic packet of Wake-on-LAN. */

/**
 * Sends the packet for a hardware address; resolves when it is on its way, which is no proof that anybody heard it.
 *
 * @param address Where to, IPv4; to every network of this machine when absent
 */
export type Wake = (mac: string, address?: string) => Promise<void>;

/** UDP port 9 (discard), as is the custom. */
export const WAKE_PORT = 9;
/** Every host of the network that the default route leads to. */
export const EVERYBODY = "255.255.255.255";
/** The networks of houses: the worker may send to their broadcast addresses, and to no others but those that are named. */
export const HOUSE_NETWORKS: readonly string[] = [
  "10.0.0.0/8",
  "172.16.0.0/12",
  "192.168.0.0/16",
  "169.254.0.0/16",
  "100.64.0.0/10",
];

/** What the system says of one address of ours. */
export interface OwnAddress {
  readonly family: string;
  readonly address: string;
  readonly netmask: string;
}

/** The broadcast address of each network that we are on, each once; point-to-point links have none. */
export function broadcastsOf(addresses: readonly OwnAddress[]): string[] {
  const found = addresses.flatMap(({ family, address, netmask }) => {
    if (family !== "IPv4" || address.startsWith("127.")) return [];
    const [own, mask] = [bytesOf(address), bytesOf(netmask)];
    const isPointToPoint = mask.slice(0, 3).every((byte) => byte === 255) && (mask[3] ?? 0) >= 254;
    if (own.length !== 4 || mask.length !== 4 || isPointToPoint) return [];
    return [own.map((byte, i) => byte | (255 - (mask[i] ?? 0))).join(".")];
  });
  return [...new Set(found)];
}

function bytesOf(address: string): number[] {
  return address.split(".").map(Number).filter((byte) => byte >= 0 && byte <= 255);
}

/** 6 bytes of 255, then the address 16 times: 102 bytes. @param mac Six hex pairs with ":" or "-" between them */
export function magicPacket(mac: string): Uint8Array {
  const address = mac.split(/[:-]/).map((pair) => parseInt(pair, 16));
  if (address.length !== 6 || address.some((byte) => !(byte >= 0 && byte <= 255))) {
    throw new RangeError(`Cannot wake "${mac}": must be six hex pairs`);
  }
  return Uint8Array.from([...Array(6).fill(255), ...Array(16).fill(address).flat()]);
}

/** What the real thing needs of the system. */
export interface WakeParts {
  /** Our addresses now: networks come and go. @throws when the system does not say */
  readonly ownAddresses: () => readonly OwnAddress[];
  readonly port: number;
}

const SYSTEM: WakeParts = { ownAddresses: () => Deno.networkInterfaces(), port: WAKE_PORT };

/** The real thing; needs `net` for 0.0.0.0:0 and the targets, and `sys` for our addresses. */
export function udpWake({ ownAddresses, port }: WakeParts = SYSTEM): Wake {
  return async (mac, address) => {
    const packet = magicPacket(mac);
    const targets = address === undefined ? [...networksOf(ownAddresses), EVERYBODY] : [address];
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
    try {
      const sent = await Promise.allSettled(
        targets.map((hostname) => socket.send(packet, { transport: "udp", hostname, port })),
      );
      // One network that is down must not keep the packet from the others.
      const failed = sent.filter((one) => one.status === "rejected");
      if (failed.length === sent.length) throw failed[0]?.reason;
    } finally {
      socket.close();
    }
  };
}

function networksOf(ownAddresses: () => readonly OwnAddress[]): string[] {
  try {
    return broadcastsOf(ownAddresses());
  } catch {
    // The system does not say: the default route is left.
    return [];
  }
}

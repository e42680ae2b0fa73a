/** Switches hosts on over the network: the magic packet of Wake-on-LAN. */

/** Sends the packet for a hardware address; resolves when it is on its way, which is no proof that anybody heard it. */
export type Wake = (mac: string) => Promise<void>;

/** Where packets go: every host of the network that the Pi is on, UDP port 9 (discard), as is the custom. */
export const WAKE_TARGET = { hostname: "255.255.255.255", port: 9 } as const;

/** 6 bytes of 255, then the address 16 times: 102 bytes. @param mac Six hex pairs with ":" or "-" between them */
export function magicPacket(mac: string): Uint8Array {
  const address = mac.split(/[:-]/).map((pair) => parseInt(pair, 16));
  if (address.length !== 6 || address.some((byte) => !(byte >= 0 && byte <= 255))) {
    throw new RangeError(`Cannot wake "${mac}": must be six hex pairs`);
  }
  return Uint8Array.from([...Array(6).fill(255), ...Array(16).fill(address).flat()]);
}

/** The real thing; needs `net` for 0.0.0.0:0 and the target. @param target {@link WAKE_TARGET} when absent */
export function udpWake(target: { readonly hostname: string; readonly port: number } = WAKE_TARGET): Wake {
  return async (mac) => {
    const socket = Deno.listenDatagram({ transport: "udp", hostname: "0.0.0.0", port: 0 });
    try {
      await socket.send(magicPacket(mac), { transport: "udp", ...target });
    } finally {
      socket.close();
    }
  };
}

/** One way to write an address of IPv4. Pure. */

/** `::ffff:192.168.1.2`, as a socket that serves both families says it, becomes `192.168.1.2`; all else stays as it is. */
export function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/** Tries the ports that the configuration wants, and finds out who listens there. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { errorText } from "../../lib/errors.ts";
import type { WantedListener } from "./examine_identity.ts";
import { ownerOfPort } from "./port_owner.ts";

/** NUT server and dashboard; not one at port 0, which is any free one. */
export async function wantedListeners({ nut, dashboard }: HouseConfig): Promise<WantedListener[]> {
  const wanted = [
    ...(nut
      ? [{ what: "NUT server", service: "nut_server" as const, hostname: nut.listenHost, port: nut.port }]
      : []),
    ...(dashboard
      ? [{ what: "dashboard", service: "dashboard" as const, hostname: dashboard.host, port: dashboard.port }]
      : []),
  ];
  return await Promise.all(
    wanted.filter(({ port }) => port !== 0).map(async ({ what, service, hostname, port }) => {
      const address = `${hostname}:${port}`;
      try {
        // "Every address" is no place to connect to.
        const target = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "::" ? "::1" : hostname;
        (await Deno.connect({ hostname: target, port })).close();
        return { what, service, address, owner: ownerOfPort(port) };
      } catch (error) {
        return { what, service, address, error: errorText(error) };
      }
    }),
  );
}

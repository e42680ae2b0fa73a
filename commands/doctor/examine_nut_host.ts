/** Looks at a host that shuts down through a NUT client: whether one is logged in. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { Finding } from "../../lib/findings.ts";
import type { AgentStatus } from "../../lib/messages/agent/status.ts";
import { parseNutConfig } from "../../services/nut_server/access/config.ts";
import { hostsOf } from "../../services/nut_server/slice.ts";

/** What to do when a client is not there. */
const ADVICE =
  "start its client (docs/nut.md has a page for each kind); to see who was refused, and why, look at: " +
  'journalctl -u ecoflow-power -g "LOGIN REFUSED"';

/** The hosts of nut.toml, each with the stations of its UPS entries; none without a NUT server. */
export function nutStationsByHost({ nut }: Pick<HouseConfig, "nut">): ReadonlyMap<string, readonly string[]> {
  if (nut === undefined) return new Map();
  const config = parseNutConfig(nut.text, nut.source);
  return new Map(
    hostsOf(config).map((name) =>
      [name, config.upses.filter(({ host }) => host === name).map(({ device }) => device)] as const
    ),
  );
}

/**
 * @param status What the NUT server last said of the host; absent: nothing since its start
 * @param refusal Why its client was refused; absent: it was not
 */
export function examineNutHost(host: string, status: AgentStatus | undefined, refusal?: string): Finding {
  const what = `host ${host}`;
  if (status?.online && status.going_down !== true) {
    return { what, verdict: "good", text: `NUT client logged in, ${status.os ?? "NUT client"}` };
  }
  if (status?.going_down === true) {
    const text = status.online
      ? "its NUT client has left to shut down; it counts as down when its down_after_s is over"
      : "it is switched off: its NUT client left after the forced shutdown";
    return { what, verdict: "unsure", text };
  }
  if (refusal !== undefined) {
    const text =
      `its NUT client was refused: ${refusal}: correct that there, or in NUT_CONFIG_FILE (docs/nut.md)`;
    return { what, verdict: "bad", text };
  }
  const found = status ? "is logged in, so a shutdown would not reach it" : "has logged in yet";
  return { what, verdict: "bad", text: `no NUT client of it ${found}: ${ADVICE}` };
}

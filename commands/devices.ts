/** `ecoflow-power devices`: the stations, as the running daemon sees them, or as the account has them. */
import { NoDaemonError } from "./broker/living_daemon.ts";
import { hearOwnDaemon } from "./broker/own_daemon.ts";
import { failureOf } from "./broker/no_broker.ts";
import { parseArgs } from "node:util";
import type { HouseConfig } from "../lib/config/load.ts";
import { errorText } from "../lib/errors.ts";
import type { PowerState } from "../lib/messages/power_state.ts";
import { findModel } from "../services/soc_bridge/models/models.ts";
import { askAccount } from "./terminal/ask_account.ts";
import { complain, EXIT, print } from "./command.ts";
import { ageOfState, type BrokerSnapshot, freshReadingsNow } from "./broker/broker_snapshot.ts";
import { readConfig } from "./read_config.ts";
import { table } from "./terminal/text_table.ts";
import { own } from "../lib/own.ts";

/** Runs it. @returns the exit code */
export async function devices(args: readonly string[]): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: { env: { type: "string" }, cloud: { type: "boolean", default: false } },
    }));
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const config = readConfig(values.env === undefined ? [] : ["--env", values.env]);
  if (typeof config === "number") return config;
  const { house } = config;
  try {
    if (values.cloud && !house.cloud.app && !house.cloud.open) {
      const text =
        "there is no account: ECOFLOW_USER and ECOFLOW_PASS are not set; run: sudo ecoflow-power setup";
      return complain(`Cannot list the stations: ${text}\n`, EXIT.no);
    }
    if (values.cloud) return print(accountText(await askAccount(house.cloud, house.stateDir), house));
    const words = await hearOwnDaemon(house, "devices");
    return print(housesText(words, house, Date.now()));
  } catch (error) {
    const { text, code } = failureOf(error, house);
    const isGone = error instanceof NoDaemonError && house.cloud.enabled;
    const other = isGone ? "; or ask the account: ecoflow-power devices --cloud" : "";
    return complain(`Cannot list the stations: ${text}${other}\n`, code);
  }
}

/** The stations as the daemon sees them. What is not known, or too old to be believed, is a dash. */
export function housesText(words: BrokerSnapshot, house: HouseConfig, nowWallMs: number): string {
  const known = words.list?.stations ?? house.stations;
  const rows = known.map(({ sn, name }) => {
    const device = name ?? sn;
    const state = words.states.get(device);
    const ageSec = state && ageOfState(state, nowWallMs);
    const isLive = state !== undefined && state.link === "live" && ageSec !== undefined &&
      ageSec <= house.staleAfterSec;
    const fresh = isLive ? freshReadingsNow(state, nowWallMs, house.staleAfterSec) : {};
    const untold = isLive && state.grid_unknown ? "UNKNOWN" : "–";
    const grid = fresh.grid_connected === undefined ? untold : fresh.grid_connected ? "there" : "GONE";
    return [
      device,
      sn,
      modelText(sn, state),
      state === undefined ? "silent" : isLive ? "live" : state.link === "live" ? "stale" : state.link ?? "–",
      ageSec === undefined ? "–" : `${Math.round(ageSec)} s`,
      fresh.soc === undefined ? "–" : `${fresh.soc} %`,
      grid ?? "–",
      (own(house.agentsByStation, device) ?? []).join(", ") || "–",
    ];
  });
  if (rows.length === 0) return "The daemon knows of no station yet.\n";
  return `${table(["station", "serial number", "model", "link", "age", "charge", "grid", "hosts"], rows)}\n`;
}

function modelText(sn: string, state: PowerState | undefined): string {
  const model = state?.model ?? findModel(sn)?.model ?? "unknown";
  return state?.model_guess ? `${model} (a guess)` : model;
}

/** The stations of the account, watched or not. */
export function accountText(
  stations: readonly { readonly sn: string; readonly name?: string; readonly online?: boolean }[],
  house: HouseConfig,
): string {
  if (stations.length === 0) return "The account has no station: bind one in EcoFlow's app.\n";
  const rows = stations.map(({ sn, name, online }) => [
    name ?? "–",
    sn,
    findModel(sn)?.model ?? "unknown",
    online === undefined ? "–" : online ? "yes" : "no",
    house.stations.length === 0 || house.stations.some((station) => station.sn === sn) ? "yes" : "no",
  ]);
  return `${table(["name in the app", "serial number", "model", "online", "watched"], rows)}\n`;
}

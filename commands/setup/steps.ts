/** The steps that both ways of setting up share: each tells what it did, or throws what to do. */
import { hostname } from "node:os";
import type { HouseConfig } from "../../lib/config/load.ts";
import type { AccountStation } from "../../services/cloud_bridge/api/cloud_api.ts";
import { findModel } from "../../services/soc_bridge/models/models.ts";
import { logIn } from "../terminal/ask_account.ts";
import { KeyDesk } from "../keys.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { table } from "../terminal/text_table.ts";
import {
  acceptedHostKeys,
  type AccountAnswer,
  type CableAnswer,
  dashboardKeys,
  type Region,
  regionKeys,
  type StationAnswer,
  stationKeys,
} from "./answers.ts";
import { cablesAlone } from "./cables_before.ts";
import type { Draft } from "./draft.ts";
import { watchTrial } from "./trial.ts";
import { SetupError } from "./setup_error.ts";
import { type StationSight, stationWords } from "./probe_result.ts";

/** Puts the account into the draft. */
export function putAccount(draft: Draft, account: AccountAnswer, region: Region): void {
  // A new account's region is found out anew.
  const none = { ECOFLOW_USER: undefined, ECOFLOW_ACCESS_KEY: undefined, ECOFLOW_ACCESS_KEY_FILE: undefined };
  draft.set({ ...none, ECOFLOW_CLOUD: undefined, ...regionKeys(region) });
  if (account.kind === "app") {
    draft.set({ ECOFLOW_USER: account.user });
    draft.setSecret("ecoflow_pass", account.pass);
  } else {
    draft.setSecret("ecoflow_access_key", account.accessKey);
    draft.setSecret("ecoflow_secret_key", account.secretKey);
  }
}

/** Another region for the draft's account. */
export function putRegion(draft: Draft, region: Region): void {
  draft.set(regionKeys(region));
}

/** Logs in with the draft's account. @returns its stations @throws Error with what to do */
export async function tryAccount(draft: Draft, terminal: Terminal): Promise<readonly AccountStation[]> {
  const { cloud, stateDir } = draft.house();
  terminal.say("Logging in to EcoFlow's cloud …");
  const { apiHost, stations } = await logIn(cloud, stateDir);
  draft.set(acceptedHostKeys(apiHost, cloud.apiHosts));
  if (!stations) {
    throw new Error("the account accepts us, but its list of stations cannot be read: try again");
  }
  terminal.say(`  ok: ${apiHost} accepts the account; it has ${stations.length} station(s).`);
  if (stations.length === 0) throw new Error("the account has no station: bind one in EcoFlow's app first");
  return stations;
}

/** The stations with numbers, for a person to choose from. */
export function stationChoice(stations: readonly AccountStation[]): string {
  const rows = stations.map(({ sn, name, online }, i) => [
    String(i + 1),
    name ?? "–",
    sn,
    findModel(sn)?.model ?? "unknown to this version",
    online === undefined ? "–" : online ? "yes" : "NO",
  ]);
  return table(["", "name in the app", "serial number", "model", "online"], rows);
}

/** Listens to the stations as the daemon would. @throws SetupError when one of them would not be protected */
export async function tryStations(house: HouseConfig, terminal: Terminal): Promise<void> {
  terminal.say("Listening to the stations, up to 90 s …");
  report(await watchTrial(house), terminal);
}

/** Says what was seen of each station. @throws SetupError when one of them would not be protected */
export function report(probeResult: readonly StationSight[], terminal: Terminal): void {
  for (const probe of probeResult) terminal.say(`  ${stationWords(probe)}`);
  const unfit = probeResult.filter(({ grid, soc }) => grid === undefined || soc === undefined);
  if (unfit.length > 0) {
    throw new SetupError(`${unfit.map(({ device }) => `"${device}"`).join(", ")} cannot be judged yet`);
  }
}

/**
 * Puts the stations and their hosts into the draft.
 *
 * @param byCable Stations that only a cable speaks for; those of before when absent: leaving them out would protect their hosts no more
 */
export function putStations(
  draft: Draft,
  stations: readonly StationAnswer[],
  byCable: readonly CableAnswer[] = cablesAlone(draft, stations),
): void {
  draft.set(stationKeys(stations, byCable));
}

/** Puts the dashboard into the draft. */
export function putDashboard(draft: Draft, listen: string, password: string): void {
  draft.set(dashboardKeys(listen, hostname()));
  draft.setPassword(password);
}

/** Gives each host without a key one, and says the pairing lines. @returns whether all is well */
export function pairHosts(house: HouseConfig, root: string, terminal: Terminal): boolean {
  const desk = new KeyDesk(house, { root, isLoopbackTold: true });
  let isWell = true;
  for (const agent of new Set(Object.values(house.agentsByStation).flat())) {
    if (Object.hasOwn(house.agentKeys, agent)) {
      terminal.say(`\n"${agent}" has a key already. A new line for it: ecoflow-power keys rotate ${agent}`);
      continue;
    }
    const { code, text } = desk.run(["add", agent]);
    terminal.say(`\n${text.replace(/\nIt is in force after:.*$/m, "")}`);
    isWell &&= code === 0;
  }
  return isWell;
}

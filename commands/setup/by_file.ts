/** Setup without questions, from a file: nothing is written unless all of it works. */
import { errorText } from "../../lib/errors.ts";
import { passwordProblem } from "../../services/dashboard/password.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { type FileAnswers, type StationAnswer, stationNameProblem } from "./answers.ts";
import type { Draft } from "./draft.ts";
import { spareMemory } from "./spare_memory.ts";
import { SetupError } from "./setup_error.ts";
import { isCloudTaken } from "./start_service.ts";
import { putAccount, putDashboard, putStations, tryAccount, tryStations } from "./steps.ts";

/**
 * Fills the draft.
 *
 * @param isOffline Nothing is tried: for a machine that is set up before it sees its network
 * @throws Error with what to do
 */
export async function askFile(
  draft: Draft,
  answers: FileAnswers,
  isOffline: boolean,
  terminal: Terminal,
): Promise<void> {
  const { account, region, dashboard, keys } = answers;
  putAccount(draft, account, region);
  draft.set(keys);
  spareMemory(draft, terminal);
  if (dashboard) {
    const problem = passwordProblem(dashboard.password);
    if (problem !== undefined) throw new SetupError(`the dashboard's password ${problem}`);
    putDashboard(draft, dashboard.listen, dashboard.password);
  }
  if (isOffline) {
    if (!answers.stations) {
      throw new SetupError("--offline needs the stations in the file: nobody is asked for them");
    }
    putStations(draft, named(answers.stations, []));
    draft.house();
    return terminal.say("Offline: neither the account nor the stations were tried.");
  }
  const known = await tryAccount(draft, terminal);
  const missing = (answers.stations ?? []).filter(({ sn }) => !known.some((one) => one.sn === sn));
  if (missing.length > 0) {
    throw new SetupError(
      `the account does not have ${missing.map(({ sn }) => sn).join(", ")}: it has ` +
        known.map(({ sn }) => sn).join(", "),
    );
  }
  putStations(draft, named(answers.stations ?? known.map(({ sn }) => ({ sn, hosts: [] })), known));
  const house = draft.house();
  if (await isCloudTaken(house)) {
    return terminal.say(
      "The daemon is connected to the cloud now; the stations are tried after its restart.",
    );
  }
  try {
    await tryStations(house, terminal);
  } catch (error) {
    throw new SetupError(`${errorText(error)}; --offline writes it all the same`, { cause: error });
  }
}

/** A station without a name of its own has the app's, where that can be one, else its serial number. */
function named(
  stations: readonly { readonly sn: string; readonly name?: string; readonly hosts: readonly string[] }[],
  known: readonly { readonly sn: string; readonly name?: string }[],
): StationAnswer[] {
  return stations.map(({ sn, name, hosts }) => {
    const inApp = known.find((one) => one.sn === sn)?.name;
    const usable = inApp !== undefined && stationNameProblem(inApp) === undefined ? inApp : undefined;
    return { sn, name: name ?? usable ?? sn, hosts };
  });
}

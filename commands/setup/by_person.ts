/** Setup as a talk: each answer is tried at once, and asked for again when it does not work. */
import { agentNameProblem } from "../../lib/config/stations.ts";
import { errorText } from "../../lib/errors.ts";
import type { AccountStation } from "../../services/cloud_bridge/api/cloud_api.ts";
import { passwordProblem } from "../../services/dashboard/password.ts";
import { askYes, NoAnswerError, type Terminal } from "../terminal/terminal.ts";
import { findUpses } from "../cable/local_nut.ts";
import { type CableAnswer, type StationAnswer, stationNameProblem } from "./answers.ts";
import { askAccount, askRegion, wrongAnswerOf } from "./ask_account.ts";
import { askCables } from "./ask_cables.ts";
import { cablesOf } from "./cables_before.ts";
import { askUntil } from "./questions.ts";
import { SetupError } from "./setup_error.ts";
import type { Draft } from "./draft.ts";
import { spareMemory } from "./spare_memory.ts";
import { putDashboard, putRegion, putStations, stationChoice, tryStations } from "./steps.ts";
import { isCloudTaken } from "./start_service.ts";
import { own } from "../../lib/own.ts";

/** Fills the draft. @returns false when the person does not want it written */
export async function askPerson(draft: Draft, terminal: Terminal): Promise<boolean> {
  const hostsBefore = draft.hostsBefore();
  terminal.say("1. EcoFlow account");
  const known = await askAccount(draft, terminal);
  terminal.say("\n2. Power stations");
  terminal.say(stationChoice(known));
  const stations = await askStations(known, terminal);
  putStations(draft, stations.map((station) => ({ ...station, hosts: [] })));
  await tryUntilWell(draft, terminal);
  await askCables(draft, stations, await findUpses(), terminal);
  terminal.say("\n3. Hosts");
  terminal.say(
    "Computers with the agent, by a name of your choice, such as study-pc. A NAS needs none: docs/nut.md.",
  );
  const withHosts: StationAnswer[] = [];
  for (const station of stations) {
    const hosts = await askHosts(station.name, own(hostsBefore, station.name) ?? [], terminal);
    withHosts.push({ ...station, hosts });
  }
  const byCable: CableAnswer[] = [];
  for (const { entry: { device } } of cablesOf(draft.house()).cables) {
    if (stations.some(({ sn, name }) => device === name || device === sn)) continue;
    const hosts = await askHosts(device, own(hostsBefore, device) ?? [], terminal);
    byCable.push({ name: device, hosts });
  }
  putStations(draft, withHosts, byCable);
  await askCharge(draft, terminal);
  terminal.say("\n4. Dashboard");
  await askDashboard(draft, terminal);
  spareMemory(draft, terminal);
  draft.house();
  return await askYes(terminal, `\nWrite ${draft.envPath}`, true);
}

async function askStations(
  known: readonly AccountStation[],
  terminal: Terminal,
): Promise<{ readonly sn: string; readonly name: string }[]> {
  const chosen = await askUntil(
    () => terminal.ask("Which shall be watched? Their numbers with commas", "all"),
    (text) => {
      if (text === "all") return known;
      const numbers = splitList(text).map(Number);
      if (numbers.length === 0) return "must be numbers of the list, or all";
      const picked = [...new Set(numbers)].map((number) => known[number - 1]);
      return picked.includes(undefined)
        ? `must be numbers from 1 to ${known.length}, or all`
        : picked.filter((one) => one !== undefined);
    },
    terminal,
  );
  const named: { sn: string; name: string }[] = [];
  for (const { sn, name } of chosen) {
    const preset = name !== undefined && stationNameProblem(name) === undefined ? name : sn;
    const own = await askUntil(
      () => terminal.ask(`Name of ${sn} in topics and messages`, preset),
      (text) => {
        const problem = stationNameProblem(text);
        if (problem !== undefined) return problem;
        return named.some((one) => one.name === text) ? "must not be another station's" : { text };
      },
      terminal,
    );
    named.push({ sn, name: own.text });
  }
  return named;
}

async function tryUntilWell(draft: Draft, terminal: Terminal): Promise<void> {
  for (;;) {
    try {
      const house = draft.house();
      if (await isCloudTaken(house)) {
        return terminal.say(
          "The daemon is connected to the cloud now; the stations are tried after its restart.",
        );
      }
      return await tryStations(house, terminal);
    } catch (error) {
      terminal.say(`  ${errorText(error)}.`);
      if (await askYes(terminal, "Try again", true)) {
        const isRegion = error instanceof SetupError && wrongAnswerOf(error.fault) === "region";
        if (isRegion) putRegion(draft, await askRegion(terminal));
        continue;
      }
      if (await askYes(terminal, "Go on all the same", false)) return;
      throw new NoAnswerError("it is not to be tried again");
    }
  }
}

function askHosts(
  station: string,
  before: readonly string[],
  terminal: Terminal,
): Promise<readonly string[]> {
  return askUntil(
    () => terminal.ask(`Hosts on ${station}, with commas`, before.join(", ") || "none"),
    (text) => {
      const hosts = text === "none" ? [] : [...new Set(splitList(text))];
      const wrong = hosts.find((host) => agentNameProblem(host) !== undefined);
      return wrong === undefined ? hosts : `"${wrong}" ${agentNameProblem(wrong)}`;
    },
    terminal,
  );
}

async function askCharge(draft: Draft, terminal: Terminal): Promise<void> {
  const now = String(draft.house().policy.socMinPercent);
  const { text } = await askUntil(
    () => terminal.ask("On battery, shut them down at which charge, in %", now),
    (text) => /^\d+(\.\d+)?$/.test(text) && Number(text) <= 100 ? { text } : "must be a number from 0 to 100",
    terminal,
  );
  if (text !== now) draft.set({ POLICY_SOC_MIN: text });
}

async function askDashboard(draft: Draft, terminal: Terminal): Promise<void> {
  const { dashboard } = draft.house();
  if (dashboard) return terminal.say(`It listens at ${dashboard.host}:${dashboard.port} already.`);
  if (!await askYes(terminal, "Serve the dashboard on your network, at port 8080", true)) return;
  for (;;) {
    const password = await terminal.askSecret("A password for it");
    const problem = passwordProblem(password);
    if (problem !== undefined) terminal.say(`The password ${problem}.`);
    else if (password !== await terminal.askSecret("The same again")) {
      terminal.say("These were not the same.");
    } else return putDashboard(draft, "0.0.0.0:8080", password);
  }
}

function splitList(text: string): string[] {
  return text.split(",").map((one) => one.trim()).filter(Boolean);
}

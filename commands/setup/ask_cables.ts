/** Setup's question about stations by cable: only where a NUT server is on this machine and knows a UPS. */
import type { NutSourceEntry } from "../../lib/config/nut_sources.ts";
import type { FoundUps } from "../cable/local_nut.ts";
import { foundWords, stationOf } from "../cable/cable_words.ts";
import type { Terminal } from "../terminal/terminal.ts";
import { stationNameProblem } from "./answers.ts";
import { isLocal } from "./cables_before.ts";
import type { Draft } from "./draft.ts";
import { askUntil } from "./questions.ts";

/** A UPS that is a station of its own. */
const NEW = "new";
const NONE = "none";

/** As it stands beside a station's name. */
type Entry = Omit<NutSourceEntry, "device">;

/**
 * Asks of each UPS whose cable it is, and puts the answers into the draft. Who has it now is proposed, else the station with its
 * serial number. Cables that are not asked for stay as they are.
 *
 * @param found undefined or empty: nothing is asked, and what the configuration says stays
 */
export async function askCables(
  draft: Pick<Draft, "set" | "cablesBefore">,
  stations: readonly { readonly sn: string; readonly name: string }[],
  found: readonly FoundUps[] | undefined,
  terminal: Pick<Terminal, "ask" | "say">,
): Promise<void> {
  const { cables } = draft.cablesBefore();
  const inFile = cables.filter(({ isInFile }) => isInFile).map(({ entry }) => entry);
  const entries = new Map<string, Entry>();
  for (const { entry: { device, ...entry }, sn, isInFile } of cables) {
    // A station that has another name now keeps its cable.
    const isNamed = device.toUpperCase() !== sn;
    const name = (isNamed && stations.find((one) => one.sn === sn)?.name) || device;
    if (!isInFile) entries.set(name, entry);
  }
  const written = cables.filter(({ isInFile }) => !isInFile)
    .map(({ entry: { device, ...entry } }) => [device, entry] as const);
  const before = textOf(new Map(written));
  const answered = new Set(inFile.map(({ device }) => device));
  for (const one of found ?? []) {
    terminal.say(`  NUT on this machine has ${foundWords(one)}.`);
    const holder = inFile.find((entry) => isLocal(entry, one.ups));
    if (holder) {
      terminal.say(`  It speaks for ${holder.device}, as the policy file says.`);
      continue;
    }
    const now = [...entries].find(([, entry]) => isLocal(entry, one.ups))?.[0];
    const left = stations.map(({ name }) => name).filter((name) => !answered.has(name));
    const choices = [...new Set([...left, ...(now === undefined ? [] : [now]), NEW, NONE])];
    const own = stationOf(one, stations);
    const preset = now ?? (own !== undefined && left.includes(own) ? own : NONE);
    const { text: answer } = await askUntil(
      () => terminal.ask(`Whose cable is it: ${choices.join(", ")}`, preset),
      (text) => choices.includes(text) ? { text } : `must be one of ${choices.join(", ")}, found "${text}"`,
      terminal,
    );
    const taken = [...stations.map(({ name }) => name), ...entries.keys(), ...answered];
    const name = answer === NEW ? await askName(taken, terminal) : answer;
    if (now !== undefined && now !== name) entries.delete(now);
    if (name === NONE) continue;
    answered.add(name);
    if (name === now) continue;
    const sn = stations.find((one) => one.name === name)?.sn;
    for (const other of [...entries.keys()]) if (other.toUpperCase() === sn) entries.delete(other);
    entries.set(name, { ups: one.ups, host: "127.0.0.1", port: 3493 });
  }
  const after = textOf(entries);
  if (after !== before) draft.set({ NUT_SOURCES_JSON: entries.size === 0 ? undefined : after });
}

async function askName(taken: readonly string[], terminal: Pick<Terminal, "ask" | "say">): Promise<string> {
  const { text } = await askUntil(
    () => terminal.ask("Its name as a station of its own, in topics and messages"),
    (text) => {
      const problem = taken.includes(text) ? "must not be another station's" : stationNameProblem(text);
      return problem ?? { text };
    },
    terminal,
  );
  return text;
}

/** What is left out of an entry has its preset. */
function textOf(entries: ReadonlyMap<string, Entry>): string {
  const written = [...entries].map(([name, { host, port, ...entry }]) =>
    [
      name,
      { ...entry, ...(host === "127.0.0.1" ? {} : { host }), ...(port === 3493 ? {} : { port }) },
    ] as const
  );
  return JSON.stringify(Object.fromEntries(written));
}

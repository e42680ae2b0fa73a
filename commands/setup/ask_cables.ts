/** Setup's question about stations by cable: only where a NUT server is on this machine and knows a UPS. */
import type { FoundUps } from "../cable/local_nut.ts";
import { foundWords, stationOf } from "../cable/cable_words.ts";
import type { Terminal } from "../terminal/terminal.ts";
import type { Draft } from "./draft.ts";

/**
 * Asks of each UPS whose cable it is, and puts the answers into the draft. The station with its serial number is proposed.
 *
 * @param found undefined or empty: nothing is asked, and what the configuration says stays
 */
export async function askCables(
  draft: Pick<Draft, "set">,
  stations: readonly { readonly sn: string; readonly name: string }[],
  found: readonly FoundUps[] | undefined,
  terminal: Pick<Terminal, "ask" | "say">,
): Promise<void> {
  const named = new Map<string, { readonly ups: string }>();
  for (const one of found ?? []) {
    terminal.say(`  NUT on this machine has ${foundWords(one)}.`);
    for (;;) {
      const left = stations.map(({ name }) => name).filter((name) => !named.has(name));
      const own = stationOf(one, stations);
      const preset = own !== undefined && left.includes(own) ? own : "none";
      const answer = await terminal.ask(`Whose cable is it: ${[...left, "none"].join(", ")}`, preset);
      if (answer === "none") break;
      if (left.includes(answer)) {
        named.set(answer, { ups: one.ups });
        break;
      }
      terminal.say(`  must be one of ${left.join(", ")}, or none, found "${answer}"`);
    }
  }
  if (named.size > 0) draft.set({ NUT_SOURCES_JSON: JSON.stringify(Object.fromEntries(named)) });
}

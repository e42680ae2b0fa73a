/** `ecoflow-power setup`: from nothing to protected. Asks, or reads the answers from a file, tries them, writes, starts. */
import { plainText } from "../../lib/text/plain_text.ts";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { ConfigError, errorText, InvalidInputError } from "../../lib/errors.ts";
import { ManagedBroker } from "../broker/managed_broker.ts";
import { complain, EXIT } from "../command.ts";
import { ENV_PLACES, envPathOf } from "../read_config.ts";
import { wrap } from "../../lib/text/wrap.ts";
import { fileErrorText } from "../terminal/file_error.ts";
import { installationHere } from "../terminal/installation.ts";
import { typable } from "../../lib/text/typable.ts";
import { parseAnswers } from "./answers.ts";
import { askFile } from "./by_file.ts";
import { askPerson } from "./by_person.ts";
import { Draft } from "./draft.ts";
import { canRestart, requestRestart, watchStart } from "./start_service.ts";
import { pairHosts, report } from "./steps.ts";
import { NoAnswerError, openTerminal, refuseUnanswered, type Terminal } from "../terminal/terminal.ts";

/** Runs it. @returns the exit code */
export async function setup(args: readonly string[]): Promise<number> {
  let values;
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        env: { type: "string" },
        from: { type: "string" },
        offline: { type: "boolean", default: false },
        root: { type: "string", default: "/" },
      },
    }));
    if (values.offline && values.from === undefined) throw new TypeError("--offline needs --from FILE");
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const plain = openTerminal();
  const here = installationHere(values.root);
  const terminal: Terminal = { ...plain, say: (text) => plain.say(wrap(typable(text, here), 80, 2)) };
  try {
    const draft = new Draft(envPathOf(values.env) ?? newEnvPath());
    if (values.from === undefined) {
      if (!await askPerson(draft, terminal)) return complain("Nothing was written.\n", EXIT.no);
    } else {
      const text = plainText(Deno.readTextFileSync(values.from));
      const answers = parseAnswers(text, `"${values.from}"`, (path) => Deno.readTextFileSync(path));
      await askFile(draft, answers, values.offline, terminal);
    }
    return await putInForce(draft, values.root, values.offline, terminal);
  } catch (error) {
    if (error instanceof NoAnswerError) return refuseUnanswered("set up", error);
    const code = error instanceof ConfigError || error instanceof InvalidInputError ? EXIT.config : EXIT.no;
    return complain(`Cannot set up: ${fileErrorText(error)}. Nothing was written.\n`, code);
  }
}

/** The daemon's own broker is for a first look: its hosts are on this machine. */
const LOOPBACK =
  "WRONG: your hosts cannot connect yet. Without MQTT_HOST the daemon's own broker listens on 127.0.0.1 alone, which " +
  "no other computer reaches. Install Mosquitto with a password and TLS (docs/install.md), set MQTT_HOST, MQTT_USER " +
  "and MQTT_PASS, and pair the hosts anew: ecoflow-power keys rotate HOST";

/** Beside the package's files when they are there, else in this directory. */
function newEnvPath(): string {
  const [here, installed] = ENV_PLACES;
  return existsSync("/etc/ecoflow-power") ? installed : here;
}

/** Writes the draft, pairs the hosts, starts the daemon. */
async function putInForce(
  draft: Draft,
  root: string,
  isOffline: boolean,
  terminal: Terminal,
): Promise<number> {
  const sinceWallMs = Date.now();
  try {
    for (const path of await draft.write()) terminal.say(`  wrote ${path}`);
    const house = draft.house();
    const broker = new ManagedBroker(root);
    if (broker.caPem !== undefined && broker.refresh(house)) terminal.say("  wrote the broker's access list");
    const isPaired = pairHosts(house, root, terminal);
    if (Object.values(house.agentsByStation).flat().length === 0 && house.nut === undefined) {
      terminal.say("NOTE: no host is on any station yet, so nobody would be shut down: docs/add-a-host.md");
    }
    if (!canRestart(root)) {
      terminal.say(`\n${typable("Start it: sudo systemctl restart ecoflow-power", installationHere(root))}`);
      if (house.broker === undefined && Object.values(house.agentsByStation).flat().length > 0) {
        terminal.say(LOOPBACK);
      }
      return isPaired ? EXIT.ok : EXIT.no;
    }
    terminal.say("\nStarting the daemon …");
    requestRestart(root);
    const { isReady, stations } = await watchStart(house, sinceWallMs);
    if (!isReady) {
      return complain(
        "The daemon is not ready: see journalctl -u ecoflow-power, and ecoflow-power doctor\n",
        EXIT.no,
      );
    }
    terminal.say("  ok: the daemon is ready.");
    if (!isOffline) report(stations, terminal);
    terminal.say("\nDone. Look at everything at any time: sudo ecoflow-power doctor");
    return isPaired ? EXIT.ok : EXIT.no;
  } catch (error) {
    return complain(
      `Cannot go on: ${fileErrorText(error)}. What is written stays; run setup again.\n`,
      EXIT.no,
    );
  }
}

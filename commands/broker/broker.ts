/** `ecoflow-power broker`: keeps the files of the Mosquitto beside us. Run as root; the package does. */
import { hostname, networkInterfaces } from "node:os";
import { parseArgs } from "node:util";
import { errorText } from "../../lib/errors.ts";
import { fileErrorText } from "../terminal/file_error.ts";
import { complain, EXIT, print } from "../command.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { agentsOf, HOME_ASSISTANT_USER } from "../../services/broker_access.ts";
import { ManagedBroker } from "./managed_broker.ts";
import { readConfig } from "../read_config.ts";
import { bridge, BRIDGE_USAGE } from "./bridge.ts";

const USAGE =
  `Usage: ecoflow-power broker setup [--name NAME]… [--renew] | refresh | login home-assistant | ${BRIDGE_USAGE}`;

/** Runs it. @returns the exit code */
export async function broker(args: readonly string[]): Promise<number> {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options: {
        env: { type: "string" },
        root: { type: "string", default: "/" },
        name: { type: "string", multiple: true },
        renew: { type: "boolean", default: false },
        to: { type: "string" },
        site: { type: "string" },
        user: { type: "string" },
        "pass-file": { type: "string" },
        ca: { type: "string" },
        remove: { type: "boolean" },
      },
      allowPositionals: true,
    });
  } catch (error) {
    return complain(`${errorText(error)}\n${USAGE}\n`, EXIT.usage);
  }
  const { env, root, name, renew, ...bridgeArgs } = parsed.values;
  const [action, ...more] = parsed.positionals;
  const isLogin = action === "login" && more.length === 1 && more[0] === HOME_ASSISTANT_USER;
  const isAlone = (action === "setup" || action === "refresh" || action === "bridge") && more.length === 0;
  if (!isLogin && !isAlone) return complain(`${USAGE}\n`, EXIT.usage);
  const stray = strayOption(action, { name, renew: renew || undefined, ...bridgeArgs });
  if (stray !== undefined) return complain(`Cannot use --${stray} with "${action}"\n${USAGE}\n`, EXIT.usage);
  const config = readConfig(env === undefined ? [] : ["--env", env]);
  if (typeof config === "number") return config;
  const files = new ManagedBroker(root);
  try {
    if (isLogin) return logIn(files, config.house);
    if (action === "bridge") {
      const { code, text } = bridge(config.house, root, bridgeArgs);
      return code === EXIT.ok ? print(`${text}\n`) : complain(`${text}\n`, code);
    }
    if (action === "setup") {
      const made = await files.setUp(config.house, name ?? ownNames(), renew);
      return print(made.length > 0 ? `Made ${made.join(", ")}.\n` : "Everything is there.\n");
    }
    if (files.caPem === undefined) return print("There is no broker of ours here: nothing to do.\n");
    return print(
      files.refresh(config.house) ? "Wrote the access list anew.\n" : "The access list is as it was.\n",
    );
  } catch (error) {
    return complain(
      `Cannot keep the broker's files: ${fileErrorText(error)}\n`,
      EXIT.no,
    );
  }
}

/** An option that this action does not know; undefined: none. */
function strayOption(
  action: string | undefined,
  options: Readonly<Record<string, unknown>>,
): string | undefined {
  const known = action === "setup" ? SETUP_OPTIONS : action === "bridge" ? BRIDGE_OPTIONS : [];
  return Object.entries(options).find(([name, value]) => value !== undefined && !known.includes(name))?.[0];
}

const SETUP_OPTIONS: readonly string[] = ["name", "renew"];
const BRIDGE_OPTIONS: readonly string[] = ["to", "site", "user", "pass-file", "ca", "remove"];

/** A new password for Home Assistant, said once; the one before ends. */
function logIn(files: ManagedBroker, house: HouseConfig): number {
  if (files.caPem === undefined) return complain("There is no broker of ours here\n", EXIT.no);
  if (!house.homeAssistant) {
    return complain("HOME_ASSISTANT_DISCOVERY must be on first, and the daemon restarted\n", EXIT.no);
  }
  if (agentsOf(house).includes(HOME_ASSISTANT_USER)) {
    return complain(
      `Cannot make a login: a host is called "${HOME_ASSISTANT_USER}", and would be locked out; give that host another name\n`,
      EXIT.no,
    );
  }
  const password = files.newPassword();
  files.setPassword(HOME_ASSISTANT_USER, password);
  files.refresh(house);
  return print(`User: ${HOME_ASSISTANT_USER}\nPassword, not shown again: ${password}\n`);
}

/** By what hosts may reach this machine: its name, alone and as mDNS has it, and its addresses. */
function ownNames(): string[] {
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
    .filter(({ address }) => !address.startsWith("fe80:"))
    .map(({ address }) => address);
  return [...new Set([hostname(), `${hostname()}.local`, "localhost", ...addresses])];
}

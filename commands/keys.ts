/** `ecoflow-power keys`: gives agents their keys, and changes them without a gap. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { parseArgs } from "node:util";
import type { HouseConfig } from "../lib/config/load.ts";
import { errorText } from "../lib/errors.ts";
import { isJson } from "../lib/pairing/agent_keys.ts";
import { type KeysAnswer, runKeysCommand } from "../lib/pairing/keys_command.ts";
import { textFile } from "../lib/files/text_file.ts";
import { isThisMachine } from "../lib/this_machine.ts";
import { RESERVED_USERS } from "../services/broker_access.ts";
import type { Pairing } from "../lib/pairing/pairing.ts";
import { fileErrorText } from "./terminal/file_error.ts";
import { complain, EXIT, print } from "./command.ts";
import { makeLikeParent } from "./like_parent.ts";
import { LAN_PORT, ManagedBroker } from "./broker/managed_broker.ts";
import { readConfig } from "./read_config.ts";
import { installationHere } from "./terminal/installation.ts";
import { typable } from "../lib/text/typable.ts";

/** Runs it. @returns the exit code */
export function keys(args: readonly string[]): number {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options: {
        env: { type: "string" },
        "broker-host": { type: "string" },
        root: { type: "string", default: "/" },
      },
      allowPositionals: true,
    });
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const { env, "broker-host": brokerHost } = parsed.values;
  const config = readConfig(env === undefined ? [] : ["--env", env]);
  if (typeof config === "number") return config;
  try {
    const desk = new KeyDesk(config.house, { root: parsed.values.root, brokerHost });
    const answer = desk.run(parsed.positionals);
    const { code, text } = { ...answer, text: typable(answer.text, installationHere()) };
    return code === 0 ? print(`${text}\n`) : complain(`${fileErrorText(new Error(text))}\n`, code);
  } catch (error) {
    return complain(`Cannot keep the broker's files: ${fileErrorText(error)}\n`, EXIT.no);
  }
}

/** Changes the agents' keys, and their logins at the Mosquitto beside us where there is one. */
export class KeyDesk {
  readonly #managed: ManagedBroker;

  /**
   * `root`: Mosquitto's files lie below it; `brokerHost`: how hosts reach the broker, when not by our own name;
   * `isLoopbackTold`: somebody else says that other computers cannot reach the broker inside
   */
  constructor(
    private readonly house: HouseConfig,
    private readonly where: {
      readonly root: string;
      readonly brokerHost?: string;
      readonly isLoopbackTold?: boolean;
    },
  ) {
    this.#managed = new ManagedBroker(where.root);
  }

  /** `list`, `add AGENT` … as on the command line. @throws Error when the broker's files cannot be kept */
  run(args: readonly string[]): KeysAnswer {
    const [action, agent] = args;
    const managed = this.#managed;
    // A host of before, too, when the broker's list of logins was lost.
    const isUnknown = agent !== undefined &&
      (action === "add" || (action === "rotate" && managed.logins?.has(agent) === false));
    const login = isUnknown && managed.caPem !== undefined
      ? { user: agent, pass: managed.newPassword() }
      : undefined;
    if (login && action === "add" && RESERVED_USERS.includes(login.user)) {
      const text =
        `Cannot add "${login.user}": the broker has a user of that name who is no host; give the host another name, ` +
        "in DEVICE_TO_AGENTS_JSON too";
      return { code: EXIT.usage, text };
    }
    const answer = this.#change(args, login ?? {});
    if (answer.code !== 0) return answer;
    if (login) managed.setPassword(login.user, login.pass);
    if (action === "remove" && agent !== undefined) managed.removeUser(agent);
    return answer;
  }

  #change(args: readonly string[], login: Pick<Pairing, "user" | "pass">): KeysAnswer {
    const { house, where } = this;
    const path = house.agentKeysFile;
    const file = textFile(path);
    const broker = brokerAsSeenByHosts(house, where.brokerHost ?? hostname(), this.#managed.caPem);
    return runKeysCommand(args, {
      path,
      read() {
        const text = file.read();
        if (text === undefined || isJson(text) || args[0] !== "add") return text;
        // Nothing of it can be used, as after a cut of power: the first key of a new one.
        file.setAside();
        return undefined;
      },
      write(text) {
        // Before the daemon's first start there is no state directory yet; it takes this one over.
        makeLikeParent(dirname(path));
        file.write(text);
      },
      newKey: () => randomBytes(32).toString("hex"),
      broker: { ...broker, ...login },
      agents: [...new Set(Object.values(house.agentsByStation).flat())],
      isLoopbackOnly: house.broker === undefined && this.#managed.caPem === undefined &&
        !where.isLoopbackTold,
    });
  }
}

/** Hosts reach a broker on this machine by this machine's name, any other by its own. */
function brokerAsSeenByHosts(
  { broker, embeddedPort, roots }: HouseConfig,
  thisHost: string,
  managedCa: string | undefined,
): Omit<Pairing, "agent" | "key"> {
  const isHere = !broker || isThisMachine(broker.host);
  if (isHere && managedCa !== undefined) {
    return { host: thisHost, port: LAN_PORT, tls: true, ca: managedCa, root: roots.manager };
  }
  return {
    host: broker && !isHere ? broker.host : thisHost,
    port: broker?.port ?? embeddedPort,
    ...(broker?.tls ? { tls: true, ca: broker.tls.ca } : {}),
    root: roots.manager,
  };
}

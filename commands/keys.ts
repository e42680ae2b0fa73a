/** `ecoflow-power keys`: gives agents their keys, and changes them without a gap. */
import { randomBytes } from "node:crypto";
import { hostname } from "node:os";
import { parseArgs } from "node:util";
import type { HouseConfig } from "../lib/config/load.ts";
import { errorText } from "../lib/errors.ts";
import { runKeysCommand } from "../lib/keys_command.ts";
import { textFile } from "../lib/text_file.ts";
import type { Pairing } from "../lib/pairing.ts";
import { complain, EXIT, print } from "./command.ts";
import { LAN_PORT, ManagedBroker } from "./managed_broker.ts";
import { readConfig } from "./read_config.ts";

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
  const { house } = config;
  const path = house.agentKeysFile;
  const [action, agent] = parsed.positionals;
  const managed = new ManagedBroker(parsed.values.root);
  const host = brokerHost ?? hostname();
  const desk = (login: Pick<Pairing, "user" | "pass">) =>
    runKeysCommand(parsed.positionals, {
      path,
      ...textFile(path),
      newKey: () => randomBytes(32).toString("hex"),
      broker: { ...brokerAsSeenByHosts(house, host, managed.caPem), ...login },
      agents: [...new Set(Object.values(house.agentsByStation).flat())],
    });
  try {
    const isNew = action === "add" && agent !== undefined && managed.caPem !== undefined;
    const login = isNew ? { user: agent, pass: managed.newPassword() } : undefined;
    const { code, text } = desk(login ?? {});
    if (code !== 0) return complain(`${text}\n`, code);
    if (login) managed.setPassword(login.user, login.pass);
    if (action === "remove" && agent !== undefined) managed.removeUser(agent);
    return print(`${text}\n`);
  } catch (error) {
    return complain(`Cannot keep the broker's files: ${errorText(error)}\n`, EXIT.no);
  }
}

/** Hosts reach a broker on this machine by this machine's name, any other by its own. */
function brokerAsSeenByHosts(
  { broker, embeddedPort, roots }: HouseConfig,
  thisHost: string,
  managedCa: string | undefined,
): Omit<Pairing, "agent" | "key"> {
  const isHere = !broker || /^(localhost|127\.|\[?::1\]?$)/.test(broker.host);
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

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
import { readConfig } from "./read_config.ts";

/** Runs it. @returns the exit code */
export function keys(args: readonly string[]): number {
  let parsed;
  try {
    parsed = parseArgs({
      args: [...args],
      options: { env: { type: "string" }, "broker-host": { type: "string" } },
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
  const { code, text } = runKeysCommand(parsed.positionals, {
    path,
    ...textFile(path),
    newKey: () => randomBytes(32).toString("hex"),
    broker: brokerAsSeenByHosts(house, brokerHost ?? hostname()),
    agents: [...new Set(Object.values(house.agentsByStation).flat())],
  });
  return code === 0 ? print(`${text}\n`) : complain(`${text}\n`, code);
}

/** Hosts reach a broker on this machine by this machine's name, any other by its own. */
function brokerAsSeenByHosts(
  { broker, embeddedPort, roots }: HouseConfig,
  thisHost: string,
): Omit<Pairing, "agent" | "key"> {
  const isHere = !broker || /^(localhost|127\.|\[?::1\]?$)/.test(broker.host);
  return {
    host: broker && !isHere ? broker.host : thisHost,
    port: broker?.port ?? embeddedPort,
    ...(broker?.tls ? { tls: true, ca: broker.tls.ca } : {}),
    root: roots.manager,
  };
}

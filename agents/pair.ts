/** Pairs this host: stores its key where only its owner can read it, and how the broker is reached. */
import { editEnv } from "../lib/config/env/edit_env.ts";
import { readEnvFile } from "../lib/config/env_file.ts";
import { errorText } from "../lib/errors.ts";
import { type Pairing, parsePairing } from "../lib/pairing/pairing.ts";
import { withNewKey } from "./obey/keyring.ts";
import type { AgentPaths } from "./settings/paths.ts";
import { own } from "../lib/own.ts";

/** The outside world of a pairing. */
export interface PairPorts {
  readonly paths: AgentPaths;
  /** undefined when there is no such file. */
  readonly read: (path: string) => string | undefined;
  /** Replaces a file as a whole and makes its folder; only its owner may read it (mode 0600). */
  readonly writeSecret: (path: string, text: string) => void;
  readonly say: (text: string) => void;
}

/**
 * Stores what the line says. What the env file has already stays, but for the login and the authority that the daemon made:
 * where the line brings others, the old ones are worth nothing any more.
 *
 * @returns the exit code
 */
export function pair(line: string, { paths, read, writeSecret, say }: PairPorts): number {
  try {
    const pairing = parsePairing(line);
    const separator = paths.configDir.includes("\\") ? "\\" : "/";
    const before = read(paths.envFile) ?? "";
    const { values, problems } = readEnvFile(before, paths.envFile);
    if (problems.length > 0) throw new SyntaxError(problems.join("; "));
    if (values.AGENT_ID !== undefined && values.AGENT_ID !== pairing.agent) {
      throw new RangeError(
        `${paths.envFile} says AGENT_ID=${values.AGENT_ID}, the line is for "${pairing.agent}"; change one of them`,
      );
    }
    const keyFile = values.AGENT_KEY_FILE ??
      [values.STATE_DIR ?? paths.stateDir, "agent_key"].join(separator);
    const caFile = [paths.configDir, "broker-ca.pem"].join(separator);
    writeSecret(keyFile, withNewKey(read(keyFile), pairing.key));
    if (pairing.ca !== undefined && (values.MQTT_CA_FILE ?? caFile) === caFile) {
      writeSecret(caFile, pairing.ca);
    }
    const isOurLogin = (values.MQTT_USER ?? pairing.user) === pairing.user;
    const isNewLogin = pairing.pass !== undefined && isOurLogin && values.MQTT_PASS !== pairing.pass;
    const wishes = envOf(pairing, caFile);
    const missing = wishes.filter(([key]) =>
      own(values, key) === undefined && (key !== "MQTT_PASS" || values.MQTT_PASS_FILE === undefined)
    );
    const changes = {
      ...Object.fromEntries(missing),
      ...(isNewLogin ? { MQTT_PASS: pairing.pass, MQTT_PASS_FILE: undefined } : {}),
    };
    if (missing.length > 0 || isNewLogin) writeSecret(paths.envFile, editEnv(before, changes));
    say(`Paired as "${pairing.agent}". The key is in ${keyFile}; a running agent takes it by itself.`);
    if (isNewLogin && before !== "") {
      say("Its login at the broker is new, too: a running agent takes that with: ecoflow-agent install");
    }
    for (const [key, value] of wishes) {
      const kept = own(values, key);
      if (kept === undefined || kept === value || !TOLD.includes(key)) continue;
      say(
        `${key} in ${paths.envFile} stays "${kept}", the line says "${value}": correct it if that is so now`,
      );
    }
    const wanted = pairing.host === undefined && values.MQTT_HOST === undefined &&
      values.MQTT_BROKER === undefined;
    if (wanted) say(`Now set MQTT_HOST in ${paths.envFile}: the line does not say where the broker is.`);
    return 0;
  } catch (error) {
    say(`Cannot pair: ${errorText(error)}`);
    return 1;
  }
}

/** What an owner may have set otherwise, and must know of. None is a secret. */
const TOLD: readonly string[] = [
  "MQTT_HOST",
  "MQTT_PORT",
  "MQTT_TLS",
  "MQTT_CA_FILE",
  "MQTT_USER",
  "POWER_MANAGER_BASE",
];

function envOf(pairing: Pairing, caFile: string): [string, string][] {
  const { agent, host, port, tls, user, pass, root, ca } = pairing;
  const pairs: [string, string | undefined][] = [
    ["AGENT_ID", agent],
    ["MQTT_HOST", host],
    ["MQTT_PORT", port?.toString()],
    ["MQTT_TLS", tls ? "on" : undefined],
    ["MQTT_CA_FILE", tls && ca !== undefined ? caFile : undefined],
    ["MQTT_USER", user],
    ["MQTT_PASS", pass],
    ["POWER_MANAGER_BASE", root],
  ];
  return pairs.filter((entry): entry is [string, string] => entry[1] !== undefined);
}

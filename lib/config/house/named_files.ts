/** The files that keys name: each is read, and what cannot be read becomes a problem that names the key. */
import { InvalidInputError } from "../../errors.ts";
import { own } from "../../own.ts";
import { type AgentKeys, isJson, parseAgentKeys } from "../../pairing/agent_keys.ts";
import type { ConfigSources, HouseConfig, PemKey } from "../house_config.ts";
import type { KeyReading } from "../read_keys.ts";
import { fileFault } from "../shown_value.ts";

/** Reads the PEM file that a key names; undefined: the key names none, or it is no such file. */
export function pemReader(
  values: KeyReading["values"],
  sources: ConfigSources,
  problems: string[],
): (key: PemKey) => string | undefined {
  return (key) => {
    const path = own(values, key);
    if (path === undefined) return undefined;
    try {
      const pem = sources.readFile(path);
      if (pem.includes("-----BEGIN ")) return pem;
      problems.push(`${key} "${path}" must be a PEM file, found none of its markers`);
    } catch (error) {
      problems.push(fileFault(key, path, error));
    }
  };
}

/** The owner's policy file; undefined: there is none. */
export function readPolicyFile(
  path: string | undefined,
  sources: ConfigSources,
  problems: string[],
): HouseConfig["policyFile"] {
  if (path === undefined) return undefined;
  try {
    return { text: sources.readFile(path), source: `POLICY_FILE "${path}"` };
  } catch (error) {
    problems.push(fileFault("POLICY_FILE", path, error));
  }
}

/** The owner's own tables of models, by file name. */
export function readModelFiles(
  dir: string | undefined,
  sources: ConfigSources,
  problems: string[],
): HouseConfig["modelFiles"] {
  if (dir === undefined) return [];
  try {
    const names = sources.listFiles?.(dir).filter((name) => /\.(toml|json)$/.test(name)) ?? [];
    return names.toSorted().map((name) => ({ name, text: sources.readFile(`${dir}/${name}`) }));
  } catch (error) {
    problems.push(fileFault("MODELS_DIR", dir, error));
    return [];
  }
}

/**
 * The keys of the agents; none before the first is paired. A file that holds no JSON at all, as a cut of power leaves it, keeps
 * nobody from starting: NUT clients have no keys, and are protected without.
 */
export function readAgentKeys(
  path: string | undefined,
  stateDir: string,
  sources: ConfigSources,
  problems: string[],
  remarks: string[],
): AgentKeys {
  const file = path ?? `${stateDir}/agent_keys.json`;
  if (path === undefined && !sources.exists(file)) return {};
  try {
    const text = readOrDamaged(file, sources);
    if (text !== undefined && isJson(text)) return parseAgentKeys(text, `AGENT_KEYS_FILE "${file}"`);
    remarks.push(
      `the agents' keys in "${file}" are lost, as after a cut of power: it is no JSON. NO AGENT OBEYS before the file is put back ` +
        'from a backup (docs/backup.md), or each host is paired anew: "ecoflow-power keys add AGENT", then "ecoflow-agent pair" there',
    );
    return {};
  } catch (error) {
    problems.push(
      error instanceof InvalidInputError ? error.message : fileFault("AGENT_KEYS_FILE", file, error),
    );
    return {};
  }
}

/** undefined: it is no text. @throws Error when it may not be read */
function readOrDamaged(file: string, sources: ConfigSources): string | undefined {
  try {
    return sources.readFile(file);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

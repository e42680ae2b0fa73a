/** The files that keys name: each is read, and what cannot be read becomes a problem that names the key. */
import { InvalidInputError } from "../../errors.ts";
import { own } from "../../own.ts";
import { type AgentKeys, parseAgentKeys } from "../../pairing/agent_keys.ts";
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

/** The keys of the agents; none before the first is paired. */
export function readAgentKeys(
  path: string | undefined,
  stateDir: string,
  sources: ConfigSources,
  problems: string[],
): AgentKeys {
  const file = path ?? `${stateDir}/agent_keys.json`;
  if (path === undefined && !sources.exists(file)) return {};
  try {
    return parseAgentKeys(sources.readFile(file), `AGENT_KEYS_FILE "${file}"`);
  } catch (error) {
    problems.push(
      error instanceof InvalidInputError ? error.message : fileFault("AGENT_KEYS_FILE", file, error),
    );
    return {};
  }
}

/** Where the files of a house lie, and under which names a backup has them. */
import { basename, dirname, join, resolve } from "node:path";
import type { HouseConfig } from "../../lib/config/load.ts";
import { readEnvFile } from "../../lib/config/env_file.ts";
import { SERVICES } from "../../services/registry.ts";

/** The directories behind a backup's names. */
export interface Places {
  readonly config: string;
  readonly state: string;
  readonly broker: string;
}

/** The files of the Mosquitto beside us. */
export const BROKER_FILES = ["ca.pem", "server.pem", "server.key", "passwords", "acl"] as const;

/** Where a house with this configuration has its files. @param root The files of the Mosquitto beside us lie below it */
export function placesOf(envPath: string, { stateDir }: Pick<HouseConfig, "stateDir">, root: string): Places {
  return {
    config: dirname(resolve(envPath)),
    state: resolve(stateDir),
    broker: join(root, "etc/mosquitto/ecoflow-power"),
  };
}

/** The path of a name that was checked before. */
export function pathOf(name: string, places: Places): string {
  const [root, ...parts] = name.split("/");
  const base = root === "config" ? places.config : root === "state" ? places.state : places.broker;
  return join(base, ...parts);
}

/** Whether a state file's name is one that the daemon could have written: its services' directories, and the agents' keys. */
export function isStateName(name: string): boolean {
  const [, first = "", ...rest] = name.split("/");
  return first === "agent_keys.json"
    ? rest.length === 0
    : rest.length > 0 && SERVICES.some((row) => row.name === first);
}

/** What a configuration names beyond itself: below its own directory, as names; elsewhere, as keys with their paths. */
export interface NamedFiles {
  readonly inside: readonly string[];
  readonly outside: readonly string[];
}

/** See {@link NamedFiles}. @param list The plain files of a directory */
export function namedFiles(
  envText: string,
  envPath: string,
  list: (dir: string) => readonly string[],
): NamedFiles {
  const dir = dirname(resolve(envPath));
  const inside = [basename(envPath)];
  const outside: string[] = [];
  for (const [key, path] of Object.entries(readEnvFile(envText, envPath).values)) {
    if (path === "" || !(/_FILE$/.test(key) || key === "MODELS_DIR")) continue;
    const full = resolve(path);
    const paths = key === "MODELS_DIR" ? list(full).map((name) => join(full, name)) : [full];
    for (const one of paths) {
      if (one.startsWith(`${dir}/`)) inside.push(one.slice(dir.length + 1));
      else outside.push(`${key}=${path}`);
    }
  }
  inside.push(
    ...["credentials", "authority"].flatMap((sub) => list(join(dir, sub)).map((name) => `${sub}/${name}`)),
  );
  return { inside: [...new Set(inside)], outside: [...new Set(outside)] };
}

/** The configuration as setup is going to leave it: nothing is on the disk before {@link Draft.write}. */
import { existsSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { editEnv, type EnvChanges } from "../../lib/config/env/edit_env.ts";
import type { Key } from "../../lib/config/keys.ts";
import { type HouseConfig, loadConfig, readSources } from "../../lib/config/load.ts";
import { dashboardPasswordFile } from "../../lib/config/dashboard_keys.ts";
import { ConfigError } from "../../lib/errors.ts";
import { textFile } from "../../lib/files/text_file.ts";
import { own } from "../../lib/own.ts";
import { serviceConfigProblems } from "../../services/registry.ts";
import { storePassword } from "../dashboard.ts";
import { makeLikeParent } from "../like_parent.ts";
import { type CablesBefore, cablesOf } from "./cables_before.ts";
import { credentialsDirOf, DISK, ownName } from "../read_config.ts";

/** A secret that gets a file of its own. */
export type SecretName = "ecoflow_pass" | "ecoflow_access_key" | "ecoflow_secret_key";

/** See the file comment. */
export class Draft {
  readonly #before: string | undefined;
  readonly #secrets = new Map<SecretName, string>();
  #text: string;
  #password: string | undefined;
  #cablesBefore: CablesBefore | undefined;

  /** @param envPath The file to change, or to make */
  constructor(readonly envPath: string) {
    this.#before = textFile(envPath).read();
    this.#text = this.#before ?? "";
  }

  /** Changes keys. @throws RangeError for a value that no env file can hold */
  set(changes: EnvChanges): void {
    this.#text = editEnv(this.#text, changes);
  }

  /** Whether the file says something of this key. */
  isSet(key: Key): boolean {
    const reading = readSources({ file: { name: this.envPath, text: this.#text }, environment: {}, ...DISK });
    return !["unset", "default"].includes(own(reading.origins, key).kind);
  }

  /** Keeps a secret for its own file; one in the env file gives way. */
  setSecret(name: SecretName, value: string): void {
    this.#secrets.set(name, value);
    const key = name.toUpperCase();
    this.set({ [key]: undefined, [`${key}_FILE`]: undefined });
  }

  /** The dashboard's password. */
  setPassword(password: string): void {
    this.#password = password;
  }

  /** What the daemon will read. @throws ConfigError with every problem */
  house(): HouseConfig {
    const credentials = credentialsDirOf(this.envPath);
    const secretAt = (path: string) =>
      [...this.#secrets].find(([name]) => path === join(credentials, name))?.[1];
    const isNewPassword = (path: string) =>
      this.#password !== undefined && path.endsWith(dashboardPasswordFile(""));
    const house = loadConfig({
      file: { name: this.envPath, text: this.#text },
      environment: { CREDENTIALS_DIRECTORY: credentials },
      hostName: ownName(),
      ...DISK,
      readFile: (path) => secretAt(path) ?? DISK.readFile(path),
      exists: (path) => secretAt(path) !== undefined || isNewPassword(path) || DISK.exists(path),
    });
    const problems = serviceConfigProblems(house);
    if (problems.length > 0) throw new ConfigError(problems);
    return { ...house, stateDir: resolve(house.stateDir), agentKeysFile: resolve(house.agentKeysFile) };
  }

  /** Which hosts hang on which station in the file as it is; none in one that cannot be used yet. */
  hostsBefore(): HouseConfig["agentsByStation"] {
    try {
      return this.house().agentsByStation;
    } catch (error) {
      if (error instanceof ConfigError) return {};
      throw error;
    }
  }

  /**
   * Stations by cable and their hosts as they are before setup changes the stations.
   *
   * @throws ConfigError when the file cannot be used yet
   */
  cablesBefore(): CablesBefore {
    return this.#cablesBefore ??= cablesOf(this.house());
  }

  /** Writes all of it, the configuration last. @returns the files, for a person */
  async write(): Promise<string[]> {
    const { stateDir } = this.house();
    const written: string[] = [];
    if (this.#secrets.size > 0) mkdirSync(credentialsDirOf(this.envPath), { recursive: true, mode: 0o700 });
    for (const [name, value] of this.#secrets) {
      const path = join(credentialsDirOf(this.envPath), name);
      textFile(path).write(`${value}\n`);
      written.push(path);
    }
    if (this.#password !== undefined) {
      makeLikeParent(stateDir);
      written.push(await storePassword(stateDir, this.#password));
    }
    if (this.#text !== this.#before) {
      if (this.#before !== undefined) {
        const old = `${this.envPath}.before-setup`;
        replaceText(old, this.#before, this.envPath);
        written.push(`${old} (as it was)`);
      }
      replaceText(this.envPath, this.#text, this.envPath);
      written.push(this.envPath);
    }
    return written;
  }
}

/** Writes a file that belongs to, and may be read by, whom `model` does; without a model its owner alone reads it. */
function replaceText(path: string, text: string, model: string): void {
  const like = existsSync(model) ? Deno.statSync(model) : undefined;
  textFile(path, (like?.mode ?? 0o600) & 0o777).write(text);
  if (like && like.uid !== null && like.gid !== null && Deno.build.os !== "windows") {
    Deno.chownSync(path, like.uid, like.gid);
  }
}

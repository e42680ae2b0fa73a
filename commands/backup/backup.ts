/** `ecoflow-power backup FILE`: configuration, keys, broker users, state and history in one file that its owner alone may read. */
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { basename, join, relative, resolve } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { parseArgs } from "node:util";
import { errorText } from "../../lib/errors.ts";
import { slotFile, SLOTS_END } from "../../lib/files/slot_file.ts";
import { VERSION } from "../../lib/version.ts";
import { complain, EXIT, print } from "../command.ts";
import { envPathOf, readConfig } from "../read_config.ts";
import { fileErrorText } from "../terminal/file_error.ts";
import { type BackupFile, backupNameProblem, encodeBackup, ENV_NAME } from "./archive.ts";
import { BROKER_FILES, isStateName, namedFiles, pathOf, placesOf } from "./places.ts";

/** Runs it. @returns the exit code */
export function backup(args: readonly string[]): number {
  let values, file;
  try {
    const parsed = parseArgs({
      args: [...args],
      options: { env: { type: "string" }, root: { type: "string", default: "/" } },
      allowPositionals: true,
    });
    values = parsed.values;
    if (parsed.positionals.length !== 1) {
      throw new TypeError("Cannot back up: must have one FILE to write to");
    }
    file = parsed.positionals[0] ?? "";
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  const config = readConfig(values.env === undefined ? [] : ["--env", values.env]);
  if (typeof config === "number") return config;
  const envPath = envPathOf(values.env);
  if (envPath === undefined) {
    return complain("Cannot back up: there is no configuration file to keep\n", EXIT.no);
  }
  if (existsSync(file)) {
    return complain(`Cannot back up: "${file}" is there already, and is not overwritten\n`, EXIT.no);
  }
  try {
    const places = placesOf(envPath, config.house, values.root);
    const find = (name: string) => read(name, pathOf(name, places));
    const named = namedFiles(readFileSync(envPath, "utf8"), envPath, plainFiles);
    const own = `config/${basename(envPath)}`;
    const env = backupNameProblem(own) === undefined ? own : ENV_NAME;
    const files = [
      ...read(env, resolve(envPath)),
      ...named.inside.filter((name) => `config/${name}` !== own).flatMap((name) => find(`config/${name}`)),
      ...stateNames(places.state).flatMap((name) => readState(name, pathOf(name, places))),
      ...BROKER_FILES.flatMap((name) => existsSync(join(places.broker, name)) ? find(`broker/${name}`) : []),
    ];
    const bytes = encodeBackup({
      madeBy: VERSION,
      madeAtMs: Date.now(),
      env,
      files,
    });
    writeNew(file, bytes);
    return print(saidOf(file, files, bytes.length, named.outside));
  } catch (error) {
    return complain(`Cannot back up: ${fileErrorText(error)}\n`, EXIT.no);
  }
}

function saidOf(
  file: string,
  files: readonly BackupFile[],
  size: number,
  outside: readonly string[],
): string {
  const count = (root: string) => files.filter(({ name }) => name.startsWith(`${root}/`)).length;
  return [
    `Wrote ${file}: ${files.length} files (${count("config")} of the configuration, ${
      count("state")
    } of the state, ` +
    `${count("broker")} of the broker), ${Math.ceil(size / 1000)} kB.`,
    "IT HOLDS SECRETS: the account's and the broker's passwords and the agents' keys. Keep it where you keep passwords.",
    ...outside.map((one) => `NOT in it, for it lies elsewhere: ${one}`),
    "",
  ].join("\n");
}

/** A file that only its owner may read, and that was not there before. */
function writeNew(path: string, bytes: Uint8Array): void {
  const out = Deno.openSync(path, { write: true, createNew: true, mode: 0o600 });
  try {
    for (let written = 0; written < bytes.length;) written += out.writeSync(bytes.subarray(written));
    out.syncSync();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    out.close();
  }
}

/** Regular files, by name; none where there is no such directory. */
function plainFiles(dir: string): readonly string[] {
  if (!existsSync(dir)) return [];
  return readdirSync(dir).filter((name) =>
    lstatSync(join(dir, name)).isFile() && !/\.(new|restoring)$/.test(name)
  );
}

/**
 * A file of the state. One that lies in slots becomes the plain file that any version reads: a copy of the slots could be of two
 * writes of the daemon. Slots that cannot be read are kept as they are.
 */
function readState(name: string, path: string): BackupFile[] {
  const slots = `${path}${SLOTS_END}`;
  for (let tries = 1;; tries++) {
    const isInSlots = !existsSync(path) && existsSync(slots);
    try {
      return isInSlots ? readSlots(name, path, slots) : read(name, path);
    } catch (error) {
      // The daemon began its slots just now, or ended them, or wrote both texts while they were read.
      if (tries < 20 && (isInSlots || existsSync(slots))) continue;
      if (!isInSlots) throw error;
      return read(`${name}${SLOTS_END}`, slots);
    }
  }
}

function readSlots(name: string, path: string, slots: string): BackupFile[] {
  const text = slotFile(path).read();
  const mode = lstatSync(slots).mode & 0o040 ? 0o640 : 0o600;
  return text === undefined ? [] : [{ name, mode, bytes: new TextEncoder().encode(text) }];
}

/** What the daemon wrote; without what SQLite keeps beside a database, and files that are half written. */
function stateNames(state: string): string[] {
  if (!existsSync(state)) return [];
  const names = readdirSync(state, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `state/${relative(state, join(entry.parentPath, entry.name)).replaceAll("\\", "/")}`)
    // What the runtime keeps there is made anew by itself.
    .filter((name) => !name.startsWith("state/runtime_cache/"))
    .filter((name) => isStateName(name) && !/(-wal|-shm|-journal|\.new|\.restoring)$/.test(name))
    .map((name) => name.endsWith(SLOTS_END) ? name.slice(0, -SLOTS_END.length) : name);
  return [...new Set(names)].toSorted();
}

function read(name: string, path: string): BackupFile[] {
  const problem = backupNameProblem(name);
  if (problem !== undefined) {
    throw new RangeError(
      `"${path}" cannot be kept: its name ${problem}; give it another, there and in the configuration`,
    );
  }
  const mode = lstatSync(path).mode & 0o777;
  const kept = mode & 0o004 ? 0o644 : mode & 0o040 ? 0o640 : 0o600;
  const bytes = name.endsWith(".db") ? copyOfDatabase(path) : new Uint8Array(readFileSync(path));
  return [{ name, mode: kept, bytes }];
}

/**
 * A database that the daemon may be writing to: what waits in the log beside it is written into it first, and then nobody writes while
 * it is read. (VACUUM INTO wants a right that this program does not have.)
 */
function copyOfDatabase(path: string): Uint8Array<ArrayBuffer> {
  const db = new DatabaseSync(path);
  try {
    db.exec("PRAGMA busy_timeout = 5000");
    for (let tries = 0; tries < 20; tries++) {
      db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      db.exec("BEGIN IMMEDIATE");
      try {
        const log = `${path}-wal`;
        if (!existsSync(log) || lstatSync(log).size === 0) return new Uint8Array(readFileSync(path));
      } finally {
        db.exec("ROLLBACK");
      }
    }
  } finally {
    db.close();
  }
  throw new Error(`"${path}" is being written to all the time: end the daemon, and try again`);
}

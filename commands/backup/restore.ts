/** `ecoflow-power restore FILE`: what `backup` wrote, back in its place. All of it is checked first; a damaged file changes nothing. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { SLOTS_END } from "../../lib/files/slot_file.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { systemClock } from "../../lib/time/clock.ts";
import { NoBrokerError } from "../broker/broker_guest.ts";
import { holderOfState } from "../../lib/state_lock.ts";
import { hearHouse } from "../broker/broker_snapshot.ts";
import { complain, EXIT, print } from "../command.ts";
import { makeLikeParent } from "../like_parent.ts";
import { DISK, ENV_PLACES, envPathOf, ownName } from "../read_config.ts";
import { fileErrorText } from "../terminal/file_error.ts";
import { installationHere } from "../terminal/installation.ts";
import { typable } from "../../lib/text/typable.ts";
import { type Backup, type BackupFile, parseBackup } from "./archive.ts";
import { BROKER_FILES, isStateName, pathOf, type Places, placesOf } from "./places.ts";

/** Runs it. @returns the exit code */
export async function restore(args: readonly string[]): Promise<number> {
  let values, file;
  try {
    const parsed = parseArgs({
      args: [...args],
      options: {
        env: { type: "string" },
        root: { type: "string", default: "/" },
        replace: { type: "boolean", default: false },
      },
      allowPositionals: true,
    });
    values = parsed.values;
    if (parsed.positionals.length !== 1) throw new TypeError("Cannot restore: must have one FILE to read");
    file = parsed.positionals[0] ?? "";
  } catch (error) {
    return complain(`${errorText(error)}\n`, EXIT.usage);
  }
  try {
    const read = parseBackup(readFileSync(file), `"${file}"`);
    const envPath = resolve(values.env ?? envPathOf(undefined) ?? newEnvPath());
    const { places, house } = destinations(read, envPath, values.root);
    await refuseWhileRunning(house);
    const wanted = read.files.map((one) => ({
      ...one,
      path: one.name === read.env ? envPath : pathOf(one.name, places),
    }));
    const different = wanted.filter((one) => existsSync(one.path) && !isSame(one));
    if (different.length > 0 && !values.replace) {
      const names = different.slice(0, 5).map(({ path }) => path).join(", ");
      throw new Error(
        `${different.length} of its files are there already and say something else (${names}${
          different.length > 5 ? ", …" : ""
        }); with --replace they are put aside as ….before-restore`,
      );
    }
    putInPlace(wanted.filter((one) => !isSame(one)));
    return print(typable(
      `Restored ${wanted.length} files of ${
        new Date(read.madeAtMs).toISOString()
      }: configuration ${envPath}, state ${places.state}.\n` +
        "Never run the old machine beside this one: both have the same client id at EcoFlow's cloud.\n" +
        "Start it: sudo systemctl restart ecoflow-power\nThen look at everything: ecoflow-power doctor\n",
      installationHere(values.root),
    ));
  } catch (error) {
    const code = error instanceof InvalidInputError ? EXIT.config : EXIT.no;
    return complain(`Cannot restore: ${fileErrorText(error)}. Nothing was changed.\n`, code);
  }
}

function newEnvPath(): string {
  const [here, installed] = ENV_PLACES;
  return existsSync(dirname(installed)) ? installed : here;
}

type Placed = BackupFile & { readonly path: string };

/** Where everything goes, by the configuration in the backup. @throws ConfigError, InvalidInputError */
function destinations(
  read: Backup,
  envPath: string,
  root: string,
): { readonly places: Places; readonly house: HouseConfig } {
  const env = read.files.find(({ name }) => name === read.env);
  const text = new TextDecoder().decode(env?.bytes);
  const config = dirname(envPath);
  const inBackup = (path: string) => {
    const full = resolve(path);
    const name = full.startsWith(`${config}/`) ? `config/${full.slice(config.length + 1)}` : "";
    const found = read.files.find((one) => one.name === name);
    return found && new TextDecoder().decode(found.bytes);
  };
  const house = loadConfig({
    file: { name: envPath, text },
    environment: { CREDENTIALS_DIRECTORY: join(config, "credentials") },
    hostName: ownName(),
    ...DISK,
    readFile: (path) => inBackup(path) ?? DISK.readFile(path),
    exists: (path) => inBackup(path) !== undefined || DISK.exists(path),
  });
  const problems = read.files.flatMap(({ name }) => {
    const [first, ...rest] = name.split("/");
    if (first === "state" && !isStateName(name)) return [`"${name}" is no file of the daemon's state`];
    if (first === "broker" && !BROKER_FILES.some((one) => one === rest.join("/"))) {
      return [`"${name}" is no file of the broker`];
    }
    return [];
  });
  if (problems.length > 0) throw new InvalidInputError("the backup", problems.slice(0, 10));
  return { places: placesOf(envPath, house, root), house };
}

/** @throws Error when a daemon with this state directory answers */
async function refuseWhileRunning(house: HouseConfig): Promise<void> {
  const holder = holderOfState(house.stateDir);
  if (holder.kind === "taken") throw runningError(holder.pid, house.stateDir);
  try {
    const { orchestrator } = await hearHouse(house, "restore", {
      connect: connectMqtt,
      clock: systemClock(),
    });
    if (orchestrator?.online !== true) return;
    const { pid, state_dir: state = "a directory that it does not say", host_name: host } = orchestrator;
    throw runningError(pid, state, host === house.hostName ? undefined : host);
  } catch (error) {
    if (!(error instanceof NoBrokerError)) throw error;
  }
}

/** @param host The other machine that it runs on; absent: this one */
function runningError(pid: number | undefined, state: string, host?: string): Error {
  const where = host === undefined ? "" : ` on ${host}`;
  const first = host === undefined ? "first" : "there first";
  return new Error(
    `the daemon runs${where} (process ${pid ?? "unknown"}, state in ${state}); end it ${first}: ` +
      "sudo systemctl stop ecoflow-power",
  );
}

function isSame({ path, bytes }: Placed): boolean {
  if (!existsSync(path)) return false;
  const there = readFileSync(path);
  return there.length === bytes.length && there.every((byte, i) => byte === bytes[i]);
}

/** All are written beside their places first; then each takes its place. What was there is put aside. */
function putInPlace(files: readonly Placed[]): void {
  const next = (path: string) => `${path}.restoring`;
  const written: string[] = [];
  try {
    for (const { path, mode, bytes } of files) {
      makeDirectory(dirname(path));
      written.push(next(path));
      const out = Deno.openSync(next(path), { write: true, create: true, truncate: true, mode });
      try {
        for (let at = 0; at < bytes.length;) at += out.writeSync(bytes.subarray(at));
        out.syncSync();
      } finally {
        out.close();
      }
      Deno.chmodSync(next(path), mode);
      giveToOwner(path, next(path));
    }
  } catch (error) {
    for (const path of written) rmSync(path, { force: true });
    throw error;
  }
  for (const { path } of files) {
    if (existsSync(path)) renameSync(path, `${path}.before-restore`);
    // SQLite would take what lies beside the old database for a part of the new one.
    for (const tail of ["-wal", "-shm"]) rmSync(`${path}${tail}`, { force: true });
    // Beside a plain file there are no slots: they are of the house before.
    const slots = `${path}${SLOTS_END}`;
    if (existsSync(slots) && !files.some((one) => one.path === slots)) {
      renameSync(slots, `${slots}.before-restore`);
    }
    renameSync(next(path), path);
  }
}

function makeDirectory(dir: string): void {
  if (existsSync(dir)) return;
  makeDirectory(dirname(dir));
  mkdirSync(dir, { mode: 0o700 });
  makeLikeParent(dir);
}

/** Whose the file was that is there, else whose the directory is. */
function giveToOwner(path: string, next: string): void {
  const { uid, gid } = Deno.statSync(existsSync(path) ? path : dirname(path));
  const now = Deno.statSync(next);
  if (uid !== null && gid !== null && (uid !== now.uid || gid !== now.gid)) Deno.chownSync(next, uid, gid);
}

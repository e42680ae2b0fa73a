/**
 * The form of a backup: JSON packed by gzip, with each file's name, bytes and checksum. Pure. A name is a place below one of three
 * roots, never a path of the machine; all of it is checked before anything is written.
 */
import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { gunzipSync, gzipSync } from "node:zlib";
import * as v from "valibot";
import { InvalidInputError } from "../../lib/errors.ts";
import { integerIn, isoTime, parseValue, textUpTo } from "../../lib/messages/parse.ts";
import { strictObject } from "../../lib/strict_object.ts";

/** The version of the form: another is refused, for what it means is not known here. */
export const BACKUP_VERSION = 1;
const FORMAT = "ecoflow-power backup";
/** More is no house of ours, bytes unpacked. */
const MAX_BYTES = 2_000_000_000;

/** What the env file is called in a backup when its own name, as `.env` of a checkout, is none there. */
export const ENV_NAME = "config/ecoflow-power.env";

/** Below these everything lies: the configuration's directory, the state directory, the files of the Mosquitto beside us. */
export const ROOTS = ["config", "state", "broker"] as const;

/** One file. */
export interface BackupFile {
  /** `config/…`, `state/…` or `broker/…`, with slashes. */
  readonly name: string;
  /** Who may read it, as chmod has it. */
  readonly mode: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** What a backup holds. */
export interface Backup {
  /** The version of the program that made it. */
  readonly madeBy: string;
  readonly madeAtMs: number;
  /** The name of the env file, below `config/`. */
  readonly env: string;
  readonly files: readonly BackupFile[];
}

/** Why this is no name in a backup, or undefined. */
export function backupNameProblem(name: string): string | undefined {
  if (name.length > 300) return "must have at most 300 characters";
  const [root, ...parts] = name.split("/");
  if (!ROOTS.some((one) => one === root) || parts.length === 0) {
    return `must begin with ${ROOTS.join("/, ")}/`;
  }
  return parts.every((part) => /^[\p{L}\p{N}_@+=,()-][\p{L}\p{M}\p{N} ._@+=,()-]*$/u.test(part))
    ? undefined
    : "must be made of plain names, none of them hidden, empty or leading out";
}

const name = v.pipe(
  v.string(),
  v.check((text) => backupNameProblem(text) === undefined, (issue) => backupNameProblem(issue.input) ?? ""),
);

const schema = strictObject({
  format: v.literal(FORMAT),
  version: v.literal(BACKUP_VERSION),
  made_by: textUpTo(64),
  made_at: isoTime,
  env: name,
  files: v.pipe(
    v.array(strictObject({
      name,
      mode: v.picklist([0o600, 0o640, 0o644]),
      bytes: integerIn(0, MAX_BYTES),
      sha256: v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "must be 64 hex digits")),
      base64: v.string(),
    })),
    v.maxLength(10_000, "must have at most 10000 files"),
  ),
});

/** Packs it. */
export function encodeBackup({ madeBy, madeAtMs, env, files }: Backup): Uint8Array {
  const text = JSON.stringify({
    format: FORMAT,
    version: BACKUP_VERSION,
    made_by: madeBy,
    made_at: new Date(madeAtMs).toISOString(),
    env,
    files: files.map(({ name, mode, bytes }) => ({
      name,
      mode,
      bytes: bytes.length,
      sha256: sha256(bytes),
      base64: Buffer.from(bytes).toString("base64"),
    })),
  });
  return gzipSync(text);
}

/** Unpacks and checks all of it. @throws InvalidInputError naming what is wrong; it never shows what a file holds */
export function parseBackup(packed: Uint8Array, source: string): Backup {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(
      gunzipSync(packed, { maxOutputLength: MAX_BYTES }),
    ));
  } catch {
    throw new InvalidInputError(source, [
      "must be a whole backup, as ecoflow-power backup writes it: it is damaged, or another file",
    ]);
  }
  const { version, made_by: maker } = (typeof value === "object" && value !== null ? value : {}) as Record<
    string,
    unknown
  >;
  if (typeof version === "number" && version !== BACKUP_VERSION) {
    const whose = typeof maker === "string" ? maker.slice(0, 20) : "another version";
    throw new InvalidInputError(source, [
      `must have version ${BACKUP_VERSION}, found ${version}, made by ecoflow-power ${whose}: use that version or a newer one`,
    ]);
  }
  const { made_by, made_at, env, files } = parseValue(schema, value, source);
  const problems: string[] = [];
  const names = new Set<string>();
  const read = files.map(({ name, mode, bytes: length, sha256: sum, base64 }): BackupFile => {
    const bytes = new Uint8Array(Buffer.from(base64, "base64"));
    if (bytes.length !== length || sha256(bytes) !== sum) {
      problems.push(`"${name}" is damaged: its checksum is another one`);
    }
    if (names.has(name)) problems.push(`"${name}" is there twice`);
    names.add(name);
    return { name, mode, bytes };
  });
  if (!names.has(env) || !env.startsWith("config/")) problems.push(`the configuration "${env}" is not in it`);
  if (problems.length > 0) throw new InvalidInputError(source, problems.slice(0, 10));
  return { madeBy: made_by, madeAtMs: Date.parse(made_at), env, files: read };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Mosquitto's password file: one line a user, hashed as its own `mosquitto_passwd` does. */
import { Buffer } from "node:buffer";
import { pbkdf2Sync, randomBytes, timingSafeEqual } from "node:crypto";

/** The passwords are random, 256 bits: there is nothing to guess, so the broker need not be made slow. */
const ITERATIONS = 101;
const SALT_BYTES = 12;
const HASH_BYTES = 64;

/** User name to the hashed password, as it stands in the file. */
export type PasswordTable = ReadonlyMap<string, string>;

/** Reads a password file. @throws SyntaxError naming the line that is none */
export function parsePasswords(text: string, source: string): PasswordTable {
  const table = new Map<string, string>();
  for (const [index, line] of text.split("\n").entries()) {
    if (line === "") continue;
    const at = line.indexOf(":");
    if (at <= 0 || !/^\$[67]\$/.test(line.slice(at + 1))) {
      throw new SyntaxError(`Cannot read ${source}: line ${index + 1} must be "user:$7$…"`);
    }
    table.set(line.slice(0, at), line.slice(at + 1));
  }
  return table;
}

/** The inverse of {@link parsePasswords}. */
export function encodePasswords(table: PasswordTable): string {
  return [...table].map(([user, hashed]) => `${user}:${hashed}\n`).join("");
}

/** `$7$` of Mosquitto 2: PBKDF2 with SHA-512. */
export function hashPassword(password: string, salt: Uint8Array = randomBytes(SALT_BYTES)): string {
  const hash = pbkdf2Sync(password, salt, ITERATIONS, HASH_BYTES, "sha512");
  return `$7$${ITERATIONS}$${salt.toBase64()}$${hash.toString("base64")}`;
}

/** Whether a hashed password is that of `password`. False for what was hashed in another way, and for what is none. */
export function isPasswordOf(hashed: string, password: string): boolean {
  const [, kind, iterations = "", salt = "", hash = ""] = hashed.split("$");
  if (kind !== "7" || !/^[1-9]\d{0,5}$/.test(iterations)) return false;
  const found = pbkdf2Sync(password, Buffer.from(salt, "base64"), Number(iterations), HASH_BYTES, "sha512");
  const wanted = Buffer.from(hash, "base64");
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

/** The password's hash: made and compared with scrypt, kept as one line of text that says how it was made. */
import { randomBytes, scrypt, timingSafeEqual } from "node:crypto";

/** Cost: 32 MB of memory and some tenths of a second on a Pi, for us and for whoever guesses. */
const COST = { log2N: 15, r: 8, p: 3 } as const;
/** A file that asks for more was not written by us. */
const MAX_LOG2_N = 17;
const KEY_BYTES = 32;

/** At least this many characters. */
export const MIN_PASSWORD = 10;
/** At most this many characters. */
export const MAX_PASSWORD = 200;

/** Why a text will not do as a password, or undefined when it will. */
export function passwordProblem(password: string): string | undefined {
  const { length } = [...password];
  if (length < MIN_PASSWORD) return `must have at least ${MIN_PASSWORD} characters, found ${length}`;
  if (length > MAX_PASSWORD) return `must have at most ${MAX_PASSWORD} characters, found ${length}`;
  return undefined;
}

/** One line: `scrypt$15$8$3$SALT$KEY`. */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(16);
  const { log2N, r, p } = COST;
  const key = await derive(password, salt, { log2N, r, p });
  return ["scrypt", log2N, r, p, salt.toString("base64url"), key.toString("base64url")].join("$");
}

/** Whether the password is the one that was hashed. @throws SyntaxError on a line that is no hash of ours */
export async function isPassword(password: string, line: string): Promise<boolean> {
  const match = /^scrypt\$(\d{1,2})\$(\d{1,2})\$(\d{1,2})\$([\w-]{22})\$([\w-]{43})$/.exec(line.trim());
  const [log2N = 0, r = 0, p = 0] = match?.slice(1, 4).map(Number) ?? [];
  if (!match || log2N < 10 || log2N > MAX_LOG2_N || r < 1 || r > 16 || p < 1 || p > 8) {
    throw new SyntaxError(
      "Cannot read the password's hash: must be a line of `ecoflow-power dashboard password`",
    );
  }
  const [salt, key] = match.slice(4).map((text) => bytesOf(text));
  if (!salt || !key) return false;
  return timingSafeEqual(await derive(password, salt, { log2N, r, p }), key);
}

function derive(
  password: string,
  salt: Uint8Array,
  { log2N, r, p }: { log2N: number; r: number; p: number },
) {
  return new Promise<Uint8Array & { toString(encoding: "base64url"): string }>((resolve, reject) => {
    const options = { N: 2 ** log2N, r, p, maxmem: 256 * 2 ** log2N * r };
    scrypt(password.normalize("NFKC"), salt, KEY_BYTES, options, (error, key) => {
      if (error) reject(error);
      else resolve(key);
    });
  });
}

function bytesOf(base64url: string): Uint8Array {
  return Uint8Array.fromBase64(base64url, { alphabet: "base64url" });
}

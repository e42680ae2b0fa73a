/** The agent's keys on disk: one a line, the newest first. More than one only while a key is being changed. */
import { errorText } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log/log.ts";
import { MIN_KEY_HEX_DIGITS } from "../../lib/pairing/signing.ts";
import type { TextStore } from "../../lib/files/text_file.ts";

/** The file is read again after a refusal at most this often, ms. */
const REREAD_MS = 5000;
/** Keys that are kept: the one in use, and the one that will follow it. */
const KEPT = 2;

/** Reads a key file. @throws RangeError saying what was wanted; holds no key */
export function parseKeys(text: string, source: string): string[] {
  const lines = text.split(/\r?\n/).map((line) => line.trim()).filter((line) => line !== "");
  if (lines.length === 0) throw new RangeError(`${source} must hold a key, found an empty file`);
  for (const [index, line] of lines.entries()) {
    if (/^([0-9a-f]{2})+$/.test(line) && line.length >= MIN_KEY_HEX_DIGITS) continue;
    throw new RangeError(
      `${source} must hold at least ${MIN_KEY_HEX_DIGITS} lower-case hex digits in line ${
        index + 1
      }, found ${line.length} characters`,
    );
  }
  return lines;
}

/** The file's text with a new key in front of the one in use. */
export function withNewKey(text: string | undefined, keyHex: string): string {
  const older = (text ?? "").split(/\r?\n/).map((line) => line.trim()).filter((line) =>
    line && line !== keyHex
  );
  return [keyHex, ...older].slice(0, KEPT).join("\n") + "\n";
}

/** See the file comment. */
export class Keyring {
  #keys: readonly string[] = [];
  #readMonoMs = -Infinity;

  /** Reads the keys at once; a file that cannot be read is no key, and a line in the log. */
  constructor(private readonly store: TextStore, private readonly log: Logger) {
    this.#keys = this.#read();
  }

  /** Newest first; empty: no signature can be verified. */
  get keys(): readonly string[] {
    return this.#keys;
  }

  /** After a refusal: perhaps this host was paired anew. @returns whether the keys are others now */
  refresh(nowMonoMs: number): boolean {
    if (nowMonoMs - this.#readMonoMs < REREAD_MS) return false;
    this.#readMonoMs = nowMonoMs;
    const before = this.#keys.join();
    const found = this.#read();
    // A file that is gone for a moment must not make an agent deaf that knows its key.
    if (found.length === 0 || found.join() === before) return false;
    this.#keys = found;
    this.log.notice("KEYS READ AGAIN", { keys: found.length });
    return true;
  }

  /**
   * A message fitted `keyHex`. When that is the newest key, the daemon has changed over and the old one ends.
   *
   * @returns whether a key ended
   */
  used(keyHex: string): boolean {
    if (this.#keys.length < 2 || keyHex !== this.#keys[0]) return false;
    this.#keys = [keyHex];
    try {
      this.store.write(`${keyHex}\n`);
      this.log.notice("OLD KEY RETIRED");
    } catch (error) {
      this.log.warn("OLD KEY RETIRED, but still in the file", { reason: errorText(error) });
    }
    return true;
  }

  #read(): string[] {
    try {
      const text = this.store.read();
      return text === undefined ? [] : parseKeys(text, "the key file");
    } catch (error) {
      this.log.error("KEYS CANNOT BE READ", { reason: errorText(error) });
      return [];
    }
  }
}

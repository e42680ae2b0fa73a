/** Reads the texts of a configuration by their keys. Pure but for handed-in reading. */
import { fileFault, shownValue } from "../../lib/config/shown_value.ts";

/** Reads texts by their keys and collects what is wrong with them. */
export class ConfigTexts {
  constructor(
    readonly text: (key: string) => string | undefined,
    readonly readFile: (path: string) => string,
    readonly problems: string[],
  ) {}

  /** The one of two keys that is set; both is a problem. */
  once(key: string, other: string): string | undefined {
    const [one, two] = [this.text(key), this.text(other)];
    if (one !== undefined && two !== undefined) {
      this.problems.push(`${key} must be given once, found ${key} and ${other}`);
    }
    return one ?? two;
  }

  flag(key: string, absent = false): boolean {
    const value = this.text(key) ?? String(absent);
    if (/^(true|on|yes|1)$/i.test(value)) return true;
    if (!/^(false|off|no|0)$/i.test(value)) {
      this.problems.push(`${key} must be "on" or "off", found ${shownValue(value)}`);
    }
    return false;
  }

  whole(key: string, absent: number, min: number, max: number): number {
    const value = this.text(key);
    if (value === undefined) return absent;
    const number = /^\d+$/.test(value) ? Number(value) : NaN;
    if (number >= min && number <= max) return number;
    this.problems.push(`${key} must be a whole number from ${min} to ${max}, found ${shownValue(value)}`);
    return absent;
  }

  choice<const T extends string>(key: string, choices: readonly T[]): T | undefined {
    const value = this.text(key);
    if (value === undefined) return undefined;
    const found = choices.find((choice) => choice === value);
    if (found === undefined) {
      this.problems.push(`${key} must be one of ${choices.join(", ")}, found ${shownValue(value)}`);
    }
    return found;
  }

  /** The trimmed text of the file that a key names. */
  fileOf(key: string): string | undefined {
    const path = this.text(key);
    if (path === undefined) return undefined;
    try {
      return this.readFile(path).trim();
    } catch (error) {
      this.problems.push(fileFault(key, path, error));
    }
  }
}

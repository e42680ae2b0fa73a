/** What the daemon says, in the reader's language where the page knows the sentence. Pure. */
import { plain } from "./plain.ts";
import type { Reader } from "./reader.ts";
import { DAEMON_SENTENCES_DE } from "./texts/daemon_sentences.ts";

/** A sentence of the daemon as the page shows it; `isEnglish`: the reader has another language, and this is not in it. */
export interface DaemonWords {
  readonly text: string;
  readonly isEnglish: boolean;
}

/** See the file comment. */
export function daemonWords(reader: Reader, said: string): DaemonWords {
  if (reader.language === "en") return { text: plain(reader, said), isEnglish: false };
  const german = inGerman(said);
  return { text: plain(reader, german ?? said), isEnglish: german === undefined };
}

interface Pattern {
  readonly wanted: RegExp;
  readonly names: readonly string[];
  readonly german: string;
}

let patterns: readonly Pattern[] | undefined;

/** The daemon's sentence in German; undefined: it is none that is known. */
export function inGerman(said: string, depth = 0): string | undefined {
  if (depth > 4) return undefined;
  for (const { wanted, names, german } of patterns ??= DAEMON_SENTENCES_DE.map(patternOf)) {
    const found = wanted.exec(said);
    if (!found) continue;
    const parts = names.map((name, i): [string, string | undefined] => {
      const part = found[i + 1] ?? "";
      if (name.startsWith("#")) return [name, part.replace(".", ",")];
      return [name, name.startsWith("=") ? inGerman(part, depth + 1) : part];
    });
    if (parts.some(([, part]) => part === undefined)) continue;
    const filled = new Map(parts);
    return german.replace(/\{([=#]?\w+)\}/g, (_all, name: string) => filled.get(name) ?? "");
  }
}

function patternOf([english, german]: readonly [string, string]): Pattern {
  const names = [...english.matchAll(/\{([=#]?\w+)\}/g)].map(([, name = ""]) => name);
  const gaps = names.map((name) => name.startsWith("#") ? "(\\d+(?:\\.\\d+)?)" : "(.+?)");
  const source = english.split(/\{[=#]?\w+\}/)
    .map((text, i) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&") + (gaps[i] ?? "")).join("");
  return { wanted: new RegExp(`^${source}$`, "s"), names, german };
}

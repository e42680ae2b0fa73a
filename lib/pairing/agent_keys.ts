/** The agents' signing keys as they are kept in a file: `{"agent":"hex"}`, or `{"agent":{"key":"hex","next":"hex"}}` while one changes. */
import { InvalidInputError } from "../errors.ts";
import { keyId, MIN_KEY_HEX_DIGITS } from "./signing.ts";
import { own } from "../own.ts";
import { quoted } from "../text/quoted.ts";

/** Agent name to the key that its commands are signed with, lower-case hex, at least 64 digits. */
export type AgentKeys = Readonly<Record<string, string>>;

/** One agent's keys. */
export interface AgentKeyEntry {
  /** Signs now. */
  readonly key: string;
  /** Signs once `keys activate` says that the agent has it. */
  readonly next?: string;
}

/** The whole file. */
export type AgentKeyFile = Readonly<Record<string, AgentKeyEntry>>;

/**
 * Reads the file's text for signing. No error text ever holds a key.
 *
 * @throws InvalidInputError naming each agent whose key cannot be used
 */
export function parseAgentKeys(text: string, source: string): AgentKeys {
  const file = parseAgentKeyFile(text, source);
  return Object.fromEntries(Object.entries(file).map(([agent, { key }]) => [agent, key]));
}

/** Reads the whole file. @throws InvalidInputError naming each agent whose key cannot be used */
export function parseAgentKeyFile(text: string, source: string): AgentKeyFile {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    // Not as the cause either: the runtime's own text would show a part of the file.
    throw new InvalidInputError(source, ["must be JSON"]);
  }
  if (!isRecord(value)) throw new InvalidInputError(source, ['must be an object {"agent":"hex"}']);
  const problems: string[] = [];
  const entries = Object.entries(value).map(([agent, entry]): [string, AgentKeyEntry] => {
    const { key, next } = isRecord(entry) ? entry : { key: entry, next: undefined };
    const found = [
      keyProblem(agent, "key", key),
      next === undefined ? [] : keyProblem(agent, "next key", next),
    ];
    problems.push(...found.flat());
    return [agent, next === undefined ? { key: String(key) } : { key: String(key), next: String(next) }];
  });
  if (problems.length > 0) throw new InvalidInputError(source, problems);
  return Object.fromEntries(entries);
}

/** Whether a text is JSON of any kind: a cut of power leaves something else. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** The inverse of {@link parseAgentKeyFile}: an agent whose key does not change has the short form. */
export function encodeAgentKeyFile(file: AgentKeyFile): string {
  const value = Object.entries(file).map(([agent, { key, next }]) =>
    [agent, next === undefined ? key : { key, next }] as const
  );
  return JSON.stringify(Object.fromEntries(value), null, 2) + "\n";
}

/** What a change of the file comes to: the new file, or why not. */
export type KeyChange = { readonly file: AgentKeyFile } | { readonly refusal: string };

/** A first key for an agent. */
export function addKey(file: AgentKeyFile, agent: string, keyHex: string): KeyChange {
  if (has(file, agent)) {
    return { refusal: `"${agent}" has a key already; change it with: keys rotate ${agent}` };
  }
  return { file: { ...file, [agent]: { key: keyHex } } };
}

/** A new key beside the one in use. Once more: another new key in the place of the one that was not activated. */
export function rotateKey(file: AgentKeyFile, agent: string, keyHex: string): KeyChange {
  const entry = own(file, agent);
  if (!has(file, agent) || !entry) return unknown(file, agent, `give it one with: keys add ${agent}`);
  return { file: { ...file, [agent]: { key: entry.key, next: keyHex } } };
}

/** From now on the new key signs. */
export function activateKey(file: AgentKeyFile, agent: string): KeyChange {
  const entry = own(file, agent);
  if (!has(file, agent) || !entry) return unknown(file, agent, `give it one with: keys add ${agent}`);
  if (entry.next === undefined) {
    return { refusal: `"${agent}" has no new key; make one with: keys rotate ${agent}` };
  }
  return { file: { ...file, [agent]: { key: entry.next } } };
}

/** Its commands go unsigned afterwards (docs/decisions/0003). */
export function removeKey(file: AgentKeyFile, agent: string): KeyChange {
  if (!has(file, agent)) return unknown(file, agent, "nothing to remove");
  return { file: Object.fromEntries(Object.entries(file).filter(([name]) => name !== agent)) };
}

/** One line for each agent, with the public names of its keys. */
export function listKeys(file: AgentKeyFile): string[] {
  return Object.entries(file).map(([agent, { key, next }]) =>
    `${agent}  signs with ${keyId(key)}${next === undefined ? "" : `, next ${keyId(next)}`}`
  );
}

function unknown(file: AgentKeyFile, agent: string, hint: string): KeyChange {
  return { refusal: `"${agent}" has no key (there are: ${quoted(Object.keys(file))}); ${hint}` };
}

function has(file: AgentKeyFile, agent: string): boolean {
  return Object.hasOwn(file, agent);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function keyProblem(agent: string, what: string, key: unknown): string[] {
  if (typeof key === "string" && /^([0-9a-f]{2}){32,}$/.test(key)) return [];
  const found = typeof key === "string" ? `${key.length} characters` : typeof key;
  const wanted = `an even number of lower-case hex digits, at least ${MIN_KEY_HEX_DIGITS}`;
  return [`the ${what} of "${agent}" must be ${wanted}, found ${found}`];
}

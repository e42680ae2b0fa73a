/** The agents' signing keys as they are kept in a file: `{"agent":"hex digits"}`. */
import { InvalidInputError } from "./errors.ts";
import { MIN_KEY_HEX_DIGITS } from "./signing.ts";

/** Agent name to key, lower-case hex, at least 64 digits. */
export type AgentKeys = Readonly<Record<string, string>>;

/**
 * Reads the file's text. No error text ever holds a key.
 *
 * @throws InvalidInputError naming each agent whose key cannot be used
 */
export function parseAgentKeys(text: string, source: string): AgentKeys {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InvalidInputError(source, ["must be JSON"]);
  }
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new InvalidInputError(source, ['must be an object {"agent":"hex"}']);
  }
  const wanted = `an even number of lower-case hex digits, at least ${MIN_KEY_HEX_DIGITS}`;
  const problems = Object.entries(value)
    .filter(([, key]) => typeof key !== "string" || !/^([0-9a-f]{2}){32,}$/.test(key))
    .map(([agent, key]) =>
      `the key of "${agent}" must be ${wanted}, found ${
        typeof key === "string" ? `${key.length} characters` : typeof key
      }`
    );
  if (problems.length > 0) throw new InvalidInputError(source, problems);
  return value as AgentKeys;
}

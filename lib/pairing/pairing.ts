/** The one-time line that takes an agent's key, and where the broker is, from the daemon to a host. Pure. */
import { createHash } from "node:crypto";
import * as v from "valibot";
import { InvalidInputError } from "../errors.ts";
import { integerIn, parseValue, textUpTo } from "../messages/parse.ts";
import { strictObject } from "../strict_object.ts";

const schema = strictObject({
  agent: v.pipe(textUpTo(64), v.minLength(1, "must not be empty")),
  key: v.pipe(v.string(), v.regex(/^([0-9a-f]{2}){32,64}$/, "must be 64 to 128 lower-case hex digits")),
  host: v.optional(textUpTo(255)),
  port: v.optional(integerIn(1, 65_535)),
  tls: v.optional(v.boolean()),
  user: v.optional(textUpTo(255)),
  pass: v.optional(textUpTo(255)),
  root: v.optional(textUpTo(255)),
  ca: v.optional(textUpTo(16_384)),
});

/**
 * What a host is told when it is paired. `key` is its new key; the rest is how it reaches the broker, each absent when
 * the daemon does not know it: `ca` PEM text, `root` the root of the topics.
 */
export type Pairing = v.InferOutput<typeof schema>;

const PREFIX = "ecoflow-agent-1";

/** One line without blanks, with a check sum against copying errors. It is a secret. */
export function encodePairing(pairing: Pairing): string {
  const body = new TextEncoder().encode(JSON.stringify(pairing)).toBase64({
    alphabet: "base64url",
    omitPadding: true,
  });
  return `${PREFIX}.${body}.${checkSum(body)}`;
}

/** The inverse of {@link encodePairing}. @throws InvalidInputError saying what is wrong; it shows nothing of the line */
export function parsePairing(line: string): Pairing {
  const source = "the pairing line";
  const [prefix, body = "", sum, ...more] = line.trim().split(".");
  if (prefix !== PREFIX || sum === undefined || more.length > 0) {
    throw new InvalidInputError(source, [
      `must be the line that "ecoflow-power keys add" printed, beginning with "${PREFIX}."`,
    ]);
  }
  if (sum !== checkSum(body)) {
    throw new InvalidInputError(source, ["must be copied whole: its check sum does not fit"]);
  }
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(Uint8Array.fromBase64(body, { alphabet: "base64url" })));
  } catch {
    throw new InvalidInputError(source, ["must hold JSON"]);
  }
  try {
    return parseValue(schema, value, source);
  } catch (error) {
    // What was found may be the key.
    const problems = error instanceof InvalidInputError ? error.problems : ["cannot be used"];
    throw new InvalidInputError(source, problems.map((problem) => problem.split(", found ")[0] ?? ""));
  }
}

function checkSum(body: string): string {
  return createHash("sha256").update(body).digest("hex").slice(0, 8);
}

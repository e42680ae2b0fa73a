/** Turns bytes from outside into checked values, with errors that name what was wanted and what was seen. */
import * as v from "valibot";
import { InvalidInputError } from "../errors.ts";

/** The largest JSON payload accepted from the local broker, in bytes. */
export const MAX_JSON_BYTES = 256 * 1024;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * Reads a JSON payload by its schema.
 *
 * @param source Named in the error, for example `MQTT topic "power-manager/nas/ack"`
 * @throws InvalidInputError with all problems found
 */
export function parseJson<const S extends v.GenericSchema>(
  schema: S,
  payload: Uint8Array | string,
  source: string,
): v.InferOutput<S> {
  return parseValue(schema, readJson(payload, source), source);
}

/** Checks a value that is already JSON. @throws InvalidInputError with all problems found */
export function parseValue<const S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  source: string,
): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  throw new InvalidInputError(source, result.issues.map(describeIssue));
}

/** The value of a JSON payload, unchecked. @throws InvalidInputError when it is too long or no JSON */
export function readJson(payload: Uint8Array | string, source: string): unknown {
  if (payload.length > MAX_JSON_BYTES) {
    throw new InvalidInputError(source, [
      `must have at most ${MAX_JSON_BYTES} bytes, found ${payload.length}`,
    ]);
  }
  if (payload.length === 0) throw new InvalidInputError(source, ["must be JSON, found an empty payload"]);
  try {
    return JSON.parse(typeof payload === "string" ? payload : decoder.decode(payload));
  } catch (cause) {
    const shown = typeof payload === "string" ? payload : new TextDecoder().decode(payload.subarray(0, 40));
    throw new InvalidInputError(source, [`must be JSON, found ${JSON.stringify(shown.slice(0, 40))}`], {
      cause,
    });
  }
}

function describeIssue(issue: v.BaseIssue<unknown>): string {
  const path = v.getDotPath(issue);
  const name = path ? `"${path}" ` : "";
  if (issue.kind === "schema") return `${name}must be ${issue.expected}, found ${issue.received}`;
  return `${name}${issue.message}, found ${JSON.stringify(issue.input)?.slice(0, 60)}`;
}

/** A finite number from `min` to `max`, both included. */
export function numberIn(min: number, max: number) {
  const wanted = `must be ${min} to ${max}`;
  return v.pipe(v.number(), v.finite(wanted), v.minValue(min, wanted), v.maxValue(max, wanted));
}

/** A whole number from `min` to `max`, both included. */
export function integerIn(min: number, max: number) {
  const wanted = `must be a whole number from ${min} to ${max}`;
  return v.pipe(
    v.number(),
    v.check((n) => Number.isInteger(n) && n >= min && n <= max, wanted),
  );
}

/** Text of at most `maxLength` characters. */
export function textUpTo(maxLength: number) {
  return v.pipe(v.string(), v.maxLength(maxLength, `must have at most ${maxLength} characters`));
}

/** Wall time as ISO 8601 in UTC, for example `2026-11-23T19:00:00Z`. */
export const isoTime = v.pipe(
  v.string(),
  v.check((s) => s.length <= 32 && !Number.isNaN(Date.parse(s)), "must be an ISO 8601 time"),
);

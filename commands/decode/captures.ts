/** Recorded payloads as files: what `decode` reads and `record` writes. */
import * as v from "valibot";
import { InvalidInputError } from "../../lib/errors.ts";
import { parseValue } from "../../lib/messages/parse.ts";
import type { Header } from "../../proto/frame.ts";
import type { ModelSpec } from "../../services/soc_bridge/models/model_spec.ts";
import { findModel, MODELS } from "../../services/soc_bridge/models/models.ts";
import { recordOf } from "../../lib/record_of.ts";

/** How a payload is written in a file; the file may add an explanation in brackets. */
export const ENCODINGS = ["hex", "base64", "json", "pdata-hex", "decoded-json"] as const;

/** One of {@link ENCODINGS}: `pdata-hex` is one inner message without mask, `decoded-json` was decoded by others. */
export type Encoding = typeof ENCODINGS[number];

const header = recordOf(v.union([v.string(), v.number()]));
const captureFile = v.object({
  id: v.optional(v.string()),
  model: v.optional(v.string()),
  sn: v.optional(v.string()),
  family: v.optional(v.string()),
  transport: v.optional(v.string()),
  encoding: v.string(),
  payload: v.union([v.string(), recordOf(v.unknown())]),
  header: v.optional(header),
  expected: v.optional(v.looseObject({ header: v.optional(header) })),
});

/** A recorded payload with what is needed to read it. */
export interface Capture {
  readonly spec: ModelSpec;
  /** The serial number, or the model's prefix when the file has none. */
  readonly sn: string;
  readonly encoding: Encoding;
  readonly payload: string | Record<string, unknown>;
  /** Of a `pdata-hex` capture: `cmd_func` and `cmd_id` say which message it is. */
  readonly header: Header | undefined;
}

/**
 * Reads a recorded payload: a JSON file with its model or serial number, its encoding and the payload itself.
 *
 * @param models Tables in order of precedence
 * @throws InvalidInputError naming everything that is missing or wrong
 */
export function parseCapture(text: string, source: string, models: readonly ModelSpec[] = MODELS): Capture {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (cause) {
    throw new InvalidInputError(source, ["must be a capture in JSON"], { cause });
  }
  const file = parseValue(captureFile, json, source);
  const word = file.encoding.split(" ")[0];
  const encoding = ENCODINGS.find((e) => e === word);
  if (!encoding) {
    throw new InvalidInputError(source, [
      `"encoding" must begin with one of ${ENCODINGS.join(", ")}, found "${file.encoding.slice(0, 40)}"`,
    ]);
  }
  const wantsText = encoding !== "json" && encoding !== "decoded-json";
  if (wantsText && typeof file.payload !== "string") {
    throw new InvalidInputError(source, [
      `"payload" must be text for encoding "${encoding}", found an object`,
    ]);
  }
  const found = modelOf(file.sn, file.model ?? "", models);
  if (!found) {
    throw new InvalidInputError(source, [
      `"sn" or "model" must name a known model, found "${file.sn ?? ""}" and "${file.model ?? ""}"`,
    ]);
  }
  return { ...found, encoding, payload: file.payload, header: file.header ?? file.expected?.header };
}

/** By serial number, then by a serial prefix in the model's text, then by the longest model name it begins with. */
function modelOf(
  sn: string | undefined,
  text: string,
  models: readonly ModelSpec[],
): { spec: ModelSpec; sn: string } | undefined {
  const bySn = sn === undefined ? undefined : findModel(sn, models);
  if (bySn && sn !== undefined) return { spec: bySn, sn };
  const prefix = /prefix(?:es)? ([A-Z0-9]{2,16})/.exec(text)?.[1] ?? "";
  const byPrefix = findModel(prefix, models);
  if (byPrefix) return { spec: byPrefix, sn: prefix };
  const named = models.flatMap((spec) => spec.model.split(" / ").map((name) => ({ spec, name })))
    .filter(({ name }) => text.startsWith(name)).sort((a, b) => b.name.length - a.name.length);
  const byName = named[0]?.spec;
  return byName && { spec: byName, sn: byName.prefixes[0] ?? byName.model };
}

/** What `decode` prints for one payload: its messages and what they say about the station. */
import { InvalidInputError } from "../../lib/errors.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { encodeFrame } from "../../proto/frame.ts";
import type { Capture, Encoding } from "./captures.ts";
import { compileModel } from "../../services/soc_bridge/models/compiled_model.ts";
import { readDecodedJson } from "../../services/soc_bridge/decode/decoded_json.ts";
import { MINUTES_PLACEHOLDERS, type ModelSpec } from "../../services/soc_bridge/models/model_spec.ts";
import { findModel, MODELS } from "../../services/soc_bridge/models/models.ts";
import type { Normalized } from "../../services/soc_bridge/judge/normalize.ts";
import type { TimedNumber } from "../../services/soc_bridge/judge/sources.ts";
import { PowerStation } from "../../services/soc_bridge/judge/power_station.ts";

/** One message of a payload. */
export interface PrintedMessage {
  readonly cmd_func: number | null;
  readonly cmd_id: number | null;
  /** Null for a pair of unknown layout. */
  readonly name: string | null;
  /** Only what was sent. */
  readonly fields: Readonly<Record<string, unknown>>;
  /** The inner message without its mask, where its layout is not known. */
  readonly pdata_hex?: string;
}

/** Everything that one payload says. */
export interface DecodedCapture {
  readonly messages: readonly PrintedMessage[];
  /**
   * The state as it would be published if the station had said nothing but this and its word on the grid were
   * confirmed. Without times and ages.
   */
  readonly state: PowerState;
  /** The same by the protocol facts' names, with placeholders of minutes where nothing better was sent; null is unknown. */
  readonly normalized: Readonly<Record<string, number | boolean | null>>;
  /** What could not be read, one sentence each. */
  readonly problems: readonly string[];
}

/** Decodes a capture. @throws InvalidInputError when the payload cannot be read at all */
export async function decodeCapture(capture: Capture, source: string): Promise<DecodedCapture> {
  const { spec, sn, encoding, payload } = capture;
  const model = await compileModel(spec);
  const station = new PowerStation({ sn, model, gridRule: "auto", staleAfterMs: 60_000 });
  const { messages, problems } = encoding === "decoded-json" && model.family && typeof payload !== "string"
    ? station.acceptMessages(readDecodedJson(model.family, payload), 0)
    : station.accept(payloadBytes(capture, source), 0, source);
  if (problems.length > 0 && messages.length === 0) throw new InvalidInputError(source, problems);
  const { ts: _ts, age_s: _age, grid_age_s: _gridAge, soc_age_s: _socAge, ...state } = station.state(
    sn,
    0,
    0,
  );
  const { present, pending } = station.grid;
  if (present === undefined && pending) {
    state.grid_connected = pending.present;
    state.grid_evidence = pending.evidence;
    delete state.grid_unconfirmed;
  }
  return {
    messages: messages.map((message) => ({
      cmd_func: message.cmd_func ?? null,
      cmd_id: message.cmd_id ?? null,
      name: message.name ?? null,
      fields: message.fields(),
      ...(message.pdata ? { pdata_hex: message.pdata.toHex() } : {}),
    })),
    state,
    normalized: factNames(station.normalized(0), present ?? pending?.present),
    problems,
  };
}

/** A capture made of what the command line gives. @throws InvalidInputError when no model fits the serial number */
export function captureOf(
  { sn, encoding, payload }: { sn: string; encoding: Encoding; payload: string },
  source: string,
  models: readonly ModelSpec[] = MODELS,
): Capture {
  const spec = findModel(sn, models);
  if (!spec) throw new InvalidInputError(source, [`the serial number must fit a known model, found "${sn}"`]);
  return { spec, sn, encoding, payload, header: undefined };
}

/** The MQTT payload of a capture. @throws InvalidInputError when the text is not in its encoding */
export function payloadBytes({ encoding, payload, header }: Capture, source: string): Uint8Array {
  if (typeof payload !== "string") return new TextEncoder().encode(JSON.stringify(payload));
  const text = payload.trim();
  try {
    switch (encoding) {
      case "json":
      case "decoded-json":
        return new TextEncoder().encode(text);
      case "base64":
        return Uint8Array.fromBase64(text);
      case "hex":
        return Uint8Array.fromHex(text);
      case "pdata-hex": {
        const { cmd_func, cmd_id, src } = header ?? {};
        if (cmd_func === undefined || cmd_id === undefined) {
          throw new InvalidInputError(source, [`a "pdata-hex" payload must come with cmd_func and cmd_id`]);
        }
        const pdata = Uint8Array.fromHex(text);
        return encodeFrame([{ pdata, cmd_func, cmd_id, dest: 32, ...(src === undefined ? {} : { src }) }]);
      }
    }
  } catch (cause) {
    if (cause instanceof InvalidInputError) throw cause;
    throw new InvalidInputError(source, [`the payload must be ${encoding}, found "${text.slice(0, 20)}…"`], {
      cause,
    });
  }
}

/** The names that the protocol facts give the same values. */
const FACT_NAMES = [
  ["battery_soc_pct", "soc"],
  ["ac_input_w", "ac_in_watts"],
  ["ac_input_v", "ac_in_volts"],
  ["total_output_w", "out_watts"],
  ["ac_output_w", "ac_out_watts"],
  ["dc_input_w", "dc_in_watts"],
  ["charge_remaining_min", "charge_min"],
  ["discharge_remaining_min", "discharge_min"],
  ["battery_temp_c", "temp_celsius"],
  ["battery_full_wh", "battery_wh"],
  ["battery_design_wh", "battery_design_wh"],
  ["charge_limit_max_pct", "max_soc"],
  ["charge_limit_min_pct", "min_soc"],
] as const;

/** The stations' own words for "no estimate" are shown, as the recordings' expectations do; other placeholders are none. */
function shown(found: TimedNumber | undefined): number | null {
  if (found === undefined) return null;
  return found.isPlaceholder && !MINUTES_PLACEHOLDERS.includes(found.value) ? null : found.value;
}

function factNames(
  { numbers, acOutEnabled }: Normalized,
  gridPresent: boolean | undefined,
): Record<string, number | boolean | null> {
  return {
    ...Object.fromEntries(FACT_NAMES.map(([fact, name]) => [fact, shown(numbers.get(name))])),
    grid_present: gridPresent ?? null,
    ac_output_enabled: acOutEnabled?.value ?? null,
  };
}

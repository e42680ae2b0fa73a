/** What one source beside the cloud says of a station: topic `bridge-ecoflow/<device>/source/<source>`, QoS 0, not retained. */
import * as v from "valibot";
import { isoTime, numberIn, parseJson, textUpTo } from "./parse.ts";

const schema = v.object({
  source: v.picklist(["nut"]),
  grid: v.optional(v.boolean()),
  soc: v.optional(numberIn(0, 100)),
  discharge_min: v.optional(numberIn(0, 1_000_000)),
  out_watts: v.optional(numberIn(0, 100_000)),
  in_volts: v.optional(numberIn(0, 1000)),
  temp_celsius: v.optional(numberIn(-60, 200)),
  model: v.optional(textUpTo(64)),
  serial: v.optional(textUpTo(64)),
  flapping: v.optional(v.boolean()),
  evidence: textUpTo(200),
  ts: isoTime,
});

/**
 * One poll that was answered; a source that is not answered says nothing. Absent means unknown.
 *
 * | key | unit and meaning |
 * | --- | --- |
 * | `grid` | true: on line, said twice; false: on battery, said twice; absent: not confirmed, contradictory, or the driver flaps |
 * | `soc` | % |
 * | `discharge_min` | minutes to empty, on battery only |
 * | `out_watts` | leaving the station, W |
 * | `in_volts` | at the AC input, V |
 * | `temp_celsius` | of the battery, degrees C |
 * | `model` | what the driver calls the device |
 * | `serial` | what the driver calls the device's serial number; absent: it says none, or it is the one that the configuration names |
 * | `flapping` | true: the driver changes between OL and OB too often to be believed; else absent |
 * | `evidence` | what `grid` rests on, such as `ups.status=OB DISCHRG` |
 * | `ts` | wall time of the answer |
 */
export type SourceReading = v.InferOutput<typeof schema>;

/** Reads a reading; unknown keys are dropped. @throws InvalidInputError naming each wrong key */
export function parseSourceReading(payload: Uint8Array | string, source: string): SourceReading {
  return parseJson(schema, payload, source);
}

/** JSON; undefined values are left out. */
export function encodeSourceReading(reading: SourceReading): string {
  return JSON.stringify(reading);
}

/** The normalised state of one power station: topic `bridge-ecoflow/<device>/json/state`, retained. */
import * as v from "valibot";
import { integerIn, isoTime, numberIn, parseJson, textUpTo } from "./parse.ts";

const watts = numberIn(-100_000, 100_000);
const minutes = numberIn(0, 1_000_000);

/** One battery pack: 0 is the main one. */
const pack = v.object({
  num: integerIn(0, 31),
  sn: v.optional(textUpTo(64)),
  soc: v.optional(numberIn(0, 100)),
  temp_celsius: v.optional(numberIn(-60, 200)),
  full_wh: v.optional(numberIn(0, 1_000_000)),
});

/** One outlet that the station switches off below a charge of its own. */
const outagePort = v.object({ port: v.picklist(["dc", "ac1", "ac2"]), min_soc: numberIn(0, 100) });

const schema = v.object({
  device: v.pipe(
    v.string(),
    v.minLength(1, "must not be empty"),
    v.maxLength(64, "must have at most 64 characters"),
  ),
  soc: v.optional(numberIn(0, 100)),
  grid_connected: v.optional(v.boolean()),
  temp_celsius: v.optional(numberIn(-60, 200)),
  ac_in_watts: v.optional(watts),
  sn: v.optional(textUpTo(64)),
  model: v.optional(textUpTo(64)),
  ac_in_volts: v.optional(numberIn(0, 1000)),
  out_watts: v.optional(watts),
  ac_out_watts: v.optional(watts),
  dc_in_watts: v.optional(watts),
  discharge_min: v.optional(minutes),
  charge_min: v.optional(minutes),
  battery_wh: v.optional(numberIn(0, 1_000_000)),
  battery_design_wh: v.optional(numberIn(0, 1_000_000)),
  min_soc: v.optional(numberIn(0, 100)),
  max_soc: v.optional(numberIn(0, 100)),
  ac_out_enabled: v.optional(v.boolean()),
  packs: v.optional(v.pipe(v.array(pack), v.maxLength(32, "must have at most 32 packs"))),
  grid_evidence: v.optional(textUpTo(200)),
  grid_unconfirmed: v.optional(v.boolean()),
  grid_unknown: v.optional(v.boolean()),
  soc_source: v.optional(v.picklist(["system", "pack", "packs"])),
  grid_source: v.optional(v.picklist(["cloud", "nut"])),
  charge_source: v.optional(v.picklist(["cloud", "nut"])),
  source_disagreement: v.optional(v.boolean()),
  discharge_min_doubtful: v.optional(v.boolean()),
  outage_ports: v.optional(v.pipe(v.array(outagePort), v.maxLength(8, "must have at most 8 ports"))),
  model_guess: v.optional(v.boolean()),
  role: v.optional(v.picklist(["station", "accessory"])),
  simulated: v.optional(v.literal(true)),
  expires_s: v.optional(numberIn(1, 300)),
  grid_age_s: v.optional(numberIn(0, 1e9)),
  soc_age_s: v.optional(numberIn(0, 1e9)),
  link: v.optional(v.picklist(["live", "stale", "offline"])),
  age_s: v.optional(numberIn(0, 1e9)),
  ts: v.optional(isoTime),
});

/**
 * A station's state. **Absent means unknown**, never 0 and never "all is well".
 *
 * | key | unit and meaning |
 * | --- | --- |
 * | `device` | the station's name in topics |
 * | `soc` | % of the whole system, 0 to 100 |
 * | `grid_connected` | true: the grid feeds the station; false: it does not; absent: not known |
 * | `temp_celsius` | hottest battery cell, degrees C |
 * | `ac_in_watts`, `ac_in_volts` | at the AC input; 0 W with the grid present is normal on a full battery |
 * | `out_watts`, `ac_out_watts` | leaving the station, all sockets and AC alone, W, positive |
 * | `dc_in_watts` | solar or car, W |
 * | `discharge_min`, `charge_min` | minutes to empty and to full as the station says |
 * | `battery_wh`, `battery_design_wh` | energy when full, now and by design, Wh |
 * | `min_soc`, `max_soc` | the station's own discharge and charge limits, % |
 * | `ac_out_enabled` | the AC sockets are switched on |
 * | `grid_evidence` | what the grid verdict rests on, for example `flow_info_ac_in=2` |
 * | `grid_unconfirmed` | true: one indication contradicts `grid_connected` and waits to be confirmed; else absent |
 * | `grid_unknown` | true: the grid was told once and is no longer told, though the station speaks; `grid_connected` is then absent, or false with its age where a loss was the last reading: an outage goes on. Absent while the grid is known, and when it was never told |
 * | `soc_source` | what `soc` is: `system` the station's own figure for the whole; `pack` its only battery; `packs` the mean of all batteries by capacity |
 * | `grid_source`, `charge_source` | who said the grid and the charge: `nut` the station's cable, `cloud`; absent for a station whose cable never spoke |
 * | `source_disagreement` | true: the cable decides the grid, and the live cloud says the opposite; else absent |
 * | `discharge_min_doubtful` | true: charge, energy and load contradict `discharge_min` by more than a factor (docs/devices.md): it is shown, and must trigger nothing alone |
 * | `outage_ports` | outlets that the station switches off below a charge of their own, with that charge, %; empty when it says that none does, absent when it is not told |
 * | `model_guess` | true: the table was chosen by two letters of the serial number, and nothing that the station sent confirms it yet |
 * | `role` | `accessory`: a plug, meter, panel …, never a power station for the policy; absent means `station` |
 * | `simulated` | true: played by `ecoflow-power feed`, and true of no station; absent: not played |
 * | `expires_s` | of a played state: it counts for so many seconds; the play is over when no other comes by then |
 * | `grid_age_s`, `soc_age_s` | seconds since that one value was last confirmed |
 * | `link` | `live`, `stale` (nothing fresh for longer than the limit) or `offline` (cloud or station says so) |
 * | `age_s` | seconds since the newest evidence of any kind when this was published |
 * | `ts` | wall time of publishing |
 *
 * The predecessor's simulations send only the first five; a state without `link` counts as live when it arrives.
 */
export type PowerState = v.InferOutput<typeof schema>;

/** One battery pack of a {@link PowerState}. */
export type PackState = v.InferOutput<typeof pack>;

/** One outlet with a discharge limit of its own of a {@link PowerState}. */
export type OutagePort = v.InferOutput<typeof outagePort>;

/** A word on its way for less than this is as good as said now: clocks of a house differ by as much, ms. */
const ON_ITS_WAY_MS = 5000;

/**
 * How long a word was held up before it came, ms, by its own time of publishing: 0 when it was not, or says no time. One from
 * the future is from a clock that is off.
 */
export function heldUpMs({ ts }: { readonly ts?: string }, nowWallMs: number): number {
  const sinceMs = ts === undefined ? 0 : nowWallMs - Date.parse(ts);
  return sinceMs > ON_ITS_WAY_MS ? sinceMs : 0;
}

/** A state that was not retained, with its ages as they are on arrival: what was held up is older than it says. */
export function stateOnArrival(state: PowerState, nowWallMs: number): PowerState {
  const heldUpSec = heldUpMs(state, nowWallMs) / 1000;
  if (heldUpSec === 0) return state;
  const older = (seconds: number | undefined) => seconds === undefined ? undefined : seconds + heldUpSec;
  return {
    ...state,
    age_s: (state.age_s ?? 0) + heldUpSec,
    grid_age_s: older(state.grid_age_s),
    soc_age_s: older(state.soc_age_s),
  };
}

/** Reads a state; unknown keys are dropped. @throws InvalidInputError naming each wrong key */
export function parsePowerState(payload: Uint8Array | string, source: string): PowerState {
  return parseJson(schema, payload, source);
}

/** JSON in the key order of the schema; undefined values are left out. */
export function encodePowerState(state: PowerState): string {
  return JSON.stringify(state);
}

/**
 * Charge and grid as far as they may be said. A value is absent when nobody has confirmed it for longer than `limitSec`, however
 * live the station is. A grid that is said to be unknown is absent, too. Without an age of its own a value is as old as the newest
 * evidence. Without any age it is fresh.
 */
export function freshReadings(
  { soc, grid_connected, grid_unknown, soc_age_s, grid_age_s, age_s = 0 }: PowerState,
  limitSec: number,
): Pick<PowerState, "soc" | "grid_connected"> {
  return {
    ...(soc !== undefined && (soc_age_s ?? age_s) <= limitSec ? { soc } : {}),
    ...(grid_connected !== undefined && !grid_unknown && (grid_age_s ?? age_s) <= limitSec
      ? { grid_connected }
      : {}),
  };
}

/** What comes in, grid, sun and car together, W; undefined when none of it is known. */
export function inWattsOf({ ac_in_watts: ac, dc_in_watts: dc }: PowerState): number | undefined {
  const known = [ac, dc].filter((watts) => watts !== undefined);
  return known.length > 0 ? known.reduce((sum, watts) => sum + watts, 0) : undefined;
}

/**
 * What real stations do to their own word: the grid's indicator vanishes, or never sees the grid; minutes jump; the floor is told
 * of an outlet alone; values are left out. And a witness, where there is one. A seed gives the same again; times are seconds.
 *
 * A grid that is not told any more is said as the decoder says it: the last word with its age, after a while "unknown", and of a
 * loss both.
 */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { Draw } from "./random.ts";

type Window = readonly [fromSec: number, toSec: number];

/** So long the decoder says a grid on that is no longer told, s. */
const UNTOLD_SEC = 150;

/** See the file comment. */
export class OddStation {
  /** Whose word counts, as the owner said in the policy file. */
  readonly source: "auto" | "witness";
  readonly hasWitness: boolean;
  readonly #untold: readonly Window[];
  readonly #witnessSilent: readonly Window[];
  readonly #jumps: readonly Window[];
  readonly #hasOutlets: boolean;
  #told: { readonly grid: boolean; readonly atSec: number } | undefined;

  constructor(private readonly draw: Draw, lengthSec: number) {
    const window = (): Window => {
      const fromSec = draw.between(60, lengthSec);
      return [fromSec, draw.chance(0.5) ? Infinity : fromSec + draw.scale(30, 7200)];
    };
    this.#untold = draw.chance(0.7) ? [window()] : [];
    this.hasWitness = draw.chance(0.5);
    this.source = this.hasWitness && draw.chance(0.3) ? "witness" : "auto";
    this.#witnessSilent = draw.chance(0.5) ? [window()] : [];
    this.#jumps = draw.chance(0.5) ? [window()] : [];
    this.#hasOutlets = draw.chance(0.3);
  }

  /** The station's word as it really comes. */
  said(state: PowerState, atSec: number): PowerState {
    const { grid_connected, min_soc, discharge_min, ...rest } = state;
    const isUntold = isIn(this.#untold, atSec);
    if (!isUntold && grid_connected !== undefined) this.#told = { grid: grid_connected, atSec };
    // Behind a panel it never sees the grid.
    const grid = this.source === "witness"
      ? { grid_connected: false }
      : isUntold
      ? this.#noLongerTold(atSec)
      : { grid_connected };
    const minutes = isIn(this.#jumps, atSec)
      ? { discharge_min: 3, discharge_min_doubtful: true }
      : { discharge_min };
    const floor = this.#hasOutlets
      ? { outage_ports: [{ port: "ac1" as const, min_soc: min_soc ?? 0 }] }
      : { min_soc };
    // A full battery's energy, load and minutes are placeholders now and then, and left out by the bridge.
    const left = this.draw.chance(0.05) ? { battery_wh: undefined, out_watts: undefined } : {};
    return { ...rest, ...grid, ...minutes, ...floor, ...left };
  }

  #noLongerTold(atSec: number): Pick<PowerState, "grid_connected" | "grid_unknown" | "grid_age_s"> {
    if (!this.#told) return {};
    const { grid, atSec: toldSec } = this.#told;
    const grid_age_s = atSec - toldSec;
    if (grid_age_s <= UNTOLD_SEC) return { grid_connected: grid, grid_age_s };
    return { grid_unknown: true, grid_age_s, ...(grid ? {} : { grid_connected: false }) };
  }

  /** The witness's word now; undefined while it is silent, or where there is none. */
  witnessed(hasGrid: boolean, atSec: number): boolean | undefined {
    if (!this.hasWitness || isIn(this.#witnessSilent, atSec)) return undefined;
    return hasGrid;
  }
}

function isIn(windows: readonly Window[], atSec: number): boolean {
  return windows.some(([from, to]) => from <= atSec && atSec < to);
}

/**
 * What real stations do to their own word: the grid's indicator vanishes, or never sees the grid; minutes jump; the floor is told
 * of an outlet alone; values are left out. And a witness, where there is one. A seed gives the same again; times are seconds.
 */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { Draw } from "./random.ts";

type Window = readonly [fromSec: number, toSec: number];

/** See the file comment. */
export class OddStation {
  /** Whose word counts, as the owner said in the policy file. */
  readonly source: "auto" | "witness";
  readonly hasWitness: boolean;
  readonly #untold: readonly Window[];
  readonly #witnessSilent: readonly Window[];
  readonly #jumps: readonly Window[];
  readonly #hasOutlets: boolean;

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
    const grid = this.source === "witness"
      // Behind a panel: it never sees the grid.
      ? { grid_connected: false }
      : isIn(this.#untold, atSec)
      ? { grid_unknown: true }
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

  /** The witness's word now; undefined while it is silent, or where there is none. */
  witnessed(hasGrid: boolean, atSec: number): boolean | undefined {
    if (!this.hasWitness || isIn(this.#witnessSilent, atSec)) return undefined;
    return hasGrid;
  }
}

function isIn(windows: readonly Window[], atSec: number): boolean {
  return windows.some(([from, to]) => from <= atSec && atSec < to);
}

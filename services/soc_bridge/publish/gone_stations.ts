/**
 * Which stations are off the list for good, and which states the broker still keeps of them: of stations that this run knows,
 * and of those that only an earlier one knew. Pure but for its own memory.
 */
import type { PowerState } from "../../../lib/messages/power_state.ts";

/** A station that is not on the list and says nothing is gone after this long, ms. */
export const GONE_AFTER_MS = 600_000;
/** More than a house has would only fill the memory. */
const MOST_LEFTOVERS = 1000;

/** What is known now. */
export interface ListNow {
  /** Whether a serial number is on the list; undefined: there is no list, so nobody can be off it. */
  readonly isListed?: (sn: string) => boolean;
  readonly nowMonoMs: number;
}

/** What is looked at in a state that the broker keeps. */
export type Kept = Pick<PowerState, "sn" | "grid_source" | "charge_source">;

/** A name in topics of ours that is not spoken under any more. */
interface Leftover {
  /** Absent: only a cable spoke for it. */
  readonly sn?: string;
  /** Since when nobody has spoken under it and it has been off the list; undefined: it is on the list. */
  sinceMonoMs: number | undefined;
}

/** See the file comment. */
export class GoneStations {
  readonly #leftovers = new Map<string, Leftover>();
  readonly #unlistedSince = new Map<string, number>();

  /** @param isCable Whether the configuration gives a station of that name a cable */
  constructor(private readonly isCable: (device: string) => boolean = () => false) {}

  /** The broker keeps a state from before this run. One without a serial number that no cable told is somebody else's, and left alone. */
  kept(device: string, { sn, grid_source, charge_source }: Kept): void {
    const isOurs = sn !== undefined || grid_source === "nut" || charge_source === "nut";
    if (!isOurs || this.#leftovers.size >= MOST_LEFTOVERS) return;
    this.#leftovers.set(device, { sn, sinceMonoMs: undefined });
  }

  /** Whether an earlier run left the state of a station by that name that only a cable spoke for. */
  isCableOnly(device: string): boolean {
    const leftover = this.#leftovers.get(device);
    return leftover !== undefined && leftover.sn === undefined;
  }

  /** Somebody speaks under this name: it is in use. */
  spoken(device: string): void {
    this.#leftovers.delete(device);
  }

  /**
   * Names under which an earlier run left a state of a station that is gone, or has another name now; each is named once.
   *
   * @param nameOf The present name of a serial number that is known; undefined for others
   */
  takeLeftovers(nameOf: (sn: string) => string | undefined, { isListed, nowMonoMs }: ListNow): string[] {
    const taken: string[] = [];
    for (const [device, leftover] of this.#leftovers) {
      const { sn } = leftover;
      const name = sn === undefined ? undefined : nameOf(sn);
      if (name === device) {
        this.#leftovers.delete(device);
        continue;
      }
      const isOld = sn === undefined ? !this.isCable(device) : name !== undefined || isListed?.(sn) === false;
      leftover.sinceMonoMs = isOld ? leftover.sinceMonoMs ?? nowMonoMs : undefined;
      if (leftover.sinceMonoMs === undefined || nowMonoMs - leftover.sinceMonoMs < GONE_AFTER_MS) continue;
      this.#leftovers.delete(device);
      taken.push(device);
    }
    return taken;
  }

  /** Whether a station that this run knows is gone now. @param isLive It speaks: whatever the list says, it is there */
  isGone(sn: string, isLive: boolean, { isListed, nowMonoMs }: ListNow): boolean {
    if (isLive || isListed?.(sn) !== false) {
      this.#unlistedSince.delete(sn);
      return false;
    }
    const since = this.#unlistedSince.get(sn) ?? nowMonoMs;
    this.#unlistedSince.set(sn, since);
    if (nowMonoMs - since < GONE_AFTER_MS) return false;
    this.#unlistedSince.delete(sn);
    return true;
  }
}

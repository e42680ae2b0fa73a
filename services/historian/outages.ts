/** Keeps the outages of all stations: when each began and ended, and how deep the battery went. Pure. */

/** One outage. Wall times, ms since 1970; charges in %, absent when not known. */
export interface Outage {
  readonly device: string;
  readonly fromMs: number;
  /** False: it was going on already when we looked first. */
  readonly isFromSeen: boolean;
  /** Absent: it goes on. */
  readonly toMs?: number;
  /** False: it ended while nobody looked; `toMs` is when that was found out. */
  readonly isToSeen: boolean;
  readonly socStart?: number;
  readonly socLowest?: number;
  readonly socEnd?: number;
  /** When it was last known to go on. */
  readonly lastMs: number;
}

/** What a station says of the grid; absent: not known. */
export interface GridReading {
  readonly grid?: boolean;
  readonly soc?: number;
}

/** A silence longer than this hides when the grid came back, ms. */
const SEEN_WITHIN_MS = 120_000;

/** See the file comment. */
export class OutageBook {
  readonly #open = new Map<string, Outage>();
  /** Devices that were seen with the grid, and when. */
  readonly #withGridMs = new Map<string, number>();

  /** @param open Outages that were going on when the last run ended */
  constructor(open: readonly Outage[] = []) {
    for (const outage of open) this.#open.set(outage.device, outage);
  }

  /** Whether any station is without the grid. */
  get isOut(): boolean {
    return this.#open.size > 0;
  }

  /** Takes a live reading. @returns the outage when it began, changed or ended */
  note(device: string, { grid, soc }: GridReading, wallMs: number): Outage | undefined {
    if (grid === undefined) return undefined;
    const open = this.#open.get(device);
    if (grid) {
      this.#withGridMs.set(device, wallMs);
      return open && this.#end(open, soc, wallMs);
    }
    return open ? this.#goOn(open, soc, wallMs) : this.#begin(device, soc, wallMs);
  }

  #begin(device: string, soc: number | undefined, wallMs: number): Outage {
    const withGridMs = this.#withGridMs.get(device);
    const isFromSeen = withGridMs !== undefined && wallMs - withGridMs <= SEEN_WITHIN_MS;
    const outage: Outage = {
      device,
      fromMs: wallMs,
      isFromSeen,
      isToSeen: false,
      socStart: soc,
      socLowest: soc,
      lastMs: wallMs,
    };
    this.#open.set(device, outage);
    return outage;
  }

  #goOn(open: Outage, soc: number | undefined, wallMs: number): Outage {
    const socLowest = soc === undefined ? open.socLowest : Math.min(soc, open.socLowest ?? soc);
    const outage = { ...open, socLowest, lastMs: wallMs };
    this.#open.set(open.device, outage);
    return outage;
  }

  #end(open: Outage, soc: number | undefined, wallMs: number): Outage {
    this.#open.delete(open.device);
    // A clock that fell back must not make an outage end before it began.
    const toMs = Math.max(wallMs, open.fromMs);
    const isToSeen = wallMs >= open.lastMs && wallMs - open.lastMs <= SEEN_WITHIN_MS;
    return { ...open, toMs, isToSeen, socEnd: soc };
  }
}

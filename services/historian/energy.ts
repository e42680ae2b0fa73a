/** Energy of a day, from watts over time. Pure. */
import type { Totals } from "./totals.ts";

/** What came in and went out, to be added to a day. */
export interface EnergyDelta {
  readonly device: string;
  /** Local day, `2026-11-23`. */
  readonly day: string;
  /** Wh; absent: the watts were never known. */
  readonly inWh?: number;
  /** For how long they were known, s. */
  readonly inSec: number;
  /** Of it at the AC input, from the grid. */
  readonly acInWh?: number;
  readonly acInSec: number;
  /** Of it at the DC input, from sun or car. */
  readonly dcInWh?: number;
  readonly dcInSec: number;
  readonly outWh?: number;
  readonly outSec: number;
}

/** The local day of a wall time. */
export function localDay(wallMs: number): string {
  const date = new Date(wallMs);
  const two = (value: number) => String(value).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** The energy in some totals; a gap adds neither energy nor time. */
export function energyOf(
  device: string,
  day: string,
  { inWatts, acInWatts, dcInWatts, outWatts }: Totals,
): EnergyDelta | undefined {
  if (!inWatts && !outWatts) return undefined;
  const wh = (area: number | undefined) => area === undefined ? undefined : Math.max(0, area) / 3600;
  return {
    device,
    day,
    inWh: wh(inWatts?.area),
    inSec: inWatts?.seconds ?? 0,
    acInWh: wh(acInWatts?.area),
    acInSec: acInWatts?.seconds ?? 0,
    dcInWh: wh(dcInWatts?.area),
    dcInSec: dcInWatts?.seconds ?? 0,
    outWh: wh(outWatts?.area),
    outSec: outWatts?.seconds ?? 0,
  };
}

/** Two deltas of the same device and day as one. */
export function addEnergy(a: EnergyDelta | undefined, b: EnergyDelta): EnergyDelta {
  if (!a) return b;
  const sum = (x?: number, y?: number) =>
    x === undefined && y === undefined ? undefined : (x ?? 0) + (y ?? 0);
  return {
    device: b.device,
    day: b.day,
    inWh: sum(a.inWh, b.inWh),
    inSec: a.inSec + b.inSec,
    acInWh: sum(a.acInWh, b.acInWh),
    acInSec: a.acInSec + b.acInSec,
    dcInWh: sum(a.dcInWh, b.dcInWh),
    dcInSec: a.dcInSec + b.dcInSec,
    outWh: sum(a.outWh, b.outWh),
    outSec: a.outSec + b.outSec,
  };
}

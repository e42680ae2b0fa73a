/** Energy by hour or by day, as far as it was recorded. Pure but for the local day. */
import type { HistoryView } from "../page_contract.ts";

/** Energy of one hour or one day, Wh; absent: nothing is known of it. */
export interface EnergySlot {
  /** Its begin, s since 1970. */
  readonly fromSec: number;
  readonly toSec: number;
  /** What came in from the grid, and from sun or car. */
  readonly gridWh?: number;
  readonly sunWh?: number;
  /** What came in and was kept as one sum, as older versions did. */
  readonly undividedWh?: number;
  readonly outWh?: number;
  /** Of what went out: more than came in at that moment. */
  readonly fromBatteryWh?: number;
  /** Of what came in: more than went out, with what the station itself takes. */
  readonly toBatteryWh?: number;
  /** For how long values were known, s. */
  readonly knownSec: number;
}

/** Hours of the last day, or local days of the last week, the newest last. */
export type EnergySpan = "day" | "week";
const HOUR_SEC = 3600;
const DAYS = 7;

/** The slots of a span, empty. @param nowSec s since 1970 */
export function slotBounds(span: EnergySpan, nowSec: number): { fromSec: number; toSec: number }[] {
  if (span === "day") {
    const end = Math.ceil(nowSec / HOUR_SEC) * HOUR_SEC;
    return Array.from({ length: 24 }, (_, i) => {
      const fromSec = end - (24 - i) * HOUR_SEC;
      return { fromSec, toSec: fromSec + HOUR_SEC };
    });
  }
  const now = new Date(nowSec * 1000);
  const midnight = (back: number) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() - back).getTime() / 1000;
  return Array.from({ length: DAYS }, (_, i) => {
    const back = DAYS - 1 - i;
    return { fromSec: midnight(back), toSec: midnight(back - 1) };
  });
}

/** Puts the recorded values into slots. What nobody saw adds nothing. */
export function energySlots(history: HistoryView, span: EnergySpan, nowSec: number): EnergySlot[] {
  const slots: Sum[] = slotBounds(span, nowSec).map((bounds) => ({ ...bounds, knownSec: 0 }));
  for (const [i, atSec] of history.at_s.entries()) {
    const seconds = history.known_s[i] ?? 0;
    const slot = slots.find(({ fromSec, toSec }) => atSec >= fromSec && atSec < toSec);
    if (slot && seconds > 0) add(slot, history, i, seconds);
  }
  return slots.map((slot) => span === "week" ? withDay(slot, history) : slot);
}

type Sum = { -readonly [K in keyof EnergySlot]: EnergySlot[K] };

function add(
  slot: Sum,
  { in_watts, ac_in_watts, dc_in_watts, out_watts }: HistoryView,
  i: number,
  seconds: number,
): void {
  const [input, output] = [in_watts[i] ?? undefined, out_watts[i] ?? undefined];
  const [grid, sun] = [ac_in_watts[i] ?? undefined, dc_in_watts[i] ?? undefined];
  if (input === undefined && output === undefined) return;
  slot.knownSec += seconds;
  const more = (sum: number | undefined, watts: number) =>
    (sum ?? 0) + Math.max(0, watts) * seconds / HOUR_SEC;
  if (grid !== undefined) slot.gridWh = more(slot.gridWh, grid);
  if (sun !== undefined) slot.sunWh = more(slot.sunWh, sun);
  if (input !== undefined && grid === undefined && sun === undefined) {
    slot.undividedWh = more(slot.undividedWh, input);
  }
  if (output !== undefined) slot.outWh = more(slot.outWh, output);
  if (input !== undefined && output !== undefined) {
    slot.fromBatteryWh = more(slot.fromBatteryWh, output - input);
    slot.toBatteryWh = more(slot.toBatteryWh, input - output);
  }
}

/** The historian's own sums of a day are exact: they count before ours from averages. */
function withDay(slot: Sum, { energy }: HistoryView): EnergySlot {
  const date = new Date(slot.fromSec * 1000);
  const two = (value: number) => String(value).padStart(2, "0");
  const name = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const day = energy?.find((one) => one.day === name);
  if (!day) return slot;
  const { in_wh, ac_in_wh: gridWh = slot.gridWh, dc_in_wh: sunWh = slot.sunWh } = day;
  // The sum of a day of which a part was kept undivided; less than half a watt-hour is rounding.
  const rest = in_wh === undefined ? 0 : in_wh - (gridWh ?? 0) - (sunWh ?? 0);
  return {
    ...slot,
    gridWh,
    sunWh,
    undividedWh: in_wh === undefined ? slot.undividedWh : rest >= 0.5 ? rest : undefined,
    outWh: day.out_wh ?? slot.outWh,
    knownSec: Math.max(day.in_s, day.out_s),
  };
}

/** All slots together; a part is absent when no slot knows it. `spanSec`: of the time until now. */
export function energyTotal(slots: readonly EnergySlot[], nowSec: number): EnergySlot & { spanSec: number } {
  const sum = (of: (slot: EnergySlot) => number | undefined) => {
    const known = slots.map(of).filter((value) => value !== undefined);
    return known.length > 0 ? known.reduce((a, b) => a + b, 0) : undefined;
  };
  const fromSec = slots[0]?.fromSec ?? nowSec;
  return {
    fromSec,
    toSec: nowSec,
    gridWh: sum(({ gridWh }) => gridWh),
    sunWh: sum(({ sunWh }) => sunWh),
    undividedWh: sum(({ undividedWh }) => undividedWh),
    outWh: sum(({ outWh }) => outWh),
    fromBatteryWh: sum(({ fromBatteryWh }) => fromBatteryWh),
    toBatteryWh: sum(({ toBatteryWh }) => toBatteryWh),
    knownSec: sum(({ knownSec }) => knownSec) ?? 0,
    spanSec: Math.max(0, nowSec - fromSec),
  };
}

/** All that came in; absent: nothing is known of it. */
export function broughtIn({ gridWh, sunWh, undividedWh }: EnergySlot): number | undefined {
  const known = [gridWh, sunWh, undividedWh].filter((wh) => wh !== undefined);
  return known.length > 0 ? known.reduce((a, b) => a + b, 0) : undefined;
}

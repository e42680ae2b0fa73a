/** Whether the grid is there: the station's own reading first, witnesses when it is silent. Pure. */
import { isFresh, type Reading } from "./readings.ts";

/** What is believed of the grid. */
export interface GridVerdict {
  /** Absent: nobody ever said. */
  readonly connected?: boolean;
  /** Whose reading it is: the station's, or the names of the witnesses. */
  readonly by: "station" | readonly string[];
  /** The time of the newest evidence behind it, monotonic ms. */
  readonly evidenceMonoMs?: number;
  /** Nobody says so freshly: it is the last reading, however old. */
  readonly isOld?: true;
  /** Fresh readings contradict each other; a sentence for a person. */
  readonly disagreement?: string;
}

/** What a witness last said, by its name, with its own limit of freshness. */
export interface WitnessReading extends Reading<boolean> {
  readonly name: string;
  readonly staleAfterMs: number;
}

/**
 * The rule:
 *
 * 1. While the station's reading is fresh it stands, whatever witnesses say: a station that says "grid" is fed, and one that
 *    says "battery" is being drained. A fresh witness that contradicts is reported.
 * 2. When the station is silent, fresh witnesses that agree with each other decide.
 * 3. Witnesses that contradict each other, or are silent too, change nothing: the newest reading stands, however old.
 *
 * @param before What was believed before
 */
export function gridVerdict(
  station: Reading<boolean> | undefined,
  witnesses: readonly WitnessReading[],
  before: GridVerdict | undefined,
  staleAfterMs: number,
  nowMonoMs: number,
): GridVerdict {
  const fresh = witnesses.filter((reading) => nowMonoMs - reading.atMonoMs <= reading.staleAfterMs);
  const [present, absent] = [fresh.filter(({ value }) => value), fresh.filter(({ value }) => !value)];
  const own = station &&
    ({ connected: station.value, by: "station", evidenceMonoMs: station.atMonoMs } as const);
  if (own && isFresh(station, staleAfterMs, nowMonoMs)) {
    const against = own.connected ? absent : present;
    if (against.length === 0) return own;
    const disagreement = `the station says ${claim(own.connected)}, ${saying(against)}`;
    return { ...own, disagreement };
  }
  const last: GridVerdict = { ...newest(own, before) ?? { by: "station" }, isOld: true };
  if (present.length > 0 && absent.length > 0) {
    const disagreement = `the station is silent, ${saying(present)}, ${saying(absent)}`;
    return { ...last, disagreement };
  }
  const agreed = present.length > 0 ? present : absent;
  if (agreed.length === 0) return { ...last, disagreement: undefined };
  return {
    connected: agreed === present,
    by: agreed.map(({ name }) => name),
    evidenceMonoMs: Math.max(...agreed.map(({ atMonoMs }) => atMonoMs)),
  };
}

function newest(own: GridVerdict | undefined, before: GridVerdict | undefined): GridVerdict | undefined {
  if (!own || before?.connected === undefined) return own ?? before;
  return (own.evidenceMonoMs ?? -Infinity) >= (before.evidenceMonoMs ?? -Infinity) ? own : before;
}

function claim(isPresent: boolean): string {
  return isPresent ? "that the grid is there" : "that the grid is gone";
}

function saying(readings: readonly WitnessReading[]): string {
  const names = readings.map(({ name }) => name).join(" and ");
  return `${names} ${readings.length === 1 ? "says" : "say"} ${claim(readings[0]?.value === true)}`;
}

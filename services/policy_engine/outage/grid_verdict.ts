/** Whether the grid is there: the station's own reading first, witnesses when it is silent. Pure. */
import type { GridSource } from "../rules/rules.ts";
import { isFresh, type Reading } from "./readings.ts";

/** What was said of the grid, by whom and when. */
export interface GridBelief {
  /** Absent: nobody ever said, or what was said counts no more. */
  readonly connected?: boolean;
  /** Whose reading it is: the station's, or the names of the witnesses. */
  readonly by: "station" | readonly string[];
  /** The time of the newest evidence behind it, monotonic ms. */
  readonly evidenceMonoMs?: number;
  /** The latest that this time can be, where a restart made it a guess. */
  readonly latestMonoMs?: number;
}

/** What is believed of the grid. */
export interface GridVerdict extends GridBelief {
  /** Nobody says so freshly: it is the last reading, however old. */
  readonly isOld?: true;
  /** The station speaks, told the grid once and does not tell it any more. */
  readonly isUntold?: true;
  /** What was known last, while it counts no more. */
  readonly last?: GridBelief;
  /** Fresh readings contradict each other; a sentence for a person. */
  readonly disagreement?: string;
}

/** What the station says. */
export interface StationReadings {
  readonly grid?: Reading<boolean>;
  /** There while it speaks, and does not tell the grid any more. */
  readonly gridUntold?: Reading<true>;
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
 * 2. When the station is silent, or does not tell the grid any more, fresh witnesses that agree with each other decide.
 * 3. Witnesses that contradict each other, or are silent too, change nothing: the newest reading stands, however old.
 * 4. But of a station that speaks and does not tell the grid any more nobody says "the grid is there": then it is unknown. An
 *    outage that runs goes on, because nobody said that it is over, and the charge is still read.
 *
 * @param before What was believed before
 */
export function gridVerdict(
  { grid: station, gridUntold }: StationReadings,
  witnesses: readonly WitnessReading[],
  before: GridVerdict | undefined,
  staleAfterMs: number,
  nowMonoMs: number,
): GridVerdict {
  const fresh = witnesses.filter((reading) => nowMonoMs - reading.atMonoMs <= reading.staleAfterMs);
  const [present, absent] = [fresh.filter(({ value }) => value), fresh.filter(({ value }) => !value)];
  const own = station &&
    ({ connected: station.value, by: "station", evidenceMonoMs: station.atMonoMs } as const);
  if (own && !gridUntold && isFresh(station, staleAfterMs, nowMonoMs)) {
    const against = own.connected ? absent : present;
    if (against.length === 0) return own;
    const hint = own.connected
      ? ""
      : '; a station that cannot see the grid needs grid = "witness" in the policy file';
    const disagreement = `the station says ${claim(own.connected)}, ${saying(against)}${hint}`;
    return { ...own, disagreement };
  }
  const isUntold = gridUntold ? { isUntold: true } as const : {};
  const known = newest(own, before?.last ?? before);
  const last: GridVerdict = gridUntold && known?.connected !== false
    ? { by: "station", isOld: true, ...isUntold, ...(known?.connected ? { last: known } : {}) }
    : { ...known ?? { by: "station" }, isOld: true, ...isUntold };
  if (present.length > 0 && absent.length > 0) {
    const silence = gridUntold ? "the station does not tell it any more" : "the station is silent";
    return { ...last, disagreement: `${silence}, ${saying(present)}, ${saying(absent)}` };
  }
  const agreed = present.length > 0 ? present : absent;
  if (agreed.length === 0) return { ...last, disagreement: undefined };
  return {
    connected: agreed === present,
    by: agreed.map(({ name }) => name),
    evidenceMonoMs: Math.max(...agreed.map(({ atMonoMs }) => atMonoMs)),
    ...isUntold,
  };
}

/** The verdict as the owner wants it made: see {@link gridVerdict}, by witnesses alone, or never any. */
export function ownersVerdict(
  source: GridSource = "auto",
  readings: StationReadings,
  witnesses: readonly WitnessReading[],
  before: GridVerdict | undefined,
  staleAfterMs: number,
  nowMonoMs: number,
): GridVerdict {
  if (source === "off") return { by: "station", isOld: true };
  const own = source === "witness" ? {} : readings;
  return gridVerdict(own, witnesses, before, staleAfterMs, nowMonoMs);
}

/** Whether somebody whose reading counts says freshly how the grid is, so that it may be acted on at once after a restart. */
export function isGridFresh(
  { readings, verdict }: { readonly readings: StationReadings; readonly verdict?: GridVerdict },
  source: GridSource = "auto",
  staleAfterMs: number,
  nowMonoMs: number,
): boolean {
  if (source === "off") return false;
  if (source === "witness" || readings.gridUntold) return verdict?.connected !== undefined && !verdict.isOld;
  return isFresh(readings.grid, staleAfterMs, nowMonoMs);
}

function newest(own: GridBelief | undefined, before: GridBelief | undefined): GridBelief | undefined {
  const known = newestOf(own, before);
  if (known?.connected === undefined) return undefined;
  const { connected, by, evidenceMonoMs, latestMonoMs } = known;
  return { connected, by, evidenceMonoMs, ...(latestMonoMs === undefined ? {} : { latestMonoMs }) };
}

/** An old reading of the station changes a belief of uncertain age only when it is newer for sure; a fresh one needs no comparison. */
function newestOf(own: GridBelief | undefined, before: GridBelief | undefined): GridBelief | undefined {
  if (!own || before?.connected === undefined) return own ?? before;
  const beforeMonoMs = before.latestMonoMs ?? before.evidenceMonoMs ?? -Infinity;
  return (own.evidenceMonoMs ?? -Infinity) >= beforeMonoMs ? own : before;
}

function claim(isPresent: boolean): string {
  return isPresent ? "that the grid is there" : "that the grid is gone";
}

function saying(readings: readonly WitnessReading[]): string {
  const names = readings.map(({ name }) => name).join(" and ");
  return `${names} ${readings.length === 1 ? "says" : "say"} ${claim(readings[0]?.value === true)}`;
}

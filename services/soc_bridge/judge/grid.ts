/** The grid verdict of one station: a change needs two fresh indications, or a full reply that says so. */

/** What one payload says about the grid. */
export interface GridIndication {
  readonly present: boolean;
  /**
   * True: may start a change and refresh the verdict. False: starts and refreshes nothing; an absence can confirm a change
   * that was started, a presence is a memory of what was counted when it came, and can only contradict.
   */
  readonly decisive: boolean;
  /** What it rests on, for example `flow_info_ac_in=2`. */
  readonly evidence: string;
  /** A loss of which not all fields were told that could contradict it: it waits, however often it is said. */
  readonly isAlone?: true;
  /** The field that says it came a moment before, and what it needs comes now: it may begin a change, and confirms none. */
  readonly isJoined?: true;
  /** The reading "gone" that this presence contradicts: a reason to ask the station for all its values. */
  readonly denied?: string;
}

/** The verdict with what supports it. */
export interface GridState {
  /** True: the grid feeds the station; false: it does not; undefined: not known yet. */
  readonly present: boolean | undefined;
  readonly evidence: string | undefined;
  /** When the verdict was last confirmed, monotonic ms; 0 while unknown. */
  readonly confirmedAtMonoMs: number;
  /** One indication against the verdict that waits to be confirmed. */
  readonly pending: PendingReading | undefined;
  /** An outage's first sign that decides nothing, while {@link GridState.present} is true and no reading has settled it. */
  readonly doubt?: GridDoubt | undefined;
  /** The grid was told once and is no longer told; then {@link GridState.present} is undefined, or false after a loss. */
  readonly isUntold?: true | undefined;
}

/** Why a presence is doubted, and since when. */
export interface GridDoubt {
  readonly evidence: string;
  readonly sinceMonoMs: number;
  /** A field said that the grid is gone, against another one that was fresh: the first of two readings. */
  readonly isDenied?: true;
}

/** A reading that waits. */
export interface PendingReading {
  readonly present: boolean;
  readonly evidence: string;
  /** As in {@link GridIndication}. */
  readonly isAlone?: true;
}

/** Nothing is known. */
export const GRID_UNKNOWN: GridState = {
  present: undefined,
  evidence: undefined,
  confirmedAtMonoMs: 0,
  pending: undefined,
};

/**
 * Takes one payload's indication.
 *
 * @param isReply The payload answers a get-all request: the station itself just read all its values, so a decisive
 *   indication in it needs no second one
 */
export function stepGrid(
  state: GridState,
  indication: GridIndication,
  isReply: boolean,
  atMonoMs: number,
): GridState {
  const { present, decisive, evidence } = indication;
  if (indication.isAlone && state.present !== false) {
    return state.pending?.isAlone ? state : { ...state, pending: { present, evidence, isAlone: true } };
  }
  if (state.present === present) {
    // A weak sign agrees with the verdict and proves nothing: no refresh, but what waited is contradicted.
    return decisive ? adopted(present, evidence, atMonoMs) : { ...state, pending: undefined };
  }
  if (decisive && isReply) return adopted(present, evidence, atMonoMs);
  // Before the first verdict only a loss can wait; a return that waits needs a second reading, not a memory of the first.
  if (present && !decisive) return state.present === undefined ? { ...state, pending: undefined } : state;
  if (state.pending?.present === present && indication.isJoined) return state;
  if (state.pending?.present === present) {
    const first = state.pending.evidence;
    return adopted(present, first === evidence ? evidence : `${first}, ${evidence}`, atMonoMs);
  }
  // What contradicted the first reading is over.
  if (decisive && !present && state.doubt?.isDenied) return adopted(present, evidence, atMonoMs);
  // At the start nobody acts on "present", so it may be believed at once; "absent" never is.
  if (decisive && present && state.present === undefined) return adopted(present, evidence, atMonoMs);
  return decisive ? { ...state, pending: { present, evidence } } : state;
}

function adopted(present: boolean, evidence: string, confirmedAtMonoMs: number): GridState {
  return { present, evidence, confirmedAtMonoMs, pending: undefined, doubt: undefined, isUntold: undefined };
}

/** A presence that no reading has confirmed for this long, while the station speaks, is no longer said, ms. */
export const GRID_UNTOLD_MS = 150_000;
/** What a station says this soon after its reading of the grid is of one round with it: only later does it speak without, ms. */
export const GRID_ROUND_MS = 30_000;
/** With an outage's first sign that nothing has settled it is no longer said after this, ms. */
export const GRID_DOUBT_MS = 60_000;

/**
 * Notes an outage's first sign. Only a presence can be doubted.
 *
 * @param isDenied It says that the grid is gone, and another field contradicts it
 */
export function doubtGrid(
  state: GridState,
  evidence: string,
  atMonoMs: number,
  isDenied = false,
): GridState {
  if (state.present !== true || (state.doubt && (state.doubt.isDenied || !isDenied))) return state;
  const denied = isDenied ? { isDenied: true } as const : {};
  return { ...state, doubt: { ...state.doubt ?? { evidence, sinceMonoMs: atMonoMs }, ...denied } };
}

/** Until when a grid that nobody doubts counts as told, monotonic ms; Infinity when time alone changes nothing any more. */
export function gridUntoldMonoMs(
  { present, isUntold, confirmedAtMonoMs }: GridState,
  nowMonoMs: number,
): number {
  const untilMonoMs = confirmedAtMonoMs + GRID_UNTOLD_MS;
  return present === undefined || isUntold || untilMonoMs < nowMonoMs ? Infinity : untilMonoMs;
}

/**
 * Ends a presence that is no longer told, and says of a loss that it is. That stays a loss until the grid shows itself: to forget
 * it would keep hosts running on a battery that ends.
 *
 * @param spokeMonoMs When the station last said anything, monotonic ms: one that is silent leaves nothing out
 */
export function settleGrid(state: GridState, nowMonoMs: number, spokeMonoMs: number): GridState {
  if (state.present === undefined || state.isUntold) return state;
  const { doubt, confirmedAtMonoMs, evidence } = state;
  const isDoubted = doubt !== undefined && nowMonoMs - doubt.sinceMonoMs > GRID_DOUBT_MS;
  const isUntold = nowMonoMs - confirmedAtMonoMs > GRID_UNTOLD_MS &&
    spokeMonoMs - confirmedAtMonoMs >= GRID_ROUND_MS;
  if (!isDoubted && !isUntold) return state;
  const last = `no reading of the grid since ${evidence ?? (state.present ? "it was there" : "it was lost")}`;
  return {
    present: state.present ? undefined : false,
    evidence: isDoubted ? `${doubt.evidence}; ${last}` : last,
    confirmedAtMonoMs,
    pending: state.pending,
    doubt: undefined,
    isUntold: true,
  };
}

/** Holds back a state of charge that cannot be true, until later readings say the same. */

/** What is believed and what waits. */
export interface SocState {
  /** %, undefined before the first reading. */
  readonly soc: number | undefined;
  /** When {@link SocState.soc} was last confirmed, monotonic ms. */
  readonly atMonoMs: number;
  /** The first reading that jumped, with how many have agreed with it so far. */
  readonly held: { readonly soc: number; readonly firstMonoMs: number; readonly count: number } | undefined;
}

/** Nothing is known. */
export const SOC_UNKNOWN: SocState = { soc: undefined, atMonoMs: 0, held: undefined };

/** A jump of this many points is always believed: stations recalibrate. */
export const SOC_JUMP_POINTS = 5;
/** On top of that, points a minute since the last reading; the fastest discharge of any model is 4 to 5. */
export const SOC_POINTS_PER_MIN = 6;
/**
 * Readings within this many points of the first that jumped agree with it, and as many more as a battery can have moved since. With
 * the first, not with the one before: a value that drifts proves nothing.
 */
export const SOC_AGREE_POINTS = 5;
/** A held value is believed at the third reading that agrees … */
export const SOC_CONFIRM_COUNT = 3;
/** … or at the second, when it comes this long after the first, ms: a real fall never waits longer than two reports. */
export const SOC_CONFIRM_MS = 20_000;

/** Less than this counts as "0 %": what stations send for "ask the leader", after a restart, and in broken uploads. */
export const SOC_ZERO = 0.5;
/**
 * A sudden zero, whatever the silence before it, is believed at the third reading, this long after the first, ms. It is not believed
 * while the battery cannot have fallen so far since its last true reading: some stations send zeros for ever.
 */
export const SOC_ZERO_CONFIRM_MS = 60_000;

/**
 * Takes one reading.
 *
 * @param soc %, 0 to 100
 * @param isReply It comes in a full reply of the station: then one earlier reading that agrees is enough
 * @param isLow Something else than the charge says that the battery is low: a zero is then a jump as any other
 */
export function stepSoc(
  state: SocState,
  soc: number,
  isReply: boolean,
  atMonoMs: number,
  isLow = false,
): SocState {
  const believed: SocState = { soc, atMonoMs, held: undefined };
  const isZero = soc < SOC_ZERO && !isLow;
  if (!isZero && isPlausible(state, soc, atMonoMs)) return believed;
  if (isZero && state.soc !== undefined && state.soc <= SOC_JUMP_POINTS) return believed;
  const { held } = state;
  if (!held || Math.abs(soc - held.soc) > SOC_AGREE_POINTS + movedPoints(held.firstMonoMs, atMonoMs)) {
    return { ...state, held: { soc, firstMonoMs: atMonoMs, count: 1 } };
  }
  const count = held.count + 1;
  const heldMs = atMonoMs - held.firstMonoMs;
  const confirmed = isZero
    ? count >= SOC_CONFIRM_COUNT && heldMs >= SOC_ZERO_CONFIRM_MS && isPlausible(state, soc, atMonoMs)
    : count >= SOC_CONFIRM_COUNT || isReply || heldMs >= SOC_CONFIRM_MS;
  return confirmed ? believed : { ...state, held: { ...held, count } };
}

function isPlausible(
  { soc: before, atMonoMs: beforeMonoMs }: SocState,
  soc: number,
  atMonoMs: number,
): boolean {
  if (before === undefined) return true;
  return Math.abs(soc - before) <= SOC_JUMP_POINTS + movedPoints(beforeMonoMs, atMonoMs);
}

/** How far a battery can have moved in between, points. */
function movedPoints(fromMonoMs: number, toMonoMs: number): number {
  return SOC_POINTS_PER_MIN * Math.max(0, toMonoMs - fromMonoMs) / 60_000;
}

/** How often we may log in, whatever goes wrong: a rule that no other rule can overrule. Pure. */

/** Most answered log-in requests in an hour. */
export const LOG_INS_PER_HOUR = 20;
/** Most answered log-in requests in a day. */
export const LOG_INS_PER_DAY = 100;

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * The wait until the next log-in is allowed, ms; 0 when it is allowed now.
 *
 * @param pastWallMs Earlier log-ins, ms since 1970, in any order. One in the future (the clock was set back) counts as now
 */
export function loginWaitMs(pastWallMs: readonly number[], nowWallMs: number): number {
  const ages = pastWallMs.map((at) => Math.max(0, nowWallMs - at)).sort((a, b) => a - b);
  const waitFor = (limit: number, spanMs: number) => {
    // The oldest of the last `limit` log-ins must have left the span.
    const age = ages[limit - 1];
    return age === undefined ? 0 : Math.max(0, spanMs - age);
  };
  return Math.max(waitFor(LOG_INS_PER_HOUR, HOUR_MS), waitFor(LOG_INS_PER_DAY, DAY_MS));
}

/** The log-ins that still count, with one more. */
export function withLogin(pastWallMs: readonly number[], nowWallMs: number): number[] {
  return [
    ...pastWallMs.map((at) => Math.min(at, nowWallMs)).filter((at) => nowWallMs - at < DAY_MS),
    nowWallMs,
  ];
}

/** For tests: entries of the journal by which it is known that somebody listens to it. */

/** Asked. */
export const PROBE = "do you listen?";
/** Answered. */
export const HEARD = "it listens";

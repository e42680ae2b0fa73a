/** A random source that a seed fixes: the same seed gives the same world (mulberry32). */

/** Draws for a generated world. */
export interface Draw {
  /** From 0, below 1. */
  unit(): number;
  /** From `min`, below `max`. */
  between(min: number, max: number): number;
  /** The same, spread over the orders of magnitude. */
  scale(min: number, max: number): number;
  chance(probability: number): boolean;
  one<const T>(choices: readonly T[]): T;
}

/** See the file comment. */
export function drawFrom(seed: number): Draw {
  let state = seed >>> 0;
  const unit = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
  const between = (min: number, max: number) => min + (max - min) * unit();
  return {
    unit,
    between,
    scale: (min, max) => Math.exp(between(Math.log(min), Math.log(max))),
    chance: (probability) => unit() < probability,
    one: (choices) => choices[Math.floor(unit() * choices.length)] as never,
  };
}

/** The command-line form of a {@link TimeScale}: how the parts of one simulation agree on the time. */
import type { TimeScale } from "./clock.ts";

/** Reads `SPEED@ORIGIN_WALL_MS`, for example `60@1795460400000`. @throws RangeError saying what was wanted */
export function parseTimeScale(text: string): TimeScale {
  const match = /^(\d+(?:\.\d+)?)@(\d+)$/.exec(text);
  const speed = Number(match?.[1]);
  if (!match || !(speed >= 1 && speed <= 10_000)) {
    throw new RangeError(
      `Cannot read time scale: must be SPEED@ORIGIN_WALL_MS with a speed of 1 to 10000, found "${text}"`,
    );
  }
  return { speed, originWallMs: Number(match[2]) };
}

/** The inverse of {@link parseTimeScale}. */
export function encodeTimeScale({ speed, originWallMs }: TimeScale): string {
  return `${speed}@${originWallMs}`;
}

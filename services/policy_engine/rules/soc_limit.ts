/** The charge limit with the point at which hosts lose their power anyway. Pure. */

/** A limit nearer to the station's own switch-off than this would come too late, points: it is moved up. */
export const ABOVE_FLOOR_POINTS = 3;

/** The charge limit as it is applied, %: not below the point where the station itself switches off. */
export function effectiveSocMin(
  socMinPercent: number,
  { floorPercent }: { readonly floorPercent: number },
): number {
  return floorPercent > 0 ? Math.max(socMinPercent, floorPercent + ABOVE_FLOOR_POINTS) : socMinPercent;
}

/** All routes of the dashboard. */
import type { Route, RouteParts } from "./route.ts";

/** Makes them. */
export function allRoutes(_parts: RouteParts): readonly Route[] {
  return [];
}

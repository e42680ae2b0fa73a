/** What a route is. */
import type { Clock } from "../../../lib/time/clock.ts";
import type { Logger } from "../../../lib/log/log.ts";
import type { DashboardConfig } from "../config.ts";
import type { HttpReply, HttpRequest } from "../http/message.ts";
import type { House } from "../house/house.ts";

/** What routes work with. */
export interface RouteParts {
  readonly config: DashboardConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** What is known of the house, with the age of each word. */
  readonly house: House;
}

/**
 * One method on one path.
 *
 * `access`: `open` for everybody who reaches us and names us rightly; `read` for whoever may look; `measure` for them, and for
 * machines with the token; `write` for whoever is logged in and proves that the wish is his own.
 */
export interface Route {
  readonly method: "GET" | "POST";
  /** The whole path; there are no patterns. */
  readonly path: string;
  readonly access: "open" | "read" | "measure" | "write";
  handle(request: HttpRequest): HttpReply | Promise<HttpReply>;
}

/** How a file of routes offers them. */
export type Routes = (parts: RouteParts) => readonly Route[];

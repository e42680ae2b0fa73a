/** All routes of the dashboard. */
import type { Access } from "../access.ts";
import type { EventCounts } from "../past/event_counts.ts";
import type { LivePages } from "../house/live.ts";
import type { HouseView } from "../page_contract.ts";
import type { PasswordFile } from "../password_file.ts";
import type { Sessions } from "../sessions.ts";
import type { WishRequests } from "../wishes.ts";
import { type AskHistorian, exportRoutes } from "./export.ts";
import { type FindHistory, historyRoutes } from "./history.ts";
import { liveRoutes } from "./live.ts";
import { machineRoutes } from "./machines.ts";
import { pageRoutes } from "./page.ts";
import type { Route, RouteParts } from "./route.ts";
import { sessionRoutes } from "./session.ts";
import { wishRoutes } from "./wishes.ts";

/** What the dashboard's own routes need besides what all have. */
export interface TableParts extends RouteParts {
  readonly access: Access;
  readonly sessions: Sessions;
  readonly password: PasswordFile;
  readonly pages: LivePages;
  readonly desk: WishRequests;
  readonly findHistory: FindHistory;
  readonly askHistorian: AskHistorian;
  readonly counts: EventCounts;
  view(): HouseView;
}

/** Makes them. */
export function allRoutes(parts: TableParts): readonly Route[] {
  const { access, pages, desk, house, findHistory, config: { readsWithoutLogin, installation } } = parts;
  return [
    ...pageRoutes(),
    ...sessionRoutes({ ...parts, readsWithoutLogin, installation }),
    ...liveRoutes(pages, access),
    ...historyRoutes(findHistory),
    ...exportRoutes(parts.askHistorian, () => parts.clock.wallMs()),
    ...wishRoutes(desk, house),
    ...machineRoutes({ gate: access, house, counts: parts.counts, view: parts.view }),
  ];
}

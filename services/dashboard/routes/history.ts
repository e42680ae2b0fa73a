/** What the charts show. */
import { errorReply, jsonReply } from "../http/message.ts";
import type { HistoryView } from "../page_contract.ts";
import type { Route } from "./route.ts";

/** Finds what there is of a station for the last so many hours. */
export type FindHistory = (device: string, hours: number) => Promise<HistoryView>;

/** A year, and a day of it that leaps. */
const MAX_HOURS = 24 * 366;

/** Makes the route. */
export function historyRoutes(find: FindHistory): readonly Route[] {
  return [{
    method: "GET",
    path: "/api/history",
    access: "read",
    handle: async ({ query }) => {
      const device = query.get("device") ?? "";
      const hours = Number(query.get("hours"));
      if (device === "" || device.length > 64) return errorReply(400, "device must be the name of a station");
      if (!(hours > 0 && hours <= MAX_HOURS)) {
        return errorReply(400, `hours must be more than 0, at most ${MAX_HOURS}`);
      }
      return jsonReply(200, await find(device, hours));
    },
  }];
}

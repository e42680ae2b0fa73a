/** The stream that keeps a page up to date. */
import { errorReply } from "../http/message.ts";
import { type LivePages, MAX_PAGES } from "../house/live.ts";
import { networkOf } from "../http/network.ts";
import type { Gate } from "../router.ts";
import type { Route } from "./route.ts";

/** Makes the route. */
export function liveRoutes(pages: LivePages, gate: Gate): readonly Route[] {
  return [{
    method: "GET",
    path: "/api/live",
    access: "read",
    handle: (request) => {
      if (request.method === "HEAD") return { status: 200 };
      const network = networkOf(request.address);
      if (!pages.makeRoom(network)) {
        return errorReply(503, `Too many pages are open, at most ${MAX_PAGES}`, { "retry-after": "10" });
      }
      return {
        status: 200,
        headers: { "content-type": "text/event-stream", "cache-control": "no-store" },
        stream: (sink) =>
          pages.add(sink, { network, isAllowed: () => gate.refuse(request, "read") === undefined }),
      };
    },
  }];
}

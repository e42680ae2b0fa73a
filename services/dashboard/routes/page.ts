/** The page's own files: a shell without any data, so everybody may have it. */
import { gzipSync } from "node:zlib";
import { ASSETS } from "../gen/assets.ts";
import type { HttpReply, HttpRequest } from "../http/message.ts";
import type { Route } from "./route.ts";

/** Makes the routes: one an asset, and nothing else can be asked for. */
export function pageRoutes(): readonly Route[] {
  return ASSETS.map(({ path, type, text, isLasting }) => {
    const packed = gzipSync(text);
    return {
      method: "GET",
      path,
      access: "open",
      handle: (request: HttpRequest): HttpReply => {
        const takesGzip = /\bgzip\b/.test(request.headers.get("accept-encoding") ?? "");
        return {
          status: 200,
          headers: {
            "content-type": type,
            // The name of a lasting file has its content's hash in it.
            "cache-control": isLasting ? "public, max-age=31536000, immutable" : "no-cache",
            vary: "accept-encoding",
            ...(takesGzip ? { "content-encoding": "gzip" } : {}),
          },
          body: takesGzip ? packed : text,
        };
      },
    };
  });
}

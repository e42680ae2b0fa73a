/** From a request to its route, past everything that may refuse it; and the headers that every reply carries. */
import { InvalidInputError } from "../../lib/errors.ts";
import { isOwnHost } from "./host_check.ts";
import { errorReply, type HttpReply, type HttpRequest } from "./http/message.ts";
import type { Route } from "./routes/route.ts";

/** Who may do what. */
export interface Gate {
  /** A refusal, or undefined when the request may pass to a route of this kind. */
  refuse(request: HttpRequest, access: Route["access"]): HttpReply | undefined;
}

/** What a page may do: load our own files, nothing else. */
const HEADERS: Readonly<Record<string, string>> = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
};

/** See the file comment. */
export class Router {
  readonly #routes = new Map<string, Route[]>();

  constructor(
    routes: readonly Route[],
    private readonly gate: Gate,
    private readonly names: readonly string[],
  ) {
    for (const route of routes) {
      this.#routes.set(route.path, [...(this.#routes.get(route.path) ?? []), route]);
    }
  }

  /** Answers. */
  async answer(request: HttpRequest): Promise<HttpReply> {
    let reply: HttpReply;
    try {
      reply = await this.#answer(request);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      reply = errorReply(400, error.message);
    }
    return { ...reply, headers: { ...HEADERS, ...reply.headers } };
  }

  async #answer(request: HttpRequest): Promise<HttpReply> {
    if (!isOwnHost(request.headers.get("host"), this.names)) {
      return errorReply(
        421,
        "This name is not one of mine: use an IP address, or add the name to DASHBOARD_HOSTS",
      );
    }
    const routes = this.#routes.get(request.path);
    if (!routes) return errorReply(404, "There is nothing at this address");
    const wanted = request.method === "HEAD" ? "GET" : request.method;
    const route = routes.find(({ method }) => method === wanted);
    if (!route) {
      const allow = routes.map(({ method }) => method).join(", ");
      return errorReply(405, `Only ${allow} will do here`, { allow });
    }
    return this.gate.refuse(request, route.access) ?? await route.handle(request);
  }
}

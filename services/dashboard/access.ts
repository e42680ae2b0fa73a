/** Who may pass: sessions by cookie, wishes only with proof that our own page sent them. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../lib/time/clock.ts";
import type { DashboardConfig } from "./config.ts";
import { isOwnOrigin } from "./host_check.ts";
import { errorReply, type HttpReply, type HttpRequest } from "./http/message.ts";
import { networkOf } from "./http/network.ts";
import type { PasswordFile } from "./password_file.ts";
import type { Gate } from "./router.ts";
import type { Route } from "./routes/route.ts";
import { provesWish, type Session, type Sessions } from "./sessions.ts";

/** What access rests on. */
export interface AccessParts {
  readonly config: Pick<DashboardConfig, "readsWithoutLogin" | "tls" | "metricsToken">;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly password: PasswordFile;
}

/** See the file comment. */
export class Access implements Gate {
  constructor(private readonly parts: AccessParts) {}

  refuse(request: HttpRequest, access: Route["access"]): HttpReply | undefined {
    const { headers, method, isTls } = request;
    if (method === "POST") {
      const host = headers.get("host") ?? "";
      if (!isOwnOrigin(headers.get("origin"), host, isTls)) return errorReply(403, "Another page sent this");
      // A form of another page cannot send this type.
      if (!/^application\/json\b/i.test(headers.get("content-type") ?? "")) {
        return errorReply(415, "The body must be application/json");
      }
    }
    if (access === "open") return undefined;
    if (access === "measure") {
      const { metricsToken } = this.parts.config;
      if (metricsToken !== undefined && hasToken(headers.get("authorization"), metricsToken)) {
        return undefined;
      }
      return this.refuse(request, "read");
    }
    // Present in every browser of today: another page must not even look.
    if (!["same-origin", "none", undefined].includes(headers.get("sec-fetch-site"))) {
      return errorReply(403, "Another page sent this");
    }
    const session = this.sessionOf(request);
    if (access === "read" && this.parts.config.readsWithoutLogin) return undefined;
    if (!session) return errorReply(401, "Log in first");
    if (access === "write" && !provesWish(session, headers.get("x-csrf-token"))) {
      return errorReply(403, "The page is too old: load it again");
    }
    return undefined;
  }

  /** The session that the request belongs to, if any. */
  sessionOf({ headers, address }: HttpRequest): Session | undefined {
    const { clock, sessions, password } = this.parts;
    // A changed password ends all sessions.
    if (password.line() === undefined) return undefined;
    return sessions.find(this.tokenIn(headers.get("cookie")), clock.monoMs(), networkOf(address));
  }

  /** The value of our cookie. */
  tokenIn(cookies: string | undefined): string | undefined {
    for (const cookie of cookies?.split(";") ?? []) {
      const [name, value] = cookie.trim().split("=");
      if (name === this.#cookieName && value) return value;
    }
  }

  /** The header that gives the browser its token, or takes it away again when it is undefined. */
  cookie(token: string | undefined): string {
    const flags = `Path=/; HttpOnly; SameSite=Strict${this.parts.config.tls ? "; Secure" : ""}`;
    return `${this.#cookieName}=${token ?? ""}; ${flags}${token === undefined ? "; Max-Age=0" : ""}`;
  }

  /** The prefix makes browsers refuse it without Secure and from subdomains. */
  get #cookieName(): string {
    return this.parts.config.tls ? "__Host-ecoflow" : "ecoflow";
  }
}

/** Compared as hashes: equally long, and in equal time whatever differs. */
function hasToken(header: string | undefined, token: string): boolean {
  const given = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return given !== undefined && timingSafeEqual(hash(given), hash(token));
}

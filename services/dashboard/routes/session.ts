/** Log in, log out, and what this browser may do. */
import type { Clock } from "../../../lib/time/clock.ts";
import { errorText, InvalidInputError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log/log.ts";
import { parseJson, textUpTo } from "../../../lib/messages/parse.ts";
import type { Access } from "../access.ts";
import { errorReply, type HttpReply, type HttpRequest, jsonReply } from "../http/message.ts";
import { Lockout } from "../lockout.ts";
import { networkOf } from "../http/network.ts";
import { isPassword, MAX_PASSWORD } from "../password.ts";
import type { PasswordFile } from "../password_file.ts";
import type { SessionView } from "../page_contract.ts";
import type { Sessions } from "../sessions.ts";
import type { Route } from "./route.ts";
import { strictObject } from "../../../lib/strict_object.ts";
import { type Installation, typable } from "../../../lib/text/typable.ts";

/** What the session routes work with. */
export interface SessionParts {
  readonly access: Access;
  readonly sessions: Sessions;
  readonly password: PasswordFile;
  readonly clock: Clock;
  readonly log: Logger;
  readonly readsWithoutLogin: boolean;
  /** How commands are typed here. */
  readonly installation: Installation;
}

const loginSchema = strictObject({ password: textUpTo(4 * MAX_PASSWORD) });
/** Hashing takes memory and time: one at a time, and few wait. */
const MAX_HASHING = 4;

/** See the file comment. */
export function sessionRoutes(parts: SessionParts): readonly Route[] {
  const { access, sessions, password, clock, log } = parts;
  const lockout = new Lockout(clock.monoMs());
  let hashing = 0;
  let turn: Promise<unknown> = Promise.resolve();

  const viewOf = (session: { readonly csrf: string } | undefined, hasPassword: boolean): SessionView => ({
    password_set: hasPassword,
    signed_in: session !== undefined,
    may_read: session !== undefined || parts.readsWithoutLogin,
    csrf: session?.csrf,
    installation: parts.installation,
  });
  const view = (request: HttpRequest) => viewOf(access.sessionOf(request), password.line() !== undefined);

  const tooOften = (waitMs: number): HttpReply => {
    const seconds = Math.max(1, Math.ceil(waitMs / 1000 / clock.speed));
    return jsonReply(429, { error: `Too many attempts: wait ${seconds} s`, retry_s: seconds }, {
      "retry-after": String(seconds),
    });
  };

  const login = async (request: HttpRequest): Promise<HttpReply> => {
    const line = password.line();
    if (line === undefined) {
      return errorReply(
        409,
        typable("There is no password yet: run `sudo ecoflow-power dashboard password`", parts.installation),
      );
    }
    let guess: string;
    try {
      guess = parseJson(loginSchema, request.body, "the log-in").password;
    } catch (error) {
      // The error's own text may show the password.
      if (error instanceof InvalidInputError) return errorReply(400, 'The body must be {"password":"…"}');
      throw error;
    }
    if (hashing >= MAX_HASHING) return tooOften(1000 * clock.speed);
    const waitMs = lockout.take(request.address, clock.monoMs());
    if (waitMs > 0) return tooOften(waitMs);
    hashing++;
    const answer = turn.then(() => isPassword(guess, line));
    turn = answer.catch(() => {});
    let isRight = false;
    try {
      isRight = await answer;
    } catch (error) {
      log.error("PASSWORD FILE UNUSABLE", { text: errorText(error) });
    } finally {
      hashing--;
    }
    if (!isRight) {
      log.warn("LOG-IN REFUSED", { address: request.address });
      const lockedMs = lockout.waitMs(request.address, clock.monoMs());
      return lockedMs > 0 ? tooOften(lockedMs) : errorReply(403, "That is not the password");
    }
    lockout.forgive(request.address);
    // Whatever token the browser brought, somebody may have given it to it.
    sessions.end(access.tokenIn(request.headers.get("cookie")));
    const { token, session } = sessions.begin(clock.monoMs(), networkOf(request.address));
    log.notice("LOG-IN", { address: request.address });
    return jsonReply(200, viewOf(session, true), { "set-cookie": access.cookie(token) });
  };

  return [
    {
      method: "GET",
      path: "/api/session",
      access: "open",
      handle: (request) => jsonReply(200, view(request)),
    },
    { method: "POST", path: "/api/login", access: "open", handle: login },
    {
      method: "POST",
      path: "/api/logout",
      access: "write",
      handle: (request) => {
        sessions.end(access.tokenIn(request.headers.get("cookie")));
        return jsonReply(200, {}, { "set-cookie": access.cookie(undefined) });
      },
    },
  ];
}

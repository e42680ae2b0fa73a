/** Who a client is and what it may do. Pure. */
import { createHash, timingSafeEqual } from "node:crypto";
import type { NutUps, NutUser } from "./nut_house.ts";

/** The account with this name and password; undefined when there is none. Takes the same time for every password. */
export function findAccount(
  users: readonly NutUser[],
  { username, password }: { readonly username: string; readonly password: string },
): NutUser | undefined {
  const user = users.find(({ name }) => name === username);
  const isRight = timingSafeEqual(digest(user?.password ?? ""), digest(password));
  return user && isRight ? user : undefined;
}

/** Whether the account may log in to this UPS: one that is for another host is not its own. */
export function mayLogin(user: NutUser, ups: NutUps): boolean {
  return ups.host === undefined || user.host === undefined || ups.host === user.host;
}

/** Whether the account may ask to be primary, and say FSD: only for its own host. */
export function mayForceShutdown(user: NutUser, ups: NutUps): boolean {
  return user.role === "primary" && user.host !== undefined && mayLogin(user, ups);
}

/** The host that a session of this account on this UPS is; undefined when neither of them says. */
export function hostOf(user: NutUser, ups: NutUps): string | undefined {
  return ups.host ?? user.host;
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

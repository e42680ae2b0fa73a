/** Why a LOGIN is refused, for the log and for a person; the client learns none of it. Pure. */
import type { NutUps, NutUser } from "./nut_house.ts";

/** What was tried, and why it did not work. */
export interface LoginRefusal {
  /** As the client typed it, cut; empty: it said none. Never a password, also when one was typed in its place. */
  readonly user: string;
  /** The same for the UPS. */
  readonly ups: string;
  /** Half a sentence. */
  readonly why: string;
  /** The host of the policy that it would have been; absent: nobody can tell. */
  readonly host?: string;
  /** The user is one of the configuration. */
  readonly isUser?: true;
}

/** Longest name shown, in characters. */
const SHOWN_CHARS = 32;

/** Says why; `upsWords` are the words behind LOGIN. */
export function refusalOf(
  { username, password, upsWords }: {
    readonly username?: string;
    readonly password?: string;
    readonly upsWords: readonly string[];
  },
  { users, upses }: { readonly users: readonly NutUser[]; readonly upses: readonly NutUps[] },
): LoginRefusal {
  const [typed = ""] = upsWords;
  const ups = upses.find(({ name }) => name.toLowerCase() === typed.toLowerCase());
  const user = users.find(({ name }) => name === username);
  const host = ups?.host ?? user?.host;
  const shown = (text: string) =>
    users.some((account) => account.password === text) ? "(a password)" : text.slice(0, SHOWN_CHARS);
  return {
    user: shown(username ?? ""),
    ups: shown(typed),
    why: why(),
    ...(host === undefined ? {} : { host }),
    ...(user ? { isUser: true as const } : {}),
  };

  function why(): string {
    if (username === undefined) return "it gave no user";
    if (password === undefined) return "it gave no password";
    if (upsWords.length === 0) return "it named no UPS, as old versions of WinNUT do: it can read, no more";
    if (upsWords.length > 1) return "the UPS name has a blank";
    if (!ups) return "this address sees no UPS of this name";
    if (!user) return "there is no user of this name";
    if (
      user.host !== undefined && ups.host !== undefined && user.host !== ups.host &&
      user.password === password
    ) {
      return `the user is the host "${user.host}", the UPS is for the host "${ups.host}"`;
    }
    return "the password is wrong";
  }
}

/** USERNAME or PASSWORD came as no word, or as several: the client has one that it cannot send. */
export function unsendableRefusal(
  username: string | undefined,
  what: "user" | "password",
  { users }: { readonly users: readonly NutUser[] },
): LoginRefusal {
  const known = users.find(({ name }) => name === username);
  const host = known?.host;
  return {
    user: withoutPassword(username ?? "", users),
    ups: "",
    why: `its ${what} is empty, or has a blank, "=" or "#", which it cannot send`,
    ...(host === undefined ? {} : { host }),
    ...(known ? { isUser: true as const } : {}),
  };
}

/** A name as it may be shown: people type passwords in the wrong place. */
function withoutPassword(text: string, users: readonly NutUser[]): string {
  return users.some(({ password }) => password === text) ? "(a password)" : text.slice(0, SHOWN_CHARS);
}

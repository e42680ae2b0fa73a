/** Which refused log-ins are told: each once an hour, few in all, so that a client that tries on and on fills no log. Pure. */
import type { LoginRefusal } from "./refusals.ts";

/** The same refusal is told again after this long, ms. */
export const REPEAT_MS = 3_600_000;
/** So many different ones of names that nobody has are told in that time; the rest are counted. */
export const MOST_TOLD = 20;
/** The same of users of the configuration: strangers must not use up what these need. */
export const MOST_TOLD_OF_USERS = 100;

/** A refusal with where it came from. */
export interface RefusedLogin extends LoginRefusal {
  readonly address: string;
}

/** See the file comment. Times are monotonic ms. */
export class RefusedLogins {
  readonly #told = new Map<string, number>();
  readonly #ofHost = new Map<string, RefusedLogin & { readonly atMonoMs: number }>();
  #untold = 0;

  /** Notes one; returns whether it is to be told, and how many were not since the last that was. */
  note(refused: RefusedLogin, nowMonoMs: number): { readonly isTold: boolean; readonly untold: number } {
    if (refused.host !== undefined) this.#ofHost.set(refused.host, { ...refused, atMonoMs: nowMonoMs });
    for (const [key, atMonoMs] of this.#told) {
      if (nowMonoMs - atMonoMs >= REPEAT_MS) this.#told.delete(key);
    }
    const kind = refused.isUser ? "user" : "stranger";
    const most = refused.isUser ? MOST_TOLD_OF_USERS : MOST_TOLD;
    const key = `${kind} ${JSON.stringify([refused.user, refused.ups, refused.address, refused.why])}`;
    const count = [...this.#told.keys()].filter((told) => told.startsWith(kind)).length;
    if (this.#told.has(key) || count >= most) {
      this.#untold++;
      return { isTold: false, untold: this.#untold };
    }
    this.#told.set(key, nowMonoMs);
    const untold = this.#untold;
    this.#untold = 0;
    return { isTold: true, untold };
  }

  /** The newest one of a host since it last logged in. */
  lastOf(host: string): (RefusedLogin & { readonly atMonoMs: number }) | undefined {
    return this.#ofHost.get(host);
  }

  /** The host has logged in: what was refused before is over. */
  forgetHost(host: string): void {
    this.#ofHost.delete(host);
  }
}

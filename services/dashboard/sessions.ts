/** Who is logged in: random tokens, of which only hashes are kept, each with an end. */
import { Buffer } from "node:buffer";
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** One log-in. */
export interface Session {
  /** What the page has to send with each wish, so that no other page can wish in its name. */
  readonly csrf: string;
  readonly beganMonoMs: number;
  seenMonoMs: number;
  /** Where it was seen last, see `networkOf`. */
  network: string;
}

/** Ends of a session, ms, and how many there may be. */
export const SESSION_LIMITS = { idleMs: 12 * 3_600_000, wholeMs: 7 * 86_400_000, count: 32 } as const;

/** See the file comment. */
export class Sessions {
  readonly #byHash = new Map<string, Session>();

  /** Begins one, with a token that nobody has seen before; the oldest ends when there are too many. */
  begin(nowMonoMs: number, network: string): { readonly token: string; readonly session: Session } {
    const token = randomBytes(32).toString("base64url");
    const session = {
      csrf: randomBytes(32).toString("base64url"),
      beganMonoMs: nowMonoMs,
      seenMonoMs: nowMonoMs,
      network,
    };
    this.#byHash.set(hashOf(token), session);
    const [oldest] = this.#byHash.keys();
    if (this.#byHash.size > SESSION_LIMITS.count && oldest !== undefined) this.#byHash.delete(oldest);
    return { token, session };
  }

  /** The session of a token, seen now from `network`; undefined when it is unknown or over. */
  find(token: string | undefined, nowMonoMs: number, network: string): Session | undefined {
    if (token === undefined) return undefined;
    const hash = hashOf(token);
    const session = this.#byHash.get(hash);
    if (!session) return undefined;
    if (isOver(session, nowMonoMs)) {
      this.#byHash.delete(hash);
      return undefined;
    }
    session.seenMonoMs = nowMonoMs;
    session.network = network;
    return session;
  }

  /** Whether somebody is logged in who was seen last from this network. */
  isFrom(network: string, nowMonoMs: number): boolean {
    for (const session of this.#byHash.values()) {
      if (session.network === network && !isOver(session, nowMonoMs)) return true;
    }
    return false;
  }

  /** Ends one; unknown tokens are no error. */
  end(token: string | undefined): void {
    if (token !== undefined) this.#byHash.delete(hashOf(token));
  }

  /** Ends all. */
  clear(): void {
    this.#byHash.clear();
  }

  /** Sessions kept. */
  get size(): number {
    return this.#byHash.size;
  }
}

function isOver({ seenMonoMs, beganMonoMs }: Session, nowMonoMs: number): boolean {
  return nowMonoMs - seenMonoMs >= SESSION_LIMITS.idleMs || nowMonoMs - beganMonoMs >= SESSION_LIMITS.wholeMs;
}

/** Whether a wish carries the session's own word. */
export function provesWish(session: Session, csrf: string | undefined): boolean {
  const [wanted, found] = [Buffer.from(session.csrf), Buffer.from(csrf ?? "")];
  return wanted.length === found.length && timingSafeEqual(wanted, found);
}

function hashOf(token: string): string {
  return createHash("sha256").update(token).digest("base64url");
}

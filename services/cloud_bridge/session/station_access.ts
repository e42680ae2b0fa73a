import { own } from "../../../lib/own.ts"; /**
 * Which stations the cloud's broker lets us hear and ask. Some brokers refuse a topic by a reason code; others end the
 * whole connection. So a station in doubt is asked last and alone: what happens then is about this station only, and
 * the others lose a second at most. Pure: time is an argument.
 */

/** What comes this soon after a request, ms, may be the broker's answer to it. */
export const ANSWER_MS = 10_000;
/** How long a refused station is left alone, ms: each time longer, for the owner may have mended it. */
export const REFUSED_MS: readonly number[] = [600_000, 3_600_000, 21_600_000, 86_400_000];

/** How a broker refused a station: by a reason code, or by ending the connection. */
export type RefusalKind = "subscription" | "hang_up";

/** One refused station. */
export interface RefusedStation {
  readonly sn: string;
  readonly kind: RefusalKind;
}

interface Refusal {
  readonly kind: RefusalKind;
  readonly times: number;
  readonly untilMonoMs: number;
}

/** See the file comment. Lives as long as the service. */
export class StationAccess {
  /** How often each was in the way without proof. */
  readonly #doubts = new Map<string, number>();
  readonly #granted = new Set<string>();
  readonly #refusals = new Map<string, Refusal>();

  /** Nothing speaks against the station: it is heard and asked with the others. */
  isFree(sn: string): boolean {
    return !this.#doubts.has(sn) && !this.#refusals.has(sn);
  }

  /** Its topics may be subscribed with those of the others: nothing speaks against it, or it was granted before. */
  isHeardFreely(sn: string): boolean {
    return this.isFree(sn) || this.#granted.has(sn);
  }

  /** The broker granted its topics. */
  grant(sn: string): void {
    this.#granted.add(sn);
  }

  /** How often it was in the way without proof: those with less come first. */
  doubtsOf(sn: string): number {
    return this.#doubts.get(sn) ?? 0;
  }

  /** Whether it is left alone now: neither heard on new topics nor asked. */
  isRefused(sn: string, nowMonoMs: number): boolean {
    return nowMonoMs < this.nextTrialMonoMs(sn);
  }

  /** Whether a reason code refused it, until a later trial is granted. */
  isRefusedByCode(sn: string): boolean {
    return this.#refusals.get(sn)?.kind === "subscription";
  }

  /** When the station may be tried next; -Infinity for one that was never refused. */
  nextTrialMonoMs(sn: string): number {
    return this.#refusals.get(sn)?.untilMonoMs ?? -Infinity;
  }

  /** The station may be the cause of trouble: from now on it is asked last and alone. */
  doubt(sn: string): void {
    this.#doubts.set(sn, this.doubtsOf(sn) + 1);
  }

  /** The broker refused it. @returns whether that is news to the owner */
  refuse(sn: string, kind: RefusalKind, nowMonoMs: number): boolean {
    const before = this.#refusals.get(sn);
    const waitMs = own(REFUSED_MS, Math.min(before?.times ?? 0, REFUSED_MS.length - 1)) as number;
    if (kind === "subscription") this.#granted.delete(sn);
    this.#refusals.set(sn, { kind, times: (before?.times ?? 0) + 1, untilMonoMs: nowMonoMs + waitMs });
    return before?.kind !== kind;
  }

  /** It was heard, or asked without harm: all is well. @returns whether it had been refused */
  pass(sn: string): boolean {
    this.#doubts.delete(sn);
    return this.#refusals.delete(sn);
  }

  /** The stations that are refused, in the order in which that was found out. */
  get refused(): readonly RefusedStation[] {
    return [...this.#refusals].map(([sn, { kind }]) => ({ sn, kind }));
  }
}

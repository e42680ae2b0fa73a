/** How long to wait after each fault, and whether to log in again. Pure but for its own counters. */
import { Backoff, type Random } from "../../../lib/time/backoff.ts";
import { type FaultKind, faultRule, FAULTS } from "../api/faults.ts";
import { own } from "../../../lib/own.ts";

/** A connection that lasted this long, ms, proves that all is well again. */
export const STABLE_MS = 60_000;
/** This many short connections in a row are no accident: somebody kicks us out. */
export const KICKS = 3;
/** After this many failures in a row to reach the broker its address may be out of date … */
export const FAILURES_UNTIL_RENEWAL = 5;
/** … and again each time after this many more. */
export const FAILURES_BETWEEN_RENEWALS = 30;

/** After this many connections in a row on which nothing ever came, the credentials are renewed, once. */
export const SILENCES_UNTIL_RENEWAL = 3;

/** Faults on the way to the broker that pass by themselves, unless its address is out of date. */
const PASSING: readonly FaultKind[] = ["network", "tls", "server", "hung_up"];

/** What to do after a fault. */
export interface RetryPlan {
  /** The fault as it is to be shown: many short connections become `kicked_out`. */
  readonly kind: FaultKind;
  readonly waitMs: number;
  readonly renews: boolean;
  readonly triesNextHost: boolean;
}

/** See the file comment. */
export class Retry {
  readonly #backoffs = new Map<FaultKind, Backoff>();
  #shortSessions = 0;
  #failures = 0;
  #silences = 0;

  constructor(private readonly random: Random) {}

  /**
   * Decides what comes after a fault.
   *
   * @param upMs How long the connection had been up, ms; absent when it never was
   * @param waitMs A wait that the fault itself asks for
   */
  after(kind: FaultKind, upMs?: number, waitMs?: number): RetryPlan {
    if (upMs !== undefined && upMs >= STABLE_MS) this.succeeded();
    if (upMs !== undefined) this.#failures = 0;
    if (kind === "dropped" && upMs !== undefined && upMs < STABLE_MS) this.#shortSessions++;
    const shown = kind === "dropped" && this.#shortSessions >= KICKS ? "kicked_out" : kind;
    const rule = faultRule(shown);
    const isPassing = PASSING.includes(shown);
    this.#failures = isPassing ? this.#failures + 1 : 0;
    const beyond = this.#failures - FAILURES_UNTIL_RENEWAL;
    const isOutOfDate = beyond >= 0 && beyond % FAILURES_BETWEEN_RENEWALS === 0;
    if (kind === "silent") this.#silences++;
    const isDeaf = kind === "silent" && this.#silences === SILENCES_UNTIL_RENEWAL;
    const ownWaitMs = this.#backoff(shown).nextMs();
    return {
      kind: shown,
      waitMs: waitMs ?? ownWaitMs,
      renews: rule.renews || isOutOfDate || isDeaf,
      triesNextHost: rule.triesNextHost ?? false,
    };
  }

  /** Something came: the credentials are good for more than a connection. */
  heard(): void {
    this.#silences = 0;
  }

  /** All is well again: every wait begins anew. */
  succeeded(): void {
    for (const backoff of this.#backoffs.values()) backoff.reset();
    this.#shortSessions = 0;
    this.#failures = 0;
  }

  #backoff(kind: FaultKind): Backoff {
    let backoff = this.#backoffs.get(kind);
    if (!backoff) {
      backoff = new Backoff(own(FAULTS, kind).retry, this.random);
      this.#backoffs.set(kind, backoff);
    }
    return backoff;
  }
}

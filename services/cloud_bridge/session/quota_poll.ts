/**
 * Asks the developer API for the values of stations that the broker does not bring: at the start, in its silence, and
 * when the house wants what the broker may not have said.
 */
import type { Random } from "../../../lib/time/backoff.ts";
import type { Clock } from "../../../lib/time/clock.ts";
import type { Health } from "../../../lib/health.ts";
import type { Logger } from "../../../lib/log/log.ts";
import { CloudFault, faultRule } from "../api/faults.ts";
import type { QuotaAnswer, QuotaRefusal } from "../api/open_api.ts";
import { Retry } from "./retry.ts";

/** A station that the broker brought within this time, ms, needs no poll, unless the house wants one. */
export const BROUGHT_MS = 60_000;
/** Shortest time between two requests for one station, ms. */
export const POLL_GAP_MS = 10_000;
/** Shortest time between two requests at all, ms. */
const SPACING_MS = 1000;

/** What a poll works with. */
export interface QuotaPollParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
  readonly random: Random;
  /** How often a silent station is asked, ms. */
  readonly intervalMs: number;
  sns(): readonly string[];
  quotaAll(sn: string, signal: AbortSignal): Promise<QuotaAnswer>;
  /** How long the broker brought nothing from a station, ms; undefined while there is no connection to it. */
  silenceMs(sn: string): number | undefined;
  /** An answer as it came. */
  onBody(sn: string, body: Uint8Array): void;
  /** Whether the polls bring values now; told at each change. */
  onWorks(works: boolean): void;
}

/** How one station's refusal is shown, and how long it is left alone, ms. */
const REFUSALS: Readonly<
  Record<Exclude<QuotaRefusal, "offline">, { code: string; advice: string; waitMs: number }>
> = {
  not_linked: {
    code: "station_not_linked",
    advice:
      "is not linked to the developer key (code 1006): link it at the developer site, or correct its serial number",
    waitMs: 3_600_000,
  },
  not_opened: {
    code: "station_not_opened",
    advice:
      "is of a model that the developer API does not serve: use the app account (ECOFLOW_USER, ECOFLOW_PASS)",
    waitMs: 6 * 3_600_000,
  },
  refused: { code: "station_refused", advice: "is refused by the developer API", waitMs: 600_000 },
};

/** See the file comment. */
export class QuotaPoll {
  readonly #nextMonoMs = new Map<string, number>();
  readonly #askedMonoMs = new Map<string, number>();
  /** Stations of which the house waits for an answer. */
  readonly #wanted = new Set<string>();
  readonly #refused = new Map<string, QuotaRefusal>();
  readonly #retry: Retry;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;
  #works: boolean | undefined;
  #wake: () => void = () => {};

  constructor(private readonly parts: QuotaPollParts) {
    this.#retry = new Retry(parts.random);
  }

  /** Begins; a second call does nothing. */
  start(): void {
    this.#running ??= this.#run(this.#stopping.signal);
  }

  /** Ends, also in the middle of a request. May be called twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  /**
   * Somebody in the house wants fresh values of a station. It is asked although the broker brings it: a push is partial,
   * and what it lacks, for example the second reading of a lost grid, may never come by itself.
   */
  refresh(sn: string): void {
    if (this.#refused.has(sn) || !this.parts.sns().includes(sn)) return;
    this.#wanted.add(sn);
    const earliest = (this.#askedMonoMs.get(sn) ?? -Infinity) + POLL_GAP_MS;
    this.#nextMonoMs.set(sn, Math.max(this.parts.clock.monoMs(), earliest));
    this.#wake();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock } = this.parts;
    try {
      while (!signal.aborted) {
        const sn = this.#due();
        if (sn === undefined) await this.#idle(signal);
        // A fault's wait is not cut short by anybody.
        else await clock.sleep(await this.#ask(sn, signal), signal);
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** The station to ask now; one that the broker brings is put off, unless somebody waits for it. */
  #due(): string | undefined {
    const now = this.parts.clock.monoMs();
    for (const sn of this.parts.sns()) {
      if ((this.#nextMonoMs.get(sn) ?? now) > now) continue;
      const isBrought = this.#askedMonoMs.has(sn) && (this.parts.silenceMs(sn) ?? Infinity) < BROUGHT_MS;
      if (!isBrought || this.#wanted.has(sn)) return sn;
      this.#nextMonoMs.set(sn, now + this.parts.intervalMs);
    }
  }

  /** @returns the wait before the next request, ms */
  async #ask(sn: string, signal: AbortSignal): Promise<number> {
    const { clock, log } = this.parts;
    const now = clock.monoMs();
    this.#askedMonoMs.set(sn, now);
    this.#nextMonoMs.set(sn, now + this.parts.intervalMs);
    try {
      const answer = await this.parts.quotaAll(sn, signal);
      this.#retry.succeeded();
      // Not before: what could not be asked is still wanted after the fault.
      this.#wanted.delete(sn);
      if (answer.kind === "values" || answer.kind === "offline") {
        this.#refuse(sn, undefined, "");
        this.#tell(true);
        this.parts.onBody(sn, answer.body);
      } else this.#refuse(sn, answer.kind, answer.text);
      return SPACING_MS;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof CloudFault)) throw error;
      const { waitMs } = this.#retry.after(error.kind, undefined, error.waitMs);
      log.warn("POLL FAILED", {
        sn,
        code: faultRule(error.kind).code,
        reason: error.message,
        retry_s: Math.round(waitMs / 1000),
      });
      this.#tell(false);
      return waitMs;
    }
  }

  /** Notes, shows or ends one station's refusal. */
  #refuse(sn: string, refusal: Exclude<QuotaRefusal, "offline"> | undefined, said: string): void {
    const before = this.#refused.get(sn);
    if (refusal === undefined) {
      if (before === undefined) return;
      this.#refused.delete(sn);
      return this.#showRefusals();
    }
    const { code, advice, waitMs } = REFUSALS[refusal];
    this.#refused.set(sn, refusal);
    this.#nextMonoMs.set(sn, this.parts.clock.monoMs() + waitMs);
    if (before !== refusal) {
      this.parts.log.warn("STATION REFUSED BY THE CLOUD", { sn, code, advice, reason: said });
    }
    this.#showRefusals();
  }

  #showRefusals(): void {
    for (const [refusal, { code, advice }] of Object.entries(REFUSALS)) {
      const sns = [...this.#refused].filter(([, kind]) => kind === refusal).map(([sn]) => sn);
      if (sns.length === 0) this.parts.health.clear(code);
      else {
        const text = `${sns.join(", ")} ${advice}`.slice(0, 500);
        this.parts.health.raise({ code, severity: "warning", text });
      }
    }
  }

  #tell(works: boolean): void {
    if (this.#works === works) return;
    this.#works = works;
    this.parts.onWorks(works);
  }

  /** Waits for the next station's turn, or for a refresh. */
  async #idle(signal: AbortSignal): Promise<void> {
    const { clock, intervalMs } = this.parts;
    const now = clock.monoMs();
    const turns = this.parts.sns().map((sn) => this.#nextMonoMs.get(sn) ?? now);
    const waitMs = Math.min(intervalMs, ...turns.map((turn) => turn - now));
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    try {
      await clock.sleep(waitMs, AbortSignal.any([signal, woken.signal]));
    } catch {
      signal.throwIfAborted();
    } finally {
      this.#wake = () => {};
    }
  }
}

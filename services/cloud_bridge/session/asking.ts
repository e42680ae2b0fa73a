/** Whom to ask on one connection, and who is to blame when it ends. Pure: time is an argument. */
import { KeepAlive } from "./keepalive.ts";
import { ANSWER_MS, type StationAccess } from "./station_access.ts";

/** What {@link Asking} works with. */
export interface AskingParts {
  /** Every watched station. */
  readonly sns: readonly string[];
  readonly access: StationAccess;
  /** How often each station is asked, ms. */
  readonly intervalMs: number;
  /** When the connection came up. */
  readonly startMonoMs: number;
  /** A station that had been refused is there after all. */
  onCleared(sn: string): void;
}

/** Stations in good standing take turns; one in doubt is tried after them, with nobody else in between. */
export class Asking {
  readonly #keepAlive: KeepAlive;
  /** Those that wait for their trial. */
  readonly #waiting = new Set<string>();
  /** The one on trial, and since when. */
  #trial: { readonly sn: string; readonly sinceMonoMs: number } | undefined;
  readonly #askedMonoMs = new Map<string, number>();
  readonly #heard = new Set<string>();
  #nextTrialMonoMs: number;

  constructor(private readonly parts: AskingParts) {
    const { sns, access, intervalMs, startMonoMs } = parts;
    const free = sns.filter((sn) => access.isFree(sn));
    this.#keepAlive = new KeepAlive(free, { intervalMs, startMonoMs });
    const others = sns.filter((sn) => !access.isFree(sn));
    for (const sn of others.sort((a, b) => access.doubtsOf(a) - access.doubtsOf(b))) this.#waiting.add(sn);
    // With nobody else to protect it is asked at once.
    this.#nextTrialMonoMs = free.length === 0 ? startMonoMs : startMonoMs + ANSWER_MS;
  }

  /** When {@link Asking.take} has something to do next; Infinity without stations. */
  nextMonoMs(): number {
    return Math.min(this.#keepAlive.nextMonoMs(), this.#trialMonoMs());
  }

  /** The one station to ask now, noted as asked; undefined when it is nobody's turn. */
  take(nowMonoMs: number): string | undefined {
    if (this.#trial && nowMonoMs - this.#trial.sinceMonoMs >= ANSWER_MS) {
      this.#pass(this.#trial.sn, nowMonoMs);
    }
    const sn = this.#keepAlive.take(nowMonoMs) ?? this.#beginTrial(nowMonoMs);
    if (sn !== undefined) this.#askedMonoMs.set(sn, nowMonoMs);
    return sn;
  }

  /** Something came from a station. */
  heard(sn: string, nowMonoMs: number): void {
    this.#heard.add(sn);
    this.#keepAlive.heard(sn, nowMonoMs);
    // A station whose answers may not be heard is not asked, though its pushes come.
    if (this.#waiting.has(sn) && this.parts.access.isRefusedByCode(sn)) return;
    if (this.#waiting.has(sn) || this.#trial?.sn === sn) this.#pass(sn, nowMonoMs);
  }

  /** The broker refused the station by a reason code: nothing is asked of it for long. */
  refuse(sn: string): void {
    if (this.#trial?.sn === sn) this.#trial = undefined;
    this.#keepAlive.remove(sn);
    this.#waiting.add(sn);
  }

  /** Somebody in the house wants fresh values of a station. */
  refresh(sn: string, nowMonoMs: number): void {
    this.#keepAlive.refresh(sn, nowMonoMs);
  }

  /** How long nothing came from this station, ms; Infinity for one that is not asked. */
  silenceMs(sn: string, nowMonoMs: number): number {
    return this.#keepAlive.silenceMs(sn, nowMonoMs);
  }

  /** When the connection is in doubt because every station stayed silent although it was asked again. */
  doubtMonoMs(): number {
    return this.#keepAlive.doubtMonoMs();
  }

  /**
   * The connection ended without a word. A station on trial is to blame; without a trial, those that were just asked and
   * were never heard on this connection are in doubt. A single station is neither: nobody else loses anything by it.
   *
   * @returns the station to blame; `isProven`: others were heard, so the line worked
   */
  blame(nowMonoMs: number): { readonly sn: string; readonly isProven: boolean } | undefined {
    const { sns, access } = this.parts;
    if (sns.length < 2) return undefined;
    if (this.#trial && nowMonoMs - this.#trial.sinceMonoMs < ANSWER_MS) {
      const { sn } = this.#trial;
      return { sn, isProven: [...this.#heard].some((one) => one !== sn) };
    }
    for (const [sn, atMonoMs] of this.#askedMonoMs) {
      if (nowMonoMs - atMonoMs < ANSWER_MS && !this.#heard.has(sn)) access.doubt(sn);
    }
  }

  #trialMonoMs(): number {
    if (this.#trial) return this.#trial.sinceMonoMs + ANSWER_MS;
    const turns = [...this.#waiting].map((sn) => this.parts.access.nextTrialMonoMs(sn));
    return Math.max(this.#nextTrialMonoMs, Math.min(Infinity, ...turns));
  }

  #beginTrial(nowMonoMs: number): string | undefined {
    if (this.#trial || nowMonoMs < this.#trialMonoMs()) return undefined;
    const sn = [...this.#waiting].find((one) => !this.parts.access.isRefused(one, nowMonoMs));
    if (sn === undefined) return undefined;
    this.#waiting.delete(sn);
    this.#trial = { sn, sinceMonoMs: nowMonoMs };
    return sn;
  }

  #pass(sn: string, nowMonoMs: number): void {
    this.#waiting.delete(sn);
    if (this.#trial?.sn === sn) this.#trial = undefined;
    this.#nextTrialMonoMs = nowMonoMs;
    this.#keepAlive.add(sn, nowMonoMs);
    if (this.parts.access.pass(sn)) this.parts.onCleared(sn);
  }
}

/**
 * Simulated events on a running system: whose states may be taken as played ones, and when a play is over. Pure but for its own
 * memory. A played state says `simulated` and, with `expires_s`, for how long it counts; nobody else's silence begins anything.
 */
import type { PowerState } from "../../../lib/messages/power_state.ts";

/** After a real state under its name nobody plays there for so long, ms. */
const REAL_WORD_MS = 600_000;

interface Play {
  readonly untilMonoMs: number;
  /** Its end was told. */
  readonly isOver: boolean;
}

/** What is to be done with a state. */
export type PlayAnswer =
  /** It is taken; `isFirst`: a play begins. */
  | { readonly kind: "take"; readonly isFirst: boolean }
  /** It is no played one, and ends the play that runs under its name. */
  | { readonly kind: "real" }
  | { readonly kind: "refuse"; readonly reason: string; readonly isNews: boolean };

/** See the file comment. */
export class Plays {
  readonly #plays = new Map<string, Play>();
  readonly #realMonoMs = new Map<string, number>();
  readonly #refused = new Map<string, string>();

  /** @param names The stations that the owner lets be played; they are never real ones */
  constructor(private readonly names: readonly string[]) {}

  /** Whether a play runs, or its hosts are still being called off. */
  isPlayed(device: string): boolean {
    return this.#plays.has(device);
  }

  /** Judges a state before anything else looks at it. @param retained The broker kept it */
  judge(device: string, state: PowerState, retained: boolean, nowMonoMs: number): PlayAnswer {
    if (!state.simulated) {
      if (retained || !this.names.includes(device)) return { kind: "take", isFirst: false };
      this.#realMonoMs.set(device, nowMonoMs);
      return this.#plays.get(device)?.isOver === false ? { kind: "real" } : { kind: "take", isFirst: false };
    }
    const left = this.#leftMs(device, state, retained, nowMonoMs);
    if (typeof left === "string") {
      const isNews = this.#refused.get(device) !== left;
      if (this.#refused.size < 100) this.#refused.set(device, left);
      return { kind: "refuse", reason: left, isNews };
    }
    this.#refused.delete(device);
    const isFirst = this.#plays.get(device)?.isOver !== false;
    this.#plays.set(device, { untilMonoMs: nowMonoMs + left, isOver: false });
    return { kind: "take", isFirst };
  }

  /** For how long a played state counts from now on, ms; or why it is refused. */
  #leftMs(
    device: string,
    { expires_s, age_s = 0 }: PowerState,
    retained: boolean,
    nowMonoMs: number,
  ): number | string {
    if (!this.names.includes(device)) return `"${device}" is none of SIMULATED_STATIONS`;
    if (retained) return "the broker kept it, so nobody plays it now";
    if (expires_s === undefined) return "it does not say when it expires (expires_s)";
    if (age_s >= expires_s) return "it was held up for longer than it counts";
    const realMonoMs = this.#realMonoMs.get(device);
    return realMonoMs !== undefined && nowMonoMs - realMonoMs < REAL_WORD_MS
      ? "somebody else feeds this station, and the two are never mixed"
      : (expires_s - age_s) * 1000;
  }

  /** The plays whose last state counts no more; each is named once. */
  expired(nowMonoMs: number): readonly string[] {
    return [...this.#plays].flatMap(([device, { untilMonoMs, isOver }]) =>
      !isOver && nowMonoMs >= untilMonoMs ? [device] : []
    );
  }

  /** The play is over; its hosts may still have to be called off. @returns whether one ran */
  end(device: string): boolean {
    const play = this.#plays.get(device);
    if (!play || play.isOver) return false;
    this.#plays.set(device, { ...play, isOver: true });
    return true;
  }

  /** A play that the end of the daemon cut off: over, with hosts to be called off. */
  cutOff(device: string): void {
    this.#plays.set(device, { untilMonoMs: -Infinity, isOver: true });
  }

  /** Plays that are over. */
  over(): readonly string[] {
    return [...this.#plays].flatMap(([device, { isOver }]) => isOver ? [device] : []);
  }

  /** Nothing of it is left. */
  forget(device: string): void {
    this.#plays.delete(device);
  }
}

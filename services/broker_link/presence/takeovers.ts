/**
 * Notices that a second daemon uses our client id: the broker then throws one out for the other, again and again, and
 * brokers do not always say that it was this. What shows it is the presence that stands there when we come back: after an
 * ordinary loss it is ours, or our will. Pure.
 */
import type { HeardPresence } from "./heard_presence.ts";

/** How long the one that gives way stays away, ms: so long at first, twice as long each time, at most. */
export const AWAY_MS = { first: 60_000, most: 600_000 };
/** MQTT 5 DISCONNECT 142: another connection has our client id. */
export const SESSION_TAKEN_OVER = 142;
/** Thrown out again and again, we wait so long, ms, then twice as long each time: one of the two works meanwhile. */
export const THROWN_OUT_MS = { first: 1000, most: 60_000 };
/** Undisturbed for so long, ms, there is no other any more. */
export const UNDISTURBED_MS = 900_000;

/** What a presence shows. */
export type Twin =
  /** Of the two it is the other that goes on. */
  | { readonly kind: "gives_way"; readonly awayMs: number }
  | { readonly kind: "goes_on" };

/** See the file comment. */
export class Takeovers {
  #count = 0;
  #thrownOut = 0;
  #isSeen = false;

  /** Whether another was seen, and we were not undisturbed for long enough since. */
  get isSeen(): boolean {
    return this.#isSeen;
  }

  /**
   * Looks at a presence that the broker kept from before we came back.
   *
   * Both see each other, and the one with the smaller mark gives way: one of the two works, and no command goes out twice. Who
   * gives way leaves its mark with its goodbye, so that the other knows of it too.
   *
   * @param other What the presence says; undefined when it is none
   * @param own The mark of this process; undefined when it has none
   * @returns undefined when it is nobody else's
   */
  look(other: HeardPresence | undefined, own: string | undefined): Twin | undefined {
    if (own === undefined || other?.instance === undefined || other.instance === own) return undefined;
    this.#isSeen = true;
    if (!other.isOnline || own > other.instance) return { kind: "goes_on" };
    return { kind: "gives_way", awayMs: Math.min(AWAY_MS.most, AWAY_MS.first * 2 ** this.#count++) };
  }

  /**
   * The broker says that another has our client id. That alone does not tell whose turn it is: some brokers publish our will
   * then, and the other's presence is never seen.
   *
   * @returns How long to stay away at least, ms: not at all at the first time, which may be anybody's mistake
   */
  thrownOut(): number {
    this.#isSeen = true;
    const times = this.#thrownOut++;
    return times === 0 ? 0 : Math.min(THROWN_OUT_MS.most, THROWN_OUT_MS.first * 2 ** (times - 1));
  }

  /** A connection has been up undisturbed. */
  undisturbed(): void {
    this.#thrownOut = 0;
    this.#count = 0;
    this.#isSeen = false;
  }
}

/** What the owner is told. */
export function takenOverText(clientId: string): string {
  return `Somebody else uses our client id "${clientId}" at the broker: a second daemon with this configuration, on another ` +
    "machine or started by hand? Stop one of the two; until then only one of them works at a time";
}

/** The parts of a snapshot's text, each kept until what it tells of changes: a large house is not encoded anew each time. */
import { ageOf } from "./ages.ts";

/** A piece older than this is written anew: the ages and readings in it go on without being news, ms. */
export const PIECE_LIFE_MS = 10_000;

interface Piece<T> {
  readonly value: T;
  /** JSON of an object, without its opening brace. */
  readonly rest: string;
  readonly notedMonoMs: number;
}

/** The pieces of one kind, by name. */
export class Pieces<T> {
  #pieces: ReadonlyMap<string, Piece<T>> = new Map();

  /**
   * @param encode Gives an object with at least one key; its ages count from the time that it is given
   * @param isSame Whether a restart need not know the difference
   */
  constructor(
    private readonly encode: (value: T, nowMonoMs: number) => object,
    private readonly isSame: (a: T, b: T) => boolean,
  ) {}

  /** Whether something is new, gone or changed since the last {@link Pieces.write}. */
  isNews(values: ReadonlyMap<string, T>): boolean {
    if (values.size !== this.#pieces.size) return true;
    for (const [name, value] of values) {
      const known = this.#pieces.get(name);
      if (!known || !this.isSame(known.value, value)) return true;
    }
    return false;
  }

  /** JSON of an object with everybody in it; `noted_age_ms` says how long ago a piece was written down. */
  write(values: ReadonlyMap<string, T>, nowMonoMs: number): string {
    const next = new Map<string, Piece<T>>();
    const texts: string[] = [];
    for (const [name, value] of values) {
      const piece = this.#pieceOf(name, value, nowMonoMs);
      next.set(name, piece);
      const notedMs = ageOf(piece.notedMonoMs, nowMonoMs);
      const noted = notedMs === 0 ? "" : `"noted_age_ms":${notedMs},`;
      texts.push(`${JSON.stringify(name)}:{${noted}${piece.rest}`);
    }
    this.#pieces = next;
    return `{${texts.join(",")}}`;
  }

  #pieceOf(name: string, value: T, nowMonoMs: number): Piece<T> {
    const known = this.#pieces.get(name);
    const isGood = known && nowMonoMs - known.notedMonoMs < PIECE_LIFE_MS && this.isSame(known.value, value);
    if (isGood) return known;
    return { value, rest: JSON.stringify(this.encode(value, nowMonoMs)).slice(1), notedMonoMs: nowMonoMs };
  }
}

/** Whether both hold the very same values under the same keys. */
export function isSameMap<K, V>(a: ReadonlyMap<K, V>, b: ReadonlyMap<K, V>): boolean {
  if (a.size !== b.size) return false;
  for (const [key, value] of a) if (b.get(key) !== value || !b.has(key)) return false;
  return true;
}

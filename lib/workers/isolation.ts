/** Keeps what throws for one host, station or message from stopping the others. */
import type { Clock } from "../time/clock.ts";
import { errorText } from "../errors.ts";
import type { Health } from "../health.ts";
import type { Logger } from "../log/log.ts";

/** The same part is told of again after so long, ms. */
const TOLD_EVERY_MS = 60_000;
/** A part that was not tried again keeps the condition up for so long, ms. */
const REMEMBERED_MS = 600_000;
/** As many failing parts are told apart; more are only counted as one. */
const MOST_PARTS = 100;

/** What is needed of the surroundings. */
export interface IsolationParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly health: Health;
}

/**
 * Runs parts of the work. One that throws is told of, raises a health condition until it works again, and the caller goes on.
 * What was refused for its content is no such case: that is told of where it is read.
 */
export class Isolation {
  readonly #failing = new Map<string, { readonly toldMonoMs: number; readonly atMonoMs: number }>();

  /** @param code Of the health condition, for example `part_failed` */
  constructor(private readonly parts: IsolationParts, private readonly code: string) {}

  /**
   * @param what Names the part for a person, for example `station "Study"`
   * @returns what `act` returns, or undefined when it threw
   */
  run<T>(what: string, act: () => T): T | undefined {
    try {
      const result = act();
      if (this.#failing.size > 0) this.#worked(what);
      return result;
    } catch (error) {
      this.#threw(what, error);
      return undefined;
    }
  }

  #worked(what: string): void {
    const nowMonoMs = this.parts.clock.monoMs();
    this.#failing.delete(what);
    for (const [other, { atMonoMs }] of this.#failing) {
      if (nowMonoMs - atMonoMs >= REMEMBERED_MS) this.#failing.delete(other);
    }
    this.#show();
  }

  #threw(part: string, error: unknown): void {
    const { clock, log } = this.parts;
    const what = this.#failing.has(part) || this.#failing.size < MOST_PARTS ? part : "others";
    const atMonoMs = clock.monoMs();
    const before = this.#failing.get(what);
    const isNews = before === undefined || atMonoMs - before.toldMonoMs >= TOLD_EVERY_MS;
    this.#failing.set(what, { atMonoMs, toldMonoMs: isNews ? atMonoMs : before.toldMonoMs });
    if (isNews) log.error("PART FAILED: the others go on", { part: what, reason: errorText(error) });
    this.#show();
  }

  #show(): void {
    const { health } = this.parts;
    const [first] = this.#failing.keys();
    if (first === undefined) return health.clear(this.code);
    const more = this.#failing.size > 1 ? ` and ${this.#failing.size - 1} more` : "";
    const text = `A fault in this program keeps ${
      first.slice(0, 200)
    }${more} from being handled; the log says why`;
    health.raise({ code: this.code, severity: "error", text });
  }
}

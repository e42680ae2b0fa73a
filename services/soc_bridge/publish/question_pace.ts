/** When a station is asked for its whole state. Pure: time is an argument. */
import type { GridState } from "../judge/grid.ts";

/** A station is asked for its whole state at most this often, ms. */
export const REFRESH_MS = 5000;
/** A live station that has said nothing of the grid for this long is asked, and again each time after this, ms. */
export const GRID_ASK_MS = 60_000;
/** After this long without a doubt the first question comes at once again, ms. */
const DOUBT_ROW_MS = 5 * 60_000;
/** Questions about a doubt are at most this far apart, ms. */
const DOUBT_GAP_MAX_MS = 20_000;

/** Remembers the questions of one station; what it says is due counts as asked. */
export class QuestionPace {
  #askedMonoMs = -Infinity;
  /** When a doubt was last a reason to ask, and how long the next one waits after any question. */
  #doubtAskedMonoMs = -Infinity;
  #doubtGapMs = REFRESH_MS;

  /** For a reason that is worth a question now. */
  isDue(nowMonoMs: number): boolean {
    if (nowMonoMs - this.#askedMonoMs < REFRESH_MS) return false;
    this.#askedMonoMs = nowMonoMs;
    return true;
  }

  /** Each question of a row waits twice as long as the one before, so that a station on the edge of 2 W is not asked for ever. */
  isDueByDoubt(nowMonoMs: number): boolean {
    if (nowMonoMs - this.#askedMonoMs < this.#doubtGapMs) return false;
    const isNewRow = nowMonoMs - this.#doubtAskedMonoMs > DOUBT_ROW_MS;
    this.#doubtGapMs = isNewRow ? REFRESH_MS : Math.min(this.#doubtGapMs * 2, DOUBT_GAP_MAX_MS);
    this.#doubtAskedMonoMs = nowMonoMs;
    return this.isDue(nowMonoMs);
  }

  /**
   * Stations say what changes, once: whoever missed the loss hears only of a charge that falls. On the developer API
   * nobody else asks as long as pushes come. A grid that is doubted is asked for sooner, until something settles it.
   */
  isDueByGrid(grid: GridState, nowMonoMs: number): boolean {
    if (grid.doubt || grid.pending?.isAlone) return this.isDueByDoubt(nowMonoMs);
    return nowMonoMs >= this.gridQuestionMonoMs(grid) && this.isDue(nowMonoMs);
  }

  /** When a grid that nobody doubts is asked for, monotonic ms; Infinity: never. */
  gridQuestionMonoMs(grid: GridState): number {
    if (grid.present === undefined && !grid.isUntold) return Infinity;
    return Math.max(grid.confirmedAtMonoMs, this.#askedMonoMs) + GRID_ASK_MS;
  }
}

/** A host with its agent, of one of several tempers. Obeys each command once, undoes what can be undone. */
import type { Draw } from "./random.ts";

/** What a host says, when. */
export interface Saying {
  readonly atSec: number;
  readonly say:
    | { readonly kind: "presence"; readonly online: boolean }
    | {
      readonly kind: "ack";
      readonly id: string;
      readonly status: "accepted" | "rejected" | "shutting_down" | "aborted";
    };
}

/** See the file comment. Times are seconds of the world. */
export class ReferenceAgent {
  readonly temper: "good" | "good" | "slow" | "silent" | "refuses" | "lies" | "absent";
  isOnline: boolean;
  /** It has shut itself down. */
  isDown = false;
  #seen = new Set<string>();
  #run: { readonly id: string; readonly downSec: number } | undefined;
  readonly #answerSec: number;
  readonly #prepareSec: number;
  /** So long after the grid is back it is switched on, if it is down. */
  readonly #bootSec: number;
  #gridSinceSec: number | undefined;
  #sayings: Saying[] = [];

  constructor(readonly name: string, draw: Draw) {
    this.temper = draw.one(["good", "good", "good", "slow", "silent", "refuses", "lies", "absent"]);
    this.isOnline = this.temper !== "absent";
    this.#answerSec = this.temper === "slow" ? draw.between(20, 200) : draw.between(0, 5);
    this.#prepareSec = draw.between(0, 60);
    this.#bootSec = draw.chance(0.5) ? draw.between(30, 900) : Infinity;
  }

  /** A command reaches it. */
  obey(action: "shutdown" | "abort", id: string, atSec: number): void {
    if (!this.isOnline || this.temper === "silent") return;
    const answer = (
      status: "accepted" | "rejected" | "shutting_down" | "aborted",
      of: string,
      afterSec: number,
    ) => this.#sayings.push({ atSec: atSec + afterSec, say: { kind: "ack", id: of, status } });
    if (this.#seen.has(id)) return void answer("rejected", id, 1);
    this.#seen.add(id);
    if (this.temper === "refuses") return void answer("rejected", id, this.#answerSec);
    if (action === "abort") {
      const run = this.#run;
      this.#run = undefined;
      // What it was about to say of the shutdown is not said any more.
      this.#sayings = this.#sayings.filter(({ say }) => say.kind !== "ack" || say.status !== "shutting_down");
      if (run) answer("aborted", run.id, this.#answerSec);
      return void answer("aborted", id, this.#answerSec);
    }
    answer("accepted", id, this.#answerSec);
    if (this.temper === "lies" || this.#run) return;
    answer("shutting_down", id, this.#answerSec + this.#prepareSec);
    this.#run = { id, downSec: atSec + this.#answerSec + this.#prepareSec + 60 };
  }

  /** Whether the grid is there. Somebody switches the host on some time after it came back. */
  power(hasGrid: boolean, nowSec: number): void {
    if (!hasGrid) this.#gridSinceSec = undefined;
    else this.#gridSinceSec ??= nowSec;
    if (!this.isDown || nowSec - (this.#gridSinceSec ?? nowSec) < this.#bootSec) return;
    this.isDown = false;
    this.isOnline = true;
    this.#sayings.push({ atSec: nowSec, say: { kind: "presence", online: true } });
  }

  /** Time passes. @returns what it says until then, in order */
  until(nowSec: number): readonly Saying[] {
    if (this.#run && nowSec >= this.#run.downSec) {
      this.isOnline = false;
      this.isDown = true;
      this.#sayings.push({ atSec: this.#run.downSec + 5, say: { kind: "presence", online: false } });
      this.#run = undefined;
    }
    const due = this.#sayings.filter(({ atSec }) => atSec <= nowSec).sort((a, b) => a.atSec - b.atSec);
    this.#sayings = this.#sayings.filter(({ atSec }) => atSec > nowSec);
    return due;
  }
}

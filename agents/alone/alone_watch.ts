/** Looks whether this agent is alone on battery and must act by its plan, and takes it back when somebody decides again. */
import type { Clock } from "../../lib/time/clock.ts";
import type { Logger } from "../../lib/log/log.ts";
import type { ShutdownQueue } from "../shutdown/shutdown_queue.ts";
import type { HostNow, Reach, Verdict } from "./last_resort.ts";
import type { PlanKeeper } from "./plan_keeper.ts";

/** A shutdown alone that did not switch the host off is begun again after this long, ms. */
const ALONE_AGAIN_MS = 120_000;

/** What the watch needs of its agent. */
export interface AloneParts {
  readonly plans: Pick<PlanKeeper, "plan" | "verdict">;
  readonly queue: Pick<ShutdownQueue, "isBusy" | "order" | "standDown">;
  readonly clock: Clock;
  readonly log: Logger;
  /** Delay of a plan that does not name one, s. */
  readonly defaultDelaySec: number;
}

/** See the file comment. */
export class AloneWatch {
  #lastVerdict = "";
  #againMonoMs = -Infinity;

  constructor(private readonly parts: AloneParts) {}

  /** Looks at the plan. */
  look(reach: Reach, now: HostNow): void {
    const { plans, queue, clock } = this.parts;
    const verdict = plans.verdict(reach, now);
    this.#logVerdict(verdict);
    if (verdict.kind === "shut_down") {
      if (queue.isBusy || clock.monoMs() < this.#againMonoMs) return;
      this.#againMonoMs = clock.monoMs() + ALONE_AGAIN_MS;
      return this.#act(verdict.why);
    }
    // Reachable again, or a new plan: somebody decides again. A run that only takes its time goes on.
    const isAlone = verdict.kind === "nothing" && verdict.code === "too_late";
    // An agent that was restarted meanwhile and has reached nobody waits anew, but what is under way goes on.
    const isAloneStill = verdict.kind === "wait" && reach.kind === "lost" && !reach.wasReached;
    if (!isAlone && !isAloneStill) queue.standDown("not alone any more");
  }

  #act(why: string): void {
    const { plans: { plan }, queue, log, defaultDelaySec } = this.parts;
    if (!plan) return;
    log.crit("ACTING ALONE", { plan: plan.id, why });
    const delaySec = plan.delay_sec ?? defaultDelaySec;
    queue.order({ id: plan.id, source: "plan", delaySec, isDrill: false }, `alone: ${why}`);
  }

  #logVerdict(verdict: Verdict): void {
    const code = verdict.kind === "nothing" ? verdict.code : verdict.kind;
    if (code === this.#lastVerdict) return;
    const before = this.#lastVerdict;
    this.#lastVerdict = code;
    const { log, plans } = this.parts;
    if (verdict.kind === "wait") {
      log.warn("DAEMON LOST ON BATTERY", { plan: plans.plan?.id, left_s: Math.round(verdict.leftMs / 1000) });
    } else if (verdict.kind === "nothing" && (code === "too_late" || code === "void")) {
      log.warn("PLAN NOT FOLLOWED", { why: verdict.why });
    } else if (verdict.kind === "nothing" && (before === "wait" || before === "shut_down")) {
      log.notice("NOT ALONE ANY MORE", { why: verdict.why });
    }
  }
}

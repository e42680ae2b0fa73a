/** The last verified plan, on disk, and what it asks of an agent that is alone. */
import * as v from "valibot";
import { errorText } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log/log.ts";
import { type AgentPlan, parseAgentPlan } from "../../lib/messages/agent/plan.ts";
import { numberIn, parseJson, textUpTo } from "../../lib/messages/parse.ts";
import {
  type HostNow,
  keepPlan,
  type KeptPlan,
  lastResort,
  type LastResortRules,
  type Reach,
  recallPlan,
  replaces,
  type Verdict,
} from "./last_resort.ts";
import type { TextStore } from "../../lib/files/text_file.ts";

const schema = v.object({
  plan: v.unknown(),
  boot_id: textUpTo(100),
  deadline_uptime_ms: v.optional(numberIn(-1e14, 1e14)),
  by_wall: v.boolean(),
  was_followed: v.optional(v.boolean()),
  is_void: v.optional(v.boolean()),
});

/** See the file comment. */
export class PlanKeeper {
  #kept: KeptPlan | undefined;

  constructor(
    private readonly store: TextStore,
    private readonly log: Logger,
    private readonly rules: LastResortRules,
  ) {}

  /** Takes up what an earlier run had kept, if it can still be verified. */
  recall(now: HostNow, isGood: (plan: AgentPlan) => boolean): void {
    try {
      const text = this.store.read();
      if (text === undefined) return;
      const { plan, ...rest } = parseJson(schema, text, "the kept plan");
      const kept = { ...rest, plan: parseAgentPlan(JSON.stringify(plan), "the kept plan") };
      if (!isGood(kept.plan)) {
        return this.log.warn("KEPT PLAN DROPPED", { reason: "it cannot be verified any more" });
      }
      this.#kept = recallPlan(kept, now);
      if (this.#kept !== kept) this.#save();
    } catch (error) {
      this.log.error("KEPT PLAN CANNOT BE READ", { reason: errorText(error) });
    }
  }

  /** A verified plan came. @returns whether it is newer than the one that was kept */
  take(plan: AgentPlan, isRetained: boolean, now: HostNow): boolean {
    if (this.#kept && !replaces(plan, this.#kept.plan, now.wallMs)) return false;
    const { state, deadline_at, reason, id } = plan;
    if (this.#kept?.plan.state !== state || this.#kept.plan.deadline_at !== deadline_at) {
      this.log.notice("PLAN KEPT", { id, state, deadline_at, reason });
    }
    this.#kept = keepPlan(plan, isRetained, now);
    this.#save();
    return true;
  }

  /** This host was told to go down (true), or that was undone. */
  mark(wasFollowed: boolean): void {
    if (!this.#kept || (this.#kept.was_followed ?? false) === wasFollowed) return;
    this.#kept = { ...this.#kept, was_followed: wasFollowed };
    this.#save();
  }

  /** What the plan asks for now. */
  verdict(reach: Reach, now: HostNow): Verdict {
    return lastResort(this.#kept, reach, now, this.rules);
  }

  /** The plan that is kept, if any. */
  get plan(): AgentPlan | undefined {
    return this.#kept?.plan;
  }

  #save(): void {
    try {
      this.store.write(JSON.stringify(this.#kept));
    } catch (error) {
      this.log.error("PLAN CANNOT BE KEPT", { reason: errorText(error) });
    }
  }
}

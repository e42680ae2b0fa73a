/** Publishes what the policy thinks and what agents shall do alone: when it is new, and while something runs, calmly. */
import type { Bus } from "../../lib/bus.ts";
import type { Clock } from "../../lib/clock.ts";
import { encodeAgentPlan } from "../../lib/messages/agent_plan.ts";
import { encodePolicyStatus } from "../../lib/messages/policy_status.ts";
import type { Topics } from "../../lib/mqtt/topics.ts";
import { policyStatus, type StatusContext } from "./explain.ts";
import type { House } from "./house.ts";
import { buildPlan, isNewPlan, type PlanContent, planFor } from "./plan.ts";

/** While a timer runs its status is said again this often, ms; the seconds in between can be counted by anybody. */
const COUNTDOWN_EVERY_MS = 5000;

/** What is needed of the surroundings. */
export interface ShowcaseParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly newId: () => string;
  /** Agent to key, lower-case hex. */
  readonly agentKeys: Readonly<Record<string, string>>;
}

/** See the file comment. */
export class Showcase {
  readonly #statuses = new Map<string, { readonly key: string; readonly atMonoMs: number }>();
  readonly #plans = new Map<string, PlanContent>();

  constructor(private readonly parts: ShowcaseParts) {}

  /** Publishes a station's status when it says something new; running seconds alone are new only now and then. */
  showStatus(device: string, house: House, context: StatusContext): void {
    const { bus, clock, topics } = this.parts;
    const nowMonoMs = clock.monoMs();
    const status = policyStatus(device, house, context, nowMonoMs, clock.wallMs());
    if (!status) return;
    const { ts: _ts, timer_left_s, shutdown_earliest_s: _earliest, sentence, soc, ...lasting } = status;
    const isCounting = timer_left_s !== undefined || status.blind;
    const key = JSON.stringify([
      lasting,
      isCounting ? "" : sentence,
      soc === undefined ? "" : Math.floor(soc),
    ]);
    const before = this.#statuses.get(device);
    const isSame = before?.key === key;
    if (isSame && !(isCounting && nowMonoMs - before.atMonoMs >= COUNTDOWN_EVERY_MS)) return;
    this.#statuses.set(device, { key, atMonoMs: nowMonoMs });
    bus.publish(topics.policy(device), encodePolicyStatus(status), { retain: true, qos: 1 }).catch(() => {});
  }

  /** Publishes an agent's plan when it says something else than the one before. */
  showPlan(agent: string, house: House): void {
    const { bus, clock, topics, newId, agentKeys } = this.parts;
    const nowMonoMs = clock.monoMs();
    const content = planFor(agent, house, nowMonoMs);
    if (!content || !isNewPlan(this.#plans.get(agent), content, nowMonoMs)) return;
    this.#plans.set(agent, content);
    const plan = buildPlan(content, {
      id: newId(),
      agent,
      keyHex: agentKeys[agent],
      rules: house.rules,
      nowMonoMs,
      nowWallMs: clock.wallMs(),
    });
    bus.publish(topics.plan(agent), encodeAgentPlan(plan), { retain: true, qos: 1 }).catch(() => {
      // Not taken by the bus: say it again at the next occasion.
      this.#plans.delete(agent);
    });
  }
}

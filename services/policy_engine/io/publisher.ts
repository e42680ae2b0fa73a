/** Publishes what the policy thinks and what agents shall do alone: when it is new, and while something runs, calmly. */
import type { Bus } from "../../../lib/workers/bus.ts";
import type { Clock } from "../../../lib/time/clock.ts";
import { encodeAgentPlan } from "../../../lib/messages/agent/plan.ts";
import { encodePolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { Topics } from "../../../lib/mqtt/topics.ts";
import { policyStatus, type StatusContext } from "./explain.ts";
import type { House, HouseInput } from "../house.ts";
import { buildPlan, isNewPlan, type PlanContent, type Plans } from "./agent_plan.ts";
import { feedsOf } from "../rules/rules.ts";
import { own } from "../../../lib/own.ts";
import { RetryPace } from "./retry_pace.ts";

/** While a timer runs its status is said again this often, ms; the seconds in between can be counted by anybody. */
const COUNTDOWN_EVERY_MS = 5000;
/** On battery it is said again this often, ms: who shows the minutes left must know that the policy still stands by them. */
const ON_BATTERY_EVERY_MS = 30_000;

/** A sentence that is another one with each second that passes. */
const TELLS_AN_AGE = /\d (?:s|min) ago\b/;

/** An agent that holds another plan than the last one gets a new one after so long, then ever more seldom, ms. */
const CORRECT_MS = { first: 10_000, longest: 600_000 };
/** The wall clock has jumped when it gained or lost more than this against the monotonic one, ms. */
const JUMP_MS = 2000;
/** Plans of the run before may be younger than its last snapshot by so much, ms: on battery there is one a minute. */
const AFTER_SNAPSHOT_MS = 90_000;

interface SaidPlan {
  readonly content: PlanContent;
  readonly id: string;
  readonly atMonoMs: number;
  /** How often it was said again because the agent holds another one. */
  readonly corrections: number;
}

/** What is needed of the surroundings. */
export interface PublisherParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly newId: () => string;
  /** Told of each plan that the broker has taken. */
  readonly onPlanSaid?: (agent: string) => void;
  /** Agent to key, lower-case hex. */
  readonly agentKeys: Readonly<Record<string, string>>;
}

/**
 * See the file comment.
 *
 * An agent keeps the plan that was issued last and refuses all others, so that nobody can bring an old one back. So each plan
 * is issued later than the one before. That holds also when two come in one millisecond, when the wall clock goes back, and after
 * a restart with a clock that is behind. Otherwise an agent would keep "on battery", and shut its host down when it loses us much
 * later.
 */
export class Publisher {
  readonly #statuses = new Map<string, { readonly key: string; readonly atMonoMs: number }>();
  readonly #plans = new Map<string, SaidPlan>();
  /** Agents that named another plan than the one that was said last. */
  readonly #astray = new Set<string>();
  readonly #statusPace = new RetryPace();
  readonly #planPace = new RetryPace();
  #issuedAtMs = -Infinity;
  /** It is no earlier than this, ms since 1970, less the monotonic time: the snapshot knows. */
  #earliestOffsetMs = -Infinity;
  #wallOffsetMs: number | undefined;

  constructor(private readonly parts: PublisherParts) {}

  /** Goes on after an earlier run. @param savedAtMs Wall time of its last snapshot, ms since 1970 */
  resume(savedAtMs: number): void {
    this.#issuedAtMs = savedAtMs + AFTER_SNAPSHOT_MS;
    this.#earliestOffsetMs = savedAtMs - this.parts.clock.monoMs();
  }

  /** All is said again at the next occasion: a broker that came back may have lost what it kept. */
  sayAgain(): void {
    this.#statuses.clear();
    this.#plans.clear();
  }

  /** An agent says now which plan it holds; undefined when it names none, as one without plans does, or is gone. */
  hearPlan(agent: string, planId: string | undefined): void {
    const said = this.#plans.get(agent);
    if (said && planId !== undefined && planId !== said.id) return void this.#astray.add(agent);
    this.#astray.delete(agent);
    if (said && planId !== undefined) this.#plans.set(agent, { ...said, corrections: 0 });
  }

  /** Publishes a station's status when it says something new; running seconds alone are new only now and then. */
  showStatus(device: string, house: House, context: StatusContext): void {
    const { bus, clock, topics } = this.parts;
    const nowMonoMs = clock.monoMs();
    const status = policyStatus(device, house, context, nowMonoMs, clock.wallMs());
    if (!status) return;
    const { ts: _ts, timer_left_s, shutdown_earliest_s: _earliest, minutes_left, sentence, soc, ...lasting } =
      status;
    const isCounting = timer_left_s !== undefined || status.blind || TELLS_AN_AGE.test(sentence);
    const everyMs = isCounting
      ? COUNTDOWN_EVERY_MS
      : minutes_left === undefined
      ? Infinity
      : ON_BATTERY_EVERY_MS;
    const key = JSON.stringify([
      lasting,
      isCounting ? "" : sentence,
      soc === undefined ? "" : Math.floor(soc),
    ]);
    const before = this.#statuses.get(device);
    const isSame = before?.key === key;
    if (isSame && nowMonoMs - before.atMonoMs < everyMs) return;
    if (this.#statusPace.isWaiting(device, nowMonoMs)) return;
    this.#statuses.set(device, { key, atMonoMs: nowMonoMs });
    bus.publish(topics.policy(device), encodePolicyStatus(status), { retain: true, qos: 1 }).then(
      () => this.#statusPace.passed(device),
      () => {
        // Not taken: what the broker keeps is older, so it is said again at the next occasion.
        this.#statuses.delete(device);
        this.#statusPace.failed(device, clock.monoMs());
      },
    );
  }

  /** Takes a station's status back: the broker keeps nothing of it any more. */
  takeBack(device: string): void {
    const { bus, topics } = this.parts;
    this.#statuses.delete(device);
    bus.publish(topics.policy(device), "", { retain: true, qos: 1 }).catch(() => {});
  }

  /** Publishes an agent's plan when it says something else than the one before, or the agent does not hold that one. */
  showPlan(agent: string, house: House, plans: Plans): void {
    const { bus, clock, topics, newId, agentKeys } = this.parts;
    const nowMonoMs = clock.monoMs();
    this.#followJumps();
    const content = plans.planFor(agent);
    const before = this.#plans.get(agent);
    const isNew = content && isNewPlan(before?.content, content, nowMonoMs);
    if (!content || !(isNew || this.#isAstray(agent, before, nowMonoMs))) return;
    // A plan that says something else is tried at once, whatever became of the one before.
    if (!before && this.#planPace.isWaiting(agent, nowMonoMs)) return;
    const id = newId();
    const nowWallMs = Math.max(clock.wallMs(), nowMonoMs + this.#earliestOffsetMs);
    this.#issuedAtMs = Math.max(nowWallMs, this.#issuedAtMs + 1);
    const corrections = isNew || !before ? 0 : before.corrections + 1;
    this.#plans.set(agent, { content, id, atMonoMs: nowMonoMs, corrections });
    const plan = buildPlan(content, {
      id,
      agent,
      keyHex: own(agentKeys, agent),
      rules: house.rules,
      nowMonoMs,
      nowWallMs,
      issuedAtMs: this.#issuedAtMs,
    });
    bus.publish(topics.plan(agent), encodeAgentPlan(plan), { retain: true, qos: 1 }).then(
      () => {
        this.#planPace.passed(agent);
        this.parts.onPlanSaid?.(agent);
      },
      () => {
        // Not taken by the bus: say it again at the next occasion.
        this.#plans.delete(agent);
        this.#planPace.failed(agent, clock.monoMs());
      },
    );
  }

  /** What an agent says may have crossed the plan on its way: it gets the time to say better. */
  #isAstray(agent: string, said: SaidPlan | undefined, nowMonoMs: number): boolean {
    if (!said || !this.#astray.has(agent)) return false;
    const waitMs = Math.min(CORRECT_MS.longest, CORRECT_MS.first * 2 ** said.corrections);
    return nowMonoMs - said.atMonoMs >= waitMs;
  }

  /** The moments that plans name are wall times: when that jumped, all are said again. */
  #followJumps(): void {
    const { clock } = this.parts;
    const offsetMs = clock.wallMs() - clock.monoMs();
    if (Math.abs(offsetMs - (this.#wallOffsetMs ??= offsetMs)) <= JUMP_MS) return;
    this.#wallOffsetMs = offsetMs;
    this.#plans.clear();
  }
}

/** The stations whose status an input can change. */
export function devicesOf(input: HouseInput, { rules, state }: House): readonly string[] {
  switch (input.kind) {
    case "tick":
      return input.devices ?? [...state.stations.keys()];
    case "host":
    case "learned":
      return feedsOf(input.agent, rules);
    case "drilled":
    case "grace":
      return [];
    default:
      return [input.device];
  }
}

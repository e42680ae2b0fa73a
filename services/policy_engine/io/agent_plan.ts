/** What an agent is to do alone, when it loses us: its plan, and whether a new one must go out. Pure. */
import type { AgentPlan } from "../../../lib/messages/agent/plan.ts";
import { signatureOf } from "../../../lib/pairing/signing.ts";
import { stillCarries } from "../hosts/feeds.ts";
import { feedsOf, type HouseRules, placeOf } from "../rules/rules.ts";
import type { House } from "../house.ts";
import type { OutagePhase } from "../outage/outage.ts";
import { Forecast } from "../outage/forecast.ts";
import type { StationState } from "../outage/station.ts";

/** The content of a plan, before it is a message. */
export interface PlanContent {
  readonly device: string;
  readonly state: "online" | "on_battery";
  /** When it shall go down alone, monotonic ms; absent: never alone. */
  readonly deadlineMonoMs?: number;
  readonly reason: string;
  /** Nobody knows whether the grid is there, and nothing is shut down by that alone. */
  readonly isGridUnknown?: true;
}

/** A deadline that moved by less than this, ms, or by less than a tenth of what is left, needs no new plan. */
export const DEADLINE_SLACK_MS = 60_000;

/** The plans of a house's hosts at one moment: the forecast of a station is worked out once for all its hosts. */
export class Plans {
  readonly #forecasts = new Map<string, Forecast>();

  constructor(private readonly house: House, private readonly nowMonoMs: number) {}

  /**
   * The plan of one host.
   *
   * For a host on several stations the battery is critical when the last of them ends, or the first, when it goes with any. A station that
   * nobody has heard yet says nothing, and one that fell silent with the grid longer ago than the blind limit holds no host up
   * whose other battery ends.
   *
   * @returns undefined while nobody has said anything of its stations
   */
  planFor(agent: string): PlanContent | undefined {
    const { rules, state } = this.house;
    const plans = feedsOf(agent, rules).flatMap((device) => this.#onStation(agent, device) ?? []);
    const unknown = plans.find((plan) => plan.isGridUnknown);
    const goesWithAny = rules.goesWithAny.has(agent);
    const onBattery = plans.filter((plan) => plan.state === "on_battery");
    const online = plans.find((plan) =>
      plan.state === "online" && !plan.isGridUnknown &&
      (onBattery.length === 0 || stillCarries(state.stations.get(plan.device), rules, this.nowMonoMs))
    );
    if (online && (!goesWithAny || onBattery.length === 0)) return online;
    if (onBattery.length === 0) return unknown;
    const order = onBattery.toSorted((a, b) =>
      (a.deadlineMonoMs ?? Infinity) - (b.deadlineMonoMs ?? Infinity)
    );
    if (state.hosts.get(agent) === undefined) return undefined;
    return goesWithAny ? order[0] : order.at(-1);
  }

  #onStation(agent: string, device: string): PlanContent | undefined {
    const { house, nowMonoMs } = this;
    const state = house.state.stations.get(device);
    const station = house.rulesOf(device);
    const place = placeOf(agent, station);
    const phase = place && state?.phases.get(place.group.key);
    if (!state || !place || !phase) return undefined;
    // Nobody shall act on a play alone: it ends with those who play it.
    if (state.readings.simulated) return { device, state: "online", reason: `${device}: a simulated event` };
    if (phase.kind === "unknown") {
      if (station.grid !== "off" && !state.verdict?.isUntold) return undefined;
      const reason = station.grid === "off"
        ? `${device}: the policy file says that its grid does not count`
        : `${device}: it does not tell any more whether the grid is there; nothing is shut down by that alone`;
      return { device, state: "online", isGridUnknown: true, reason };
    }
    if (phase.kind === "online") return { device, state: "online", reason: `${device}: the grid is there` };
    const deadlineMonoMs = this.#forecastOf(device, state).hostDueMonoMs(agent);
    const leftMin = deadlineMonoMs === undefined ? undefined : (deadlineMonoMs - nowMonoMs) / 60_000;
    return { device, state: "on_battery", deadlineMonoMs, reason: `${device}: ${reasonOf(phase, leftMin)}` };
  }

  #forecastOf(device: string, state: StationState): Forecast {
    const known = this.#forecasts.get(device);
    if (known) return known;
    const { house, nowMonoMs } = this;
    const station = house.rulesOf(device);
    const view = house.viewFor(device);
    const forecast = new Forecast({ state, rules: house.rules, station, view, nowMonoMs, isSilent: true });
    this.#forecasts.set(device, forecast);
    return forecast;
  }
}

function reasonOf(phase: OutagePhase, leftMin: number | undefined): string {
  switch (phase.kind) {
    case "shutting_down":
      return phase.reason;
    case "critical":
      return "the battery is ending";
    default:
      return leftMin === undefined
        ? "on battery, and nobody can tell for how long"
        : `on battery, shutdown in about ${Math.floor(leftMin)} min`;
  }
}

/** Whether `next` says something else than what was sent. */
export function isNewPlan(before: PlanContent | undefined, next: PlanContent, nowMonoMs: number): boolean {
  if (!before || before.state !== next.state || before.device !== next.device) return true;
  if (before.isGridUnknown !== next.isGridUnknown) return true;
  const [old, now] = [before.deadlineMonoMs, next.deadlineMonoMs];
  if (old === undefined || now === undefined) return old !== now;
  return Math.abs(now - old) > Math.max(DEADLINE_SLACK_MS, (old - nowMonoMs) / 10);
}

/**
 * The message, signed when there is a key.
 *
 * @param nowWallMs Wall time, ms since 1970
 * @param issuedAtMs Wall time by which agents order plans; later than that of every plan before
 */
export function buildPlan(
  content: PlanContent,
  parts: {
    readonly id: string;
    readonly agent: string;
    readonly keyHex?: string;
    readonly rules: Pick<HouseRules, "shutdownDelayMs">;
    readonly nowMonoMs: number;
    readonly nowWallMs: number;
    readonly issuedAtMs: number;
  },
): AgentPlan {
  const { id, agent, keyHex, nowMonoMs, nowWallMs, issuedAtMs } = parts;
  const { device, state, deadlineMonoMs, reason } = content;
  const inMs = deadlineMonoMs === undefined ? undefined : Math.max(0, deadlineMonoMs - nowMonoMs);
  const plan: AgentPlan = {
    id,
    agent,
    device,
    state,
    issued_at: new Date(issuedAtMs).toISOString(),
    deadline_at: inMs === undefined ? undefined : new Date(nowWallMs + inMs).toISOString(),
    deadline_in_s: inMs === undefined ? undefined : Math.round(inMs / 1000),
    delay_sec: state === "on_battery" ? Math.round(parts.rules.shutdownDelayMs / 1000) : undefined,
    reason: reason.slice(0, 500),
  };
  return keyHex === undefined ? plan : { ...plan, sig: signatureOf(plan, keyHex) };
}

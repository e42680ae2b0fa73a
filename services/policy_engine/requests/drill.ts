/** A drill: who was asked to do everything but the last step, and who answered what, in which time. Pure. */
import type { DrillReport, DrillRequest } from "../../../lib/messages/drill.ts";
import { asLostNow, Forecast } from "../outage/forecast.ts";
import type { House } from "../house.ts";
import { feedsOf, hostsOf, hostsOfStation, placeOf } from "../rules/rules.ts";
import { isFresh } from "../outage/readings.ts";
import { own } from "../../../lib/own.ts";

/** One host in a drill. Times are monotonic ms. */
export interface DrillHost {
  readonly agent: string;
  readonly commandId: string;
  readonly state: DrillReport["hosts"][number]["state"];
  readonly answeredMonoMs?: number;
  readonly doneMonoMs?: number;
  readonly detail?: string;
}

/** A drill that runs. */
export interface Drill {
  readonly id: string;
  readonly startedMonoMs: number;
  readonly startedWallMs: number;
  readonly hosts: readonly DrillHost[];
}

/** A drill that is not complete by then is ended, ms. */
export const DRILL_LIMIT_MS = 900_000;
/** A host that has not answered by then will not, ms. */
export const DRILL_ANSWER_MS = 60_000;
/** What the step that a drill leaves out takes: the platform's own way down, ms. */
export const LAST_STEP_MS = 60_000;

/** Which hosts a request means; all of them when it names none. */
type Wish = Pick<DrillRequest, "agents" | "device">;

/** The hosts that a request means. */
export function drilledHosts({ agents, device }: Wish, { rules }: House): readonly string[] {
  if (agents) return agents;
  if (device === undefined) return hostsOf(rules);
  const station = own(rules.stations, device);
  return station ? hostsOfStation(station) : [];
}

/** Why there can be no drill now, or undefined. Nobody drills while a station may need its hosts down in earnest. */
export function drillRefusal(
  request: Wish,
  house: House,
  running: Drill | undefined,
): string | undefined {
  if (running) return `drill "${running.id}" is running`;
  const hosts = drilledHosts(request, house);
  const known = new Set(hostsOf(house.rules));
  const unknown = hosts.filter((host) => !known.has(host));
  if (unknown.length > 0) return `there is no host ${unknown.map((host) => `"${host}"`).join(", ")}`;
  if (hosts.length === 0) {
    return request.device === undefined
      ? "there are no hosts"
      : `there are no hosts on a station "${request.device}"`;
  }
  const inOutage = outageOf(hosts, house);
  if (inOutage !== undefined) return `"${inOutage}" is on battery`;
  const busy = hosts.find((host) => {
    const kind = house.state.hosts.get(host)?.phase.kind;
    return kind === "commanded" || kind === "aborting";
  });
  return busy === undefined ? undefined : `"${busy}" is being shut down, or its shutdown is being aborted`;
}

/** A station of these hosts that is on battery, or undefined. */
export function outageOf(hosts: readonly string[], { rules, state }: House): string | undefined {
  return hosts.flatMap((host) => feedsOf(host, rules))
    .find((device) => state.stations.get(device)?.verdict?.connected === false);
}

/** What an agent answered. @returns the same drill when it was not meant */
export function noteAnswer(
  drill: Drill,
  answer: {
    readonly agent: string;
    readonly commandId: string;
    readonly status: string;
    readonly detail?: string;
  },
  nowMonoMs: number,
): Drill {
  const { agent, commandId, status, detail } = answer;
  const hosts = drill.hosts.map((host): DrillHost => {
    if (host.agent !== agent || host.commandId !== commandId || host.state === "done") return host;
    const answered = {
      ...host,
      answeredMonoMs: host.answeredMonoMs ?? nowMonoMs,
      detail: detail ?? host.detail,
    };
    switch (status) {
      case "done":
        return { ...answered, state: "done", doneMonoMs: nowMonoMs };
      case "rejected":
        return { ...answered, state: "rejected" };
      case "failed":
        // A failed preparation is passed over: the agent goes on and is done in the end. A refusal ends with this.
        return { ...answered, state: "failed" };
      default:
        return { ...answered, state: host.state === "failed" ? "failed" : "accepted" };
    }
  });
  return hosts.some((host, index) => host !== drill.hosts[index]) ? { ...drill, hosts } : drill;
}

/** Whether nothing more is to be expected. */
export function isDrillOver({ hosts, startedMonoMs }: Drill, nowMonoMs: number): boolean {
  const forMs = nowMonoMs - startedMonoMs;
  if (forMs >= DRILL_LIMIT_MS) return true;
  return hosts.every(({ state }) =>
    state === "done" || state === "rejected" || (state === "waiting" && forMs >= DRILL_ANSWER_MS)
  );
}

/** How long a host that is done would take to be down in earnest, ms; undefined when it is not done. */
export function wouldTakeMs(drill: Drill, { doneMonoMs }: DrillHost, house: House): number | undefined {
  if (doneMonoMs === undefined) return undefined;
  return doneMonoMs - drill.startedMonoMs + house.rules.shutdownDelayMs + LAST_STEP_MS;
}

/** What is published of a drill. @param cause Why it ended early; absent: it runs, or has run its course */
export function drillReport(
  drill: Drill,
  house: House,
  state: "running" | "ended",
  times: { readonly nowMonoMs: number; readonly nowWallMs: number },
  cause?: string,
): DrillReport {
  const { nowMonoMs, nowWallMs } = times;
  const seconds = (atMonoMs: number | undefined) =>
    atMonoMs === undefined ? undefined : Math.round((atMonoMs - drill.startedMonoMs) / 100) / 10;
  const done = drill.hosts.filter((host) => host.state === "done").length;
  const counted = `${done} of ${drill.hosts.length} hosts ${
    state === "running" ? "are done so far" : "are ready"
  }`;
  return {
    id: drill.id,
    state,
    sentence: cause === undefined ? `${counted}.` : `Ended early, ${cause}; ${counted}.`,
    started_at: new Date(drill.startedWallMs).toISOString(),
    ended_at: state === "ended" ? new Date(nowWallMs).toISOString() : undefined,
    hosts: drill.hosts.map((host) => {
      const prospect = prospectOf(host.agent, house, nowMonoMs);
      const needMs = wouldTakeMs(drill, host, house);
      return {
        agent: host.agent,
        ...prospect,
        state: state === "ended" && host.state === "waiting" ? "silent" : host.state,
        answered_s: seconds(host.answeredMonoMs),
        done_s: seconds(host.doneMonoMs),
        needs_s: needMs === undefined ? undefined : Math.round(needMs / 1000),
        detail: host.detail?.slice(0, 1000),
      };
    }),
    ts: new Date(nowWallMs).toISOString(),
  };
}

/** When the host would be told if all its stations lost the grid now: the last of them counts, unless it goes with any. */
function prospectOf(
  agent: string,
  house: House,
  nowMonoMs: number,
): { readonly device?: string; readonly stage?: number; readonly told_after_min?: number } | undefined {
  const { rules, state } = house;
  const found = feedsOf(agent, rules).map((device) => {
    const station = house.rulesOf(device);
    const place = placeOf(agent, station);
    const socPercent = state.stations.get(device)?.readings.socPercent;
    const stage = place?.stage.number;
    if (!place || !isFresh(socPercent, rules.staleAfterMs, nowMonoMs)) return { device, stage };
    const outlook = { rules, station, view: house.viewFor(device), nowMonoMs, isSilent: false };
    const lostNow = { ...outlook, state: asLostNow(state.stations.get(device), outlook) };
    const dueMonoMs = new Forecast(lostNow).hostDueMonoMs(agent);
    return {
      device,
      stage,
      told_after_min: dueMonoMs === undefined ? undefined : Math.round((dueMonoMs - nowMonoMs) / 60_000),
    };
  });
  const minutes = ({ told_after_min = Infinity }: { told_after_min?: number }) => told_after_min;
  const order = found.toSorted((a, b) => minutes(a) - minutes(b));
  return rules.goesWithAny.has(agent) ? order[0] : order.at(-1);
}

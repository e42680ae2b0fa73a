/** What the page shows of the house, with the age of each word. Pure. */
import type { AgentAck } from "../../../lib/messages/agent/ack.ts";
import type { AgentStatus } from "../../../lib/messages/agent/status.ts";
import type { PolicyStatus } from "../../../lib/messages/policy_status.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { Heard, House } from "./house.ts";
import type { HostHistory } from "../past/host_history.ts";
import type { HostView, HouseView, PolicyView, StationView } from "../page_contract.ts";
import { own } from "../../../lib/own.ts";
import { type Installation, typable } from "../../../lib/text/typable.ts";

/** What the view is made for. */
export interface ViewOptions {
  readonly nowMonoMs: number;
  readonly nowWallMs: number;
  readonly speed: number;
  readonly staleAfterSec: number;
  readonly agentsByStation: Readonly<Record<string, readonly string[]>>;
  /** How commands are typed here. */
  readonly installation: Installation;
  readonly hostHistory: HostHistory;
  /** Runs what concerns one station; absent: what throws leaves no view at all. */
  readonly isolate?: <T>(what: string, act: () => T) => T | undefined;
}

/** The name of the service whose words the sentences are. */
const POLICY = "policy_engine";

/** See the file comment. */
export function houseView(house: House, options: ViewOptions): HouseView {
  const { nowMonoMs, nowWallMs, speed, staleAfterSec, agentsByStation, installation } = options;
  const { isolate = (_what, act) => act() } = options;
  const daemon = house.daemon?.value;
  const cloud = house.cloud;
  const drill = house.drill?.value;
  const isStation = (device: string) => house.states.get(device)?.value.role !== "accessory";
  const devices = new Set([
    ...Object.keys(agentsByStation),
    ...[...house.states.keys()].filter(isStation),
    ...house.policies.keys(),
  ]);
  return {
    now_ms: Math.round(nowWallMs),
    speed,
    stale_after_s: staleAfterSec,
    installation,
    is_broker_up: house.isBrokerUp,
    daemon: daemon && { is_online: daemon.online, version: daemon.version },
    is_policy_running: house.isBrokerUp && daemon?.online === true &&
      (own(daemon.services ?? {}, POLICY)?.state ?? "ready") === "ready",
    problems: problemsOf(house).map((text) => typable(text, installation)),
    cloud: cloud && {
      link: cloud.value.link,
      detail: typable(cloud.value.detail, installation),
      age_s: ageOf(cloud, nowMonoMs),
    },
    stations: [...devices].toSorted().flatMap((device) =>
      isolate(`station "${device}"`, () => stationView(device, house, options)) ?? []
    ),
    drill: drill && {
      state: drill.state,
      sentence: drill.sentence,
      at: drill.ended_at ?? drill.started_at ?? drill.ts,
      hosts: drill.hosts.map(({ agent, state }) => ({ agent, state })),
    },
  };
}

/** Also for a moment after the start. */
const NO_WORD =
  "The broker delivers nothing from the daemon itself. If this stays, it refuses them, commands to hosts too: " +
  "to see which rights are missing, run: sudo ecoflow-power doctor";

function problemsOf({ isBrokerUp, daemon }: House): string[] {
  if (!isBrokerUp) return ["The broker in the house cannot be reached: nothing below is news."];
  if (daemon && !daemon.value.online) return ["The daemon is offline: nobody decides anything now."];
  const services = Object.entries(daemon?.value.services ?? {});
  return [
    // This page runs in the daemon: what the broker does not bring back, it did not take.
    ...(daemon ? [] : [NO_WORD]),
    ...services.filter(([, { state }]) => state === "restarting" || state === "stopped")
      .map(([name]) => `The service ${name} does not run.`),
    ...services.flatMap(([, { problems }]) => problems),
  ].slice(0, 20);
}

function stationView(device: string, house: House, options: ViewOptions): StationView {
  const state = house.states.get(device);
  const policy = house.policies.get(device);
  return {
    device,
    ...(state ? stateView(state, options.nowMonoMs) : {}),
    policy: policy && policyView(policy, options.nowMonoMs),
    is_simulated: isSimulated(device, state?.value, policy?.value, options.speed) ? true : undefined,
    hosts: hostsOf(device, policy?.value, options).map((host) => hostView(host, house, options)),
  };
}

/** A house of another pace, a played state, the predecessor's played station, and the emulated cloud's serial numbers. */
function isSimulated(
  device: string,
  { simulated, sn }: Pick<PowerState, "simulated" | "sn"> = {},
  policy: PolicyStatus | undefined,
  speed: number,
): boolean {
  return speed !== 1 || simulated === true || policy?.simulated === true || device === "SimulatedDevice" ||
    /^[A-Z0-9]{3,4}SIM\d{9,10}$/.test(sn ?? "");
}

function stateView(heard: Heard<PowerState>, nowMonoMs: number): Partial<StationView> {
  const { value } = heard;
  const heardAge = ageOf(heard, nowMonoMs);
  /** The age that the bridge gave the value, and what has passed since. */
  const age = (seconds: number | undefined) => heardAge === undefined ? undefined : heardAge + (seconds ?? 0);
  const { grid_connected: connected, soc: percent } = value;
  return {
    model: value.model,
    link: value.link,
    grid: connected === undefined || value.grid_unknown ? undefined : {
      connected,
      age_s: age(value.grid_age_s ?? value.age_s),
      evidence: value.grid_evidence,
    },
    sources: value.grid_source || value.charge_source
      ? { grid: value.grid_source, charge: value.charge_source }
      : undefined,
    is_disputed: value.source_disagreement ? true : undefined,
    is_grid_unknown: value.grid_unknown ? true : undefined,
    soc: percent === undefined ? undefined : { percent, age_s: age(value.soc_age_s ?? value.age_s) },
    // A state that is not live and says no age is of a station that nobody has heard.
    age_s: value.age_s === undefined && (value.link ?? "live") !== "live" ? undefined : age(value.age_s),
    ac_in_watts: value.ac_in_watts,
    ac_in_volts: value.ac_in_volts,
    dc_in_watts: value.dc_in_watts,
    out_watts: value.out_watts,
    temp_celsius: value.temp_celsius,
    discharge_min: value.discharge_min,
    charge_min: value.charge_min,
    battery_wh: value.battery_wh,
    min_soc_percent: value.min_soc,
  };
}

function policyView(heard: Heard<PolicyStatus>, nowMonoMs: number): PolicyView {
  const { value } = heard;
  const age = ageOf(heard, nowMonoMs);
  /** A countdown goes on while nobody speaks; one of unknown age cannot be counted. */
  const counted = (seconds: number | undefined) =>
    seconds === undefined || age === undefined ? undefined : Math.max(0, seconds - age);
  return {
    state: value.state,
    sentence: value.timer_left_s === undefined
      ? value.sentence
      : value.sentence.replace(`in ${value.timer_left_s} s`, "in {left}"),
    is_blind: value.blind,
    soc_percent: value.soc,
    soc_is_estimate: value.soc_estimated === true,
    soc_min_percent: value.soc_min,
    timer_left_s: counted(value.timer_left_s),
    shutdown_earliest_s: counted(value.shutdown_earliest_s),
    held: value.held,
    is_in_doubt: value.in_doubt,
    age_s: age,
  };
}

/** The hosts in the policy's words, else those that the configuration names. */
function hostsOf(
  device: string,
  policy: PolicyStatus | undefined,
  { agentsByStation }: ViewOptions,
): Pick<HostView, "agent" | "state" | "detail" | "stage">[] {
  return policy?.hosts ??
    (own(agentsByStation, device) ?? []).map((agent) => ({ agent, state: "unknown" }));
}

function hostView(
  { agent, state, detail, stage }: Pick<HostView, "agent" | "state" | "detail" | "stage">,
  house: House,
  { hostHistory, nowMonoMs }: ViewOptions,
): HostView {
  const status: AgentStatus | undefined = house.agents.get(agent)?.value;
  return {
    agent,
    state,
    detail,
    off_in_s: offInSec(house.acks.get(agent), detail, nowMonoMs),
    stage,
    hostname: status?.hostname,
    os: status?.os,
    has_agent: status ? true : undefined,
    is_rehearsing: status?.rehearsal ? true : undefined,
    last_shutdown_at: hostHistory.lastShutdownAt(agent),
    last_drill: hostHistory.lastDrill(agent),
  };
}

/** An agent says once how long it still takes; the time goes on from there. */
function offInSec(
  ack: Heard<AgentAck> | undefined,
  detail: string | undefined,
  nowMonoMs: number,
): number | undefined {
  const seconds = /^switching off in (\d{1,5}) s$/.exec(ack?.value.detail ?? "")?.[1];
  if (!ack || seconds === undefined || ack.value.detail !== detail) return undefined;
  const age = ageOf(ack, nowMonoMs);
  return age === undefined ? undefined : Math.max(0, Number(seconds) - age);
}

/** undefined when nobody knows it. */
function ageOf({ atMonoMs, isAgeless }: Heard<unknown>, nowMonoMs: number): number | undefined {
  return isAgeless ? undefined : Math.max(0, Math.round(nowMonoMs - atMonoMs) / 1000);
}

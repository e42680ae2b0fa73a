/** Looks at what a running house says of itself. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { Finding } from "../../lib/findings.ts";
import type { StateHolder } from "../../lib/state_lock.ts";
import { noDaemonText } from "../broker/living_daemon.ts";
import { nearest } from "../../lib/text/nearest.ts";
import { examineHosts } from "./examine_hosts.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { ageOfState, type BrokerSnapshot, freshReadingsNow } from "../broker/broker_snapshot.ts";

/** A drill longer ago than this proves little, ms. */
const DRILL_MAX_AGE_MS = 90 * 86_400_000;

/**
 * Daemon, cloud, every station, every host, in the order in which to mend them.
 *
 * @param holder Who holds this configuration's state directory
 */
export function examineHouse(
  house: HouseConfig,
  words: BrokerSnapshot,
  nowWallMs: number,
  holder: StateHolder,
): Finding[] {
  const daemon = examineDaemon(house, words, holder);
  // What a daemon that is gone has left behind proves nothing.
  if (words.orchestrator?.online !== true) return [daemon];
  const cloud = examineCloud(house, words);
  const stations = examineStations(house, words, nowWallMs);
  return [
    daemon,
    ...words.unreadable.map((text): Finding => ({ what: "messages", verdict: "bad", text })),
    cloud,
    ...stations,
    ...examineHosts(house, words, [cloud, ...stations]),
    examineDrill(house, words, nowWallMs),
  ];
}

function examineDaemon(
  house: HouseConfig,
  { orchestrator, cloud }: BrokerSnapshot,
  holder: StateHolder,
): Finding {
  const what = "daemon";
  if (orchestrator?.online !== true) return { what, verdict: "bad", text: noDaemonText(house, holder) };
  const { version, services = {}, together = [] } = orchestrator;
  const troubled = Object.entries(services)
    // What keeps the cloud away has a line of its own.
    .map(([name, { state, problems }]) => ({
      name,
      state,
      problems: problems.filter((text) => cloud?.link === "up" || text !== cloud?.detail),
    }))
    .filter(({ state, problems }) => state !== "ready" || problems.length > 0);
  if (troubled.length === 0) {
    const ready = `${version ?? "runs"}, ${Object.keys(services).length} services ready`;
    const shared = together.length > 0 ? `; ${together.join(", ")} share one worker (OPTIONAL_SERVICES)` : "";
    return { what, verdict: "good", text: ready + shared };
  }
  const text = troubled.map(({ name, state, problems }) =>
    [state === "ready" ? name : `${name} is ${state}`, ...problems].join(": ")
  );
  return { what, verdict: "bad", text: text.join("; ") };
}

function examineCloud({ cloud: { enabled } }: HouseConfig, { cloud }: BrokerSnapshot): Finding {
  const what = "cloud";
  if (!enabled) return { what, verdict: "unsure", text: "off: somebody else must feed the stations' states" };
  if (!cloud) return { what, verdict: "bad", text: "nothing is known of the connection" };
  return { what, verdict: cloud.link === "up" ? "good" : "bad", text: `${cloud.link}: ${cloud.detail}` };
}

function examineStations(house: HouseConfig, words: BrokerSnapshot, nowWallMs: number): Finding[] {
  const listed = words.list?.stations.map(({ sn, name }) => name ?? sn) ?? [];
  const configured = house.stations.map(({ sn, name }) => name ?? sn);
  const devices = new Set([...configured, ...listed, ...Object.keys(house.agentsByStation)]);
  if (devices.size === 0) {
    if (house.cloud.enabled && words.cloud !== undefined && words.cloud.link !== "up") {
      const text = "not known before the cloud answers (see above)";
      return [{ what: "stations", verdict: "unsure", text }];
    }
    const text = house.cloud.enabled
      ? "none is known: bind one to the account in EcoFlow's app, and see: ecoflow-power devices --cloud"
      : "none is known: EcoFlow's cloud is off (ECOFLOW_CLOUD=off), and nobody feeds one; to connect an account, " +
        "take that line away and run: sudo ecoflow-power setup";
    return [{ what: "stations", verdict: "bad", text }];
  }
  return [...devices].map((device) => examineStation(device, house, words, nowWallMs));
}

function examineStation(
  device: string,
  house: HouseConfig,
  words: BrokerSnapshot,
  nowWallMs: number,
): Finding {
  const what = `station ${device}`;
  const state = words.states.get(device);
  const unknown = unknownStation(device, house, words);
  if (house.simulatedStations.includes(device)) {
    return { what, verdict: "unsure", text: "is played by ecoflow-power feed, and is none otherwise" };
  }
  if (unknown !== undefined) return { what, verdict: "bad", text: unknown };
  if (!state || hasNeverSpoken(state)) {
    const text =
      "has said nothing since the daemon began to listen: check its power and Wi-Fi, and in EcoFlow's app " +
      "whether this account still has it (ecoflow-power devices --cloud lists what it has)";
    return { what, verdict: "bad", text };
  }
  const ageSec = ageOfState(state, nowWallMs);
  const age = ageSec === undefined ? "of unknown age" : `${Math.round(ageSec)} s old`;
  if (ageSec === undefined || ageSec > house.staleAfterSec || (state.link ?? "live") !== "live") {
    const text = `${state.link ?? "stale"}, its newest reading is ${age}: check its power and Wi-Fi`;
    return { what, verdict: "bad", text };
  }
  if (state.role === "accessory") return { what, verdict: "good", text: `live, ${age}; an accessory` };
  if (state.grid_unknown) {
    const means = state.grid_connected === false
      ? "the outage that it told goes on, by its charge"
      : "hosts on it are not protected";
    const text =
      `live, but no longer says whether the grid is there (${state.grid_evidence ?? "it once did"}); ` +
      `${means}: a grid witness can help (docs/policy.md)`;
    return { what, verdict: "bad", text };
  }
  const missing = [
    ...(state.soc === undefined ? ["its charge"] : []),
    ...(state.grid_connected === undefined ? ["whether the grid is there"] : []),
  ];
  if (missing.length > 0) {
    const text = `live, but does not say ${missing.join(" and ")} (${state.model ?? "model unknown"}); ` +
      "hosts on it are not protected: a grid witness can help (docs/policy.md)";
    return { what, verdict: "bad", text };
  }
  const fresh = freshReadingsNow(state, nowWallMs, house.staleAfterSec);
  const old = [
    ...(fresh.soc === undefined ? ["its charge"] : []),
    ...(fresh.grid_connected === undefined ? ["the grid"] : []),
  ];
  if (old.length > 0) {
    const text = `live, but has not confirmed ${old.join(" and ")} for more than ${house.staleAfterSec} s: ` +
      "what it last said of that may be true no more";
    return { what, verdict: "bad", text };
  }
  const grid = state.grid_connected ? "the grid is there" : "THE GRID IS GONE";
  const proof = state.grid_evidence === undefined ? "" : ` (${state.grid_evidence})`;
  if (state.model_guess) {
    const text =
      `live, ${age}, ${state.soc} %, ${grid}${proof}; it is taken for a ${state.model ?? "station"} by two ` +
      "letters of its serial number, and nothing that it sent confirms that: its limits may be missing " +
      "(a model file says what it is: docs/devices.md)";
    return { what, verdict: "unsure", text };
  }
  return { what, verdict: "good", text: `live, ${age}, ${state.soc} %, ${grid}${proof}` };
}

/** Without any reading a state has no age: the time since it was published says nothing of the station. */
function hasNeverSpoken({ age_s, soc, grid_connected }: PowerState): boolean {
  return age_s === undefined && soc === undefined && grid_connected === undefined;
}

/** Why neither configuration nor account has this station; undefined: one of them has it, or the account's list is not known. */
function unknownStation(
  device: string,
  { stations, cloud }: HouseConfig,
  { list, states }: BrokerSnapshot,
): string | undefined {
  const configured = stations.find(({ sn, name }) => (name ?? sn) === device);
  // By somebody else than this account; the daemon tells a state of silent stations too.
  const state = states.get(device);
  const isFed = state !== undefined && !hasNeverSpoken(state);
  if (list === undefined || isFed) return undefined;
  const account = [
    ...list.stations.filter(({ in_account }) => in_account !== false),
    ...list.not_watched ?? [],
  ];
  const has = account.map(({ sn, name }) => name === undefined ? sn : `${name} (${sn})`).join(", ") || "none";
  if (configured === undefined) {
    if (account.some(({ sn, name }) => (name ?? sn) === device)) return undefined;
    const names = [...stations, ...account].map(({ sn, name }) => name ?? sn);
    return "no such station: DEVICE_TO_AGENTS_JSON names it, and neither ECOFLOW_DEVICE_LIST nor the account has it " +
      `(${has})${nearest(device, names)}; its hosts are NOT protected`;
  }
  if (!cloud.enabled || account.some(({ sn }) => sn === configured.sn)) return undefined;
  const meant = nearest(configured.sn, account.map(({ sn }) => sn));
  return `the account has no station with the serial number ${configured.sn} (it has ${has})${meant}: correct ` +
    "ECOFLOW_DEVICE_LIST, or bind it in EcoFlow's app; its hosts are NOT protected";
}

function examineDrill(
  { agentsByStation }: HouseConfig,
  { drill }: BrokerSnapshot,
  nowWallMs: number,
): Finding {
  const what = "drill";
  const advice = "practise: ecoflow-power drill --all";
  if (Object.values(agentsByStation).flat().length === 0) {
    return { what, verdict: "unsure", text: "there is no host to practise with" };
  }
  if (!drill || drill.state === "refused") {
    return { what, verdict: "unsure", text: `none on record; ${advice}` };
  }
  const ageMs = nowWallMs - Date.parse(drill.ended_at ?? drill.ts);
  const days = `${Math.max(0, Math.floor(ageMs / 86_400_000))} days ago`;
  if (ageMs > DRILL_MAX_AGE_MS) return { what, verdict: "unsure", text: `the last was ${days}; ${advice}` };
  const isReady = drill.hosts.every(({ state }) => state === "done");
  return { what, verdict: isReady ? "good" : "bad", text: `${days}: ${drill.sentence}` };
}

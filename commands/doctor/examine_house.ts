/** Looks at what a running house says of itself. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { Finding } from "../../lib/findings.ts";
import { keyId } from "../../lib/pairing/signing.ts";
import { examineNutHost, nutHostsOf } from "./examine_nut_host.ts";
import { ageOfState, type BrokerSnapshot, freshWordsNow } from "../broker/broker_snapshot.ts";
import { own } from "../../lib/own.ts";

/** A drill longer ago than this proves little, ms. */
const DRILL_MAX_AGE_MS = 90 * 86_400_000;

/** Daemon, cloud, every station, every host, in the order in which to mend them. */
export function examineHouse(house: HouseConfig, words: BrokerSnapshot, nowWallMs: number): Finding[] {
  const daemon = examineDaemon(words);
  // What a daemon that is gone has left behind proves nothing.
  if (words.orchestrator?.online !== true) return [daemon];
  return [
    daemon,
    ...words.unreadable.map((text): Finding => ({ what: "messages", verdict: "bad", text })),
    examineCloud(house, words),
    ...examineStations(house, words, nowWallMs),
    ...examineHosts(house, words),
    examineDrill(house, words, nowWallMs),
  ];
}

function examineDaemon({ orchestrator }: BrokerSnapshot): Finding {
  const what = "daemon";
  if (orchestrator?.online !== true) {
    const text =
      "does not run; start it: systemctl start ecoflow-power, and see: journalctl -u ecoflow-power";
    return { what, verdict: "bad", text };
  }
  const { version, services = {} } = orchestrator;
  const troubled = Object.entries(services).filter(([, { state, problems }]) =>
    state !== "ready" || problems.length > 0
  );
  if (troubled.length === 0) {
    return {
      what,
      verdict: "good",
      text: `${version ?? "runs"}, ${Object.keys(services).length} services ready`,
    };
  }
  const text = troubled.map(([name, { state, problems }]) => [`${name} is ${state}`, ...problems].join(": "));
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
    const text = "none is known: set ECOFLOW_DEVICE_LIST, or bind one in EcoFlow's app";
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
  if (!state) {
    const text =
      "silent: check that it has power and Wi-Fi, that its name or serial number is right, and that " +
      "the account has it (ecoflow-power devices --cloud)";
    return { what, verdict: "bad", text };
  }
  const ageSec = ageOfState(state, nowWallMs);
  const age = ageSec === undefined ? "of unknown age" : `${Math.round(ageSec)} s old`;
  if (ageSec === undefined || ageSec > house.staleAfterSec || (state.link ?? "live") !== "live") {
    const text = `${state.link ?? "stale"}, its newest word is ${age}: check its power and Wi-Fi`;
    return { what, verdict: "bad", text };
  }
  if (state.role === "accessory") return { what, verdict: "good", text: `live, ${age}; an accessory` };
  if (state.grid_unknown) {
    const text =
      `live, but no longer says whether the grid is there (${state.grid_evidence ?? "it once did"}); ` +
      "hosts on it are not protected: a grid witness can help (docs/policy.md)";
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
  const fresh = freshWordsNow(state, nowWallMs, house.staleAfterSec);
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

function examineHosts(house: HouseConfig, words: BrokerSnapshot): Finding[] {
  const agents = [...new Set(Object.values(house.agentsByStation).flat())];
  if (agents.length === 0 && house.nut === undefined) {
    const text = "none: nobody would be told; see DEVICE_TO_AGENTS_JSON and docs/nut.md";
    return [{ what: "hosts", verdict: "bad", text }];
  }
  const nutHosts = nutHostsOf(house);
  return [...new Set([...agents, ...nutHosts])].map((agent) =>
    nutHosts.includes(agent)
      ? examineNutHost(agent, words.agents.get(agent))
      : examineHost(agent, house, words)
  );
}

function examineHost(agent: string, { agentKeys }: HouseConfig, { agents }: BrokerSnapshot): Finding {
  const what = `host ${agent}`;
  const status = agents.get(agent);
  const key = Object.hasOwn(agentKeys, agent) ? own(agentKeys, agent) : undefined;
  if (key === undefined) {
    const text = `has no key: its commands go unsigned; run: ecoflow-power keys add ${agent}`;
    return { what, verdict: "bad", text };
  }
  if (!status) {
    const text =
      "was never heard: run there: ecoflow-agent pair, ecoflow-agent install, ecoflow-agent doctor";
    return { what, verdict: "bad", text };
  }
  if (status.key_ids !== undefined && !status.key_ids.includes(keyId(key))) {
    const text = `has another key than we sign with: pair it anew (ecoflow-power keys rotate ${agent})`;
    return { what, verdict: "bad", text };
  }
  if (!status.online) {
    const text = status.going_down === true
      ? "is switched off"
      : "is offline; it is told as soon as it comes back";
    return { what, verdict: "unsure", text };
  }
  if (status.rehearsal === true) {
    return { what, verdict: "unsure", text: "online, but in rehearsal: it would not really shut down" };
  }
  return { what, verdict: "good", text: `online, ${status.os ?? "system unknown"}` };
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

/** Looks at the hosts: of what kind each is, and whether it would be shut down when its battery ends. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { Finding } from "../../lib/findings.ts";
import { ownersRules } from "../owners_rules.ts";
import { own } from "../../lib/own.ts";
import { type HouseRules, placeOf } from "../../services/policy_engine/rules/rules.ts";
import { keyId } from "../../lib/pairing/signing.ts";
import type { BrokerSnapshot } from "../broker/broker_snapshot.ts";
import { examineNutHost, nutStationsByHost } from "./examine_nut_host.ts";

/**
 * Each host with the sentence that people look for: would be shut down, yes or no.
 *
 * @param grounds What was found of the cloud (`cloud`) and of the stations (`station NAME`)
 */
export function examineHosts(
  house: HouseConfig,
  words: BrokerSnapshot,
  grounds: readonly Finding[],
): Finding[] {
  const stationsOf = new Map<string, Set<string>>();
  for (const [device, hosts] of Object.entries(house.agentsByStation)) {
    for (const host of hosts) stationsOf.set(host, (stationsOf.get(host) ?? new Set()).add(device));
  }
  const nut = nutStationsByHost(house);
  for (const [host, devices] of nut) {
    for (const device of devices) stationsOf.set(host, (stationsOf.get(host) ?? new Set()).add(device));
  }
  if (stationsOf.size === 0) {
    const text = "none: nobody would be shut down; see DEVICE_TO_AGENTS_JSON and docs/nut.md";
    return [{ what: "hosts", verdict: "bad", text }];
  }
  const rules = ownersRules(house);
  // A cable tells of the grid without it.
  const hasCable = house.nutSources.entries.length > 0;
  const cloud = hasCable ? [] : grounds.filter(({ what, verdict }) => what === "cloud" && verdict === "bad");
  return [...stationsOf].map(([host, devices]) => {
    const found = nut.has(host)
      ? examineNutHost(host, words.agents.get(host), refusalOf(host, words))
      : examineHost(host, house, words);
    const bad = grounds.filter(({ what, verdict }) =>
      verdict === "bad" || house.simulatedStations.some((device) => what === `station ${device}`)
    );
    const silent = bad.filter(({ what }) => [...devices].some((device) => what === `station ${device}`));
    const daemon = isDaemonInTrouble(host, nut.has(host), words)
      ? [{ what: "daemon", verdict: "bad", text: "has a line of its own" } as const]
      : [];
    return answered(
      found,
      [...daemon, ...cloud, ...stationTroubles(devices, silent, rules)],
      limitsOf(host, devices, rules),
    );
  });
}

/** Services without which no shutdown is decided or sent. */
const PROTECTING: readonly string[] = ["broker_link", "cloud_bridge", "soc_bridge", "policy_engine"];

/**
 * Whether a service has a trouble that may keep a shutdown from this host: it does not do its job, or says so of this host. Warnings
 * about stations are not counted: each station has a line of its own. Nor is the cloud's absence, which has one too.
 */
function isDaemonInTrouble(host: string, isNut: boolean, { orchestrator, cloud }: BrokerSnapshot): boolean {
  return Object.entries(orchestrator?.services ?? {}).some(([name, { state, problems, conditions }]) => {
    if (!PROTECTING.includes(name) && !(name === "nut_server" && isNut)) return false;
    if (state !== "ready") return true;
    if (name === "cloud_bridge" && cloud !== undefined && cloud.link !== "up") return false;
    // Without the conditions nobody knows whom a problem is about: a daemon of before.
    if (conditions === undefined) return problems.length > 0;
    return conditions.some(({ severity, hosts }) =>
      hosts === undefined ? severity === "error" : hosts.some((one) => one.host === host)
    );
  });
}

/** A host that the broker still calls online, and that does not answer the daemon. */
function isUnanswered(host: string, { orchestrator }: BrokerSnapshot): boolean {
  const { conditions = [] } = own(orchestrator?.services ?? {}, "policy_engine") ?? {};
  return conditions.some(({ code, hosts = [] }) =>
    code === "agent_unanswered" && hosts.some((one) => one.host === host)
  );
}

/** Why a host's NUT client was refused, from what the NUT server says of it; undefined: nothing is said of that. */
function refusalOf(host: string, { orchestrator }: BrokerSnapshot): string | undefined {
  const { conditions = [] } = own(orchestrator?.services ?? {}, "nut_server") ?? {};
  return conditions.flatMap(({ hosts = [] }) => hosts).find((one) => one.host === host)?.refused;
}

/**
 * What of its stations keeps a host from being told, by the rule that holds for it. One that works is enough: with `goes_with = "any"`
 * the host goes with it, and otherwise a station of which nobody knows anything (silent, or `grid = "off"`) holds nobody up.
 */
function stationTroubles(
  devices: ReadonlySet<string>,
  silent: readonly Finding[],
  { stations }: HouseRules,
): readonly Finding[] {
  const off = [...devices].filter((device) => own(stations, device)?.grid === "off");
  const isWorking = (device: string) =>
    !off.includes(device) && !silent.some(({ what }) => what === `station ${device}`);
  if ([...devices].some(isWorking)) return [];
  const told = off.map((device): Finding => ({
    what: `policy file, which has grid = "off" for ${device}`,
    verdict: "bad",
    text: "",
  }));
  return [...told, ...silent];
}

/** When a host is told, by each of its stations: `on Study at 20 % or after 30 min on battery`; empty where no station is mapped. */
function limitsOf(host: string, devices: ReadonlySet<string>, { stations, goesWithAny }: HouseRules): string {
  const parts = [...devices].flatMap((device) => {
    const station = own(stations, device);
    const triggers = station && placeOf(host, station)?.group.triggers;
    if (!triggers || station.grid === "off") return [];
    const { socMinPercent, remainingMin, onBatteryMin, fall } = triggers;
    const limits = [
      ...(socMinPercent === undefined ? [] : [`at ${socMinPercent} %`]),
      ...(remainingMin === undefined ? [] : [`with ${remainingMin} min left`]),
      ...(onBatteryMin === undefined ? [] : [`after ${onBatteryMin} min on battery`]),
      ...(fall === undefined ? [] : [`when it falls by ${fall.percentPerMin} %/min`]),
    ];
    return limits.length === 0 ? [] : [`${device} ${limits.join(" or ")}`];
  });
  return parts.length === 0 ? "" : `; by ${parts.join(goesWithAny.has(host) ? ", or " : ", and ")}`;
}

/** The finding as an answer to the question that people have. */
function answered(found: Finding, troubles: readonly Finding[], limits: string): Finding {
  const trouble = troubles[0];
  const wouldShutDown = found.verdict === "good" && trouble === undefined;
  if (wouldShutDown) {
    return { ...found, text: `would be shut down: yes; ${found.text}${limits}`, wouldShutDown };
  }
  if (found.verdict !== "good") {
    return { ...found, text: `would be shut down: no, because ${found.text}`, wouldShutDown };
  }
  const see = trouble?.text === "" ? "" : " (see above)";
  const text = `would be shut down: no, because of the ${trouble?.what}${see}; ${found.text}`;
  return { ...found, verdict: trouble?.verdict ?? "bad", text, wouldShutDown };
}

function examineHost(agent: string, { agentKeys, broker }: HouseConfig, words: BrokerSnapshot): Finding {
  const what = `host ${agent}`;
  const status = words.agents.get(agent);
  const key = Object.hasOwn(agentKeys, agent) ? own(agentKeys, agent) : undefined;
  if (key === undefined) {
    const text =
      "it has no key: its commands go unsigned, and only an agent of the Python predecessor obeys such ones; " +
      `run: ecoflow-power keys add ${agent}`;
    return { what, verdict: "bad", text };
  }
  if (!status) {
    const there = "run there: ecoflow-agent pair, ecoflow-agent install, ecoflow-agent doctor";
    const text = broker === undefined
      ? `it was never heard, and no other computer can be: the daemon's own broker listens on 127.0.0.1 alone; set MQTT_HOST to ` +
        `a broker in your network (docs/install.md), then make a new line: ecoflow-power keys rotate ${agent}; and ${there}`
      : `it was never heard: ${there}`;
    return { what, verdict: "bad", text };
  }
  if (status.key_ids !== undefined && !status.key_ids.includes(keyId(key))) {
    const text = `it has another key than we sign with: pair it anew (ecoflow-power keys rotate ${agent})`;
    return { what, verdict: "bad", text };
  }
  if (!status.online) {
    const text = status.going_down === true
      ? "it is switched off"
      : "it is offline, and told as soon as it comes back; when it is switched on, run there: ecoflow-agent doctor";
    return { what, verdict: "unsure", text };
  }
  if (isUnanswered(agent, words)) {
    const text =
      "it does not answer; the broker still calls it online, from before; when it is switched on, " +
      "run there: ecoflow-agent doctor";
    return { what, verdict: "bad", text };
  }
  if (status.rehearsal === true) {
    return { what, verdict: "unsure", text: "it is in rehearsal: it plays a shutdown and stays on" };
  }
  return { what, verdict: "good", text: `agent online, ${status.os ?? "system unknown"}` };
}

/** Scenarios of a grid that goes, and of a charge that falls or rises: each a line of data a step. */
import type { Scenario } from "../scenario.ts";
import { AGENT, CRITICAL, GRID_GONE, HOSTS, SETTINGS, STUDY as NEARLY_EMPTY } from "./house.ts";

const STUDY = { ...NEARLY_EMPTY, socPercent: 80 };

/** See the file comment. */
export const GRID_SCENARIOS: readonly Scenario[] = [
  {
    name: "full_outage",
    title:
      "The grid goes, the battery drains, hosts are shut down in time, the grid comes back and the shutdown is aborted.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: SETTINGS,
    steps: [
      { atSec: 30, kind: "grid", station: "Study", present: false },
      { atSec: 60, kind: "soc", station: "Study", percent: 12 },
      { atSec: 60, kind: "drain", station: "Study", percentPerMin: 2 },
      // Well before the host's own minute is over, also where its answer is late: a host that went off is not called off.
      { atSec: 210, kind: "grid", station: "Study", present: true },
    ],
    endSec: 300,
    expect: [
      { kind: "policy", device: "Study", state: "online", toSec: 30, why: "the grid is there at first" },
      {
        kind: "policy",
        device: "Study",
        state: "on_battery",
        fromSec: 30,
        toSec: 60,
        why: "the grid is gone",
      },
      {
        kind: "policy",
        device: "Study",
        state: "critical",
        fromSec: 60,
        toSec: 200,
        why: "the charge fell to 10 %",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        toSec: 60,
        times: 0,
        why: "the battery was still fine",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 150,
        toSec: 210,
        times: 1,
        why: "the battery ends",
      },
      {
        kind: "ack",
        agent: AGENT,
        status: "accepted",
        fromSec: 150,
        toSec: 210,
        why: "the host took the command",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "abort",
        fromSec: 210,
        why: "the grid is back before the host is down",
      },
      { kind: "ack", agent: AGENT, status: "aborted", fromSec: 210, why: "its shutdown was aborted" },
      { kind: "stays_on", agent: AGENT, why: "a host whose shutdown was aborted is not switched off" },
      { kind: "policy", device: "Study", state: "online", fromSec: 210, why: "all is well again" },
    ],
  },
  {
    name: "short_flicker",
    title: "The grid is gone for ten seconds on a nearly empty battery: nothing may happen.",
    stations: [{ ...STUDY, socPercent: 8 }],
    hosts: HOSTS,
    settings: SETTINGS,
    steps: [
      { atSec: 30, kind: "grid", station: "Study", present: false },
      { atSec: 40, kind: "grid", station: "Study", present: true },
    ],
    endSec: 180,
    expect: [
      { kind: "command", agent: AGENT, action: "shutdown", times: 0, why: "the debounce outlasts a flicker" },
      { kind: "command", agent: AGENT, action: "abort", times: 0, why: "there was nothing to abort" },
      { kind: "policy", device: "Study", state: "online", fromSec: 50, why: "the grid is back" },
    ],
  },
  {
    name: "grid_lost_high_soc",
    title: "The grid is gone, but the battery is full enough: on battery, and nobody is told.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: SETTINGS,
    steps: [GRID_GONE],
    endSec: 240,
    expect: [
      { kind: "grid", device: "Study", connected: false, fromSec: 20, toSec: 60, why: "the outage is seen" },
      {
        kind: "policy",
        device: "Study",
        state: "on_battery",
        fromSec: 20,
        toSec: 60,
        why: "the outage is judged",
      },
      { kind: "policy_never", device: "Study", state: "critical", why: "the charge is far above the limit" },
      { kind: "command", agent: AGENT, action: "shutdown", times: 0, why: "nothing is wrong yet" },
    ],
  },
  {
    name: "soc_rises",
    title: "On battery, the sun charges the station above the limit: the timer is aborted.",
    stations: [{ ...STUDY, socPercent: 9 }],
    hosts: HOSTS,
    settings: { ...SETTINGS, POLICY_DEBOUNCE_SEC: "120" },
    steps: [
      GRID_GONE,
      { atSec: 60, kind: "soc", station: "Study", percent: 14 },
      { atSec: 60, kind: "drain", station: "Study", percentPerMin: 0 },
    ],
    endSec: 300,
    expect: [
      CRITICAL,
      {
        kind: "policy",
        device: "Study",
        state: "on_battery",
        fromSec: 60,
        toSec: 120,
        why: "14 % is above the limit",
      },
      { kind: "command", agent: AGENT, action: "shutdown", times: 0, why: "the danger is over" },
    ],
  },
  {
    name: "fed_by_hand",
    title: "SimulatedDevice is fed over MQTT as in the predecessor, and drives the policy to test-agent.",
    stations: [],
    hosts: { SimulatedDevice: ["test-agent"] },
    settings: SETTINGS,
    steps: [
      ...feeds(0, 30, { soc: 90, grid_connected: true }),
      ...feeds(30, 60, { soc: 90, grid_connected: false }),
      ...feeds(60, 200, { soc: 5, grid_connected: false }),
      ...feeds(200, 240, { soc: 5, grid_connected: true }),
    ],
    endSec: 240,
    expect: [
      {
        kind: "command",
        agent: "test-agent",
        action: "shutdown",
        toSec: 115,
        times: 0,
        why: "the debounce runs",
      },
      {
        kind: "command",
        agent: "test-agent",
        action: "shutdown",
        fromSec: 115,
        toSec: 200,
        times: 1,
        why: "critical",
      },
      { kind: "command", agent: "test-agent", action: "abort", fromSec: 200, why: "the grid is back" },
    ],
  },
];

/** The predecessor's five keys, every five seconds. */
function feeds(fromSec: number, toSec: number, state: { soc: number; grid_connected: boolean }) {
  const steps = [];
  for (let atSec = fromSec; atSec < toSec; atSec += 5) {
    steps.push({
      atSec,
      kind: "feed" as const,
      device: "SimulatedDevice",
      state: {
        device: "SimulatedDevice",
        ...state,
        temp_celsius: 35,
        ac_in_watts: state.grid_connected ? 500 : 0,
      },
    });
  }
  return steps;
}

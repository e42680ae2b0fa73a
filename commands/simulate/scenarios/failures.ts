/** Scenarios of a part that fails in the middle of an outage: each a line of data a step. */
import type { Scenario } from "../scenario.ts";
import { AGENT, CRITICAL, GRID_GONE, HOSTS, SETTINGS, STUDY } from "./house.ts";

/** See the file comment. */
export const FAILURE_SCENARIOS: readonly Scenario[] = [
  {
    name: "cloud_silent_on_battery",
    title: "The internet dies in the middle of a critical outage: the timer goes on and the host is told.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: { ...SETTINGS, POLICY_DEBOUNCE_SEC: "180", STATE_STALE_SEC: "60" },
    steps: [
      GRID_GONE,
      { atSec: 60, kind: "cloud", delivers: false },
    ],
    endSec: 300,
    expect: [
      CRITICAL,
      {
        kind: "link",
        device: "Study",
        link: "stale",
        fromSec: 110,
        toSec: 180,
        why: "old values must not look live",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 190,
        toSec: 260,
        why: "silence resets no timer",
      },
      { kind: "command", agent: AGENT, action: "abort", times: 0, why: "nobody said that the grid is back" },
    ],
  },
  {
    name: "agent_offline",
    title: "The host is off the network when it is told, and hears it when it is back.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: SETTINGS,
    steps: [
      { atSec: 10, kind: "agent", agent: AGENT, running: false },
      GRID_GONE,
      { atSec: 150, kind: "agent", agent: AGENT, running: true },
    ],
    endSec: 300,
    expect: [
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 80,
        toSec: 140,
        why: "told although it is not there",
      },
      {
        kind: "ack",
        agent: AGENT,
        status: "accepted",
        fromSec: 150,
        why: "it heard the command when it came back",
      },
    ],
  },
  {
    name: "broker_restart",
    title:
      "The local broker restarts during the debounce: the timer goes on and the host is told once it is back.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: { ...SETTINGS, POLICY_DEBOUNCE_SEC: "120" },
    steps: [
      GRID_GONE,
      { atSec: 60, kind: "broker", up: false },
      { atSec: 90, kind: "broker", up: true },
    ],
    endSec: 260,
    expect: [
      CRITICAL,
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 130,
        toSec: 230,
        why: "the timer went on",
      },
      { kind: "ack", agent: AGENT, status: "accepted", fromSec: 130, why: "the host took the command" },
    ],
  },
  {
    name: "daemon_killed",
    title:
      "The daemon is killed during the debounce and again after the trigger: nothing is lost, nothing said twice.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: { ...SETTINGS, POLICY_DEBOUNCE_SEC: "160" },
    steps: [
      GRID_GONE,
      { atSec: 70, kind: "kill_daemon", downSec: 10 },
      { atSec: 270, kind: "kill_daemon", downSec: 10 },
      { atSec: 290, kind: "grid", station: "Study", present: true },
    ],
    endSec: 480,
    expect: [
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 170,
        toSec: 270,
        times: 1,
        why: "the timer went on",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 270,
        times: 0,
        why: "it was told already",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "abort",
        fromSec: 290,
        why: "the abort still reaches whom it must",
      },
    ],
  },
];

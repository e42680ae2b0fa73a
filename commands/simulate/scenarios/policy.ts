/** Scenarios of what goes wrong besides the grid: each a line of data a step. */
import type { Scenario } from "../scenario.ts";
import { AGENT, CRITICAL, GRID_GONE, HOSTS, SETTINGS, STUDY } from "./house.ts";

/** See the file comment. */
export const POLICY_SCENARIOS: readonly Scenario[] = [
  {
    name: "internet_dies_with_grid",
    title:
      "The router dies seconds after the grid: the charge is estimated, and the host is told on the estimate.",
    stations: [{ ...STUDY, socPercent: 40, loadWatts: 1000 }],
    hosts: HOSTS,
    settings: { ...SETTINGS, STATE_STALE_SEC: "60" },
    steps: [
      GRID_GONE,
      { atSec: 30, kind: "cloud", delivers: false },
    ],
    endSec: 420,
    expect: [
      {
        kind: "policy",
        device: "Study",
        state: "on_battery",
        fromSec: 20,
        toSec: 40,
        why: "the outage was heard",
      },
      {
        kind: "link",
        device: "Study",
        link: "stale",
        fromSec: 80,
        toSec: 150,
        why: "old values must not look live",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        toSec: 110,
        times: 0,
        why: "the battery is not empty yet",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 110,
        toSec: 400,
        why: "the estimate says it ends",
      },
      { kind: "command", agent: AGENT, action: "abort", times: 0, why: "nobody said that the grid is back" },
    ],
  },
  {
    name: "pi_reboots",
    title: "The Pi reboots in the middle of the debounce: the timer goes on, and the host is told once.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: { ...SETTINGS, POLICY_DEBOUNCE_SEC: "120" },
    steps: [
      GRID_GONE,
      { atSec: 60, kind: "kill_daemon", downSec: 90 },
    ],
    endSec: 330,
    expect: [
      CRITICAL,
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 150,
        toSec: 320,
        times: 1,
        why: "it goes on",
      },
      { kind: "ack", agent: AGENT, status: "accepted", fromSec: 150, why: "the host took the command" },
    ],
  },
  {
    name: "power_returns_between_stages",
    title:
      "Two stages: the first host is commanded, the grid returns, its shutdown is aborted and the second is never commanded.",
    stations: [{ ...STUDY, socPercent: 28 }],
    hosts: { Study: [AGENT, "nas"] },
    settings: SETTINGS,
    policyFile: `
[station.Study]
[[station.Study.stage]]
hosts = ["${AGENT}"]
soc_min = 30
[[station.Study.stage]]
hosts = ["nas"]
soc_min = 10
`,
    steps: [
      GRID_GONE,
      { atSec: 120, kind: "grid", station: "Study", present: true },
    ],
    endSec: 220,
    expect: [
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 80,
        toSec: 120,
        times: 1,
        why: "28 % is below 30 %",
      },
      { kind: "command", agent: AGENT, action: "abort", fromSec: 120, why: "the grid is back" },
      { kind: "ack", agent: AGENT, status: "aborted", fromSec: 120, why: "the first host stays up" },
      { kind: "command", agent: "nas", action: "shutdown", times: 0, why: "the second stage never began" },
    ],
  },
  {
    name: "second_outage_in_recovery",
    title:
      "The grid returns for ten seconds after the trigger and goes again: its shutdown is aborted, then commanded again.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: SETTINGS,
    steps: [
      GRID_GONE,
      { atSec: 110, kind: "grid", station: "Study", present: true },
      { atSec: 120, kind: "grid", station: "Study", present: false },
    ],
    endSec: 260,
    expect: [
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 80,
        toSec: 110,
        times: 1,
        why: "the first outage",
      },
      { kind: "command", agent: AGENT, action: "abort", fromSec: 110, toSec: 130, why: "the grid was back" },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 170,
        toSec: 230,
        times: 1,
        why: "the second outage",
      },
      { kind: "ack", agent: AGENT, status: "shutting_down", fromSec: 170, why: "the host obeyed again" },
    ],
  },
  {
    name: "agent_never_answers",
    title: "The host is gone for good: it is told again after each cooldown, and no more often.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: SETTINGS,
    steps: [
      { atSec: 5, kind: "agent", agent: AGENT, running: false },
      GRID_GONE,
    ],
    endSec: 300,
    expect: [
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 80,
        toSec: 150,
        times: 1,
        why: "told once",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 150,
        toSec: 300,
        times: 1,
        why: "once a cooldown",
      },
    ],
  },
];

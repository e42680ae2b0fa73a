/** Scenarios of a station by cable, whose USB goes on where the internet ends: each a line of data a step. */
import { AGENT, GRID_GONE, HOSTS, SETTINGS, STUDY as HOUSE_STATION } from "./house.ts";
import type { Expectation, Scenario, SimulatedStation } from "../scenario.ts";

const STUDY: SimulatedStation = { ...HOUSE_STATION, socPercent: 13, loadWatts: 180, hasCable: true };

/** The cable tells the loss, whatever the cloud does. */
const LOST_BY_CABLE: Expectation = {
  kind: "policy",
  device: "Study",
  state: "on_battery",
  fromSec: 20,
  toSec: 40,
  why: "OB was said twice",
};

/** See the file comment. */
export const CABLE_SCENARIOS: readonly Scenario[] = [
  {
    name: "internet_dies_usb_goes_on",
    title:
      "The internet dies with the grid, the cable goes on: decided on real readings, and aborted when the grid is back.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: { ...SETTINGS, STATE_STALE_SEC: "60" },
    steps: [
      { atSec: 19, kind: "cloud", delivers: false },
      GRID_GONE,
      { atSec: 262, kind: "grid", station: "Study", present: true },
    ],
    endSec: 360,
    expect: [
      LOST_BY_CABLE,
      {
        kind: "policy_never",
        device: "Study",
        state: "critical",
        toSec: 150,
        why: "the limit is not reached",
      },
      {
        kind: "policy",
        device: "Study",
        state: "critical",
        fromSec: 155,
        toSec: 200,
        why: "the limit was measured",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 215,
        toSec: 260,
        times: 1,
        why: "a debounce later",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "abort",
        fromSec: 262,
        toSec: 280,
        why: "OL, without the internet",
      },
      { kind: "stays_on", agent: AGENT, fromSec: 262, why: "its delay had not ended" },
      {
        kind: "link_never",
        device: "Study",
        link: "stale",
        fromSec: 20,
        why: "the cable spoke all the time",
      },
    ],
  },
  {
    name: "late_cloud_frames",
    title:
      "The cloud delivers frames from before the outage in the middle of it: the cable's reading stands.",
    stations: [STUDY],
    hosts: HOSTS,
    settings: SETTINGS,
    steps: [
      { atSec: 19, kind: "cloud", delivers: false },
      GRID_GONE,
      { atSec: 60, kind: "late", station: "Study", saidAtSec: 10 },
      { atSec: 62, kind: "late", station: "Study", saidAtSec: 12 },
      { atSec: 200, kind: "late", station: "Study", saidAtSec: 14 },
      { atSec: 202, kind: "late", station: "Study", saidAtSec: 16 },
    ],
    endSec: 330,
    expect: [
      LOST_BY_CABLE,
      { kind: "policy_never", device: "Study", state: "online", fromSec: 40, why: "late frames are no news" },
      { kind: "event", event: "source_disagrees", fromSec: 60, toSec: 100, why: "it is told all the same" },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 215,
        toSec: 265,
        times: 1,
        why: "in its time",
      },
      { kind: "command", agent: AGENT, action: "abort", times: 0, why: "the grid never came back" },
    ],
  },
  {
    name: "driver_flaps",
    title:
      "The driver says on line and on battery in turn: nobody is commanded by it, and the cloud's reading counts.",
    stations: [{ ...STUDY, socPercent: 5, loadWatts: 60 }],
    hosts: HOSTS,
    settings: SETTINGS,
    steps: [
      { atSec: 10, kind: "cable", station: "Study", says: "flaps" },
      { atSec: 120, kind: "grid", station: "Study", present: false },
    ],
    endSec: 260,
    expect: [
      { kind: "event", event: "source_flaps", fromSec: 10, toSec: 60, why: "it is told" },
      { kind: "policy_never", device: "Study", state: "on_battery", toSec: 119, why: "the grid was there" },
      { kind: "policy_never", device: "Study", state: "critical", toSec: 119, why: "the grid was there" },
      { kind: "command", agent: AGENT, action: "shutdown", toSec: 175, times: 0, why: "nothing was wrong" },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 175,
        toSec: 240,
        times: 1,
        why: "the cloud said so",
      },
    ],
  },
  {
    name: "usb_dies_in_outage",
    title:
      "The internet dies with the grid, then the USB port: the charge is estimated, and the host is told on it.",
    stations: [{ ...STUDY, socPercent: 14 }],
    hosts: HOSTS,
    settings: { ...SETTINGS, STATE_STALE_SEC: "60" },
    steps: [
      { atSec: 19, kind: "cloud", delivers: false },
      GRID_GONE,
      { atSec: 90, kind: "cable", station: "Study", says: "nothing" },
    ],
    endSec: 440,
    expect: [
      LOST_BY_CABLE,
      { kind: "event", event: "source_silent", fromSec: 100, toSec: 130, why: "the silence is told" },
      { kind: "event", event: "blind", fromSec: 130, toSec: 220, why: "so is the estimate" },
      {
        kind: "link",
        device: "Study",
        link: "stale",
        fromSec: 110,
        toSec: 220,
        why: "old values must not look live",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        toSec: 180,
        times: 0,
        why: "the battery is not empty yet",
      },
      {
        kind: "command",
        agent: AGENT,
        action: "shutdown",
        fromSec: 180,
        toSec: 430,
        why: "the estimate says it ends",
      },
      { kind: "command", agent: AGENT, action: "abort", times: 0, why: "nobody said that the grid is back" },
    ],
  },
];

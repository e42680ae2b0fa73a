/** Every transition of an outage: the table that the tests play and the documentation draws. */
import type { OutageFacts, OutagePhase } from "../outage/outage.ts";
import type { Timer } from "../outage/timer.ts";

/** Facts, and the hold that is in force. */
export type Given = OutageFacts & Pick<Timer, "hold">;
/** The documented debounce. */
export const RULES: Timer = { debounceMs: 180_000, notBeforeMonoMs: 0 };
/** Where each row begins, monotonic ms. */
export const T = 1_000_000;

const UNKNOWN: OutagePhase = { kind: "unknown" };
/** The grid is there. */
export const ONLINE: OutagePhase = { kind: "online", sinceMonoMs: 0 };
const ON_BATTERY: OutagePhase = { kind: "on_battery", sinceMonoMs: T };
/** The debounce runs since `T`. */
export const CRITICAL: OutagePhase = { kind: "critical", sinceMonoMs: T, criticalSinceMonoMs: T };
const DOWN: OutagePhase = { kind: "shutting_down", sinceMonoMs: T, triggeredMonoMs: T, reason: "low" };

const SILENCE: OutageFacts = {};
const UNTOLD: OutageFacts = { isUnknown: "nobody tells" };
const GRID: OutageFacts = { gridConnected: true };
/** On battery, and nothing is critical. */
export const CALM: OutageFacts = { gridConnected: false };
/** Critical. */
export const LOW: OutageFacts = { gridConnected: false, critical: "low" };
/** Not critical any more, for good. */
export const RISEN: OutageFacts = { gridConnected: false, relief: "risen" };
/** A later stage goes. */
export const ADVANCED: OutageFacts = { gridConnected: false, advancedBy: "later" };

/** Critical, and a person holds the shutdown back. */
export const HELD: Given = { ...LOW, hold: { untilMonoMs: Infinity, reason: "held" } };

/** The whole table: every phase with every kind of facts, and the rows around each limit. */
export const TRANSITIONS: readonly [
  name: string,
  from: OutagePhase,
  facts: Given,
  atMs: number,
  to: OutagePhase["kind"],
  events: readonly string[],
][] = [
  ["knows nothing in silence", UNKNOWN, SILENCE, T, "unknown", []],
  ["stays unknown although the battery is low", UNKNOWN, { critical: "low" }, T, "unknown", []],
  ["is online at the first reading", UNKNOWN, GRID, T, "online", []],
  ["begins on battery", UNKNOWN, CALM, T, "on_battery", ["grid_lost"]],
  ["begins critical", UNKNOWN, LOW, T, "critical", ["grid_lost", "timer_started"]],
  ["begins advanced", UNKNOWN, ADVANCED, T, "shutting_down", ["grid_lost", "shutdown_triggered"]],

  ["is unknown when what was known counts no more", ONLINE, UNTOLD, T, "unknown", []],
  ["stays unknown while nobody tells", UNKNOWN, UNTOLD, T, "unknown", []],
  ["ends with a grid that does not count", ON_BATTERY, UNTOLD, T, "unknown", []],
  ["aborts the timer with a grid that does not count", CRITICAL, UNTOLD, T, "unknown", ["timer_aborted"]],
  ["aborts the shutdown with a grid that does not count", DOWN, UNTOLD, T, "unknown", ["called_off"]],

  ["stays online in silence", ONLINE, SILENCE, T, "online", []],
  ["stays online", ONLINE, GRID, T, "online", []],
  ["is online with a low battery: the grid carries the house", ONLINE, { ...LOW, ...GRID }, T, "online", []],
  ["loses the grid", ONLINE, CALM, T, "on_battery", ["grid_lost"]],
  ["loses the grid with a low battery", ONLINE, LOW, T, "critical", ["grid_lost", "timer_started"]],

  ["stays on battery in silence", ON_BATTERY, SILENCE, T + 9e9, "on_battery", []],
  ["tells the loss once", ON_BATTERY, CALM, T + 1, "on_battery", []],
  ["gets the grid back", ON_BATTERY, GRID, T + 1, "online", ["grid_back"]],
  ["becomes critical", ON_BATTERY, LOW, T, "critical", ["timer_started"]],
  ["is advanced without a debounce", ON_BATTERY, ADVANCED, T, "shutting_down", ["shutdown_triggered"]],

  ["keeps the timer in silence", CRITICAL, SILENCE, T + 9e9, "critical", []],
  ["starts the timer once", CRITICAL, LOW, T + 1, "critical", []],
  ["waits 1 ms before the debounce ends", CRITICAL, LOW, T + 179_999, "critical", []],
  ["triggers when the debounce ends", CRITICAL, LOW, T + 180_000, "shutting_down", ["shutdown_triggered"]],
  ["aborts the timer when it is not critical any more", CRITICAL, CALM, T + 179_999, "on_battery", [
    "timer_aborted",
  ]],
  ["aborts the timer with the grid", CRITICAL, GRID, T + 179_999, "online", ["grid_back", "timer_aborted"]],
  ["is advanced out of its timer", CRITICAL, ADVANCED, T + 1, "shutting_down", ["shutdown_triggered"]],

  ["is held back when the debounce ends", CRITICAL, HELD, T + 180_000, "critical", []],
  [
    "is held back although a later stage goes",
    CRITICAL,
    { ...HELD, ...ADVANCED },
    T + 180_000,
    "critical",
    [],
  ],
  ["is held back from the beginning", ONLINE, HELD, T, "critical", ["grid_lost", "timer_started"]],

  ["goes on down in silence", DOWN, SILENCE, T + 9e9, "shutting_down", []],
  ["is aborted by a person, and stays critical", DOWN, HELD, T + 1, "critical", ["called_off"]],
  ["is advanced, and aborted by a person", DOWN, { ...ADVANCED, hold: HELD.hold }, T + 1, "critical", [
    "called_off",
  ]],
  ["gets the grid back while held back", DOWN, { ...HELD, ...GRID }, T + 1, "online", [
    "grid_back",
    "called_off",
  ]],
  ["triggers once", DOWN, LOW, T + 9e9, "shutting_down", []],
  ["goes on down when it is not critical any more, without relief", DOWN, CALM, T + 1, "shutting_down", []],
  ["aborts the shutdown in relief", DOWN, RISEN, T + 1, "on_battery", ["called_off"]],
  ["does not abort while a later stage goes", DOWN, { ...RISEN, ...ADVANCED }, T + 1, "shutting_down", []],
  ["aborts the shutdown when the grid returns", DOWN, GRID, T + 1, "online", ["grid_back", "called_off"]],
];

/** The table as a Mermaid state diagram: one arrow for each way from one phase to another, with all that causes it. */
export function transitionDiagram(): string {
  const arrows = new Map<string, string[]>();
  for (const [name, from, , , to] of TRANSITIONS) {
    if (from.kind === to) continue;
    const key = `${from.kind} --> ${to}`;
    arrows.set(key, [...(arrows.get(key) ?? []), name.replaceAll(":", ",")]);
  }
  const lines = [...arrows].map(([arrow, names]) => `    ${arrow}: ${names.join(" / ")}`);
  return ["stateDiagram-v2", "    [*] --> unknown", ...lines].join("\n");
}

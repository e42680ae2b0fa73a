/** When the daemon will act, if charge and load go on as they do: one forecast for status and plans. Pure. */
import { type GroupRules, type HouseRules, placeOf, type StageRules } from "../rules/rules.ts";
import type { Battery } from "./battery.ts";
import { batteryOf, batteryOfOpen } from "./floor.ts";
import { needsOf } from "./groups.ts";
import { PRESSED_DEBOUNCE_MS, type TimerBasis, timerOf } from "./group_timer.ts";
import { needFromMs } from "./stages.ts";
import { NEW_STATION, stationBattery, type StationState } from "./station.ts";
import { timerEndMonoMs } from "./timer.ts";
import { minutesToCritical, minutesToLast } from "./triggers.ts";

/** What a forecast rests on. */
export interface Outlook extends Omit<TimerBasis, "battery" | "rules"> {
  readonly rules: HouseRules;
  readonly state: StationState;
  /** Nothing more will be heard of the station. */
  readonly isSilent: boolean;
}

/** One forecast of one station at one moment: what hosts of a group have in common is worked out once. */
export class Forecast {
  readonly #dueByGroup = new Map<string, number | undefined>();

  constructor(private readonly outlook: Outlook) {}

  /**
   * When a host's group will be triggered: by its own triggers, or advanced by a later stage, whichever comes first. Monotonic ms.
   *
   * @returns undefined while the host's station is not on battery, or when nobody can tell
   */
  hostDueMonoMs(host: string): number | undefined {
    const place = placeOf(host, this.outlook.station);
    return place && this.#dueMonoMs(place.stage, place.group);
  }

  /** When the first host of the station will be. */
  firstDueMonoMs(): number | undefined {
    return earliest(
      this.outlook.station.stages.flatMap((stage) =>
        stage.groups.filter(({ hosts }) => hosts.length > 0).map((group) => this.#dueMonoMs(stage, group))
      ),
    );
  }

  #dueMonoMs(stage: StageRules, group: GroupRules): number | undefined {
    const later = this.outlook.station.stages.filter(({ number }) => number > stage.number);
    return earliest([
      this.#ownDueMonoMs(stage, group),
      ...later.flatMap((one) => one.groups.map((other) => this.#ownDueMonoMs(one, other))),
    ]);
  }

  #ownDueMonoMs(stage: StageRules, group: GroupRules): number | undefined {
    if (!this.#dueByGroup.has(group.key)) {
      this.#dueByGroup.set(group.key, groupDueMonoMs(stage, group, this.outlook));
    }
    return this.#dueByGroup.get(group.key);
  }
}

/** The station as it would be if the grid went now. @param state Absent: nothing was ever heard of it */
export function asLostNow(
  state: StationState = NEW_STATION,
  { station, nowMonoMs }: Pick<Outlook, "station" | "nowMonoMs">,
): StationState {
  const groups = station.stages.flatMap((stage) => stage.groups);
  const onBattery = { kind: "on_battery", sinceMonoMs: nowMonoMs } as const;
  return {
    ...NEW_STATION,
    readings: { ...state.readings, grid: { value: false, atMonoMs: nowMonoMs }, gridUntold: undefined },
    verdict: { connected: false, by: "station", evidenceMonoMs: nowMonoMs },
    phases: new Map(groups.map(({ key }) => [key, onBattery])),
    lastGridMonoMs: nowMonoMs,
  };
}

function earliest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
}

function groupDueMonoMs(stage: StageRules, group: GroupRules, outlook: Outlook): number | undefined {
  const phase = outlook.state.phases.get(group.key);
  switch (phase?.kind) {
    case "shutting_down":
      return phase.triggeredMonoMs;
    case "critical":
      return endMonoMs(phase.criticalSinceMonoMs, stage, group, outlook);
    case "on_battery": {
      const { state, rules, station, view, nowMonoMs, isSilent } = outlook;
      const battery = stationBattery(state, rules, station, nowMonoMs);
      const own = battery && batteryOf(battery, group, state.readings);
      const needs = needsOf(station, stage.number, group.debounceMs, view);
      const minutes = own && minutesToCritical(own, group.triggers, needs, isSilent);
      return minutes === undefined
        ? undefined
        : endMonoMs(nowMonoMs + minutes * 60_000, stage, group, outlook);
    }
  }
}

/** The end of a timer, with what will shorten it: the moment at which the battery does not last any more. */
function endMonoMs(
  criticalSinceMonoMs: number,
  stage: StageRules,
  group: GroupRules,
  outlook: Outlook,
): number {
  const { state, rules, station, view, nowMonoMs } = outlook;
  const battery = stationBattery(state, rules, station, nowMonoMs);
  const timer = timerOf(state, stage.number, group, { ...outlook, battery });
  const lastsUntil = (seen: Battery | undefined, needMs: number) => {
    const minutes = seen && minutesToLast(needMs / 60_000, seen, outlook.isSilent);
    return minutes === undefined ? Infinity : nowMonoMs + minutes * 60_000;
  };
  const own = battery && batteryOf(battery, group, state.readings);
  const open = batteryOfOpen(battery, station, view, state.readings);
  // Fresh readings may come at any time and say that it does not last: what is estimated, or assumed, is no reason to promise more time.
  const cutMonoMs = station.hasReserve ? lastsUntil(own, needFromMs(station, stage.number, view)) : Infinity;
  const debounceMs = Math.min(
    timer.debounceMs,
    Math.max(PRESSED_DEBOUNCE_MS, cutMonoMs - criticalSinceMonoMs),
  );
  const hold = timer.hold && {
    ...timer.hold,
    untilMonoMs: Math.min(timer.hold.untilMonoMs, lastsUntil(open, needFromMs(station, 1, view))),
  };
  return timerEndMonoMs(criticalSinceMonoMs, { ...timer, debounceMs, hold });
}

/** Stages of one station: what each still needs, and which may begin. Pure. */
import { lastsFor, type Remaining } from "./battery.ts";
import type { OutagePhase } from "./outage.ts";
import type { StageRules, StationRules } from "../rules/rules.ts";

/** What hosts have needed before is taken this much longer. */
export const NEED_MARGIN = 1.25;

/** How the stages see the hosts. */
export interface StageView {
  /** Proven down, or fed by the grid through another station: nobody need wait for it, or keep time for it. */
  readonly isSettled: (host: string) => boolean;
  /** The longest time that it took to go down, ms, as learned; undefined: never seen. */
  readonly learnedMs: (host: string) => number | undefined;
}

/** What a stage needs from its beginning to its end, ms: what was learned, with a margin, else its time limit. */
export function stageNeedMs(stage: StageRules, { isSettled, learnedMs }: StageView): number {
  const open = stage.groups.flatMap(({ hosts }) => hosts).filter((host) => !isSettled(host));
  const needs = open.map((host) => {
    const learned = learnedMs(host);
    return learned === undefined ? stage.timeLimitMs : learned * NEED_MARGIN;
  });
  return Math.min(stage.timeLimitMs, Math.max(0, ...needs));
}

/** What all stages from `number` on need together, ms. */
export function needFromMs({ stages }: StationRules, number: number, view: StageView): number {
  return stages.filter((stage) => stage.number >= number)
    .reduce((sum, stage) => sum + stageNeedMs(stage, view), 0);
}

/** A stage that has just begun. */
export interface StageStart {
  readonly number: number;
  readonly reason: string;
}

/**
 * Which stages run now.
 *
 * A stage begins when one of its groups is triggered and the stage before it is done: all its hosts settled, or its time
 * up. It does not wait when the battery would not last for what is left to do. A stage of which no group is triggered
 * any more is over.
 *
 * @param started Stage number to the monotonic time of its beginning
 * @param remaining Minutes to empty; absent: nobody knows
 */
export function stepStages(
  rules: StationRules,
  phases: ReadonlyMap<string, OutagePhase>,
  started: ReadonlyMap<number, number>,
  view: StageView,
  remaining: Remaining | undefined,
  nowMonoMs: number,
): { readonly started: ReadonlyMap<number, number>; readonly begun: readonly StageStart[] } {
  const next = new Map<number, number>();
  const begun: StageStart[] = [];
  let waitsFor: number | undefined;
  for (const stage of rules.stages) {
    const { number, groups, timeLimitMs } = stage;
    if (!groups.some(({ key }) => phases.get(key)?.kind === "shutting_down")) continue;
    let startedMonoMs = started.get(number);
    if (startedMonoMs === undefined) {
      const isPressed = rules.hasReserve && !lastsFor(remaining, needFromMs(rules, number, view));
      if (waitsFor === undefined || isPressed) {
        startedMonoMs = nowMonoMs;
        const reason = waitsFor === undefined
          ? next.size === 0 ? "it is the first" : "the one before it is done"
          : `the battery does not last until stage ${waitsFor} is done`;
        begun.push({ number, reason });
      }
    }
    if (startedMonoMs !== undefined) next.set(number, startedMonoMs);
    const isDone = startedMonoMs !== undefined &&
      (nowMonoMs - startedMonoMs >= timeLimitMs || groups.every(({ hosts }) => hosts.every(view.isSettled)));
    if (!isDone) waitsFor ??= number;
  }
  return { started: next, begun };
}

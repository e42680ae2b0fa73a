/** Folds a grid that flickers into one sentence; leaves everything else as it is. Pure. */
import type { JournalEvent } from "../../lib/messages/event.ts";

const GRID: readonly string[] = ["grid_lost", "grid_back"];

/** Events as they happened, those of a station whose grid went and came more than once folded into one. */
export function coalesce(events: readonly JournalEvent[], timeText: (ts: string) => string): JournalEvent[] {
  const folded = new Map<string, JournalEvent>();
  for (const device of new Set(events.map(({ device }) => device))) {
    const own = events.filter((event) => event.device === device && GRID.includes(event.kind));
    const [first, last] = [own[0], own.at(-1)];
    const losses = own.filter(({ kind }) => kind === "grid_lost").length;
    // A channel that is not told of returns must not be told how it ended.
    const hasReturns = losses < own.length;
    if (device === undefined || !first || !last || own.length < 3 || losses < 2 || !hasReturns) continue;
    const end = last.kind === "grid_back" ? "it is there now" : "it is gone now";
    folded.set(device, {
      ...last,
      text: `${device}: the grid went ${losses} times between ${timeText(first.ts)} and ${
        timeText(last.ts)
      }; ${end}`,
    });
  }
  const told = new Set<string>();
  return events.flatMap((event) => {
    const fold = event.device !== undefined && GRID.includes(event.kind)
      ? folded.get(event.device)
      : undefined;
    if (!fold) return [event];
    if (told.has(fold.text)) return [];
    told.add(fold.text);
    return [fold];
  });
}

/** Reads a station's whole past for a chart, however many answers it takes. */
import type { HistoryAnswer } from "../../../lib/messages/history_answer.ts";
import type { HistoryQuery } from "../../../lib/messages/history_query.ts";

/** Puts one question to the historian; undefined when nobody answers. */
export type AskHistorian = (query: Omit<HistoryQuery, "id">) => Promise<HistoryAnswer | undefined>;

/** Longer spans than this are shown in rows of six hours, h: quarter hours of a year would be 35,000. */
const LONG_HOURS = 24 * 31;
/** The resolution to ask for; undefined: the historian's own choice. */
export function stepForHours(hours: number): HistoryQuery["step_s"] {
  return hours > LONG_HOURS ? 21_600 : undefined;
}

/** A chart's rows come in two answers at most; more would be a mistake in the resolution. */
const MAX_ANSWERS = 4;

/**
 * The newest answer first, then what is before it. When a later question fails, the oldest rows are missing, never the
 * newest.
 *
 * @returns One answer with all rows, oldest first; undefined when there is no historian
 */
export async function askAllSamples(
  ask: AskHistorian,
  range: Required<Pick<HistoryQuery, "from_ms" | "to_ms">> & Pick<HistoryQuery, "step_s"> & {
    readonly device: string;
  },
): Promise<HistoryAnswer | undefined> {
  const first = await ask({ kind: "samples", ...range, newest: true });
  if (!first) return undefined;
  const { step_s } = first;
  let samples = first.samples ?? [];
  let more = first.more;
  for (let answers = 1; more && answers < MAX_ANSWERS; answers++) {
    const [oldest] = samples;
    if (!oldest) break;
    const to_ms = oldest.at_s * 1000 - 1;
    const before = await ask({ kind: "samples", ...range, to_ms, step_s, newest: true });
    if (!before?.samples?.length) break;
    samples = [...before.samples, ...samples];
    more = before.more;
  }
  return { ...first, samples, more };
}

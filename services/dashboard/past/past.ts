/** What a station's charts show of the past: the historian's rows in the page's form. Pure. */
import type { HistoryAnswer, HistoryEnergy, HistoryOutage } from "../../../lib/messages/history_answer.ts";
import type { EnergyView, HistoryView, OutageView } from "../page_contract.ts";

/** The historian's answers for one station. */
export interface PastAnswers {
  readonly samples: HistoryAnswer;
  readonly outages?: HistoryAnswer;
  readonly energy?: HistoryAnswer;
}

/** As the page gets it; times of which nothing is known are gaps. */
export function pastView(device: string, { samples, outages, energy }: PastAnswers): HistoryView {
  const stepSec = samples.step_s ?? 10;
  const rows = samples.samples ?? [];
  // A row without values between two that are too far apart breaks the line.
  const withGaps = rows.flatMap((row, i) => {
    const before = rows[i - 1];
    const isGap = before && row.at_s - before.at_s > 2 * stepSec;
    return isGap ? [{ at_s: before.at_s + stepSec, seconds: 0 }, row] : [row];
  });
  return {
    device,
    at_s: withGaps.map(({ at_s }) => at_s),
    soc_percent: withGaps.map(({ soc }) => soc ?? null),
    in_watts: withGaps.map(({ in_watts }) => in_watts ?? null),
    ac_in_watts: withGaps.map(({ ac_in_watts }) => ac_in_watts ?? null),
    dc_in_watts: withGaps.map(({ dc_in_watts }) => dc_in_watts ?? null),
    out_watts: withGaps.map(({ out_watts }) => out_watts ?? null),
    known_s: withGaps.map(({ seconds }) => seconds),
    grid_percent: withGaps.map(({ grid_percent }) => grid_percent ?? null),
    step_s: stepSec,
    outages: outages?.outages?.map(outageView) ?? [],
    energy: energy?.energy?.map(energyView) ?? [],
    source: "historian",
  };
}

function energyView({ day, in_wh, in_s, out_wh, out_s, ac_in_wh, dc_in_wh }: HistoryEnergy): EnergyView {
  return { day, in_wh, in_s, out_wh, out_s, ac_in_wh, dc_in_wh };
}

function outageView({ device, from_ms, from_seen, to_ms, soc_lowest }: HistoryOutage): OutageView {
  return {
    device,
    from: from_seen || to_ms === undefined ? new Date(from_ms).toISOString() : undefined,
    to: to_ms === undefined ? undefined : new Date(to_ms).toISOString(),
    lowest_soc_percent: soc_lowest,
  };
}

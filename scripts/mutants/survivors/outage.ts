/** Mutants of the rules of an outage that no test can or need notice, by the reason. Pure. */

/** Each reason with its mutants. */
export const OUTAGE_SURVIVORS: readonly (readonly [reason: string, mutants: readonly string[]])[] = [
  [
    "whoever asks has a charge, and for a charge there is a time",
    [
      "services/policy_engine/outage/blind/blind_estimate.ts «const drainedMs = drainedSince(readings, basis, nowMonoMs) ?? 0;» 0 -> 1",
      "services/policy_engine/outage/blind/blind_estimate.ts «const drainedMs = drainedSince(readings, basis, nowMonoMs) ?? 0;» drainedSince(readings, basis, nowMonoMs) ?? 0 -> (drainedSince(readings, basis, nowMonoMs))!",
      "services/policy_engine/outage/battery.ts «unseenMs: drainedMs ?? 0,» 0 -> 1",
      "services/policy_engine/outage/battery.ts «unseenMs: drainedMs ?? 0,» drainedMs ?? 0 -> (drainedMs)!",
    ],
  ],
  [
    "no number is not above 0",
    [
      "services/policy_engine/outage/blind/blind_estimate.ts «const known = [suggested ?? 0, measuredDischargePercentPerMin].filter((rate) => rate > 0);» suggested ?? 0 -> (suggested)!",
    ],
  ],
  [
    "the highest of a charge at its lowest is less than a fall above it, and a later high takes its place",
    [
      "services/policy_engine/outage/blind/untold_charge.ts «if (!before || percent < before.lowestPercent || percent <= before.highestPercent - FALLEN_POINTS) {» < -> <=",
    ],
  ],
  [
    "where there is no first sample there is no last one",
    [
      "services/policy_engine/outage/discharge_rate.ts «if (!first || !last || last.atMonoMs - first.atMonoMs < FALL_SPAN_MS) return undefined;» || -> && (2)",
    ],
  ],
  [
    "a key without a value says what no key says",
    [
      'services/policy_engine/outage/grid_verdict.ts «? { by: "station", isOld: true, ...isUntold, ...(known?.connected ? { last: known } : {}) }» known?.connected -> true',
      "services/policy_engine/outage/grid_verdict.ts «return { connected, by, evidenceMonoMs, ...(latestMonoMs === undefined ? {} : { latestMonoMs }) };» latestMonoMs === undefined -> false",
    ],
  ],
  [
    "the station's own word always has its time",
    [
      "services/policy_engine/outage/grid_verdict.ts «return (own.evidenceMonoMs ?? -Infinity) >= beforeMonoMs ? own : before;» own.evidenceMonoMs ?? -Infinity -> (own.evidenceMonoMs)!",
    ],
  ],
  [
    "every group names its hosts with its timer",
    [
      "services/policy_engine/outage/groups.ts «const hosts = isTimer ? [...new Set([...event.hosts ?? [], ...before.hosts ?? []])] : undefined;» event.hosts ?? [] -> (event.hosts)!",
      "services/policy_engine/outage/groups.ts «const hosts = isTimer ? [...new Set([...event.hosts ?? [], ...before.hosts ?? []])] : undefined;» before.hosts ?? [] -> (before.hosts)!",
    ],
  ],
  [
    "a fall is reckoned from what one state says, and no time of it is looked at",
    [
      "services/policy_engine/outage/readings.ts «const of = <T>(value: T | undefined) => value === undefined ? undefined : { value, atMonoMs: 0 };» 0 -> 1",
    ],
  ],
  [
    "no date is no number, and no number is neither too old nor too new",
    [
      "services/policy_engine/outage/readings.ts «const sinceMs = ts === undefined ? NaN : nowWallMs - Date.parse(ts);» ts === undefined -> false",
    ],
  ],
  [
    "at the limit both are the limit",
    [
      "services/policy_engine/outage/readings.ts «return sinceMs >= 0 && sinceMs < UNKNOWN_AGE_MS ? sinceMs : UNKNOWN_AGE_MS;» < -> <=",
    ],
  ],
];

/** Mutants of the judge that no test can or need notice, by the reason. Pure. */

/** Each reason with its mutants. */
export const JUDGE_SURVIVORS: readonly (readonly [reason: string, mutants: readonly string[]])[] = [
  [
    "without packs nothing of them is charged, and nothing that is not there counts as no",
    [
      "services/soc_bridge/judge/charge.ts «return packs?.list().some(({ soc }) => soc !== undefined) ?? false;» packs?.list().some(({ soc }) => soc !== undefin... -> (packs?.list().some(({ soc }) => soc !== undefi...",
      "services/soc_bridge/judge/charge.ts «packs?.list().some(({ soc = 0, socMonoMs = -Infinity }) =>» packs?.list().some(({ soc = 0, socMonoMs = -Inf... -> (packs?.list().some(({ soc = 0, socMonoMs = -In...",
    ],
  ],
  [
    "a pack without a charge has no time of one, so it is never fresh",
    [
      "services/soc_bridge/judge/charge.ts «packs?.list().some(({ soc = 0, socMonoMs = -Infinity }) =>» 0 -> 1",
    ],
  ],
  [
    "the highest of four ranks is compared with the lower ones alone",
    [
      "services/soc_bridge/judge/grid_evidence.ts «return isAlone ? 1 : contradiction !== undefined ? 2 : 3;» 3 -> 4",
    ],
  ],
  [
    "every slot has a path: slots are numbered by it",
    [
      'services/soc_bridge/judge/indicator.ts «const path = model.paths[slot] ?? "";» model.paths[slot] ?? "" -> (model.paths[slot])!',
    ],
  ],
  [
    "sources of no group and no battery all stand for the whole: the way round them only saves time",
    [
      'services/soc_bridge/judge/normalize.ts «if (!sources.some((source) => isOfGroup(source) || ("of" in source && source.of === "pack"))) {» !sources.some((source) => isOfGroup(source) || ... -> false',
      'services/soc_bridge/judge/normalize.ts «if (!sources.some((source) => isOfGroup(source) || ("of" in source && source.of === "pack"))) {» && -> ||',
    ],
  ],
  [
    "no table lets packs say a switch",
    [
      'services/soc_bridge/judge/normalize.ts «if ("packs" in source) return undefined;» "packs" in source -> false',
    ],
  ],
  [
    "an unknown number is in no comparison, and none of them true is no doubt",
    [
      "services/soc_bridge/judge/plausible_minutes.ts «if (dischargeMin === undefined || soc === undefined) return false;» dischargeMin === undefined || soc === undefined -> false",
      "services/soc_bridge/judge/plausible_minutes.ts «if (dischargeMin === undefined || soc === undefined) return false;» || -> &&",
    ],
  ],
  [
    "1 W on top of the station's own use is within what is not known of that",
    [
      "services/soc_bridge/judge/plausible_minutes.ts «wattHours * Math.max(0, percent) / 100 * 60 / (Math.max(0, watts) * LOSS_FACTOR + OWN_USE_WATTS);» 0 -> 1 (2)",
    ],
  ],
  [
    "three times exactly is hit by no number of minutes that is said",
    [
      "services/soc_bridge/judge/plausible_minutes.ts «return isTooFew || dischargeMin > minutesOf(soc, leastWatts - dcInWatts) * MINUTES_DOUBT_FACTOR;» > -> >=",
    ],
  ],
  [
    "the way round an empty map saves time, and changes nothing",
    [
      "services/soc_bridge/judge/power_station.ts «if (this.#offline.size > 0) {» this.#offline.size > 0 -> true",
      "services/soc_bridge/judge/power_station.ts «if (this.#offline.size > 0) {» > -> >=",
      "services/soc_bridge/judge/power_station.ts «if (this.#offline.size > 0) this.#offline.clear();» this.#offline.size > 0 -> true",
      "services/soc_bridge/judge/power_station.ts «if (this.#offline.size > 0) this.#offline.clear();» > -> >=",
    ],
  ],
  [
    "settleGrid() looks at the same once more: here it saves time",
    [
      "services/soc_bridge/judge/power_station.ts «if (this.#grid.present === undefined || this.#grid.isUntold) return;» this.#grid.present === undefined || this.#grid.... -> false",
      "services/soc_bridge/judge/power_station.ts «if (this.#grid.present === undefined || this.#grid.isUntold) return;» || -> &&",
    ],
  ],
  [
    "a live station has said something",
    [
      "services/soc_bridge/judge/power_station.ts «this.#grid = settleGrid(this.#grid, nowMonoMs, this.#evidenceMonoMs ?? -Infinity);» this.#evidenceMonoMs ?? -Infinity -> (this.#evidenceMonoMs)!",
    ],
  ],
  [
    "a charge that is not believed has no source either",
    [
      "services/soc_bridge/judge/power_station.ts «soc_source: this.#soc.soc === undefined ? undefined : this.#socSource,» this.#soc.soc === undefined -> false",
    ],
  ],
  [
    "a payload without values carries no indicator and no charge",
    [
      "services/soc_bridge/judge/power_station.ts «const socHeld = taken.values > 0 ? this.#judgeSoc(taken, atMonoMs) : undefined;» taken.values > 0 -> true",
      "services/soc_bridge/judge/power_station.ts «const socHeld = taken.values > 0 ? this.#judgeSoc(taken, atMonoMs) : undefined;» > -> >=",
      "services/soc_bridge/judge/power_station.ts «return values > 0 && this.#judgeEvidence(isReply, atMonoMs);» > -> >=",
    ],
  ],
  [
    "a charge that is not of this payload is left out three lines later",
    [
      "services/soc_bridge/judge/power_station.ts «if (!hasChargeNews(model, readings, packs, atMonoMs)) return undefined;» !hasChargeNews(model, readings, packs, atMonoMs) -> false",
    ],
  ],
  [
    "half a percent, to the last digit, is hit by no charge that differs from a battery's by ten points",
    [
      'services/soc_bridge/judge/power_station.ts «if (reading?.source === "system" && reading.value >= SOC_ZERO) {» >= -> >',
    ],
  ],
  [
    "1 ms is less than the tenth of a second that an age is rounded to",
    [
      "services/soc_bridge/judge/power_station.ts «return Math.round(Math.max(0, nowMonoMs - atMonoMs) / 100) / 10;» 0 -> 1",
      "services/soc_bridge/judge/weigh.ts «const ageSec = (atMonoMs: number) => Math.round(Math.max(0, nowMonoMs - atMonoMs) / 100) / 10;» 0 -> 1",
    ],
  ],
  [
    "no slot has no number, and what it says is unknown",
    [
      "services/soc_bridge/judge/sources.ts «const told = model.packCount === undefined ? undefined : readings.get(model.packCount) || undefined;» model.packCount === undefined -> false",
    ],
  ],
  [
    "a charge of 100 % that is made 100 % is the same",
    [
      'services/soc_bridge/judge/sources.ts «if (name === "soc" && value > max && value <= max + SOC_OVERSHOOT) value = max;» > -> >=',
    ],
  ],
  [
    "an age that is no number is not fresh either",
    [
      'services/soc_bridge/judge/weigh.ts «const isCloudLive = cloud.link === "live" && (cloud.age_s ?? Infinity) * 1000 <= FRESH_MS;» cloud.age_s ?? Infinity -> (cloud.age_s)!',
    ],
  ],
  [
    "without a charge of the cable its other value is not asked for",
    [
      "services/soc_bridge/judge/weigh.ts «return soc !== undefined && cloud.soc !== undefined && cloud.soc > soc.value + ROUNDED_POINTS &&» && -> || (3)",
    ],
  ],
  [
    "unknown watts are no more than 0 W",
    [
      "services/soc_bridge/judge/weigh.ts «!((cloud.dc_in_watts ?? 0) > 0);» cloud.dc_in_watts ?? 0 -> (cloud.dc_in_watts)!",
    ],
  ],
  [
    "a value that is not there and one that is undefined are written alike",
    [
      "services/soc_bridge/judge/weigh.ts «if (out_watts !== undefined) state.out_watts = out_watts;» out_watts !== undefined -> true",
      "services/soc_bridge/judge/weigh.ts «if (temp_celsius !== undefined) state.temp_celsius = temp_celsius;» temp_celsius !== undefined -> true",
      "services/soc_bridge/judge/weigh.ts «...(grid ? { grid } : {}),» grid -> true",
      "services/soc_bridge/judge/weigh.ts «...(soc ? { soc } : {}),» soc -> true",
      "services/soc_bridge/judge/weigh.ts «...(doubt ? { doubt } : {}),» doubt -> true",
      "services/soc_bridge/judge/weigh.ts «...(drain ? { drain } : {}),» drain -> true",
    ],
  ],
  [
    "the time of no charge is never read",
    [
      "services/soc_bridge/judge/soc_filter.ts «export const SOC_UNKNOWN: SocState = { soc: undefined, atMonoMs: 0, held: undefined };» 0 -> 1",
    ],
  ],
  [
    "the count of a first 100 % is never read: whatever follows begins anew",
    [
      "services/soc_bridge/judge/weigh.ts «return { ...kept, held: { soc, firstMonoMs: atMonoMs, count: 1 } };» 1 -> 2",
    ],
  ],
  [
    "in 1 ms a battery moves by a ten-thousandth of a point",
    [
      "services/soc_bridge/judge/soc_filter.ts «return SOC_POINTS_PER_MIN * Math.max(0, toMonoMs - fromMonoMs) / 60_000;» 0 -> 1",
    ],
  ],
  [
    "without a grid nobody asks since when",
    [
      "services/soc_bridge/judge/weigh.ts «const sinceMonoMs = before?.grid?.value === now.grid ? before?.grid?.sinceMonoMs ?? atMonoMs : atMonoMs;» before?.grid?.sinceMonoMs ?? atMonoMs -> (before?.grid?.sinceMonoMs)!",
    ],
  ],
  [
    "before a first charge is believed any but a zero is believed at once, and a zero disagrees with 100 %",
    [
      "services/soc_bridge/judge/weigh.ts «return stepSoc(kept.held?.soc === 100 ? SOC_UNKNOWN : kept, soc, false, atMonoMs, isLow);» kept.held?.soc === 100 -> false",
      "services/soc_bridge/judge/weigh.ts «return stepSoc(kept.held?.soc === 100 ? SOC_UNKNOWN : kept, soc, false, atMonoMs, isLow);» 100 -> 101",
      "services/soc_bridge/judge/weigh.ts «return stepSoc(kept.held?.soc === 100 ? SOC_UNKNOWN : kept, soc, false, atMonoMs, isLow);» false -> true",
    ],
  ],
  [
    "what has no age, or no charge to compare with, is later than nothing",
    [
      "services/soc_bridge/judge/weigh.ts «const saidMonoMs = nowMonoMs - (cloud.grid_age_s ?? cloud.age_s ?? Infinity) * 1000;» cloud.grid_age_s ?? cloud.age_s ?? Infinity -> (cloud.grid_age_s ?? cloud.age_s)!",
      "services/soc_bridge/judge/weigh.ts «saidMonoMs > (cable.soc?.atMonoMs ?? Infinity);» cable.soc?.atMonoMs ?? Infinity -> (cable.soc?.atMonoMs)!",
    ],
  ],
  [
    "a reading is believed now, or held back: never both, and never neither",
    [
      "services/soc_bridge/judge/power_station.ts «if (this.#soc.atMonoMs === atMonoMs && !this.#soc.held) this.#socSource = reading.source;» && -> ||",
    ],
  ],
  [
    "a station that is live has said something",
    [
      'services/soc_bridge/judge/power_station.ts «return this.link(nowMonoMs) === "live" && nowMonoMs - (this.#evidenceMonoMs ?? -Infinity) <= FRESH_MS;» this.#evidenceMonoMs ?? -Infinity -> (this.#evidenceMonoMs)!',
    ],
  ],
];

/** What the policy remembers, as text that survives a restart. Pure. */
import * as v from "valibot";
import { integerIn, numberIn, parseJson, textUpTo } from "../../../lib/messages/parse.ts";
import { emptyHouse, type HouseState } from "../house.ts";
import { hostsOf, type HouseRules } from "../rules/rules.ts";
import { age, ageOf, type AtAge } from "./ages.ts";
import { fromHost, hostSchema, isSameHost, toHostPhase } from "./hosts.ts";
import { isSameMap, Pieces } from "./pieces.ts";
import { fromStation, isSameStation, stationSchema, toStation } from "./stations.ts";
import { recordOf } from "../../../lib/record_of.ts";

/** The form of this file. A newer form is never overwritten by an older program. */
export const SNAPSHOT_VERSION = 1;

const schema = v.object({
  version: integerIn(1, SNAPSHOT_VERSION),
  saved_at_ms: numberIn(0, 1e15),
  /** The start of the system that wrote it; absent when nobody said which one it was. */
  boot_id: v.optional(textUpTo(64)),
  /** The doubt after a reboot, while it is not settled: wall time of the last snapshot before it, and for how long it lasts. */
  doubt: v.optional(v.object({ saved_at_ms: numberIn(0, 1e15), age_ms: age })),
  stations: recordOf(stationSchema),
  hosts: recordOf(hostSchema),
  learned_ms: recordOf(v.array(age)),
  drilled_month: v.optional(textUpTo(7)),
});

/**
 * The largest snapshot that is read back, bytes. It is our own file and grows with the house, by 1 to 2 KiB for a station
 * and its host: this is enough for ten thousands of them.
 */
export const MAX_SNAPSHOT_BYTES = 64 * 1024 * 1024;

/** What is in doubt after a reboot: whether the power was gone since a snapshot. */
export interface DoubtBasis {
  /** Wall time of the last snapshot before the reboot, ms since 1970. */
  readonly savedAtMs: number;
  /** Since when, monotonic ms. */
  readonly beganMonoMs: number;
}

/** Writes houses down, one after the other; what did not change since the last time is not encoded again. */
export class SnapshotWriter {
  readonly #stations = new Pieces(fromStation, isSameStation);
  readonly #hosts = new Pieces(fromHost, isSameHost);
  #learned: HouseState["learnedMs"] = new Map();
  #drilledMonth: string | undefined;
  #doubt: DoubtBasis | undefined;
  /** The doubt that a restart must know; absent when there is none. */
  doubt: DoubtBasis | undefined;

  /** @param bootId Which start of the system this is; absent when nobody says */
  constructor(private readonly bootId?: string) {}

  /** Whether something is different that a restart must know. */
  isNews({ stations, hosts, learnedMs, drilledMonth }: HouseState): boolean {
    return this.doubt !== this.#doubt || this.#stations.isNews(withoutPlayed(stations)) ||
      this.#hosts.isNews(hosts) ||
      drilledMonth !== this.#drilledMonth || !isSameMap(learnedMs, this.#learned);
  }

  /** The text. @param nowWallMs Wall time, ms since 1970 */
  write(
    { stations, hosts, learnedMs, drilledMonth }: HouseState,
    nowMonoMs: number,
    nowWallMs: number,
  ): string {
    this.#learned = new Map(learnedMs);
    this.#drilledMonth = drilledMonth;
    const doubt = this.#doubt = this.doubt;
    return `{"version":${SNAPSHOT_VERSION},"saved_at_ms":${nowWallMs},` +
      (this.bootId === undefined ? "" : `"boot_id":${JSON.stringify(this.bootId)},`) +
      (doubt
        ? `"doubt":{"saved_at_ms":${doubt.savedAtMs},"age_ms":${ageOf(doubt.beganMonoMs, nowMonoMs)}},`
        : "") +
      `"stations":${this.#stations.write(withoutPlayed(stations), nowMonoMs)},` +
      `"hosts":${this.#hosts.write(hosts, nowMonoMs)},` +
      `"learned_ms":${JSON.stringify(Object.fromEntries(learnedMs))}` +
      (drilledMonth === undefined ? "}" : `,"drilled_month":${JSON.stringify(drilledMonth)}}`);
  }
}

/** A play ends with the run that heard it: a restart knows nothing of it. */
function withoutPlayed(stations: HouseState["stations"]): HouseState["stations"] {
  for (const { readings } of stations.values()) {
    if (readings.simulated) return new Map([...stations].filter(([, one]) => !one.readings.simulated));
  }
  return stations;
}

/** Writes one house down. @param nowWallMs Wall time, ms since 1970 */
export function encodeSnapshot(house: HouseState, nowMonoMs: number, nowWallMs: number): string {
  return new SnapshotWriter().write(house, nowMonoMs, nowWallMs);
}

/** The longest stop that is believed of the wall clock, ms: ten minutes. */
const BELIEVED_STOP_MS = 600_000;
/**
 * A stop up to this long is taken as it is, ms; a longer one, or a negative one, may be a clock that jumped. It is counted
 * from the snapshot, which may have been a minute old.
 */
export const SURE_STOP_MS = 120_000;
/**
 * Whether a stop was so short that no host can have lost its power and be back.
 *
 * A system that was started anew can have been off for hours, whatever its clock says: it may have begun at the time that
 * was stored last. One that ran all the while had power, but a host of another station or plug need not have had it. So after a
 * longer stop, or a clock that jumped, the hosts are asked all the same.
 *
 * @param awayMs By the wall clock
 * @param isSameBoot Whether the system ran all the while; undefined when nobody says: then the time alone decides
 */
export function isSureStop(awayMs: number, isSameBoot: boolean | undefined): boolean {
  return isSameBoot !== false && awayMs >= 0 && awayMs <= SURE_STOP_MS;
}

/** After a stop that looks longer than this, the last reading on the grid is forgotten, ms: one hour. */
const FORGET_GRID_MS = 3_600_000;

/**
 * Reads the house back.
 *
 * How long we were away is told by the wall clock, which may have jumped. So holds move on by that time, but never by a
 * negative one and by ten minutes at most. When that time is not sure, a reading is replaced only by what is newer than it
 * would be had we not been away at all. After what looks like more than an hour the last reading on the grid is
 * forgotten: most likely the power came back and switched us on. How long the grid has been stable counts anew: nobody
 * watched it while we were away.
 *
 * @param bootId Which start of the system this is; absent when nobody says
 * @returns `savedAtMs`: wall time of the snapshot, ms since 1970. `doubt`: absent when the stop was short and leaves none;
 * after a second stop it is the one from before
 * @throws InvalidInputError when the text is broken or of a newer version
 */
export function restoreSnapshot(
  text: string,
  source: string,
  rules: Pick<HouseRules, "stations">,
  nowMonoMs: number,
  nowWallMs: number,
  bootId?: string,
): { readonly house: HouseState; readonly savedAtMs: number; readonly doubt?: DoubtBasis } {
  const snapshot = parseJson(schema, text, source, MAX_SNAPSHOT_BYTES);
  const awayMs = nowWallMs - snapshot.saved_at_ms;
  const countedMs = Math.min(BELIEVED_STOP_MS, Math.max(0, awayMs));
  const at: AtAge = (ageMs = 0) => nowMonoMs - ageMs - countedMs;
  const isBootKnown = bootId !== undefined && snapshot.boot_id !== undefined;
  const isSure = isSureStop(awayMs, isBootKnown ? bootId === snapshot.boot_id : undefined);
  const empty = emptyHouse(rules);
  const stations = new Map(empty.stations);
  const hosts = new Map(empty.hosts);
  for (const [name, saved] of Object.entries(snapshot.stations)) {
    const { noted_age_ms: notedMs = 0 } = saved;
    const when = { nowMonoMs, notedMs, isSure, isLongAgo: awayMs > FORGET_GRID_MS };
    stations.set(name, toStation(saved, (ageMs = 0) => at(ageMs + notedMs), when));
  }
  for (const [name, saved] of Object.entries(snapshot.hosts)) {
    const { noted_age_ms: notedMs = 0 } = saved;
    if (hosts.has(name)) {
      hosts.set(name, { phase: toHostPhase(saved, (ageMs = 0) => at(ageMs + notedMs)) });
    }
  }
  const known = new Set(hostsOf(rules));
  const learned = Object.entries(snapshot.learned_ms).filter(([name]) => known.has(name));
  return {
    house: { stations, hosts, learnedMs: new Map(learned), drilledMonth: snapshot.drilled_month },
    savedAtMs: snapshot.saved_at_ms,
    doubt: doubtAfter(snapshot, { isSure, nowMonoMs, countedMs }),
  };
}

/** One that goes on keeps its basis: a host that came up after the power did must not count as one that always had it. */
function doubtAfter(
  { saved_at_ms, doubt }: v.InferOutput<typeof schema>,
  { isSure, nowMonoMs, countedMs }: {
    readonly isSure: boolean;
    readonly nowMonoMs: number;
    readonly countedMs: number;
  },
): DoubtBasis | undefined {
  const savedAtMs = doubt?.saved_at_ms ?? saved_at_ms;
  if (!isSure) return { savedAtMs, beganMonoMs: nowMonoMs };
  return doubt && { savedAtMs, beganMonoMs: nowMonoMs - doubt.age_ms - countedMs };
}

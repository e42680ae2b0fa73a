/** When each station is asked for its whole state, and what silence means. Pure: time is an argument. */

/** Nothing heard for this long, ms: ask again at once. */
export const SILENT_MS = 90_000;
/** Still nothing from any station this long after that, ms: the connection is in doubt. */
export const GRACE_MS = 15_000;
/** Shortest time between two requests to one station that somebody in the house wants, ms. */
export const REFRESH_GAP_MS = 5000;
/** Longest time between the first requests to two stations, ms. */
const MAX_SPACING_MS = 1000;

interface Station {
  nextAskMonoMs: number;
  askedMonoMs: number;
  heardMonoMs: number;
  /** True once it was asked because of its silence. */
  wasPressed: boolean;
}

/** The requests of one connection. Stations take turns, so that many of them never burst. */
export class KeepAlive {
  readonly #stations = new Map<string, Station>();
  readonly #intervalMs: number;
  readonly #spacingMs: number;
  #lastAskMonoMs = -Infinity;

  /** @param startMonoMs When the connection came up; each station is first asked right after it, in turn */
  constructor(
    sns: readonly string[],
    { intervalMs, startMonoMs }: { intervalMs: number; startMonoMs: number },
  ) {
    this.#intervalMs = intervalMs;
    this.#spacingMs = Math.min(MAX_SPACING_MS, intervalMs / Math.max(1, sns.length) / 2);
    for (const [index, sn] of sns.entries()) {
      this.#stations.set(sn, {
        nextAskMonoMs: startMonoMs + index * this.#spacingMs,
        askedMonoMs: -Infinity,
        heardMonoMs: startMonoMs,
        wasPressed: false,
      });
    }
  }

  /** One more station, which was asked just now. */
  add(sn: string, nowMonoMs: number): void {
    this.#stations.set(sn, {
      nextAskMonoMs: nowMonoMs + this.#intervalMs,
      askedMonoMs: nowMonoMs,
      heardMonoMs: nowMonoMs,
      wasPressed: false,
    });
  }

  /** This station is asked no more. */
  remove(sn: string): void {
    this.#stations.delete(sn);
  }

  /** When {@link KeepAlive.take} has something to do next; Infinity without stations. */
  nextMonoMs(): number {
    let next = Infinity;
    for (const station of this.#stations.values()) next = Math.min(next, dueMonoMs(station));
    return Math.max(next, this.#lastAskMonoMs + this.#spacingMs);
  }

  /** The one station to ask now, noted as asked; undefined when it is nobody's turn. */
  take(nowMonoMs: number): string | undefined {
    if (nowMonoMs < this.#lastAskMonoMs + this.#spacingMs) return undefined;
    let chosen: [string, Station] | undefined;
    for (const entry of this.#stations) {
      const dueMs = dueMonoMs(entry[1]);
      if (dueMs <= nowMonoMs && (!chosen || dueMs < dueMonoMs(chosen[1]))) chosen = entry;
    }
    if (!chosen) return undefined;
    const [sn, station] = chosen;
    if (nowMonoMs - station.heardMonoMs >= SILENT_MS) station.wasPressed = true;
    // From the turn, not from now: so the stations keep their distances. A request out of turn leaves the turn alone.
    if (station.nextAskMonoMs <= nowMonoMs) {
      const nextMs = station.nextAskMonoMs + this.#intervalMs;
      station.nextAskMonoMs = nextMs > nowMonoMs ? nextMs : nowMonoMs + this.#intervalMs;
    }
    station.askedMonoMs = nowMonoMs;
    this.#lastAskMonoMs = nowMonoMs;
    return sn;
  }

  /** Something came from a station. */
  heard(sn: string, nowMonoMs: number): void {
    const station = this.#stations.get(sn);
    if (!station) return;
    station.heardMonoMs = nowMonoMs;
    station.wasPressed = false;
  }

  /** Somebody in the house wants fresh values: the station is next, unless it was asked a moment ago. */
  refresh(sn: string, nowMonoMs: number): void {
    const station = this.#stations.get(sn);
    if (!station || nowMonoMs - station.askedMonoMs < REFRESH_GAP_MS) return;
    station.nextAskMonoMs = Math.min(station.nextAskMonoMs, nowMonoMs);
  }

  /** How long nothing came from this station, ms; since the connection came up when nothing ever did; Infinity for a stranger. */
  silenceMs(sn: string, nowMonoMs: number): number {
    const station = this.#stations.get(sn);
    return station ? nowMonoMs - station.heardMonoMs : Infinity;
  }

  /** When the connection is in doubt because every station stayed silent although it was asked again. */
  doubtMonoMs(): number {
    let heardMonoMs = -Infinity;
    for (const station of this.#stations.values()) heardMonoMs = Math.max(heardMonoMs, station.heardMonoMs);
    return this.#stations.size === 0 ? Infinity : heardMonoMs + SILENT_MS + GRACE_MS;
  }
}

function dueMonoMs({ nextAskMonoMs, heardMonoMs, wasPressed }: Station): number {
  return wasPressed ? nextAskMonoMs : Math.min(nextAskMonoMs, heardMonoMs + SILENT_MS);
}

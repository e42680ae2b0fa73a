/** Keeps the house's snapshot on disk: after every change, seldom else; and says when it cannot. */
import type { Clock } from "../../lib/clock.ts";
import { errorText } from "../../lib/errors.ts";
import type { Health } from "../../lib/health.ts";
import type { Logger } from "../../lib/log.ts";
import { emptyHouse, type HouseState } from "./house.ts";
import type { HouseRules } from "./rules.ts";
import { encodeSnapshot, restoreSnapshot } from "./snapshot.ts";
import type { TextFile } from "../../lib/text_file.ts";
import { stationPhase } from "./station.ts";

/** On battery the snapshot follows the words at least this often, ms. */
const SNAPSHOT_EVERY_MS = 60_000;
/** The wall clock has jumped when it gained or lost more than this against the monotonic one, ms. */
const JUMP_MS = 2000;
/** A store that failed is tried again after this long, ms. */
const STORE_RETRY_MS = 10_000;

/** What the keeper needs of its surroundings. */
export interface KeeperParts {
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Logger;
  readonly store: TextFile;
}

/** See the file comment. */
export class SnapshotKeeper {
  #key = "";
  #writtenMonoMs = -Infinity;
  #writtenOffsetMs: number | undefined;
  #hasFailed = false;

  constructor(private readonly parts: KeeperParts) {}

  /**
   * What was remembered, or an empty house after saying why not.
   *
   * @returns `awayMs`: how long we were away by the wall clock, which may have jumped, and `savedAtMs`, the snapshot's
   * wall time; absent without a snapshot
   */
  restore(
    rules: Pick<HouseRules, "stations">,
  ): { readonly house: HouseState; readonly awayMs?: number; readonly savedAtMs?: number } {
    const { clock, health, log, store } = this.parts;
    try {
      const text = store.read();
      if (text === undefined) return { house: emptyHouse(rules) };
      const restored = restoreSnapshot(text, "the policy's snapshot", rules, clock.monoMs(), clock.wallMs());
      for (const [device, station] of restored.house.stations) {
        const { kind } = stationPhase(station);
        if (kind !== "online" && kind !== "unknown") log.notice("RESUMED", { device, state: kind });
      }
      return restored;
    } catch (error) {
      const text = `${errorText(error)}; the policy begins anew`;
      log.error("SNAPSHOT REFUSED", { reason: text, kept_as: this.#setAside() });
      health.raise({ code: "snapshot_refused", severity: "warning", text });
      return { house: emptyHouse(rules) };
    }
  }

  /** Stores the house when something changed that a restart must know, and the words now and then while on battery. */
  keep(house: HouseState): void {
    const { clock, health, log, store } = this.parts;
    const nowMonoMs = clock.monoMs();
    const sinceMs = nowMonoMs - this.#writtenMonoMs;
    const isOnBattery = [...house.stations.values()].some(({ verdict }) => verdict?.connected === false);
    const key = keyOf(house);
    const offsetMs = clock.wallMs() - nowMonoMs;
    // Its time of writing is how a restart tells for how long we were away: it follows every step of the wall clock.
    const hasJumped = Math.abs(offsetMs - (this.#writtenOffsetMs ?? offsetMs)) > JUMP_MS;
    if (key === this.#key && !hasJumped && !(isOnBattery && sinceMs >= SNAPSHOT_EVERY_MS)) return;
    if (this.#hasFailed && sinceMs < STORE_RETRY_MS) return;
    this.#writtenMonoMs = nowMonoMs;
    try {
      store.write(encodeSnapshot(house, nowMonoMs, clock.wallMs()));
      this.#key = key;
      this.#writtenOffsetMs = offsetMs;
      this.#hasFailed = false;
      health.clear("snapshot_not_stored");
    } catch (error) {
      if (!this.#hasFailed) log.error("SNAPSHOT NOT STORED", { reason: errorText(error) });
      this.#hasFailed = true;
      const text = `Cannot store the policy's state: ${errorText(error)}; it goes on from memory`;
      health.raise({ code: "snapshot_not_stored", severity: "error", text });
    }
  }

  #setAside(): string {
    try {
      return this.parts.store.setAside();
    } catch (error) {
      return `nothing: ${errorText(error)}`;
    }
  }
}

/** Differs whenever something is different that a restart must know. */
function keyOf({ stations, hosts, learnedMs, drilledMonth }: HouseState): string {
  return JSON.stringify([
    [...stations].map(([name, { phases, started, verdict }]) => [
      name,
      verdict?.connected,
      [...phases].map(([key, { kind }]) => [key, kind]),
      [...started.keys()],
    ]),
    [...hosts].map(([name, { phase }]) => [name, phase]),
    [...learnedMs],
    drilledMonth,
  ]);
}

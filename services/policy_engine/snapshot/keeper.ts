/** Keeps the house's snapshot on disk: after every change, seldom else; and says when it cannot. */
import type { Cancel, Clock } from "../../../lib/time/clock.ts";
import { errorText } from "../../../lib/errors.ts";
import type { Health } from "../../../lib/health.ts";
import type { Logger } from "../../../lib/log/log.ts";
import { emptyHouse, type HouseState } from "../house.ts";
import type { HouseRules } from "../rules/rules.ts";
import { type DoubtBasis, restoreSnapshot, SnapshotWriter } from "./snapshot.ts";
import type { SlotFile } from "../../../lib/files/slot_file.ts";
import { stationPhase } from "../outage/station.ts";

/** On battery the snapshot follows the readings at least this often, ms. */
const SNAPSHOT_EVERY_MS = 60_000;
/** The wall clock has jumped when it gained or lost more than this against the monotonic one, ms. */
const JUMP_MS = 2000;
/** A store that failed is tried again after this long, ms. */
const STORE_RETRY_MS = 10_000;
/** Nobody waits longer than this for the snapshot of a large house on a slow disk, ms. */
const LONGEST_PAUSE_MS = 250;

/** What the keeper needs of its surroundings. */
export interface KeeperParts {
  readonly clock: Clock;
  readonly health: Health;
  readonly log: Logger;
  readonly store: SlotFile;
  /** Which start of the system this is; absent when nobody says. */
  readonly bootId?: string;
}

/** See the file comment. */
export class SnapshotKeeper {
  readonly #writer: SnapshotWriter;
  /** What the writer wrote last is on the disk. */
  #isStored = false;
  #writtenMonoMs = -Infinity;
  #writtenOffsetMs: number | undefined;
  #hasFailed = false;
  /** Before this time the next snapshot waits for company. */
  #restUntilMonoMs = -Infinity;
  #cancelRest: Cancel | undefined;
  /** When what waits is stored, where {@link #cancelRest} is there. */
  #storesMonoMs = Infinity;
  readonly #waiting: (() => void)[] = [];

  constructor(private readonly parts: KeeperParts) {
    this.#writer = new SnapshotWriter(parts.bootId);
  }

  /**
   * What was remembered, or an empty house after saying why not.
   *
   * @returns `savedAtMs` and `doubt` of the snapshot, see {@link restoreSnapshot}; absent without one
   */
  restore(
    rules: Pick<HouseRules, "stations">,
  ): { readonly house: HouseState; readonly savedAtMs?: number; readonly doubt?: DoubtBasis } {
    const { clock, health, log, store, bootId } = this.parts;
    try {
      const text = store.read();
      if (text === undefined) return { house: emptyHouse(rules) };
      if (store.isOlder) {
        log.warn(
          "SNAPSHOT BEFORE THE LAST: the last one is not whole, as after a cut of power or on a bad disk",
        );
      }
      const now = [clock.monoMs(), clock.wallMs()] as const;
      const restored = restoreSnapshot(text, "the policy's snapshot", rules, ...now, bootId);
      for (const [device, station] of restored.house.stations) {
        const { kind } = stationPhase(station);
        if (kind !== "online" && kind !== "unknown") log.notice("RESUMED", { device, state: kind });
      }
      this.#writer.doubt = restored.doubt;
      return restored;
    } catch (error) {
      const text = `${errorText(error)}; the policy begins anew`;
      log.error("SNAPSHOT REFUSED", { reason: text, kept_as: this.#setAside() });
      health.raise({ code: "snapshot_refused", severity: "warning", text });
      return { house: emptyHouse(rules) };
    }
  }

  /** The doubt that was restored is settled, or over: a restart need not know it any more. */
  endDoubt(): void {
    this.#writer.doubt = undefined;
  }

  /**
   * Stores the house, and then lets `said` happen. The first in a while is stored at once. What comes while a snapshot has
   * just been written waits for as long as that took, and is stored together. So a thousand stations that lose the grid in one
   * moment need a few snapshots, not a thousand.
   *
   * @param house As it is; it is stored as it will be then
   * @param said What must not be said before it is stored; in the order of the calls
   * @param mayWait A crash may forget the change: it waits for company, and is stored with the next that may not wait
   */
  keep(house: HouseState, said: () => void, mayWait = false): void {
    this.#waiting.push(said);
    const nowMonoMs = this.parts.clock.monoMs();
    const atMonoMs = Math.max(this.#restUntilMonoMs, nowMonoMs + (mayWait ? LONGEST_PAUSE_MS : 0));
    if (atMonoMs <= nowMonoMs) this.#keepAll(house);
    else this.#keepAllAt(atMonoMs, house);
  }

  /** What still waits is stored and said now. */
  flush(house: HouseState): void {
    if (this.#cancelRest) this.#keepAll(house);
  }

  /** The last one of this run: what waits is stored and said, and the text is left as a plain file. */
  close(house: HouseState): void {
    this.flush(house);
    const { clock, log, store } = this.parts;
    try {
      store.writePlain(this.#writer.write(house, clock.monoMs(), clock.wallMs()));
    } catch (error) {
      log.error("SNAPSHOT NOT STORED", { reason: errorText(error) });
    }
  }

  #keepAllAt(atMonoMs: number, house: HouseState): void {
    if (this.#cancelRest && this.#storesMonoMs <= atMonoMs) return;
    this.#cancelRest?.();
    const { clock } = this.parts;
    this.#storesMonoMs = atMonoMs;
    this.#cancelRest = clock.after(atMonoMs - clock.monoMs(), () => this.#keepAll(house));
  }

  #keepAll(house: HouseState): void {
    this.#cancelRest?.();
    this.#cancelRest = undefined;
    const { clock } = this.parts;
    const beganMonoMs = clock.monoMs();
    this.#store(house);
    const endMonoMs = clock.monoMs();
    this.#restUntilMonoMs = endMonoMs + Math.min(LONGEST_PAUSE_MS, endMonoMs - beganMonoMs);
    for (const say of this.#waiting.splice(0)) say();
  }

  /** When something changed that a restart must know; while on battery now and then for the readings. */
  #store(house: HouseState): void {
    const { clock, health, log, store } = this.parts;
    const nowMonoMs = clock.monoMs();
    const sinceMs = nowMonoMs - this.#writtenMonoMs;
    const offsetMs = clock.wallMs() - nowMonoMs;
    // Its time of writing is how a restart tells for how long we were away: it follows every step of the wall clock.
    const hasJumped = Math.abs(offsetMs - (this.#writtenOffsetMs ?? offsetMs)) > JUMP_MS;
    const isDue = () => sinceMs >= SNAPSHOT_EVERY_MS && isOnBattery(house);
    if (this.#isStored && !this.#writer.isNews(house) && !hasJumped && !isDue()) return;
    if (this.#hasFailed && sinceMs < STORE_RETRY_MS) return;
    this.#writtenMonoMs = nowMonoMs;
    try {
      this.#isStored = false;
      store.write(this.#writer.write(house, nowMonoMs, clock.wallMs()));
      this.#isStored = true;
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

function isOnBattery({ stations }: HouseState): boolean {
  for (const { verdict } of stations.values()) if (verdict?.connected === false) return true;
  return false;
}

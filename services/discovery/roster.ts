/** Which stations Home Assistant is shown, how each stands, and which are gone for good. Pure but for its own memory. */
import type { PowerState } from "../../lib/messages/power_state.ts";
import type { StationList } from "../../lib/messages/station_list.ts";
import { silentAfterSec, type Standing } from "./availability.ts";
import type { ShownStation } from "./devices.ts";
import { stationId } from "./ids.ts";
import type { EarlierConfig } from "./own_config.ts";
import { shownKeys, stationEntity } from "./station_entities.ts";
import { own, put } from "../../lib/own.ts";

/** A station that is no longer listed and says nothing is taken away after this long, ms. */
export const GONE_AFTER_MS = 600_000;
/** More stations than a house has would only fill the memory. */
const MAX_STATIONS = 500;

interface Known {
  readonly id: string;
  /** Its name in topics; undefined: only known from an earlier run, or from a list. */
  name: string | undefined;
  sn: string | undefined;
  model: string | undefined;
  isAccessory: boolean;
  readonly keys: Set<string>;
  /** Platforms of an earlier version's components, by key. */
  readonly obsolete: Map<string, string>;
  /** Configured, listed, shown by an earlier run, or heard live: retained messages alone are not enough. */
  isShown: boolean;
  /** The last message that did not come out of the broker's memory. */
  heard: { readonly link: PowerState["link"]; readonly atMonoMs: number } | undefined;
  unlistedSinceMonoMs: number | undefined;
}

/** What the roster is made of. */
export interface RosterOptions {
  readonly stations: readonly { readonly sn: string; readonly name?: string }[];
  readonly staleAfterSec: number;
}

/** See the file comment. */
export class Roster {
  readonly #known = new Map<string, Known>();
  /** By the name in topics. */
  readonly #idByName = new Map<string, string>();
  readonly #configured: ReadonlySet<string>;
  /** Ids of the last list that named anybody; undefined before. */
  #listed: ReadonlySet<string> | undefined;

  constructor(private readonly options: RosterOptions) {
    this.#configured = idsOf(options.stations);
  }

  /** Everything that is to be shown. */
  get ids(): string[] {
    return [...this.#known.values()].filter(({ isShown }) => isShown).map(({ id }) => id);
  }

  /** The id under which a name in topics is shown; undefined when it is not. */
  idOf(name: string): string | undefined {
    const id = this.#idByName.get(name);
    return id !== undefined && this.#known.get(id)?.isShown ? id : undefined;
  }

  /** How a station is to be shown, and what to take away of an earlier version; undefined: nothing to say yet. */
  shown(id: string): { station: ShownStation; obsolete: Readonly<Record<string, string>> } | undefined {
    const known = this.#known.get(id);
    if (!known?.isShown || known.name === undefined) return undefined;
    return { station: { ...known, name: known.name }, obsolete: Object.fromEntries(known.obsolete) };
  }

  /** How a station stands now. */
  standing(id: string, nowMonoMs: number): Standing {
    const heard = this.#known.get(id)?.heard;
    if (!heard) return "silent";
    const limitMs = 1000 * silentAfterSec(heard.link, this.options.staleAfterSec);
    if (nowMonoMs - heard.atMonoMs >= limitMs) return "silent";
    return (heard.link ?? "live") === "live" ? "live" : "heard";
  }

  /**
   * Takes a station's state. @returns its id when its configuration may have changed
   *
   * @param name Its name in topics
   * @param retained Out of the broker's memory: says what there is, but not that it is true now
   */
  state(name: string, state: PowerState, at: { retained: boolean; nowMonoMs: number }): string | undefined {
    const id = stationId(state.sn, name);
    const known = this.#get(id);
    if (!known) return undefined;
    if (!at.retained) known.heard = { link: state.link, atMonoMs: at.nowMonoMs };
    const isLive = !at.retained && (state.link ?? "live") === "live";
    if (isLive) known.unlistedSinceMonoMs = undefined;
    const isNew = !known.isShown && (isLive || this.#isNamed(known, name));
    if (isNew) known.isShown = true;
    // An old name's leftover must not win over the name that is in use.
    const takesName = known.name === undefined || !at.retained;
    let isChanged = isNew;
    if (takesName && known.name !== name) {
      if (known.name !== undefined) this.#idByName.delete(known.name);
      known.name = name;
      isChanged = true;
    }
    if (known.name === name) this.#idByName.set(name, id);
    const isAccessory = state.role === "accessory";
    for (const [key, value] of [["sn", state.sn], ["model", state.model]] as const) {
      if (value === undefined || own(known, key) === value) continue;
      put(known, key, value);
      isChanged = true;
    }
    if (known.isAccessory !== isAccessory) {
      known.isAccessory = isAccessory;
      isChanged = true;
    }
    for (const key of shownKeys(state)) {
      if (known.keys.has(key)) continue;
      known.keys.add(key);
      isChanged = true;
    }
    return isChanged && known.isShown ? id : undefined;
  }

  /** The state's topic was emptied: nobody speaks under this name any more. */
  emptied(name: string): string | undefined {
    const id = this.#idByName.get(name);
    const known = id === undefined ? undefined : this.#known.get(id);
    if (known) known.heard = undefined;
    return id;
  }

  /** Takes the house's list. An empty one says nothing: the cloud may not have answered yet. */
  list({ stations }: StationList): void {
    if (stations.length === 0) return;
    this.#listed = idsOf(stations);
    for (const { sn, name } of stations) {
      const known = this.#get(stationId(sn, name ?? sn));
      if (known) known.isShown = true;
    }
  }

  /** Takes what an earlier run has shown, so that values which did not come again since are not taken away. */
  remember(id: string, { platforms }: EarlierConfig, keepsKey: (key: string) => boolean): void {
    const known = this.#get(id);
    if (!known) return;
    known.isShown = true;
    for (const [key, platform] of platforms) {
      if (stationEntity(key)) known.keys.add(key);
      else if (!keepsKey(key)) known.obsolete.set(key, platform);
    }
  }

  /** Removes, and returns, those that have been off the list and without a live message for long enough. */
  takeGone(nowMonoMs: number): string[] {
    const gone: string[] = [];
    for (const known of this.#known.values()) {
      if (!this.#isUnlisted(known) || this.standing(known.id, nowMonoMs) === "live") {
        known.unlistedSinceMonoMs = undefined;
        continue;
      }
      known.unlistedSinceMonoMs ??= nowMonoMs;
      if (nowMonoMs - known.unlistedSinceMonoMs < GONE_AFTER_MS) continue;
      if (known.isShown) gone.push(known.id);
      this.#known.delete(known.id);
      if (known.name !== undefined) this.#idByName.delete(known.name);
    }
    return gone;
  }

  /** Only a list that names others can say that one is gone. */
  #isUnlisted(known: Known): boolean {
    const listed = this.#configured.size > 0 ? this.#configured : this.#listed;
    return listed !== undefined && !this.#isNamed(known, known.name);
  }

  #isNamed({ id }: Known, name: string | undefined): boolean {
    const ids = name === undefined ? [id] : [id, stationId(undefined, name)];
    return ids.some((one) => this.#configured.has(one) || (this.#listed?.has(one) ?? false));
  }

  #get(id: string): Known | undefined {
    const found = this.#known.get(id);
    if (found || this.#known.size >= MAX_STATIONS) return found;
    const known: Known = {
      id,
      name: undefined,
      sn: undefined,
      model: undefined,
      isAccessory: false,
      keys: new Set(),
      obsolete: new Map(),
      isShown: this.#configured.has(id),
      heard: undefined,
      unlistedSinceMonoMs: undefined,
    };
    this.#known.set(id, known);
    return known;
  }
}

/** Ids by serial number, and by name for stations whose feeder does not tell it. */
function idsOf(stations: readonly { readonly sn: string; readonly name?: string }[]): Set<string> {
  return new Set(
    stations.flatMap(({ sn, name }) => [stationId(sn, sn), stationId(undefined, name ?? sn)]),
  );
}

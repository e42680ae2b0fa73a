/** One station: raw payloads in, the state of the design out. Time is handed in. */
import { put } from "../../../lib/own.ts";
import type { PackState, PowerState } from "../../../lib/messages/power_state.ts";
import type { InnerMessage } from "../../../proto/registry.ts";
import type { CompiledModel } from "../models/compiled_model.ts";
import { doubtGrid, GRID_UNKNOWN, type GridState, settleGrid, stepGrid } from "./grid.ts";
import { gridEvidence, outageSign } from "./grid_evidence.ts";
import { Intake } from "../decode/intake.ts";
import type { Taken } from "../decode/taken.ts";
import { hasChargeNews, normalizeSoc, type SocSource } from "./charge.ts";
import { normalize, type Normalized } from "./normalize.ts";
import { LASTING, type NumberName } from "../models/model_spec.ts";
import { areMinutesDoubtful } from "./plausible_minutes.ts";
import { readPayload } from "../decode/payload.ts";
import { SOC_UNKNOWN, SOC_ZERO, type SocState, stepSoc } from "./soc_filter.ts";
import type { Urgent } from "./urgent.ts";
import { stepTag27 } from "./tag27.ts";

/** How a station is to be judged. */
export interface PowerStationOptions {
  readonly sn: string;
  readonly model: CompiledModel;
  /** `auto`: the sound indicator of the family; `tag27`: the predecessor's rule, on models that allow it. */
  readonly gridRule: "auto" | "tag27";
  /** Without fresh evidence for this long the link is stale, ms. */
  readonly staleAfterMs: number;
  /** The table was chosen by two letters of the serial number: what the station sends must confirm it. */
  readonly isGuess?: boolean;
}

/** What a payload did. */
export interface Accepted extends Taken {
  /** The grid verdict changed. */
  readonly gridChanged: boolean;
  /** What was said of the grid contradicts itself, or what was said a while ago: worth a question. */
  readonly isGridDenied: boolean;
  /** A state of charge was held back as implausible, %. */
  readonly socHeld: number | undefined;
}

/** While others are fresh, a value that was not confirmed for this long is no longer shown, ms. */
export const VALUE_MAX_AGE_MS = 10 * 60_000;

/**
 * What was told within this time is fresh when values are weighed against each other, ms: full uploads come every two minutes. When
 * a house calls a station stale is another matter: a value that hangs must not hide an outage for an hour.
 */
export const FRESH_MS = 120_000;

/** The charge of the whole and of a battery are compared when they were told this close together, ms. */
const PART_APART_MS = 10_000;

/** Who says that a station is away: the connection to the cloud is down, or the cloud has lost the station. */
export type OfflineTeller = "cloud" | "station";

/** Whether the link is alive. */
export type Link = "live" | "stale" | "offline";

/** See the file comment. */
export class PowerStation {
  readonly sn: string;
  readonly #intake: Intake;
  readonly #options: PowerStationOptions;
  #grid: GridState = GRID_UNKNOWN;
  #soc: SocState = SOC_UNKNOWN;
  #socSource: SocSource | undefined;
  #evidenceMonoMs: number | undefined;
  readonly #offline = new Map<OfflineTeller, number>();

  constructor(options: PowerStationOptions) {
    this.#options = options;
    this.sn = options.sn;
    this.#intake = new Intake(options.model);
  }

  /** The table in use. */
  get model(): CompiledModel {
    return this.#options.model;
  }

  /** The table was chosen by two letters of the serial number, and nothing that was sent confirms it. */
  get isModelGuess(): boolean {
    return this.#options.isGuess === true && !this.#intake.isOwnSpeech;
  }

  /** The grid verdict with its evidence. */
  get grid(): GridState {
    return this.#grid;
  }

  /**
   * Takes a payload as the cloud sent it.
   *
   * @param source Named in errors
   * @throws InvalidInputError when nothing of it can be read; the station is then as it was before
   */
  accept(bytes: Uint8Array, atMonoMs: number, source = "payload"): Accepted {
    return this.#judge(this.#intake.take(readPayload(bytes, source), atMonoMs), atMonoMs);
  }

  /** Takes messages that somebody else has decoded, all at once, as one payload. */
  acceptMessages(messages: readonly InnerMessage[], atMonoMs: number): Accepted {
    return this.#judge(this.#intake.takeMessages(messages, atMonoMs), atMonoMs);
  }

  /** Somebody says that the station cannot be heard. Ends with the next evidence, or when it is taken back. */
  setOffline(word: OfflineTeller, atMonoMs: number): void {
    this.#offline.set(word, atMonoMs);
  }

  /** Takes back what {@link PowerStation.setOffline} said; the age of the evidence decides again. */
  clearOffline(word: OfflineTeller): void {
    this.#offline.delete(word);
  }

  /** Ages decide: `offline` when that was said after the newest evidence, `stale` without evidence for too long. */
  link(nowMonoMs: number): Link {
    const evidence = this.#evidenceMonoMs;
    if (this.#offline.size > 0) {
      for (const saidMonoMs of this.#offline.values()) {
        if (evidence === undefined || evidence <= saidMonoMs) return "offline";
      }
    }
    return evidence !== undefined && nowMonoMs - evidence <= this.#options.staleAfterMs ? "live" : "stale";
  }

  /** Until when its age leaves it live, monotonic ms; -Infinity without evidence. */
  get liveUntilMonoMs(): number {
    return (this.#evidenceMonoMs ?? -Infinity) + this.#options.staleAfterMs;
  }

  /** Whether it is live and spoke within {@link FRESH_MS}: what it says of the grid is weighed against others by that. */
  isFresh(nowMonoMs: number): boolean {
    return this.link(nowMonoMs) === "live" && nowMonoMs - (this.#evidenceMonoMs ?? -Infinity) <= FRESH_MS;
  }

  /** Ends a presence that a live station no longer confirms, and notes it of a loss. */
  settle(nowMonoMs: number): void {
    const { gridRule, model } = this.#options;
    if (this.#grid.present === undefined || this.#grid.isUntold) return;
    if (this.link(nowMonoMs) !== "live" || (gridRule === "tag27" && model.spec.tag27)) return;
    this.#grid = settleGrid(this.#grid, nowMonoMs, this.#evidenceMonoMs ?? -Infinity);
  }

  /** All values by the table alone: no confirmation, no filter, no placeholders removed. */
  normalized(nowMonoMs: number): Normalized {
    const { model } = this.#options;
    return normalize(model, this.#intake.readings, this.#intake.packs, nowMonoMs - FRESH_MS);
  }

  /** The part of {@link PowerStation.state} that somebody may act upon. */
  urgent(nowMonoMs: number): Urgent {
    this.settle(nowMonoMs);
    return {
      soc: this.#soc.soc,
      grid_connected: this.#grid.present,
      grid_unknown: this.#grid.isUntold,
      grid_unconfirmed: this.#grid.pending ? true : undefined,
      link: this.link(nowMonoMs),
    };
  }

  /**
   * The state to publish.
   *
   * @param device The name in topics
   * @param wallMs Wall time of publishing, ms since 1970
   */
  state(device: string, nowMonoMs: number, wallMs: number): PowerState {
    this.settle(nowMonoMs);
    const { spec } = this.#options.model;
    const link = this.link(nowMonoMs);
    const values = this.normalized(nowMonoMs);
    const oldestMonoMs = link === "live" ? nowMonoMs - VALUE_MAX_AGE_MS : -Infinity;
    const number = (name: NumberName): number | undefined => {
      const found = values.numbers.get(name);
      if (!found || found.isPlaceholder) return undefined;
      return found.atMonoMs >= oldestMonoMs || LASTING.has(name) ? found.value : undefined;
    };
    const grid = this.#grid;
    const flag = values.acOutEnabled;
    const outage = this.#intake.outagePorts;
    const isDoubtful = areMinutesDoubtful({
      dischargeMin: number("discharge_min"),
      soc: this.#soc.soc,
      minSoc: number("min_soc"),
      wattHours: number("battery_wh") ??
        (values.isGroups ? undefined : number("battery_design_wh") ?? spec.rated_wh),
      outWatts: number("out_watts"),
      leastOutWatts: number("ac_out_watts"),
      dcInWatts: number("dc_in_watts"),
    });
    return withoutUnknown({
      device,
      soc: this.#soc.soc,
      grid_connected: grid.present,
      temp_celsius: number("temp_celsius"),
      ac_in_watts: number("ac_in_watts"),
      sn: this.sn,
      model: spec.model,
      role: spec.role === "accessory" ? "accessory" : undefined,
      ac_in_volts: number("ac_in_volts"),
      out_watts: number("out_watts"),
      ac_out_watts: number("ac_out_watts"),
      dc_in_watts: number("dc_in_watts"),
      discharge_min: number("discharge_min"),
      charge_min: number("charge_min"),
      battery_wh: number("battery_wh"),
      battery_design_wh: number("battery_design_wh"),
      min_soc: number("min_soc"),
      max_soc: number("max_soc"),
      ac_out_enabled: flag && flag.atMonoMs >= oldestMonoMs ? flag.value : undefined,
      packs: this.#packs(oldestMonoMs),
      grid_evidence: grid.evidence,
      grid_unconfirmed: grid.pending ? true : undefined,
      grid_unknown: grid.isUntold,
      soc_source: this.#soc.soc === undefined ? undefined : this.#socSource,
      discharge_min_doubtful: isDoubtful ? true : undefined,
      outage_ports: outage && [...outage.ports],
      model_guess: this.isModelGuess ? true : undefined,
      grid_age_s: grid.present === undefined && !grid.isUntold
        ? undefined
        : ageSec(nowMonoMs, grid.confirmedAtMonoMs),
      soc_age_s: this.#soc.soc === undefined ? undefined : ageSec(nowMonoMs, this.#soc.atMonoMs),
      link,
      age_s: this.#evidenceMonoMs === undefined ? undefined : ageSec(nowMonoMs, this.#evidenceMonoMs),
      ts: new Date(wallMs).toISOString(),
    });
  }

  #judge(taken: Taken, atMonoMs: number): Accepted {
    if (taken.online !== undefined) this.#offline.delete("station");
    if (taken.online === false) this.#offline.set("station", atMonoMs);
    if (taken.values > 0) {
      this.#evidenceMonoMs = atMonoMs;
      // Clearing an empty map makes a new table each time, and this runs for every payload.
      if (this.#offline.size > 0) this.#offline.clear();
    }
    const before = this.#grid.present;
    const isGridDenied = this.#judgeGrid(taken, atMonoMs);
    const socHeld = taken.values > 0 ? this.#judgeSoc(taken, atMonoMs) : undefined;
    const gridChanged = this.#grid.present !== before;
    // Named one by one: a spread costs as much as the whole judgement, and this runs for every payload.
    const { values, isReply, online, tag27, messages, unknownPairs, problems } = taken;
    return {
      values,
      isReply,
      online,
      tag27,
      messages,
      unknownPairs,
      problems,
      gridChanged,
      isGridDenied,
      socHeld,
    };
  }

  /** @returns whether the payload's own "gone" is contradicted */
  #judgeGrid({ tag27, values, isReply }: Taken, atMonoMs: number): boolean {
    const { gridRule, model } = this.#options;
    if (gridRule === "tag27" && model.spec.tag27) {
      if (tag27 !== undefined) this.#grid = stepTag27(tag27, atMonoMs);
      return false;
    }
    return values > 0 && this.#judgeEvidence(isReply, atMonoMs);
  }

  #judgeEvidence(isReply: boolean, atMonoMs: number): boolean {
    const { model } = this.#options;
    const { readings } = this.#intake;
    const { pending, doubt } = this.#grid;
    const isWaiting = pending?.isAlone === true || doubt?.isDenied === true;
    const indication = gridEvidence(model, readings, atMonoMs - FRESH_MS, isReply, isWaiting);
    if (indication) this.#grid = stepGrid(this.#grid, indication, isReply, atMonoMs);
    const denied = indication?.denied;
    // A presence that this payload itself proves is not in doubt, whatever else the payload says.
    const unsettled = indication?.decisive && indication.present ? undefined : denied;
    const sign = indication ? unsettled ?? this.#grid.pending?.evidence : outageSign(model, readings);
    if (sign !== undefined) this.#grid = doubtGrid(this.#grid, sign, atMonoMs, unsettled !== undefined);
    this.settle(atMonoMs);
    return denied !== undefined;
  }

  #judgeSoc({ isReply }: Taken, atMonoMs: number): number | undefined {
    const { model } = this.#options;
    const { readings, packs } = this.#intake;
    if (!hasChargeNews(model, readings, packs, atMonoMs)) return undefined;
    const reading = normalizeSoc(model, readings, packs, atMonoMs - FRESH_MS);
    if (reading?.source === "system" && reading.value >= SOC_ZERO) {
      packs?.noteWhole(reading.value, Math.max(atMonoMs - FRESH_MS, reading.atMonoMs - PART_APART_MS));
    }
    if (!reading || reading.atMonoMs !== atMonoMs) return undefined;
    const before = this.#soc;
    this.#soc = stepSoc(before, reading.value, isReply, atMonoMs);
    if (this.#soc.atMonoMs === atMonoMs && !this.#soc.held) this.#socSource = reading.source;
    return this.#soc.held && this.#soc.held !== before.held ? reading.value : undefined;
  }

  /** Packs heard since then, without what of them is older. */
  #packs(oldestMonoMs: number): PackState[] | undefined {
    const packs = (this.#intake.packs?.list() ?? []).filter((p) => p.atMonoMs >= oldestMonoMs);
    if (packs.length === 0) return undefined;
    const isNew = (atMonoMs = -Infinity) => atMonoMs >= oldestMonoMs;
    return packs.map((p) =>
      withoutUnknown({
        num: p.num,
        sn: p.sn,
        soc: p.soc === undefined || !isNew(p.socMonoMs) ? undefined : Math.round(p.soc * 100) / 100,
        temp_celsius: isNew(p.tempMonoMs) ? p.tempCelsius : undefined,
        full_wh: p.fullWh === undefined ? undefined : Math.round(p.fullWh),
      })
    );
  }
}

function ageSec(nowMonoMs: number, atMonoMs: number): number {
  return Math.round(Math.max(0, nowMonoMs - atMonoMs) / 100) / 10;
}

/** The same object without the keys whose value is not known. */
function withoutUnknown<T extends object>(value: T): T {
  const known: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(value)) if (one !== undefined) put(known, key, one);
  return known as T;
}

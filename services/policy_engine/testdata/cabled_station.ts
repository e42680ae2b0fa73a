/**
 * A station that the cloud and a cable speak for, and the place where both are weighed: the product's own `judge/weigh.ts` and
 * `confirm.ts`, so that the referee judges them with the policy. The cloud's frames come late and look fresh, come twice, or do
 * not come; the cable dies, hangs at OL, flaps, or says nonsense of the charge. A seed gives the same again; times are seconds.
 */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { SourceReading } from "../../../lib/messages/source_reading.ts";
import { type Confirmed, NOTHING_SAID, stepConfirmed } from "../../nut_source/confirm.ts";
import { addReading, type Cable, noteCloud, weigh } from "../../soc_bridge/judge/weigh.ts";
import type { Draw } from "./random.ts";

type Window = readonly [fromSec: number, toSec: number];

/** Polls of one step of the world, s before it ends. */
const POLLS_SEC = [6, 3, 0];
/** The driver of a flapping cable is not honest again before its changes have left the window, s. */
const AFTER_FLAPPING_SEC = 660;

/** See the file comment. */
export class CabledStation {
  readonly #late: readonly Window[];
  readonly #lateSec: number;
  readonly #dead: readonly Window[];
  readonly #stuck: readonly Window[];
  readonly #flapping: readonly Window[];
  /** The router hangs on nothing: the internet goes with the grid. */
  readonly #isInternetOnGrid: boolean;
  #frames: { readonly frame: PowerState; readonly atSec: number }[] = [];
  #cloud: PowerState | undefined;
  #heardSec = -Infinity;
  #gridSec = -Infinity;
  #socSec = -Infinity;
  #cable: Cable | undefined;
  #confirmed: Confirmed = NOTHING_SAID;
  #polls = 0;

  /** @param hasCable False: the cloud alone, with the same faults */
  constructor(
    private readonly draw: Draw,
    lengthSec: number,
    private readonly hasCable: boolean,
    private readonly staleAfterSec: number,
  ) {
    const windows = (chance: number, longestSec: number): Window[] => {
      if (!draw.chance(chance)) return [];
      const fromSec = draw.between(0, lengthSec);
      return [[fromSec, fromSec + draw.scale(30, longestSec)]];
    };
    this.#late = windows(0.5, 3600);
    this.#lateSec = draw.scale(20, 900);
    this.#dead = [...windows(0.4, 3600), ...windows(0.2, 120)];
    this.#stuck = windows(0.15, 3600);
    this.#flapping = windows(0.2, 1800);
    this.#isInternetOnGrid = draw.chance(0.5);
  }

  /** Whether the cable tells the truth now, twice confirmed, for whoever listens. */
  isHonest(nowSec: number): boolean {
    if (!this.hasCable || isIn(this.#dead, nowSec) || isIn(this.#stuck, nowSec)) return false;
    // A grid that comes and goes cannot be told from a driver that does not know.
    if (this.#confirmed.isFlapping) return false;
    return !this.#flapping.some(([from, to]) => from <= nowSec && nowSec < to + AFTER_FLAPPING_SEC);
  }

  /** A frame of the cloud as the station said it now; it may come later, twice, or never. */
  cloudSays(frame: PowerState, hasGrid: boolean, nowSec: number): void {
    this.#frames.push({ frame, atSec: nowSec });
    if (this.#isInternetOnGrid && !hasGrid) return;
    const isLate = isIn(this.#late, nowSec);
    const come = isLate ? this.#frames.findLast(({ atSec }) => atSec <= nowSec - this.#lateSec) : { frame };
    if (!come) return;
    const { frame: now } = come;
    const before = this.#cloud;
    // A value that a frame leaves out stays, with its age; an arrival looks fresh, whenever it was said.
    const keepsGrid = now.grid_connected === undefined && !now.grid_unknown;
    const { grid_connected, grid_unknown, grid_age_s = 0, soc, ...rest } = now;
    this.#heardSec = nowSec;
    if (!keepsGrid) this.#gridSec = nowSec - grid_age_s;
    if (soc !== undefined) this.#socSec = nowSec;
    this.#cloud = {
      ...rest,
      grid_connected: keepsGrid ? before?.grid_connected : grid_connected,
      grid_unknown: keepsGrid ? before?.grid_unknown : grid_unknown,
      soc: soc ?? before?.soc,
    };
  }

  /** The worker's polls of one step. */
  poll(truth: PowerState, nowSec: number): void {
    if (!this.hasCable) return;
    for (const beforeSec of POLLS_SEC) this.#poll(truth, nowSec, (nowSec - beforeSec) * 1000);
  }

  #poll(truth: PowerState, nowSec: number, atMonoMs: number): void {
    const { draw } = this;
    this.#polls++;
    const isNonsense = draw.chance(0.02);
    const nonsense = draw.one([0, 1, 100, undefined]);
    if (isIn(this.#dead, nowSec)) return;
    const said = isIn(this.#stuck, nowSec)
      ? true
      : isIn(this.#flapping, nowSec)
      ? this.#polls % 2 === 0
      : truth.grid_connected;
    this.#confirmed = stepConfirmed(this.#confirmed, said, atMonoMs);
    const { grid, isFlapping } = this.#confirmed;
    const reading: SourceReading = {
      source: "nut",
      ...(grid === undefined || isFlapping ? {} : { grid }),
      ...(isNonsense ? { soc: nonsense } : { soc: Math.round(truth.soc ?? 0) }),
      ...(grid === false && truth.discharge_min !== undefined ? { discharge_min: truth.discharge_min } : {}),
      ...(truth.out_watts === undefined ? {} : { out_watts: truth.out_watts }),
      evidence: "ups.status",
      ts: "",
    };
    const isCloudLive = nowSec - this.#heardSec <= this.staleAfterSec;
    this.#cable = addReading(
      this.#cable,
      reading,
      atMonoMs,
      isCloudLive ? this.#cloud?.grid_connected : undefined,
    );
  }

  /** The state as the decoder publishes it now; undefined while nobody has spoken. */
  state(device: string, nowSec: number): PowerState | undefined {
    if (!this.#cloud && !this.#cable) return undefined;
    const cloud: PowerState = this.#cloud
      ? {
        ...this.#cloud,
        link: nowSec - this.#heardSec <= this.staleAfterSec ? "live" : "stale",
        age_s: nowSec - this.#heardSec,
        ...(this.#cloud.grid_connected === undefined && !this.#cloud.grid_unknown
          ? {}
          : { grid_age_s: nowSec - this.#gridSec }),
        ...(this.#cloud.soc === undefined ? {} : { soc_age_s: nowSec - this.#socSec }),
      }
      : { device, link: "stale" };
    if (this.#cable) this.#cable = noteCloud(this.#cable, cloud, nowSec * 1000);
    return weigh(cloud, this.#cable, nowSec * 1000);
  }

  /** The daemon was killed: what it had heard is gone with it. */
  forget(): void {
    this.#cloud = this.#cable = undefined;
    this.#confirmed = NOTHING_SAID;
    this.#heardSec = this.#gridSec = this.#socSec = -Infinity;
  }
}

function isIn(windows: readonly Window[], atSec: number): boolean {
  return windows.some(([from, to]) => from <= atSec && atSec < to);
}

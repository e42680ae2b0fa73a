/** On battery, something to tell each time the charge has fallen by a step. Pure but for its own memory. */
import type { House } from "../house.ts";
import { shownCharge, stationPhase } from "../outage/station.ts";
import type { Telling } from "./journal.ts";

/** Nearer than this to the limit it is a warning, percent points. */
const NEAR_POINTS = 5;

/** A charge as it is shown. */
export interface StepCharge {
  readonly percent: number;
  readonly isEstimate: boolean;
}

/** See the file comment. A run that begins on battery counts from the charge that it finds. */
export class ChargeSteps {
  /** The charge from which each station on battery falls. */
  readonly #from = new Map<string, number>();

  /**
   * @param stepPercent Percent points, 1 or more
   * @param limitPercent The charge at which hosts go
   */
  constructor(private readonly stepPercent: number, private readonly limitPercent: number) {}

  /** What is to be told of the stations of the house now. */
  look(house: House, nowMonoMs: number): { readonly device: string; readonly telling: Telling }[] {
    return [...house.state.stations].flatMap(([device, state]) => {
      const { kind } = stationPhase(state);
      const isOnBattery = kind !== "online" && kind !== "unknown";
      const charge = isOnBattery
        ? shownCharge(state, house.rules, house.rulesOf(device), nowMonoMs)
        : undefined;
      const telling = this.note(device, isOnBattery, charge);
      return telling ? [{ device, telling }] : [];
    });
  }

  /** Notes the charge of one station. @param charge undefined: nobody knows it now */
  note(device: string, isOnBattery: boolean, charge: StepCharge | undefined): Telling | undefined {
    if (!isOnBattery) return void this.#from.delete(device);
    if (!charge) return undefined;
    const { percent, isEstimate } = charge;
    const from = this.#from.get(device);
    // The sun may lift it.
    if (from === undefined || percent > from) return void this.#from.set(device, percent);
    if (from - percent < this.stepPercent) return undefined;
    this.#from.set(device, percent);
    const soc = Math.round(percent * 10) / 10;
    const isNear = percent <= this.limitPercent + NEAR_POINTS;
    return {
      level: "notice",
      title: "CHARGE FALLS",
      fields: { device, soc, estimated: isEstimate || undefined },
      event: {
        kind: "charge_falls",
        severity: isNear ? "warning" : "notice",
        device,
        text: `${device}: on battery, ${isEstimate ? "an estimated " : ""}${Math.floor(percent)} % left`,
        data: { soc, ...(isEstimate ? { is_estimate: true } : {}) },
      },
    };
  }
}

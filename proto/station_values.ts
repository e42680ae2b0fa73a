/** What a simulated station measures, before it is put into one family's words. */

/** One moment of a simulated station. All powers are positive numbers. */
export interface StationValues {
  /** State of charge of the whole system, %, 0 to 100. */
  readonly socPercent: number;
  /** Whether the grid is at the AC input. */
  readonly gridPresent: boolean;
  /** What the AC sockets deliver, W. */
  readonly acOutWatts: number;
  /** What comes in at the AC input, W; 0 with the grid present means that the battery is full or held. */
  readonly acInWatts: number;
  /** Solar or car input, W. */
  readonly dcInWatts: number;
  /** Hottest cell, degrees C. */
  readonly tempCelsius: number;
  /** Minutes to empty and to full as the station estimates them. */
  readonly dischargeMin: number;
  readonly chargeMin: number;
  /** The station's own limits, %. */
  readonly minSocPercent: number;
  readonly maxSocPercent: number;
  readonly acOutEnabled: boolean;
}

/** Puts {@link StationValues} into payloads as the station's cloud connection carries them. */
export interface StationEncoder {
  readonly sn: string;
  /**
   * The pushes of one moment, oldest first, as the real stations send them. Protobuf stations send a full upload the first time,
   * then only what changed since the last call, with battery reports every time. JSON stations send every module, one a push.
   */
  pushes(values: StationValues): Uint8Array[];
  /** The answer to a get-all request: everything in one payload. */
  reply(values: StationValues): Uint8Array;
}

/** A station that is full, quiet and on the grid: a start for simulations and tests. */
export const IDLE_ON_GRID: StationValues = {
  socPercent: 100,
  gridPresent: true,
  acOutWatts: 50,
  acInWatts: 51,
  dcInWatts: 0,
  tempCelsius: 31,
  dischargeMin: 290,
  chargeMin: 0,
  minSocPercent: 0,
  maxSocPercent: 100,
  acOutEnabled: true,
};

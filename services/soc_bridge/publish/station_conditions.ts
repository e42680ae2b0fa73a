/** What the owner must know of the stations, as conditions of the service's health. Pure. */
import type { StationPublisher } from "./station_publisher.ts";

/** A condition that may hold. */
export interface StationCondition {
  readonly code: string;
  /** What holds, at most 500 characters; undefined: it does not hold. */
  readonly text: string | undefined;
}

/** What a condition looks at. */
export type WatchedStation = Pick<
  StationPublisher,
  | "device"
  | "hasAnothersCable"
  | "isDisputed"
  | "isDrainingOnLine"
  | "isModelGuess"
  | "isProtecting"
  | "link"
>;

const RULES: readonly [code: string, about: string, holds: (station: WatchedStation) => boolean][] = [
  ["station_silent", "No fresh reading from", ({ link }) => link !== "live"],
  [
    "source_disagreement",
    "The cloud contradicts the cable on the grid, and the cable decides:",
    ({ isDisputed }) => isDisputed,
  ],
  [
    "source_doubtful",
    'The cable says "on line" although the charge falls, and while it does no host is shut down:',
    ({ isDrainingOnLine }) => isDrainingOnLine,
  ],
  [
    "source_of_another",
    "The cable says another serial number and is not believed:",
    ({ hasAnothersCable }) => hasAnothersCable,
  ],
  [
    "station_model_guess",
    "The model is a guess by two letters of the serial number:",
    ({ isModelGuess, link }) => isModelGuess && link === "live",
  ],
];

/**
 * All conditions, those that hold and those that do not.
 *
 * @param twins Stations by cable alone whose serial number is a known station's: that one's name
 */
export function stationConditions(
  stations: Iterable<WatchedStation>,
  twins: ReadonlyMap<string, string>,
): StationCondition[] {
  const protecting = [...stations].filter(({ isProtecting }) => isProtecting);
  const pairs = [...twins].map(([device, station]) => `"${device}" is ${station}`).join(", ");
  const unpaired = `By its serial number, the cable of ${pairs}: use that name in NUT_SOURCES_JSON`;
  return [
    { code: "source_unpaired", text: twins.size > 0 ? unpaired.slice(0, 500) : undefined },
    ...RULES.map(([code, about, holds]) => {
      const names = protecting.filter(holds).map(({ device }) => device).join(", ");
      return { code, text: names === "" ? undefined : `${about} ${names}`.slice(0, 500) };
    }),
  ];
}

/** What a NUT server says of a simulated station, and what its driver and its USB port can do to that. Pure but for its state. */
import type { CableSays } from "./scenario.ts";
import type { StationModel } from "./station_model.ts";

/** The UPS's name at the simulated server. */
export const CABLE_UPS = "ups";

/** See the file comment. */
export class SimulatedCable {
  #says: CableSays = "truth";
  #asked = 0;

  constructor(private readonly model: StationModel) {}

  /** From now on. */
  set(says: CableSays): void {
    this.#says = says;
  }

  /** The answer to `LIST VAR`, as a NUT server writes it. */
  answer(): string {
    this.#asked++;
    if (this.#says === "nothing") return "ERR DATA-STALE\n";
    const { gridPresent, socPercent, dischargeMin, acOutWatts } = this.model.now();
    const isOnLine = this.#says === "flaps" ? this.#asked % 2 === 0 : gridPresent;
    const variables = {
      "battery.charge": Math.round(socPercent),
      "battery.runtime": dischargeMin * 60,
      "ups.realpower": acOutWatts,
      "ups.status": isOnLine ? "OL" : "OB DISCHRG",
    };
    const lines = Object.entries(variables).map(([name, value]) => `VAR ${CABLE_UPS} ${name} "${value}"\n`);
    return `BEGIN LIST VAR ${CABLE_UPS}\n${lines.join("")}END LIST VAR ${CABLE_UPS}\n`;
  }
}

/** One for each station that has a cable, by its name. */
export function simulatedCables(models: Iterable<StationModel>): ReadonlyMap<string, SimulatedCable> {
  return new Map(
    [...models].filter(({ station }) => station.hasCable).map((
      model,
    ) => [model.station.name, new SimulatedCable(model)]),
  );
}

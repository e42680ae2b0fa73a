/** Which model a simulated serial number means. */
import { SIMULATED_MODELS, SIMULATED_SERIALS, type SimulatedModel } from "../../proto/encode_station.ts";
import { own } from "../../lib/own.ts";

/** By its first four characters. @throws RangeError for prefixes that cannot be simulated */
export function modelOf(sn: string): SimulatedModel {
  const model = SIMULATED_MODELS.find((name) => sn.startsWith(own(SIMULATED_SERIALS, name).slice(0, 4)));
  if (model) return model;
  const prefixes = Object.values(SIMULATED_SERIALS).map((serial) => serial.slice(0, 4)).join(", ");
  throw new RangeError(`Cannot simulate "${sn}": its prefix must be one of ${prefixes}`);
}

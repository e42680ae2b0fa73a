/** One sentence on every variable that the server knows, for GET DESC. */
import { own } from "../../../lib/own.ts";

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  "battery.charge": "Battery charge of the whole system, rounded down (percent)",
  "battery.charge.approx": "The same as battery.charge, where that is an estimate of the policy (percent)",
  "battery.charge.low": "Charge at which the shutdown policy acts (percent)",
  "battery.charger.status": "What the battery does: charging, discharging or resting",
  "battery.packs": "Number of battery packs",
  "battery.runtime": "Time until empty as the power station says (seconds)",
  "battery.runtime.low": "Remaining time at which the shutdown policy acts (seconds)",
  "battery.temperature": "Hottest battery cell (degrees C)",
  "battery.type": "Chemistry of the battery",
  "device.description": "There while what is said of the power station is simulated",
  "device.mfr": "Manufacturer of the power station",
  "device.model": "Model of the power station",
  "device.serial": "Serial number of the power station",
  "device.type": "Kind of device",
  "driver.name": "What reads the power station",
  "driver.parameter.port": "Where it is read from",
  "driver.version": "Version of what reads the power station",
  "input.realpower": "Power at the AC input (W)",
  "input.voltage": "Voltage at the AC input (V)",
  "server.info": "Server information",
  "server.version": "Server version",
  "ups.id": "Name of the power station",
  "ups.load": "Output in relation to the rated output (percent)",
  "ups.mfr": "UPS manufacturer",
  "ups.model": "UPS model",
  "ups.realpower": "Power at the AC output (W)",
  "ups.realpower.nominal": "Rated AC output (W)",
  "ups.serial": "UPS serial number",
  "ups.status": "UPS status",
};

/** On the variables that can be estimates, while they are. */
const ESTIMATES: Readonly<Record<string, string>> = {
  "battery.charge": "Battery charge as the policy estimates it: the station does not say it now (percent)",
  "battery.runtime": "Time until empty as the policy estimates it: the station does not say it now (seconds)",
};

/** The sentence; undefined for a variable that does not exist here. @param isEstimate It is no measurement now */
export function describeVariable(name: string, isEstimate = false): string | undefined {
  const texts = isEstimate ? ESTIMATES : DESCRIPTIONS;
  return Object.hasOwn(texts, name) ? own(texts, name) : undefined;
}

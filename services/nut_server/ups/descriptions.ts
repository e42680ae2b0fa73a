/** One sentence on every variable that the server knows, for GET DESC. */
import { own } from "../../../lib/own.ts";

const DESCRIPTIONS: Readonly<Record<string, string>> = {
  "battery.charge": "Battery charge of the whole system, rounded down (percent)",
  "battery.charge.low": "Charge at which the shutdown policy acts (percent)",
  "battery.charger.status": "What the battery does: charging, discharging or resting",
  "battery.packs": "Number of battery packs",
  "battery.runtime": "Time until empty as the power station says (seconds)",
  "battery.runtime.low": "Remaining time at which the shutdown policy acts (seconds)",
  "battery.temperature": "Hottest battery cell (degrees C)",
  "battery.type": "Chemistry of the battery",
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

/** The sentence; undefined for a variable that does not exist here. */
export function describeVariable(name: string): string | undefined {
  return Object.hasOwn(DESCRIPTIONS, name) ? own(DESCRIPTIONS, name) : undefined;
}

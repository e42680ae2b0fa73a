/** Turns what is known about a station into NUT variables. What is not known is not there. Pure. */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import { VERSION } from "../../../lib/version.ts";
import { batteryValues } from "./battery_values.ts";
import { modelFacts } from "./models.ts";
import type { StationMemory, StationView } from "./station.ts";
import { chargerStatus, type FsdCause, statusTokens } from "./ups_status.ts";

/** Variables by name, sorted by name; values without quotes. */
export type Variables = ReadonlyMap<string, string>;

/** What the variables of one UPS are made from. */
export interface VariableSources {
  readonly device: string;
  readonly memory: StationMemory;
  readonly view: StationView;
  /** Present while a forced shutdown is latched for whoever asks. */
  readonly fsd?: FsdCause;
  /** The last resort, %: `LB` at or below it, whatever the policy does. */
  readonly lowBatteryPercent: number;
  /** The policy's limit on the remaining time, s, where it has one. */
  readonly lowRuntimeSec?: number;
  /** Overrides the table of models, W. */
  readonly ratedWatts?: number;
}

/**
 * All variables, or undefined when the data is stale. A forced shutdown is said even on stale data: that the policy
 * decided is no measurement and does not age.
 */
export function upsVariables(sources: VariableSources): Variables | undefined {
  const { device, memory, view, fsd, lowBatteryPercent } = sources;
  const tokens = statusTokens(view, { fsd, lowBatteryPercent });
  if (!tokens) return undefined;
  const facts = modelFacts(memory.model);
  const state: Omit<PowerState, "device"> = view.kind === "live" ? view.state : {};
  const battery = batteryValues(view);
  const charge = battery.chargePercent === undefined ? undefined : Math.floor(battery.chargePercent);
  const ratedWatts = sources.ratedWatts ?? facts?.ratedWatts;
  const outWatts = state.ac_out_watts ?? state.out_watts;
  // A station without a serial number is one that only a cable speaks for, of whatever maker, or one that is fed by hand.
  const maker = memory.sn === undefined ? undefined : "EcoFlow";
  const isOnline = tokens.includes("OL");
  const values: Record<string, string | number | undefined> = {
    "battery.charge": charge,
    "battery.charge.approx": battery.isChargeEstimated ? charge : undefined,
    "battery.charge.low": whole(memory.policy?.status.soc_min ?? lowBatteryPercent),
    "battery.charger.status": chargerStatus(view),
    "battery.packs": state.packs && state.packs.length > 0 ? state.packs.length : undefined,
    "battery.runtime": battery.runtimeSec,
    "battery.runtime.low": whole(sources.lowRuntimeSec),
    "battery.temperature": state.temp_celsius,
    "battery.type": facts?.batteryType,
    "device.description": state.simulated ? "SIMULATED by ecoflow-power feed" : undefined,
    "device.mfr": maker,
    "device.model": memory.model,
    "device.serial": memory.sn,
    "device.type": "ups",
    "driver.name": "ecoflow-power",
    "driver.parameter.port": "auto",
    "driver.version": VERSION,
    // NUT's name space for what it has no name for.
    "experimental.source.charge": state.charge_source,
    "experimental.source.grid": state.grid_source,
    "input.realpower": state.ac_in_watts === undefined ? undefined : whole(Math.max(0, state.ac_in_watts)),
    "input.voltage": isOnline ? state.ac_in_volts : undefined,
    "ups.id": device,
    "ups.load": outWatts === undefined || ratedWatts === undefined
      ? undefined
      : whole(Math.max(0, outWatts) / ratedWatts * 100),
    "ups.mfr": maker,
    "ups.model": memory.model,
    "ups.realpower": outWatts === undefined ? undefined : whole(Math.max(0, outWatts)),
    "ups.realpower.nominal": whole(ratedWatts),
    "ups.serial": memory.sn,
    "ups.status": tokens.join(" "),
  };
  const known = Object.entries(values).flatMap(([name, value]): [string, string][] =>
    value === undefined || value === "" ? [] : [[name, typeof value === "number" ? decimal(value) : value]]
  );
  return new Map(known.sort(([a], [b]) => a < b ? -1 : 1));
}

function whole(value: number | undefined): number | undefined {
  return value === undefined ? undefined : Math.round(value);
}

/** One digit behind the point at most, no exponent, no thousands separator. */
function decimal(value: number): string {
  return String(Math.round(value * 10) / 10);
}

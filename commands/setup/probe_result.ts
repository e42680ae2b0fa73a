/** What is seen of a station while setup listens, in words. Pure. */
import type { PowerState } from "../../lib/messages/power_state.ts";

/** One station; absent values were not seen. */
export interface StationSight {
  readonly device: string;
  /** Something of it arrived. */
  readonly isAlive: boolean;
  /** % */
  readonly soc?: number;
  readonly grid?: boolean;
  readonly evidence?: string;
}

/** What a live state shows; a state that is not live shows nothing. */
export function sightOf(device: string, state: PowerState | undefined): StationSight {
  if (!state || (state.link ?? "live") !== "live") return { device, isAlive: false };
  return {
    device,
    isAlive: true,
    soc: state.soc,
    grid: state.grid_connected,
    evidence: state.grid_evidence,
  };
}

/** Everything that the policy needs was seen. */
export function isComplete({ soc, grid }: StationSight): boolean {
  return soc !== undefined && grid !== undefined;
}

/** A line for the terminal, with what to do about what is missing. */
export function stationWords({ device, isAlive, soc, grid, evidence }: StationSight): string {
  if (!isAlive) {
    return `WRONG  ${device}: silent. Check that it has power and Wi-Fi, and open it once in EcoFlow's app.`;
  }
  const charge = soc === undefined ? "its charge is not known" : `charge ${soc} %`;
  if (grid === undefined) {
    return `WRONG  ${device}: alive, ${charge}, but it does not say whether the grid is there. ` +
      "A grid witness can help: docs/policy.md.";
  }
  const proof = evidence === undefined ? "" : ` (${evidence})`;
  const sign = soc === undefined ? "WRONG " : "ok    ";
  return `${sign} ${device}: alive, ${charge}, the grid is ${grid ? "there" : "GONE"}${proof}.`;
}

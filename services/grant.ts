/** What a worker may do beyond computing, and where a service keeps its files. */
import type { HouseConfig } from "../lib/config/load.ts";

/** One thing that a worker may do; everything that is not granted is denied. */
export interface Grant {
  readonly kind: "net" | "read" | "write" | "env" | "sys";
  /** Hosts with ports, directories, variable names, or names of what the system tells. */
  readonly targets: readonly string[];
  readonly reason: string;
}

/** A service's own directory in the state directory. */
export function stateDirOf(config: HouseConfig, service: string): string {
  return `${config.stateDir}/${service}`;
}

/** Reading and writing in the service's own directory. */
export function stateGrants(
  config: HouseConfig,
  service: string,
  { reads, writes }: { readonly reads: string; readonly writes: string },
): readonly Grant[] {
  const targets = [stateDirOf(config, service)];
  return [{ kind: "read", targets, reason: reads }, { kind: "write", targets, reason: writes }];
}

/** A table's list of outlets with a limit of their own, ready to read messages with. Pure. */
import type { ModelSpec } from "./model_spec.ts";

type OutagePortsSpec = NonNullable<ModelSpec["outage_ports"]>;

/** The list of outlets with a limit of their own, cut into message, steps to the list, and names of an entry. */
export interface CompiledOutagePorts extends Omit<OutagePortsSpec, "list"> {
  readonly message: string;
  readonly steps: readonly string[];
}

/** Cuts the path of the list. */
export function compileOutagePorts({ list, ...names }: OutagePortsSpec): CompiledOutagePorts {
  const [message = "", ...steps] = list.split(".");
  return { ...names, message, steps };
}

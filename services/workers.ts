/** Which workers a configuration wants, what each of them may do, and which services are in it: one each, or the onlookers together. */
import type { HouseConfig } from "../lib/config/load.ts";
import type { Grant } from "./grant.ts";
import { isOnlooker } from "./onlookers.ts";
import { type ServiceRow, wantedServices } from "./registry.ts";

/** A worker. */
export interface WorkerRow {
  readonly name: string;
  /** The file that it starts with. */
  readonly entry: URL;
  /** The services in it. */
  readonly services: readonly ServiceRow[];
}

/** What the onlookers' common worker starts with. */
export const ONLOOKERS_ENTRY = new URL("./onlookers_worker.ts", import.meta.url);

/** The workers, in the order in which they start. */
export function workersOf(config: HouseConfig): readonly WorkerRow[] {
  const rows = wantedServices(config);
  const onlookers = rows.filter(({ name }) => isOnlooker(name));
  const areTogether = config.optionalServices === "together" && onlookers.length > 1;
  const alone = areTogether ? rows.filter((row) => !onlookers.includes(row)) : rows;
  return [
    ...alone.map((row) => ({ name: row.name, entry: row.entry, services: [row] })),
    ...(areTogether ? [{ name: "onlookers", entry: ONLOOKERS_ENTRY, services: onlookers }] : []),
  ];
}

/** The worker option that grants exactly what the rows of these services do, and denies all else. */
export function workerPermissions(
  services: readonly ServiceRow[],
  config: HouseConfig,
): Deno.PermissionOptionsObject {
  const grants = services.flatMap((row) => row.grants(config));
  const targets = (kind: Grant["kind"]): string[] | false => {
    const granted = grants.filter((grant) => grant.kind === kind).flatMap((grant) => grant.targets);
    return granted.length > 0 ? [...new Set(granted)] : false;
  };
  return {
    net: targets("net"),
    read: targets("read"),
    write: targets("write"),
    env: targets("env"),
    run: false,
    ffi: false,
    sys: targets("sys") as ReturnType<typeof targets> & Deno.PermissionOptionsObject["sys"],
    import: false,
  };
}

/** What the stations by cable get of the configuration, and what their worker may do. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import type { Grant } from "../grant.ts";
import type { NutSourceConfig } from "./service.ts";

/** The named servers, and nothing else. */
export function nutSourceGrants(config: HouseConfig): readonly Grant[] {
  return config.nutSources.map(({ host, port }) => ({
    kind: "net",
    targets: [`${host.includes(":") ? `[${host}]` : host}:${port}`],
    reason: "a NUT server that NUT_SOURCES_JSON names",
  }));
}

/** Which server is asked for which station. */
export function nutSourceSlice(config: HouseConfig): NutSourceConfig {
  return { roots: config.roots, sources: config.nutSources, pollMs: 3000 };
}

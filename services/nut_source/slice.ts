/** What the stations by cable get of the configuration, and what their worker may do. Pure. */
import type { HouseConfig } from "../../lib/config/load.ts";
import { type NutSource, type NutSourceEntry, nutSourcesOf } from "../../lib/config/nut_sources.ts";
import { netTarget } from "../../lib/text/host_name.ts";
import { ConfigError } from "../../lib/errors.ts";
import type { Grant } from "../grant.ts";
import type { NutSourceConfig } from "./service.ts";

/** The named servers, and nothing else. */
export function nutSourceGrants(sources: readonly NutSource[]): readonly Grant[] {
  return sources.map(({ host, port }) => ({
    kind: "net",
    targets: [netTarget(host, port)],
    reason: "a NUT server that NUT_SOURCES_JSON or the policy file names",
  }));
}

/**
 * Which server is asked for which station, and how.
 *
 * @param fromFile Those that the policy file names
 * @throws ConfigError with every problem
 */
export function nutSourceSlice(config: HouseConfig, fromFile: readonly NutSourceEntry[]): NutSourceConfig {
  const problems: string[] = [];
  const { entries, pollSec, ...secrets } = config.nutSources;
  const sources = nutSourcesOf([...entries, ...fromFile], secrets, config.stations, problems);
  if (problems.length > 0) throw new ConfigError(problems);
  return { roots: config.roots, sources, pollMs: pollSec * 1000 };
}

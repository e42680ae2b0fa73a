/** What `soc_bridge` is told. */
import type { TopicRoots } from "../../lib/mqtt/topics.ts";
import type { ModelFile } from "./models/model_files.ts";
import type { NamedStation } from "./publish/station_names.ts";

/** The service's slice of the configuration. */
export interface SocBridgeConfig {
  readonly roots: TopicRoots;
  /** Stations by the user's wish; others are found from traffic and from the account's list. */
  readonly devices: readonly NamedStation[];
  readonly gridRule: "auto" | "tag27";
  /** Without fresh evidence for this long a station is stale, s. */
  readonly staleAfterSec: number;
  /** Publish every decoded field of every message as well. */
  readonly publishRawJson: boolean;
  /** Tables of models that the product does not know, or knows otherwise; none when absent. */
  readonly modelFiles?: readonly ModelFile[];
  /** Stations that a NUT server speaks for, by name or serial number: one that nobody else knows is a station all the same. */
  readonly cables?: readonly string[];
}

/** What the historian gets to see of the configuration. */
import type { TopicRoots } from "../../lib/mqtt/topics.ts";

/** The slice of the configuration that this service gets. */
export interface HistorianConfig {
  readonly roots: TopicRoots;
  /** Directory of the database; must exist. */
  readonly stateDir: string;
  /** Without fresh evidence for this long a value is old, s. */
  readonly staleAfterSec: number;
  /** How long quarter hours are kept, days. */
  readonly days: number;
}

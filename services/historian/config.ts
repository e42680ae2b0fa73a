/** What the historian gets to see of the configuration. */
import type { TopicRoots } from "../../lib/mqtt/topics.ts";

/** The slice of the configuration that this service gets. */
export interface HistorianConfig {
  readonly roots: TopicRoots;
  /** Directory of the database; must exist. */
  readonly stateDir: string;
  /** How long quarter hours are kept, days. */
  readonly days: number;
}

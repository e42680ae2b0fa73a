/** The times that the owner sets for every host. Types only. */

/** What `hosts/` needs to bring one host down and call it back. All in ms. */
export interface HostRules {
  /** Before a host that did not answer, or refused, is told again, ms. */
  readonly cooldownMs: number;
  /** How long it is called off, ms. */
  readonly abortWindowMs: number;
  /** Its shutdown delay, ms: how long it may stay online after it accepted. */
  readonly shutdownDelayMs: number;
}

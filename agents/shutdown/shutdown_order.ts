/** What a shutdown is asked for, where it stands, and how it tells of itself: the words of `shutdown_run.ts` and its parts. */

/** What is to be done. */
export interface ShutdownOrder {
  /** Of the command, or of the plan that is followed alone. */
  readonly id: string;
  readonly source: "command" | "plan";
  /** Seconds between the preparations and the end, 0 to 86,400. */
  readonly delaySec: number;
  /** Everything but the last step. */
  readonly isDrill: boolean;
}

/** How a run stands. `waiting`: the agent counts the delay; `shutting_down`: the system does, or is going down. */
export type RunPhase = "preparing" | "waiting" | "shutting_down" | "over";

/** Says each step as it happens; `detail` is for a person. */
export type TellStep = (status: "running" | "shutting_down" | "failed" | "done", detail: string) => void;

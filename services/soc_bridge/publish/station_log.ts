/** What the log and the journal are told of one station. */
import type { Logger } from "../../../lib/log/log.ts";
import type { JournalEvent } from "../../../lib/messages/event.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { GridState } from "../judge/grid.ts";
import type { Accepted, Link } from "../judge/power_station.ts";
import type { RefusalLog } from "./refusal_log.ts";

/** An entry of the journal without its time and source. */
export type JournalEntry = Omit<JournalEvent, "ts" | "source">;

/** Where it is told. */
export interface LogParts {
  readonly log: Logger;
  readonly refusals: RefusalLog;
  journal(event: JournalEntry): void;
}

/** Different messages of unknown layout that are told apart. */
const MAX_UNKNOWN_PAIRS = 256;

/** Says each thing once, when it changes. */
export class StationLog {
  readonly #unknownPairs = new Map<string, number>();
  #link: Link | undefined;
  #isGridUnknown = false;
  #isModelGuess = false;

  constructor(private readonly sn: string, private readonly parts: LogParts) {}

  /** How often messages of unknown layout came, by `cmd_func/cmd_id`; undefined when none came. */
  get unknownPairs(): Record<string, number> | undefined {
    return this.#unknownPairs.size > 0 ? Object.fromEntries(this.#unknownPairs) : undefined;
  }

  /** About a payload. @param topic Where it came from */
  payload(device: string, accepted: Accepted, grid: GridState, topic: string): void {
    const { log, refusals } = this.parts;
    for (const problem of accepted.problems) refusals.note(topic, problem);
    for (const pair of accepted.unknownPairs) {
      const count = this.#unknownPairs.get(pair) ?? 0;
      if (count === 0) log.info("message of unknown layout", { device, pair });
      if (count > 0 || this.#unknownPairs.size < MAX_UNKNOWN_PAIRS) this.#unknownPairs.set(pair, count + 1);
    }
    if (accepted.gridChanged) {
      const { present, evidence = "" } = grid;
      if (evidence.startsWith("tag27=")) {
        log.notice("GRID TAG 27 DETECTED", { device, evidence, grid_connected: present });
      }
      log.notice(present ? "GRID PRESENT" : "GRID LOST", { device, evidence });
    }
    if (accepted.socHeld !== undefined) log.notice("SOC HELD BACK", { device, soc: accepted.socHeld });
  }

  /** About what a state that is being published does not know. */
  doubts(
    { device, model, link, grid_unknown = false, grid_evidence, model_guess = false }: PowerState,
  ): void {
    if (link !== "live") return;
    const { log, journal } = this.parts;
    // The policy tells people, of every station and by what it means (event `grid_unknown`); the log has the evidence.
    if (grid_unknown && !this.#isGridUnknown) {
      log.warn("GRID UNKNOWN", { device, evidence: grid_evidence });
    }
    this.#isGridUnknown = grid_unknown;
    if (model_guess && !this.#isModelGuess) {
      log.warn("MODEL GUESSED", { device, sn: this.sn, model });
      const text =
        `${device} is taken for a ${
          model ?? "station"
        } by two letters of its serial number, and nothing that ` +
        "it sent confirms that: limits and minutes may be missing";
      journal({ kind: "station_model_guess", severity: "warning", text, device });
    }
    if (!model_guess && this.#isModelGuess) log.notice("MODEL CONFIRMED", { device, model });
    this.#isModelGuess = model_guess;
  }

  /** About the link of a state that is being published. */
  link({ device, link, age_s }: PowerState): void {
    const before = this.#link;
    if (link === undefined || link === before) return;
    this.#link = link;
    const { log, journal } = this.parts;
    if (link === "live") {
      log.notice("STATION HEARD", { device, sn: this.sn });
      if (before) {
        journal({ kind: "station_heard", severity: "info", text: `${device} is heard again`, device });
      }
      return;
    }
    if (before !== "live") return;
    const isOffline = link === "offline";
    log.warn(isOffline ? "STATION OFFLINE" : "STATION SILENT", { device, age_s });
    journal({
      kind: isOffline ? "station_offline" : "station_silent",
      severity: "warning",
      text: `${device} ${isOffline ? "is offline, says the cloud" : "has gone silent"}`,
      device,
    });
  }
}

/** What the log and the journal are told of a station's cable: that it comes and goes, takes over, disagrees, flaps. */
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { CableDrain } from "../judge/cable_drain.ts";
import type { LogParts } from "./station_log.ts";

/** A contradiction that lasts as long is told, ms: a cable confirms what the cloud said a poll before. */
export const DISPUTE_AFTER_MS = 15_000;

/** That a cable is another station's is told again at most this often, ms. */
export const ANOTHER_REPEAT_MS = 10 * 60_000;

/** Says each thing once, when it changes. */
export class CableLog {
  #isLive: boolean | undefined;
  #isFlapping = false;
  #isDisputed = false;
  #disputedMonoMs: number | undefined;
  #source: PowerState["grid_source"];
  #isDraining = false;
  #isAnother = false;
  #anotherToldMonoMs = -Infinity;

  constructor(private readonly parts: Pick<LogParts, "log" | "journal">) {}

  /** About a state that is being published, of a station whose cable has spoken. @param isLive It still speaks */
  note(state: PowerState, isLive: boolean, nowMonoMs: number): void {
    this.#presence(state, isLive);
    this.#disputedMonoMs = state.source_disagreement ? this.#disputedMonoMs ?? nowMonoMs : undefined;
    const isOld = this.#disputedMonoMs !== undefined && nowMonoMs - this.#disputedMonoMs >= DISPUTE_AFTER_MS;
    this.#dispute(state, this.#disputedMonoMs !== undefined && (isOld || this.#isDisputed));
    this.#lead(state);
  }

  #presence({ device, grid_source }: PowerState, isLive: boolean): void {
    const before = this.#isLive;
    if (isLive === before) return;
    this.#isLive = isLive;
    const { log, journal } = this.parts;
    if (isLive) {
      log.notice("CABLE HEARD", { device });
      const text = `${device} is heard by cable`;
      return before === undefined
        ? journal({ kind: "source_heard", severity: "notice", device, text })
        : journal({ kind: "source_back", severity: "notice", device, text: `${text} again` });
    }
    log.warn("CABLE SILENT", { device });
    const rest = grid_source === "cloud"
      ? "the cloud decides its grid"
      : "what it said last counts, and grows old";
    const text = `The cable of ${device} is silent; ${rest}`;
    journal({ kind: "source_silent", severity: "warning", device, text });
  }

  /** About a reading. @param isFlapping The driver changes between OL and OB too often to be believed */
  flapping(device: string, isFlapping: boolean): void {
    if (isFlapping === this.#isFlapping) return;
    this.#isFlapping = isFlapping;
    const { log, journal } = this.parts;
    if (isFlapping) {
      log.warn("CABLE FLAPS", { device });
      const text =
        `The cable of ${device} changes between "on line" and "on battery" too often to be believed`;
      return journal({ kind: "source_flaps", severity: "warning", device, text });
    }
    log.notice("CABLE STEADY", { device });
    journal({
      kind: "source_steady",
      severity: "notice",
      device,
      text: `The cable of ${device} is steady again`,
    });
  }

  /**
   * About a reading and whose it is.
   *
   * @param serial What the cable said, which is not the station's number `sn`; undefined: it is no other's
   */
  another(device: string, sn: string, serial: string | undefined, nowMonoMs: number): void {
    const isAnother = serial !== undefined;
    if (isAnother === this.#isAnother) return;
    this.#isAnother = isAnother;
    const { log, journal } = this.parts;
    // A driver that says one and the other in turn would fill the journal.
    if (!isAnother || nowMonoMs - this.#anotherToldMonoMs < ANOTHER_REPEAT_MS) return;
    this.#anotherToldMonoMs = nowMonoMs;
    log.warn("CABLE OF ANOTHER STATION", { device, serial, wanted: sn });
    const text = `The cable of ${device} is not believed: it says the serial number ${serial}, and ` +
      `${device} is ${sn}. See which UPS it is; docs/nut-source.md`;
    journal({ kind: "source_of_another", severity: "warning", device, text, data: { serial, sn } });
  }

  /** About a reading. @param drain How far the charge fell while the cable alone says "on line"; undefined: not far */
  draining(device: string, drain: CableDrain | undefined): void {
    const isDraining = drain !== undefined;
    if (isDraining === this.#isDraining) return;
    this.#isDraining = isDraining;
    const { log, journal } = this.parts;
    if (!drain) return log.notice("CABLE NOT IN DOUBT ANY MORE", { device });
    const { fromSoc, lowSoc } = drain;
    log.warn("CHARGE FALLS ON LINE", { device, from: fromSoc, to: lowSoc });
    const text =
      `The charge of ${device} fell from ${fromSoc} to ${lowSoc} % while its cable says "on line": its driver hangs, or ` +
      "it uses its battery on the grid. While it says so, no host is shut down";
    journal({ kind: "source_doubtful", severity: "warning", device, text });
  }

  #dispute({ device, grid_connected }: PowerState, isDisputed: boolean): void {
    if (isDisputed === this.#isDisputed) return;
    this.#isDisputed = isDisputed;
    const { log, journal } = this.parts;
    if (isDisputed) {
      log.warn("SOURCES DISAGREE", { device, cable: grid_connected });
      const text = `The cable says that the grid of ${device} is ${
        grid_connected ? "there" : "gone"
      }, the cloud says the opposite; the cable decides`;
      return journal({ kind: "source_disagrees", severity: "warning", device, text });
    }
    log.notice("SOURCES AGREE", { device });
    const text = `Cable and cloud do not contradict each other on ${device} any more`;
    journal({ kind: "source_agrees", severity: "notice", device, text });
  }

  #lead({ device, grid_source: source }: PowerState): void {
    const before = this.#source;
    if (source === undefined || source === before) return;
    this.#source = source;
    if (before === undefined) return;
    const { log, journal } = this.parts;
    log.notice("SOURCE TAKES OVER", { device, from: before, to: source });
    const text = `${source === "nut" ? "The cable" : "The cloud"} decides the grid of ${device} now`;
    journal({
      kind: "source_takes_over",
      severity: "notice",
      device,
      text,
      data: { from: before, to: source },
    });
  }
}

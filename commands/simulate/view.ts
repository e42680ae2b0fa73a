/** Shows a play on a terminal: a line for everything that happens, and one that is rewritten for the present. */
import type { Sighting, Verdict } from "./judge.ts";
import type { PlayListener } from "./play.ts";
import type { Scenario, Step } from "./scenario.ts";

/** How to show it. */
export interface ViewOptions {
  readonly scenario: Scenario;
  readonly speed: number;
  /** A terminal that a person watches: colours and a line of progress. */
  readonly isTerminal: boolean;
  /** Width of the terminal, characters. */
  readonly columns: () => number;
  readonly write: (text: string) => void;
}

type Colour = "red" | "green" | "yellow" | "cyan" | "dim" | "bold";
const CODES: Record<Colour, string> = {
  red: "31",
  green: "32",
  yellow: "33",
  cyan: "36",
  dim: "2",
  bold: "1",
};

/** Width of the progress bar, characters. */
const BAR = 30;

/** See the file comment. */
export class View implements PlayListener {
  readonly #last = new Map<string, string>();
  #present = "";

  constructor(private readonly options: ViewOptions) {}

  /** The head: what will be played. */
  begin(): void {
    const { scenario, speed } = this.options;
    this.#line(`${this.#paint("bold", scenario.name)}  ${scenario.title}`);
    this.#line(
      this.#paint("dim", `${scenario.endSec} s of the house's life, ${speed} times faster than life`),
    );
    this.#line("");
  }

  onStep(step: Step): void {
    const text = describeStep(step);
    if (text) this.#line(`${clockText(step.atSec)}  ${this.#paint("cyan", `▶ ${text}`)}`);
  }

  onSighting(sighting: Sighting): void {
    const shown = this.#describe(sighting);
    if (!shown) return;
    const [subject, text, colour] = shown;
    // The same word again is no news.
    if (this.#last.get(`${sighting.kind} ${subject}`) === text && sighting.kind !== "command") return;
    this.#last.set(`${sighting.kind} ${subject}`, text);
    this.#line(`${clockText(sighting.atSec)}  ${subject.padEnd(16)} ${this.#paint(colour, text)}`);
  }

  onTick(atSec: number): void {
    if (!this.options.isTerminal) return;
    const { endSec } = this.options.scenario;
    const filled = Math.round(BAR * Math.min(1, atSec / endSec));
    const bar = "█".repeat(filled) + "░".repeat(BAR - filled);
    const progress = `${bar} ${clockText(atSec)} of ${clockText(endSec)}  `;
    // A line that is wider than the terminal would wrap, and the next one would not overwrite it.
    const room = Math.max(0, this.options.columns() - progress.length - 1);
    this.options.write(`\r\u001b[K${this.#paint("dim", progress)}${this.#present.slice(0, room)}`);
  }

  /** The verdicts, one a line. */
  end(verdicts: readonly Verdict[]): void {
    this.#line("");
    for (const { held, text } of verdicts) {
      this.#line(held ? `${this.#paint("green", "✓")} ${text}` : `${this.#paint("red", "✗")} ${text}`);
    }
    const failed = verdicts.filter(({ held }) => !held).length;
    this.#line(
      failed === 0
        ? this.#paint("green", `\nAll ${verdicts.length} expectations held.`)
        : this.#paint("red", `\n${failed} of ${verdicts.length} expectations did not hold.`),
    );
  }

  #describe(sighting: Sighting): [subject: string, text: string, colour: Colour] | undefined {
    switch (sighting.kind) {
      case "command":
        return [
          `→ ${sighting.agent}`,
          sighting.action.toUpperCase(),
          sighting.action === "shutdown" ? "red" : "green",
        ];
      case "ack":
        return [
          `← ${sighting.agent}`,
          `${sighting.status}${sighting.detail ? `: ${sighting.detail}` : ""}`,
          "dim",
        ];
      case "policy": {
        const colour = sighting.state === "online"
          ? "green"
          : sighting.state === "on_battery"
          ? "yellow"
          : "red";
        this.#present = `${sighting.device}: ${sighting.sentence}`;
        // The sentence counts seconds down; a line is worth it only when the state is another.
        const key = `policy state ${sighting.device}`;
        if (this.#last.get(key) === sighting.state) return undefined;
        this.#last.set(key, sighting.state);
        return [sighting.device, `${sighting.state}: ${sighting.sentence}`, colour];
      }
      case "event":
        // What an event is about is shown by the other sightings; a cable has none of its own.
        return sighting.event.startsWith("source_") ? ["cable", sighting.event, "yellow"] : undefined;
      case "state": {
        const { device, link = "live", soc, gridConnected } = sighting;
        const grid = gridConnected === undefined ? "grid unknown" : gridConnected ? "on grid" : "GRID GONE";
        const charge = soc === undefined ? "charge unknown" : `${Math.floor(soc / 5) * 5} %+`;
        return [device, `says ${grid}, ${charge}, ${link}`, "dim"];
      }
    }
  }

  #line(text: string): void {
    this.options.write(this.options.isTerminal ? `\r\u001b[K${text}\n` : `${text}\n`);
  }

  #paint(colour: Colour, text: string): string {
    return this.options.isTerminal ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;
  }
}

/** `m:ss`, right-aligned. */
function clockText(atSec: number): string {
  const sec = Math.floor(atSec);
  return `${String(Math.floor(sec / 60)).padStart(3)}:${String(sec % 60).padStart(2, "0")}`;
}

const CABLE_STEPS = {
  truth: "the cable of {station} works",
  nothing: "the USB port of {station} dies",
  flaps: "the NUT driver of {station} flaps",
} as const;

/** A step in words; undefined for steps that need none. */
function describeStep(step: Step): string | undefined {
  switch (step.kind) {
    case "grid":
      return step.present ? `the grid is back at ${step.station}` : `the grid is gone at ${step.station}`;
    case "soc":
      return `${step.station}'s charge is now ${step.percent} %`;
    case "drain":
      return `${step.station} now loses ${step.percentPerMin} % a minute`;
    case "cloud":
      return step.delivers ? "the internet is back" : "the internet dies";
    case "late":
      return `what ${step.station} said at ${step.saidAtSec} s comes from the cloud`;
    case "cable":
      return CABLE_STEPS[step.says].replace("{station}", step.station);
    case "broker":
      return step.up ? "the broker is back" : "the broker goes down";
    case "agent":
      return step.running ? `${step.agent} is on the network again` : `${step.agent} drops off the network`;
    case "kill_daemon":
      return `the daemon is killed, and started again after ${step.downSec} s`;
    case "feed":
      return undefined;
  }
}

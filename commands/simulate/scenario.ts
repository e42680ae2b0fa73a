/** What a scenario is: a house, timed steps, and what must be true. Data only; times are seconds of the simulation. */

/** `truth`: what is; `nothing`: the USB port is dead; `flaps`: the driver says OL and OB in turn, whatever is. */
export type CableSays = "truth" | "nothing" | "flaps";

/** A simulated power station. */
export interface SimulatedStation {
  readonly name: string;
  /** The prefix decides the model: R631 River 3 Plus, R651 River 3, DCE DELTA Pro. */
  readonly sn: string;
  readonly socPercent: number;
  readonly loadWatts: number;
  /** Energy of a full battery, Wh; the charge falls by load and this while the grid is gone. */
  readonly batteryWh: number;
  /** A NUT server speaks for it as well; false when absent. */
  readonly hasCable?: boolean;
}

/** One thing that happens. */
export type Step =
  | { readonly atSec: number; readonly kind: "grid"; readonly station: string; readonly present: boolean }
  | { readonly atSec: number; readonly kind: "soc"; readonly station: string; readonly percent: number }
  /** The charge moves at this rate while the grid is gone, instead of by load. */
  | {
    readonly atSec: number;
    readonly kind: "drain";
    readonly station: string;
    readonly percentPerMin: number;
  }
  /** The cloud delivers nothing, as when the internet is gone; connections stay open. */
  | { readonly atSec: number; readonly kind: "cloud"; readonly delivers: boolean }
  /** What the station said then comes from the cloud now. */
  | { readonly atSec: number; readonly kind: "late"; readonly station: string; readonly saidAtSec: number }
  | { readonly atSec: number; readonly kind: "cable"; readonly station: string; readonly says: CableSays }
  | { readonly atSec: number; readonly kind: "broker"; readonly up: boolean }
  | { readonly atSec: number; readonly kind: "agent"; readonly agent: string; readonly running: boolean }
  /** Kills the daemon as a power cut would, and starts it again after `downSec`. */
  | { readonly atSec: number; readonly kind: "kill_daemon"; readonly downSec: number }
  /** Publishes a state by hand, as the predecessor's simulation does. */
  | { readonly atSec: number; readonly kind: "feed"; readonly device: string; readonly state: object };

/** A closed time span; `fromSec` 0 and the scenario's end when absent. */
export interface Span {
  readonly fromSec?: number;
  readonly toSec?: number;
}

/** What must be seen in the span, or must not. */
export type Expectation =
  & Span
  & { readonly why: string }
  & (
    /** A command to this agent. `times` exactly, or at least once when absent. */
    | {
      readonly kind: "command";
      readonly agent: string;
      readonly action: "shutdown" | "abort";
      readonly times?: number;
    }
    | { readonly kind: "ack"; readonly agent: string; readonly status: string }
    /** From the first abort to it in the span, the agent never says that its host went off. */
    | { readonly kind: "stays_on"; readonly agent: string }
    /** The policy is in this state for the station at some time in the span. */
    | { readonly kind: "policy"; readonly device: string; readonly state: string }
    /** The policy is never in this state in the span. */
    | { readonly kind: "policy_never"; readonly device: string; readonly state: string }
    /** The published state never has this link in the span. */
    | {
      readonly kind: "link_never";
      readonly device: string;
      readonly link: "live" | "stale" | "offline";
    }
    /** The journal has an event of this kind. */
    | { readonly kind: "event"; readonly event: string }
    /** The published state has this link at some time in the span. */
    | { readonly kind: "link"; readonly device: string; readonly link: "live" | "stale" | "offline" }
    /** Nothing published in the span claims to be live with a grid word older than the limit. */
    | { readonly kind: "grid"; readonly device: string; readonly connected: boolean }
  );

/** A whole play. */
export interface Scenario {
  /** snake_case, as `--scenario` takes it. */
  readonly name: string;
  /** One sentence for a person. */
  readonly title: string;
  readonly stations: readonly SimulatedStation[];
  /** Station name to agents; the keys of DEVICE_TO_AGENTS_JSON. */
  readonly hosts: Readonly<Record<string, readonly string[]>>;
  /** Overrides of POLICY_… and other keys of the configuration. */
  readonly settings: Readonly<Record<string, string>>;
  /** TOML text of a policy file; absent: the keys above are the whole policy. */
  readonly policyFile?: string;
  readonly steps: readonly Step[];
  readonly endSec: number;
  readonly expect: readonly Expectation[];
}

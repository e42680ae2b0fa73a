/** Holds what was seen against what a scenario expects. Pure. */
import type { Expectation } from "./scenario.ts";

/** One thing seen on the broker, at a second of the simulation. */
export type Sighting =
  | {
    readonly atSec: number;
    readonly kind: "command";
    readonly agent: string;
    readonly action: string;
    readonly id: string;
  }
  | {
    readonly atSec: number;
    readonly kind: "ack";
    readonly agent: string;
    readonly status: string;
    readonly detail?: string;
  }
  | {
    readonly atSec: number;
    readonly kind: "policy";
    readonly device: string;
    readonly state: string;
    readonly sentence: string;
  }
  | {
    readonly atSec: number;
    readonly kind: "state";
    readonly device: string;
    readonly link?: string;
    readonly soc?: number;
    readonly gridConnected?: boolean;
  }
  | { readonly atSec: number; readonly kind: "event"; readonly event: string };

/** The verdict on one expectation. */
export interface Verdict {
  readonly held: boolean;
  /** What was wanted, and what was seen when it did not hold. */
  readonly text: string;
}

/** One verdict an expectation, in order. */
export function judge(
  expectations: readonly Expectation[],
  sightings: readonly Sighting[],
  endSec: number,
): Verdict[] {
  return expectations.map((expectation) => {
    const { fromSec = 0, toSec = endSec, why } = expectation;
    const inSpan = sightings.filter(({ atSec }) => atSec >= fromSec && atSec <= toSec);
    const { held, wanted, seen } = judgeOne(expectation, inSpan, sightings, fromSec);
    const span = `${fromSec}–${toSec} s`;
    return {
      held,
      text: held ? `${wanted} in ${span}: ${why}` : `${wanted} in ${span} (${why}), found ${seen}`,
    };
  });
}

function judgeOne(
  expectation: Expectation,
  inSpan: readonly Sighting[],
  all: readonly Sighting[],
  fromSec: number,
): { held: boolean; wanted: string; seen: string } {
  switch (expectation.kind) {
    case "command": {
      const { agent, action, times } = expectation;
      const matches = (s: Sighting) => s.kind === "command" && s.agent === agent && s.action === action;
      const count = inSpan.filter(matches).length;
      const elsewhere = all.filter(matches).map(({ atSec }) => `${atSec.toFixed(0)} s`);
      return {
        held: times === undefined ? count > 0 : count === times,
        wanted: `${times === undefined ? "" : `${times} × `}${action} to ${agent}`,
        seen: `${count}, of all at ${elsewhere.join(", ") || "no time"}`,
      };
    }
    case "ack": {
      const { agent, status } = expectation;
      const acks = inSpan.flatMap((s) => s.kind === "ack" && s.agent === agent ? [s.status] : []);
      return {
        held: acks.includes(status),
        wanted: `"${status}" from ${agent}`,
        seen: acks.join(", ") || "no answer",
      };
    }
    case "stays_on": {
      const { agent } = expectation;
      const from = inSpan.findIndex((s) => s.kind === "command" && s.agent === agent && s.action === "abort");
      const off = inSpan.filter((s, i) =>
        i > from && s.kind === "ack" && s.agent === agent && isOff(s.status)
      );
      return {
        held: from >= 0 && off.length === 0,
        wanted: `${agent} stays on after its abort`,
        seen: from < 0
          ? "no abort"
          : `it went off at ${off.map(({ atSec }) => `${atSec.toFixed(0)} s`).join(", ")}`,
      };
    }
    case "policy":
    case "policy_never": {
      const { device, state, kind } = expectation;
      const states = during(
        inSpan,
        all,
        fromSec,
        (s) => s.kind === "policy" && s.device === device ? s.state : undefined,
      );
      return {
        held: states.includes(state) === (kind === "policy"),
        wanted: `policy of ${device} ${kind === "policy" ? "is" : "is never"} "${state}"`,
        seen: [...new Set(states)].join(", ") || "nothing",
      };
    }
    case "event": {
      const { event } = expectation;
      const kinds = inSpan.flatMap((s) => s.kind === "event" ? [s.event] : []);
      return {
        held: kinds.includes(event),
        wanted: `event "${event}"`,
        seen: [...new Set(kinds)].join(", ") || "no event",
      };
    }
    case "link":
    case "link_never": {
      const { device, link, kind } = expectation;
      const links = during(
        inSpan,
        all,
        fromSec,
        (s) => s.kind === "state" && s.device === device ? s.link : undefined,
      );
      return {
        held: links.includes(link) === (kind === "link"),
        wanted: `link of ${device} ${kind === "link" ? "is" : "is never"} "${link}"`,
        seen: [...new Set(links)].join(", "),
      };
    }
    case "grid": {
      const { device, connected } = expectation;
      const words = during(
        inSpan,
        all,
        fromSec,
        (s) => s.kind === "state" && s.device === device ? s.gridConnected : undefined,
      );
      return {
        held: words.includes(connected),
        wanted: `grid of ${device} is ${connected ? "there" : "gone"}`,
        seen: [...new Set(words)].join(", ") || "nothing",
      };
    }
  }
}

/** The last step was taken: what an agent says when nothing can be aborted any more. */
function isOff(status: string): boolean {
  return status === "shutting_down";
}

/** The values seen in the span, and the one that held when it began. */
function during<T>(
  inSpan: readonly Sighting[],
  all: readonly Sighting[],
  fromSec: number,
  pick: (sighting: Sighting) => T | undefined,
): T[] {
  const before = all.filter(({ atSec }) => atSec < fromSec).map(pick).filter((v) => v !== undefined).at(-1);
  const within = inSpan.map(pick).filter((v) => v !== undefined);
  return before === undefined ? within : [before, ...within];
}

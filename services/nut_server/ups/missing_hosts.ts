/**
 * Notices that a host of the NUT configuration has no client logged in though nobody told it to go down: from then on a
 * shutdown does not reach it. Pure but for its own memory; times are monotonic ms.
 */
import type { HostCondition } from "../../../lib/health.ts";
import type { RefusedLogin } from "../access/refused_logins.ts";
import type { Outcome } from "./outcomes.ts";

/** After the start a host may take so long to log in, ms: after a power cut it boots at the same time as we do. */
export const FIRST_LOGIN_MS = 300_000;
/** Later, with the grid, a client may be away for so long, ms: a reboot, an update or a new router says nothing. */
export const AWAY_MS = 600_000;
/** On battery both are shorter, ms: there its absence may soon cost the host. */
export const AWAY_ON_BATTERY_MS = 120_000;
/** A host that went down as it was told may take so long to come back, with the grid there all the time, ms. */
export const COMES_BACK_MS = 900_000;
/** A client that was refused this lately is there and wants in, ms: stock clients try again every few seconds. */
export const REFUSED_LATELY_MS = 120_000;

/** What is known of a host now. */
export interface HostFacts {
  readonly isLoggedIn: boolean;
  /** It has left as it was told, or the policy tells it to go, or counts it as down. */
  readonly isExcused: boolean;
  readonly isOnBattery: boolean;
  /** All its stations say freshly that the grid is there. */
  readonly hasGrid: boolean;
  /** The newest log-in of this host that was refused, since its last success. */
  readonly refused?: RefusedLogin & { readonly atMonoMs: number };
}

/** The hosts that are missing now. */
export interface Missing {
  readonly text: string;
  readonly hosts: readonly HostCondition[];
}

interface Watched {
  /** Since when it is away without an excuse. */
  readonly sinceMonoMs?: number;
  /** Since when the grid is there again for one that went down as it was told. */
  readonly gridSinceMonoMs?: number;
  readonly wasLoggedIn: boolean;
  readonly isMissing: boolean;
}

/** See the file comment. */
export class MissingHosts {
  readonly #hosts = new Map<string, Watched>();

  /** Looks at every host: call about once a second. */
  tick(factsOf: ReadonlyMap<string, HostFacts>, nowMonoMs: number): readonly Outcome[] {
    const outcomes: Outcome[] = [];
    for (const [host, facts] of factsOf) {
      const before = this.#hosts.get(host) ?? { wasLoggedIn: false, isMissing: false };
      const after = stepWatched(before, facts, nowMonoMs);
      this.#hosts.set(host, after);
      if (after.isMissing && !before.isMissing) {
        outcomes.push(event("nut_host_missing", "warning", host, missingText(host, after, facts)));
      } else if (before.isMissing && facts.isLoggedIn) {
        outcomes.push(event("nut_host_back", "notice", host, `A NUT client of ${host} is logged in`));
      }
    }
    return outcomes;
  }

  /** All that are missing now: one sentence, and each with the reason where it was refused; undefined when none is. */
  now(factsOf: ReadonlyMap<string, HostFacts>): Missing | undefined {
    const found = [...factsOf].flatMap(([host, facts]) => {
      const watched = this.#hosts.get(host);
      if (!watched?.isMissing) return [];
      const refused = facts.refused && refusedText(facts.refused);
      return [{ text: missingText(host, watched, facts), host: { host, refused } }];
    });
    if (found.length === 0) return undefined;
    return { text: found.map(({ text }) => text).join("; "), hosts: found.map(({ host }) => host) };
  }
}

function stepWatched(before: Watched, facts: HostFacts, nowMonoMs: number): Watched {
  if (facts.isLoggedIn) return { wasLoggedIn: true, isMissing: false };
  const { refused } = facts;
  const isRefused = refused !== undefined && nowMonoMs - refused.atMonoMs < REFUSED_LATELY_MS;
  // Who is refused is up and running, whatever it was told before.
  if (facts.isExcused && !isRefused) {
    const { wasLoggedIn } = before;
    if (!facts.hasGrid) return { wasLoggedIn, isMissing: false };
    const gridSinceMonoMs = before.gridSinceMonoMs ?? nowMonoMs;
    return { wasLoggedIn, gridSinceMonoMs, isMissing: nowMonoMs - gridSinceMonoMs >= COMES_BACK_MS };
  }
  const sinceMonoMs = before.sinceMonoMs ?? nowMonoMs;
  const withGridMs = before.wasLoggedIn ? AWAY_MS : FIRST_LOGIN_MS;
  const limitMs = facts.isOnBattery ? AWAY_ON_BATTERY_MS : withGridMs;
  const isMissing = before.isMissing || isRefused || nowMonoMs - sinceMonoMs >= limitMs;
  return { sinceMonoMs, wasLoggedIn: before.wasLoggedIn, isMissing };
}

function missingText(
  host: string,
  { wasLoggedIn, gridSinceMonoMs }: Watched,
  { refused }: HostFacts,
): string {
  if (gridSinceMonoMs !== undefined) {
    return `The NUT client of ${host} has not come back since it was told to shut down, and the grid is there: the host is off, ` +
      "or its client does not start and a shutdown would not reach it";
  }
  const what = wasLoggedIn ? "is no longer logged in" : "has not logged in since the start";
  const why = refused ? ` (refused: ${refusedText(refused)})` : "";
  return `The NUT client of ${host} ${what}${why}: a shutdown would not reach it`;
}

function refusedText({ user, ups, address, why }: RefusedLogin): string {
  return `user "${user}" on UPS "${ups}" from ${address}, ${why}`;
}

function event(kind: string, severity: "notice" | "warning", agent: string, text: string): Outcome {
  return { kind: "event", event: { kind, severity, agent, text: text.slice(0, 500) } };
}

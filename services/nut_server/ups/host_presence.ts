/** Which hosts of the policy are there: a session is "up", its end is "down". Times are monotonic. */
import type { Outcome } from "./outcomes.ts";

interface HostState {
  readonly sessions: Map<number, { readonly address: string }>;
  /** The latest moment at which a client that was shown a forced shutdown may still be shutting its host down. */
  downAtMonoMs?: number;
  /** Undefined until the first login, or until the grace after the start is over. */
  word: Outcome | undefined;
}

/** What a host can do through its NUT client; `nut` says that it is one. */
export const NUT_CAPABILITIES: readonly string[] = ["nut", "shutdown", "abort", "ping"];

/** See the file comment. */
export class HostPresence {
  readonly #hosts: ReadonlyMap<string, HostState>;
  #begunMonoMs: number | undefined;

  /**
   * @param loginGraceMs After the first tick, how long clients have to come back before a host counts as offline
   * @param downAfterMs By host, how long it may still run after its client left, ms: it may have left just before we began
   */
  constructor(
    hosts: readonly string[],
    private readonly loginGraceMs: number,
    private readonly downAfterMs: ReadonlyMap<string, number> = new Map(),
  ) {
    this.#hosts = new Map(hosts.map((host) => [host, { sessions: new Map(), word: undefined }]));
  }

  /** Sessions of a host. */
  countOf(host: string): number {
    return this.#hosts.get(host)?.sessions.size ?? 0;
  }

  /** Its last client has left after it had been shown a forced shutdown, and none came back. */
  isGoingDown(host: string): boolean {
    const word = this.#hosts.get(host)?.word;
    return word?.kind === "presence" && word.status.going_down === true;
  }

  /** What was last said of every host. */
  all(): readonly Outcome[] {
    return [...this.#hosts.values()].flatMap(({ word }) => word ?? []);
  }

  /** A session of the host has logged in. */
  loggedIn(session: number, { host, address }: { host: string; address: string }): readonly Outcome[] {
    const state = this.#hosts.get(host);
    if (!state) return [];
    state.sessions.set(session, { address });
    state.downAtMonoMs = undefined;
    if (state.sessions.size > 1) return [];
    state.word = {
      kind: "presence",
      status: { agent: host, online: true, os: `NUT client at ${address}`, can: [...NUT_CAPABILITIES] },
    };
    return [
      state.word,
      event("nut_login", "info", host, `The NUT client of ${host} logged in from ${address}`),
    ];
  }

  /**
   * A session has ended. Other sessions of its host keep it up.
   *
   * @param wasShown The session had been shown FSD: its end means that the host goes down, and not that it was lost
   * @param downAfterMs The host may still run for so long after it, ms, and counts as up until then
   * @param commandId The command that told it, where one did
   */
  ended(
    session: number,
    { wasShown, downAfterMs = 0, commandId }: {
      wasShown: boolean;
      downAfterMs?: number;
      commandId?: string;
    },
    nowMonoMs: number,
  ): readonly Outcome[] {
    for (const [host, state] of this.#hosts) {
      if (!state.sessions.delete(session)) continue;
      if (wasShown) state.downAtMonoMs = Math.max(state.downAtMonoMs ?? 0, nowMonoMs + downAfterMs);
      if (state.sessions.size > 0) return [];
      const isStillUp = wasShown && state.downAtMonoMs !== undefined && state.downAtMonoMs > nowMonoMs;
      state.word = {
        kind: "presence",
        status: {
          agent: host,
          online: isStillUp,
          can: [...NUT_CAPABILITIES],
          ...(wasShown ? { going_down: true } : {}),
          ...(wasShown && commandId !== undefined ? { last_command_id: commandId } : {}),
        },
      };
      const text = wasShown
        ? `The NUT client of ${host} has left after the forced shutdown`
        : `The NUT client of ${host} is gone without a forced shutdown`;
      return [state.word, event("nut_logout", wasShown ? "notice" : "warning", host, text)];
    }
    return [];
  }

  /** Says of hosts that did not come back after the start that they are offline, and of those whose time is up. */
  tick(nowMonoMs: number): readonly Outcome[] {
    this.#begunMonoMs ??= nowMonoMs;
    const sinceMs = nowMonoMs - this.#begunMonoMs;
    const missing: Outcome[] = [...this.#downNow(nowMonoMs)];
    for (const [host, state] of this.#hosts) {
      if (state.word || sinceMs < Math.max(this.loginGraceMs, this.downAfterMs.get(host) ?? 0)) continue;
      state.word = { kind: "presence", status: { agent: host, online: false, can: [...NUT_CAPABILITIES] } };
      missing.push(state.word);
    }
    return missing;
  }

  /** Hosts that left as they were told, and whose clients' time to go down is over. */
  #downNow(nowMonoMs: number): Outcome[] {
    return [...this.#hosts.values()].flatMap((state): Outcome[] => {
      const { word, downAtMonoMs, sessions } = state;
      if (downAtMonoMs === undefined || nowMonoMs < downAtMonoMs || sessions.size > 0) return [];
      state.downAtMonoMs = undefined;
      if (word?.kind !== "presence" || !word.status.online || !word.status.going_down) return [];
      state.word = { kind: "presence", status: { ...word.status, online: false } };
      return [state.word];
    });
  }
}

function event(kind: string, severity: "info" | "notice" | "warning", agent: string, text: string): Outcome {
  return { kind: "event", event: { kind, severity, agent, text } };
}

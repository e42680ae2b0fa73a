/** A host's phases, inputs and effects on its way down and back: the types of `host.ts` and its neighbours. Times are monotonic ms. */

/** Where a host stands. */
export type HostPhase =
  /** Nobody told it anything that still counts. */
  | { readonly kind: "idle" }
  | {
    readonly kind: "commanded";
    readonly commandId: string;
    readonly commandedMonoMs: number;
    /** When this outage told it for the first time. */
    readonly firstCommandedMonoMs: number;
    readonly answer: "none" | "accepted" | "rejected" | "failed" | "shutting_down";
    /**
     * `waiting`: the broker has not confirmed it yet. `lost`: perhaps the host never had it; it is sent again.
     * `refused`: the broker did not take it, see `refused`.
     */
    readonly delivery: "waiting" | "done" | "lost" | "refused";
    /** When it was last said again because the host, which is online, had not answered; absent: never. */
    readonly saidAgainMonoMs?: number;
    /** How often the broker did not take it, and when for the last time; absent: never. */
    readonly refused?: { readonly times: number; readonly atMonoMs: number };
    /** It was down before, and nothing has been heard of it since. */
    readonly wasDown?: boolean;
    readonly detail?: string;
  }
  /** It took the command and then went offline: proven down. */
  | {
    readonly kind: "down";
    readonly commandId: string;
    readonly commandedMonoMs: number;
    readonly sinceMonoMs: number;
  }
  | {
    readonly kind: "aborting";
    readonly shutdownId: string;
    readonly abortId: string;
    readonly sinceMonoMs: number;
    readonly sentMonoMs: number;
    /** It had taken the shutdown: when it goes all the same, the abort came too late. */
    readonly isTaken?: boolean;
    /** It was down before, or went all the same, and nothing has been heard of it since. */
    readonly wasDown?: boolean;
  }
  /** It is down and magic packets are sent until its agent is online. */
  | {
    readonly kind: "waking";
    readonly commandId: string;
    readonly sinceMonoMs: number;
    readonly sentMonoMs: number;
  };

/** A host with what its agent shows of itself. */
export interface HostState {
  readonly phase: HostPhase;
  /** undefined: no agent of this name was ever seen. */
  readonly online?: boolean;
}

/** One thing that happens to a host. */
export type HostInput =
  | { readonly kind: "tick"; readonly wanted: "up" | "down"; readonly mayWake: boolean }
  /** `isLive`: it was said now, and not kept by the broker from before. */
  | { readonly kind: "presence"; readonly online: boolean; readonly isLive: boolean }
  | { readonly kind: "delivered"; readonly commandId: string }
  /** The broker did not take it, or never will. */
  | { readonly kind: "undelivered"; readonly commandId: string; readonly reason: string }
  | {
    readonly kind: "ack";
    readonly commandId: string;
    readonly status: "accepted" | "rejected" | "running" | "shutting_down" | "aborted" | "failed" | "done";
    readonly detail?: string;
  };

/** What is to be done. */
export type HostEffect =
  /** `isRepeat`: with an id that was sent before; an agent obeys an id once. */
  | {
    readonly kind: "send";
    readonly action: "shutdown" | "abort";
    readonly commandId: string;
    readonly isRepeat?: boolean;
    /** The broker had it, and the host has not answered: that it was sent is told already. */
    readonly isUnanswered?: boolean;
  }
  /** It went down as told, so long after it was told. */
  | { readonly kind: "is_down"; readonly tookMs: number }
  | { readonly kind: "is_aborted" }
  /** The window is over and it never said that it was called off. */
  | { readonly kind: "not_aborted" }
  | { readonly kind: "wake" }
  | { readonly kind: "is_awake" }
  | { readonly kind: "not_awake" };

/** A host after something happened, and what is to be done. */
export interface HostStep {
  readonly state: HostState;
  readonly effects: readonly HostEffect[];
}

/** Nothing follows. */
export const stay = (state: HostState): HostStep => ({ state, effects: [] });

/** The host stands elsewhere now. */
export const to = (state: HostState, phase: HostPhase, ...effects: HostEffect[]): HostStep => ({
  state: { ...state, phase },
  effects,
});

/** An unanswered abort is sent again after this long, ms. */
export const ABORT_REPEAT_MS = 15_000;
/** Preparations of a host may take so long after it accepted before it is told again, ms, on top of its delay. */
export const PREPARATIONS_MS = 600_000;
/** A host that came online without answering is told again with the same id, but not sooner than this, ms. */
export const RESEND_AFTER_MS = 5000;
/**
 * A host that is online and does not answer is told again with the same id, first after the least, then ever more seldom, ms. A
 * broker that was killed may have forgotten the host's session, and with it the command that it had confirmed to us.
 */
export const UNANSWERED_RESEND_MS = { least: 15_000, most: 60_000 };
/** What the broker did not take is sent again after this long, then ever more seldom, ms. */
export const REFUSED_RESEND_MS = { first: 5000, longest: 60_000 };
/** Magic packets are sent this often at first, ms. */
export const WAKE_EVERY_MS = 60_000;
/** Others wait so long for a host that is being woken, ms; then packets are sent less often. */
export const WAKE_PATIENCE_MS = 600_000;
/** After the patience, ms. */
export const WAKE_SLOWLY_EVERY_MS = 300_000;
/** Nobody is woken for longer than this, ms. */
export const WAKE_LIMIT_MS = 86_400_000;

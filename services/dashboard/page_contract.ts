/**
 * What the page is told: the one contract between the worker and the browser. Types only, so that both can read it.
 *
 * An age is in seconds at the moment of sending, and the page goes on counting from there; **an absent age means that nobody
 * knows it, and such a value is never live**. An absent value is unknown, never 0.
 */

import type { Installation } from "../../lib/text/typable.ts";

/** What this browser may do. */
export interface SessionView {
  readonly password_set: boolean;
  readonly signed_in: boolean;
  readonly may_read: boolean;
  /** To be sent back with each wish; only when signed in. */
  readonly csrf?: string;
  /** How commands are typed on the daemon's machine. */
  readonly installation: Installation;
}

/** One host that is plugged into a station. */
export interface HostView {
  readonly agent: string;
  /** What the policy knows of it: `online`, `offline`, `told`, `accepted`, `shutting_down`, `down` … */
  readonly state: string;
  readonly detail?: string;
  /** It said that it switches off in so many seconds, at the moment of sending. */
  readonly off_in_s?: number;
  /** 1 goes first; absent: all go together. */
  readonly stage?: number;
  readonly hostname?: string;
  readonly os?: string;
  /** Absent: it runs nothing of ours, or was never heard. */
  readonly has_agent?: true;
  /** It prints what it would do, and does nothing: it is not protected. */
  readonly is_rehearsing?: true;
  /** ISO 8601. */
  readonly last_shutdown_at?: string;
  readonly last_drill?: DrillHostView;
}

/** How a host did in the newest drill that it took part in. */
export interface DrillHostView {
  readonly at: string;
  readonly state: string;
  /** So long its way down takes, s. */
  readonly needs_s?: number;
  readonly detail?: string;
}

/** What the policy thinks of a station. */
export interface PolicyView {
  readonly state: "unknown" | "online" | "on_battery" | "critical" | "shutting_down" | "recovery";
  /** Its own words; `{left}` stands for what is left of the timer, which goes on while nobody speaks. */
  readonly sentence: string;
  readonly is_blind: boolean;
  readonly soc_percent?: number;
  readonly soc_is_estimate: boolean;
  readonly soc_min_percent?: number;
  /** Seconds until hosts are told, at the moment of sending. */
  readonly timer_left_s?: number;
  /** On battery, seconds until the first host would be told, at the moment of sending. */
  readonly shutdown_earliest_s?: number;
  /** Who holds the shutdown back. */
  readonly held?: string;
  /** The outage is from before a reboot: nobody knows whether it goes on, and nobody is told by it. */
  readonly is_in_doubt?: boolean;
  readonly age_s?: number;
}

/** Who speaks for a station: the cloud, or its cable to a NUT server. */
export type SourceName = "cloud" | "nut";

/** One power station. Each value that can grow old has its own age. */
export interface StationView {
  readonly device: string;
  readonly model?: string;
  /** Its values are played, not measured. */
  readonly is_simulated?: true;
  /** What the bridge says of the way to it; absent: it did not say. */
  readonly link?: "live" | "stale" | "offline";
  readonly grid?: { readonly connected: boolean; readonly age_s?: number; readonly evidence?: string };
  /** Who said the grid and the charge; absent: the station has no cable, or the value is not known. */
  readonly sources?: { readonly grid?: SourceName; readonly charge?: SourceName };
  /** The cable decides the grid, and the live cloud says the opposite. */
  readonly is_disputed?: true;
  /** The station speaks and does not tell the grid any more; `grid` is absent then. */
  readonly is_grid_unknown?: true;
  readonly soc?: { readonly percent: number; readonly age_s?: number };
  /** Of everything below. */
  readonly age_s?: number;
  readonly ac_in_watts?: number;
  readonly ac_in_volts?: number;
  readonly dc_in_watts?: number;
  readonly out_watts?: number;
  readonly temp_celsius?: number;
  /** Minutes to empty and to full, as the station says. */
  readonly discharge_min?: number;
  readonly charge_min?: number;
  readonly battery_wh?: number;
  readonly min_soc_percent?: number;
  readonly policy?: PolicyView;
  readonly hosts: readonly HostView[];
}

/** The whole house at one moment. */
export interface HouseView {
  /** Wall time of sending, ms since 1970. */
  readonly now_ms: number;
  /** Seconds of the house in one real second: 1 but in simulations. */
  readonly speed: number;
  /** A value older than this is not live, s. */
  readonly stale_after_s: number;
  /** How commands are typed on the daemon's machine. */
  readonly installation: Installation;
  readonly is_broker_up: boolean;
  /** Absent: nothing heard of it. */
  readonly daemon?: { readonly is_online: boolean; readonly version?: string };
  /** Whether the policy's words can be trusted to be its present ones. */
  readonly is_policy_running: boolean;
  /** Sentences about what does not work, worst first. */
  readonly problems: readonly string[];
  readonly cloud?: { readonly link: string; readonly detail: string; readonly age_s?: number };
  readonly stations: readonly StationView[];
  readonly drill?: {
    readonly state: string;
    readonly sentence: string;
    readonly at: string;
    readonly hosts: readonly { readonly agent: string; readonly state: string }[];
  };
}

/** One entry of the journal. */
export interface EventView {
  /** ISO 8601. */
  readonly ts: string;
  readonly kind: string;
  readonly severity: "info" | "notice" | "warning" | "danger";
  readonly text: string;
}

/** One outage of one station. */
export interface OutageView {
  readonly device: string;
  /** ISO 8601; absent: it began before anybody looked. */
  readonly from?: string;
  /** Absent: it goes on. */
  readonly to?: string;
  /** The lowest charge in it, %. */
  readonly lowest_soc_percent?: number;
}

/** Energy of one local day, Wh; absent: not known. */
export interface EnergyView {
  /** `2026-11-23` */
  readonly day: string;
  readonly in_wh?: number;
  /** For so many seconds of the day it was known; the rest is in no sum. */
  readonly in_s: number;
  readonly out_wh?: number;
  readonly out_s: number;
  /** Of what came in: from the grid, and from sun or car; absent: not known apart. */
  readonly ac_in_wh?: number;
  readonly dc_in_wh?: number;
}

/** What the charts show; each array as long as `at_s`, null where nothing is known. */
export interface HistoryView {
  readonly device: string;
  /** Seconds since 1970. */
  readonly at_s: readonly number[];
  readonly soc_percent: readonly (number | null)[];
  readonly in_watts: readonly (number | null)[];
  /** Of it from the grid, and from sun or car; null: not known apart. */
  readonly ac_in_watts: readonly (number | null)[];
  readonly dc_in_watts: readonly (number | null)[];
  readonly out_watts: readonly (number | null)[];
  /** For how many of the row's seconds anything was known; 0 in a gap. */
  readonly known_s: readonly number[];
  /** How much of that time the grid was there, %. */
  readonly grid_percent: readonly (number | null)[];
  /** The values are averages over so long, s. */
  readonly step_s: number;
  readonly outages: readonly OutageView[];
  /** The last days, oldest first; absent: nobody keeps it. */
  readonly energy?: readonly EnergyView[];
  /** Where it comes from: what the dashboard itself saw since its start, or the historian's memory. */
  readonly source: "seen" | "historian";
}

/** The answer to a wish. */
export interface WishView {
  /** Whether the policy took it; absent: it has not answered yet. */
  readonly isTaken?: boolean;
  /** One sentence for a person. */
  readonly text: string;
}

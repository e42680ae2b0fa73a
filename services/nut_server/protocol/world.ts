/** What a conversation knows: its own memory, the UPS entries that it may see, and how they look now. */
import type { ErrorToken } from "./answers.ts";
import type { NutUps, NutUser } from "../access/nut_house.ts";
import type { Variables } from "../ups/variables.ts";

/** What is remembered of a connection between two lines. */
export interface Session {
  readonly username?: string;
  readonly password?: string;
  /** The UPS that it is logged in to, with the account that it used. */
  readonly login?: { readonly ups: NutUps; readonly user: NutUser };
  readonly isTracking: boolean;
  readonly isTls: boolean;
}

/** A connection that has said nothing yet. */
export const NEW_SESSION: Session = { isTracking: false, isTls: false };

/** One UPS as a client sees it now. */
export interface UpsView {
  readonly ups: NutUps;
  /** `variables`: what is known. `stale`, `never`: nothing that may be said; the difference is the error token. */
  readonly data: { readonly kind: "known"; readonly variables: Variables } | {
    readonly kind: "stale" | "never";
  };
  /** Names of the variables that are estimates of the policy and no measurement. */
  readonly estimated: ReadonlySet<string>;
  /** Addresses of the logged-in clients, one a session. */
  clients(): readonly string[];
}

/** What a conversation needs to know. */
export interface NutWorld {
  readonly users: readonly NutUser[];
  /** The UPS entries that this client sees, in the order of the configuration. */
  readonly upses: readonly NutUps[];
  /** Looks at one of them, with the eyes of this session. */
  view(ups: NutUps, session: Session): UpsView;
  readonly hasCertificate: boolean;
}

/** What upsd 2.8.0 calls itself in the form that clients take apart: WinNUT takes the fifth word as the version. */
export const SERVER_VERSION = "2.8.0";

/** The protocol's version. */
export const PROTOCOL_VERSION = "1.3";

/** Finds a UPS by the name that a client typed; case does not matter. */
export function findUps(upses: readonly NutUps[], typed: string | undefined): NutUps | undefined {
  return upses.find(({ name }) => name.toLowerCase() === typed?.toLowerCase());
}

/** The token for data that may not be said. */
export function dataError(kind: "stale" | "never"): ErrorToken {
  return kind === "stale" ? "DATA-STALE" : "DRIVER-NOT-CONNECTED";
}

/** The answer to VER. */
export function serverInfo(): string {
  return `Network UPS Tools upsd ${SERVER_VERSION} - spoken by ecoflow-power, https://www.networkupstools.org/`;
}

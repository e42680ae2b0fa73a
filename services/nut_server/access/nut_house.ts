/** What the NUT server is told: accounts, UPS names, limits. Types and defaults only. */

/** What an account may do. Nobody may switch anything: there is no command and no writable variable. */
export type NutRole = "secondary" | "primary";

/** An account of a client, as in upsd.users. */
export interface NutUser {
  readonly name: string;
  readonly password: string;
  /** `secondary`: LOGIN. `primary`: also PRIMARY, and FSD for its own `host` alone. */
  readonly role: NutRole;
  /** The host of the policy behind this account; absent: the UPS that it logs in to says which. */
  readonly host?: string;
  /**
   * For appliances whose client leaves long before the machine is off: so long after it left as it was told, its host still
   * counts as up, s; absent: 0.
   */
  readonly downAfterSec?: number;
}

/** One name in LIST UPS. */
export interface NutUps {
  /** What clients ask for; matched without regard to case. Several entries may share it when `clients` differ. */
  readonly name: string;
  /** The power station behind it, by its name in topics. */
  readonly device: string;
  readonly description?: string;
  /** The host of the policy that this UPS is for; its shutdown is this host's. Not together with `stage`. */
  readonly host?: string;
  /** Shuts down as soon as the policy tells a host of this stage or a later one. */
  readonly stage?: number;
  /** Only these clients see this entry; absent: all for whom no other entry of the name is meant. */
  readonly clients?: readonly string[];
  /** Rated AC output of the station, W, when the table of models does not know it or is wrong. */
  readonly ratedWatts?: number;
}

/** What a client may use of us; see the defaults in {@link DEFAULT_LIMITS}. */
export interface NutLimits {
  /** Connections at a time, all clients together. */
  readonly maxConnections: number;
  /** Connections at a time from one address. */
  readonly maxPerAddress: number;
  /** New connections a second from one address, lasting; three times as many at once. */
  readonly connectsPerSec: number;
  /** Lines a second on one connection, lasting; twice as many at once. Faster ones wait. */
  readonly linesPerSec: number;
  /** Failed logins of an address before its logins are delayed, and of a connection before it is closed. */
  readonly failedLogins: number;
  /** A connection without a whole line for so long is closed, s. */
  readonly idleSec: number;
  /** A connection that does not take its answer for so long is closed, s. */
  readonly writeSec: number;
}

/** For a house: some polls a second from each of a few dozen clients are far below. */
export const DEFAULT_LIMITS: NutLimits = {
  maxConnections: 256,
  maxPerAddress: 32,
  connectsPerSec: 20,
  linesPerSec: 100,
  failedLogins: 5,
  idleSec: 60,
  writeSec: 10,
};

/** The content of the TOML text. */
export interface NutHouse {
  /** Addresses and networks that may connect; everybody else is closed at once. */
  readonly allow: readonly string[];
  readonly users: readonly NutUser[];
  readonly upses: readonly NutUps[];
  readonly limits: NutLimits;
}

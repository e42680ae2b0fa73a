/** The files of the Mosquitto beside us: its certificate, who may log in, who may do what. Written by an administrator. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { HouseConfig } from "../../lib/config/load.ts";
import {
  encodePasswords,
  hashPassword,
  isPasswordOf,
  parsePasswords,
  type PasswordTable,
} from "../../lib/mqtt/mosquitto_passwords.ts";
import { textFile } from "../../lib/files/text_file.ts";
import {
  brokerUsers,
  DAEMON_USER,
  mosquittoAcl,
  SITE_BRIDGE_USER,
  siteBridgeUser,
} from "../../services/broker_access.ts";
import {
  type AuthorityFiles,
  type AuthorityState,
  authorityState,
  keepAuthority,
} from "./house_authority.ts";

/** The port that hosts reach it at, with TLS; as in `systemd/mosquitto.conf`. */
export const LAN_PORT = 8883;

/** See the file comment. `root`: the files lie below it; `/` on a real machine. */
export class ManagedBroker {
  readonly #dir: string;
  readonly #own: string;
  readonly #authority: AuthorityFiles;
  readonly #passwords;
  readonly #acl;
  readonly #daemonSecret;

  constructor(root: string) {
    const dir = this.#dir = join(root, "etc/mosquitto/ecoflow-power");
    const own = this.#own = join(root, "etc/ecoflow-power");
    // Mosquitto's group reads what Mosquitto needs; the authority's key and our own password are root's.
    this.#authority = {
      caPem: textFile(join(dir, "ca.pem"), 0o644),
      caKey: textFile(join(own, "authority/ca.key")),
      serverCert: textFile(join(dir, "server.pem"), 0o640),
      serverKey: textFile(join(dir, "server.key"), 0o640),
    };
    // Mosquitto's own: newer versions of it refuse them otherwise. The package gives them to it, and so they stay.
    this.#passwords = textFile(join(dir, "passwords"), 0o640, "own");
    this.#acl = textFile(join(dir, "acl"), 0o640, "own");
    this.#daemonSecret = textFile(join(own, "credentials/mqtt_pass"));
  }

  /** The authority that hosts must trust; undefined when there is no managed broker. */
  get caPem(): string | undefined {
    return this.#authority.caPem.read();
  }

  /**
   * Makes what is not there or cannot be used, and the access list anew. What can be used stays: hosts are paired with it.
   *
   * @param names Names and addresses that hosts reach this machine by
   * @param renew Issues a new certificate of the server by the same authority
   * @returns what was made, in words
   */
  async setUp(house: HouseConfig, names: readonly string[], renew: boolean): Promise<string[]> {
    const made: string[] = [];
    // The package makes them too, and gives the first one to Mosquitto's group.
    mkdirSync(this.#dir, { recursive: true, mode: 0o750 });
    for (const name of ["authority", "credentials"]) {
      mkdirSync(join(this.#own, name), { recursive: true, mode: 0o700 });
    }
    made.push(...await keepAuthority(this.#authority, names, renew));
    made.push(...this.#keepLogins());
    if (this.refresh(house)) made.push("the access list");
    return made;
  }

  /** The daemon's login. One that can be used stays: a daemon that is being started may have been handed it already. */
  #keepLogins(): string[] {
    const made: string[] = [];
    if (this.logins === undefined) {
      this.#passwords.setAside();
      made.push(
        "a new list of logins, because the one before cannot be used: EVERY HOST MUST BE PAIRED ANEW",
      );
    }
    const kept = this.#daemonSecret.read()?.trim();
    const password = kept !== undefined && isPassword(kept) ? kept : this.newPassword();
    const hashed = this.#users().get(DAEMON_USER);
    if (password === kept && hashed !== undefined && isPasswordOf(hashed, password)) return made;
    this.setPassword(DAEMON_USER, password);
    if (password !== kept) this.#daemonSecret.write(`${password}\n`);
    return [...made, "the daemon's password"];
  }

  /** Who may log in; undefined: the list cannot be used. @throws Error when it may not be read */
  get logins(): PasswordTable | undefined {
    const text = this.#passwords.read() ?? "";
    try {
      return parsePasswords(text, "Mosquitto's password file");
    } catch {
      return undefined;
    }
  }

  /** What of the authority and of the certificate can be used. @throws Error when one may not be read */
  get authority(): AuthorityState {
    return authorityState(this.#authority);
  }

  /** Writes the access list when it says something else than before. @returns whether it did */
  refresh(house: HouseConfig): boolean {
    const bridge = this.#users().has(SITE_BRIDGE_USER) ? [siteBridgeUser(house.roots)] : [];
    const text = mosquittoAcl([...brokerUsers(house), ...bridge]);
    if (text === this.#acl.read()) return false;
    this.#acl.write(text);
    return true;
  }

  /** A random one that nobody can guess. */
  newPassword(): string {
    return randomBytes(32).toString("base64url");
  }

  /** Lets a user log in with this password; only its hash is kept. */
  setPassword(user: string, password: string): void {
    this.#passwords.write(encodePasswords(new Map(this.#users()).set(user, hashPassword(password))));
  }

  /** Lets a user log in no more. */
  removeUser(user: string): void {
    const users = new Map(this.#users());
    if (users.delete(user)) this.#passwords.write(encodePasswords(users));
  }

  #users() {
    return parsePasswords(this.#passwords.read() ?? "", "Mosquitto's password file");
  }
}

/** One line that can be typed: zeros and noise, which a cut of power leaves, are none. */
function isPassword(text: string): boolean {
  return /^[^\p{Cc}\uFFFD]+$/u.test(text);
}

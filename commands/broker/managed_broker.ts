/** The files of the Mosquitto beside us: its certificate, who may log in, who may do what. Written by an administrator. */
import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createAuthority, loadAuthority } from "../../lib/certificates.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import { encodePasswords, hashPassword, parsePasswords } from "../../lib/mqtt/mosquitto_passwords.ts";
import { textFile } from "../../lib/files/text_file.ts";
import {
  brokerUsers,
  DAEMON_USER,
  mosquittoAcl,
  SITE_BRIDGE_USER,
  siteBridgeUser,
} from "../../services/broker_access.ts";

/** The port that hosts reach it at, with TLS; as in `systemd/mosquitto.conf`. */
export const LAN_PORT = 8883;

/** A Pi without a clock may issue a certificate in what it takes for 1970, or for last week. */
const NOT_BEFORE_MS = Date.UTC(2026, 0, 1);
const YEAR_MS = 365 * 86_400_000;
const AUTHORITY_YEARS = 30;
const SERVER_YEARS = 20;

/** See the file comment. `root`: the files lie below it; `/` on a real machine. */
export class ManagedBroker {
  readonly #dir: string;
  readonly #own: string;
  readonly #caPem;
  readonly #caKey;
  readonly #serverCert;
  readonly #serverKey;
  readonly #passwords;
  readonly #acl;
  readonly #daemonSecret;

  constructor(root: string) {
    const dir = this.#dir = join(root, "etc/mosquitto/ecoflow-power");
    const own = this.#own = join(root, "etc/ecoflow-power");
    // Mosquitto's group reads what Mosquitto needs; the authority's key and our own password are root's.
    this.#caPem = textFile(join(dir, "ca.pem"), 0o644);
    this.#serverCert = textFile(join(dir, "server.pem"), 0o640);
    this.#serverKey = textFile(join(dir, "server.key"), 0o640);
    // Mosquitto's own: newer versions of it refuse them otherwise. The package gives them to it, and so they stay.
    this.#passwords = textFile(join(dir, "passwords"), 0o640, "own");
    this.#acl = textFile(join(dir, "acl"), 0o640, "own");
    this.#caKey = textFile(join(own, "authority/ca.key"));
    this.#daemonSecret = textFile(join(own, "credentials/mqtt_pass"));
  }

  /** The authority that hosts must trust; undefined when there is no managed broker. */
  get caPem(): string | undefined {
    return this.#caPem.read();
  }

  /**
   * Makes what is not there yet, and the access list anew. What is there stays: hosts are paired with it.
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
    const [caPem, caKey] = [this.#caPem.read(), this.#caKey.read()];
    const notAfterMs = Math.max(Date.now(), NOT_BEFORE_MS);
    const isKnown = caPem !== undefined && caKey !== undefined;
    const authority = isKnown ? await loadAuthority(caPem, caKey) : await createAuthority({
      commonName: "ecoflow-power of this house",
      notBeforeMs: NOT_BEFORE_MS,
      notAfterMs: notAfterMs + AUTHORITY_YEARS * YEAR_MS,
    });
    if (!isKnown) {
      this.#caKey.write(authority.keyPem);
      this.#caPem.write(authority.caPem);
      made.push("an authority of this house");
    }
    const hasCertificate = this.#serverKey.read() !== undefined && this.#serverCert.read() !== undefined;
    if (!isKnown || renew || !hasCertificate) {
      const { cert, key } = await authority.issue({
        names,
        notBeforeMs: NOT_BEFORE_MS,
        notAfterMs: notAfterMs + SERVER_YEARS * YEAR_MS,
      });
      this.#serverKey.write(key);
      this.#serverCert.write(cert);
      made.push(`a certificate for ${names.join(", ")}`);
    }
    if (this.#daemonSecret.read() === undefined || !this.#users().has(DAEMON_USER)) {
      // One that is there stays: a daemon that is being started may have been handed it already.
      const password = this.#daemonSecret.read()?.trim() || this.newPassword();
      this.setPassword(DAEMON_USER, password);
      this.#daemonSecret.write(`${password}\n`);
      made.push("the daemon's password");
    }
    if (this.refresh(house)) made.push("the access list");
    return made;
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

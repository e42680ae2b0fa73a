/** Where a bridge leads, as it was typed: the cluster's address, the site's name, the credentials. Pure. */
import * as v from "valibot";

/** MQTT's port with TLS. */
const TLS_PORT = 8883;

/** The cluster that a site is bridged to. */
export interface BridgeTarget {
  /** A name or an IPv4 address; its certificate must be good for it. */
  readonly host: string;
  /** 1 to 65535. */
  readonly port: number;
}

/** A name, an address, a password that cannot be used. The text quotes no password. */
export class BridgeInputError extends Error {
  override readonly name = "BridgeInputError";
}

const HOST =
  /^(?=.{1,253}$)[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?(?:\.[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?)*$/;
const WANTED = "must be mqtts://HOST or mqtts://HOST:PORT";

/** Reads `mqtts://HOST[:PORT]`. @throws BridgeInputError */
export function parseBridgeTarget(text: string): BridgeTarget {
  const refuse = (why: string) => new BridgeInputError(`Cannot use --to: ${why}`);
  // Before anything is quoted: what stands before an @ is a secret.
  if (text.includes("@")) {
    throw refuse(
      `${WANTED}, found an "@"; the login goes into --user and --pass-file, never into the address`,
    );
  }
  const match = /^([a-z]+):\/\/([^/:?#]+)(?::(\d{1,5}))?\/?$/i.exec(text);
  if (text.startsWith("mqtts://[")) {
    throw refuse(
      `${WANTED}, with a name or an IPv4 address; found "${text}", an IPv6 address: give it a name`,
    );
  }
  if (match?.[1]?.toLowerCase() === "mqtt") {
    throw refuse(`${WANTED}, found "${text}", which has no TLS: nothing leaves the house unencrypted`);
  }
  const [, scheme = "", host = "", digits] = match ?? [];
  if (scheme.toLowerCase() !== "mqtts" || !HOST.test(host)) throw refuse(`${WANTED}, found "${text}"`);
  const port = digits === undefined ? TLS_PORT : Number(digits);
  if (port < 1 || port > 65_535) throw refuse(`the port must be 1 to 65535, found ${digits}`);
  return { host, port };
}

const SITE = v.pipe(v.string(), v.regex(/^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,62}[A-Za-z0-9])?$/));

/** A site's name: one level of a topic, and part of a client id. @throws BridgeInputError */
export function parseSiteName(text: string): string {
  if (v.is(SITE, text)) return text;
  throw new BridgeInputError(
    'Cannot use --site: must be 1 to 64 letters (a to z), digits, "-" and "_", with a letter or a digit at both ends, ' +
      `found "${text}"`,
  );
}

/** The cluster's user name, as one line of Mosquitto's configuration can hold it. @throws BridgeInputError */
export function parseBridgeUser(text: string): string {
  if (isOneLine(text) && text.length <= 256) return text;
  throw new BridgeInputError(
    `Cannot use --user: must be 1 to 256 characters of UTF-8 in one line, without blanks at its ends, found "${text}"`,
  );
}

/** The password out of a file; a line end behind it belongs to the file. @throws BridgeInputError that does not quote it */
export function parseBridgePassword(text: string, path: string): string {
  const password = text.replace(/\r?\n$/, "");
  if (isOneLine(password) && password.length <= 1024) return password;
  const found = password === "" ? "nothing" : `${password.length} characters that are otherwise`;
  throw new BridgeInputError(
    `Cannot use the password in "${path}": must be 1 to 1024 characters of UTF-8 in one line, without blanks at its ends, found ${found}`,
  );
}

function isOneLine(text: string): boolean {
  // U+FFFD stands for bytes that are no text; Mosquitto ends at its start over what is no character.
  return text !== "" && text === text.trim() &&
    !/[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}\uFFFD]/u.test(text);
}

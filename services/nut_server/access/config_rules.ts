/** Rules between the entries of the NUT configuration that a schema cannot say. Pure. */
import { RESERVED_AGENT_NAMES, topicWordProblem } from "../../../lib/mqtt/topics.ts";
import { shownValue } from "../../../lib/config/shown_value.ts";
import { AddressList, networkProblem } from "./addresses.ts";
import type { NutUps, NutUser } from "./nut_house.ts";

/** Accounts that appliances have built in: everybody knows their passwords, so they must never be more than secondary. */
export const WELL_KNOWN_ACCOUNTS: readonly string[] = ["monuser", "admin", "upsmon", "qnapnas", "upsuser"];

/**
 * What a client sends without quotes and the protocol takes apart: blanks divide words, `=` is a word, `\\` takes the next
 * character, `#` begins a comment, `"` a quoted word. With one of them in it a name or password fails in one client or
 * another, with Debian's own server too. Tried with Debian's upsmon 2.8.0, character by character.
 */
const UNSENDABLE = /[\s="#\\]/;
const UNSENDABLE_WORDS =
  'must not have a blank, "=", "#", "\\" or a double quote, for NUT clients cannot send it';

/** What is wrong with the accounts by themselves. */
export function accountProblems(users: readonly NutUser[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const [index, { name, password, role, host }] of users.entries()) {
    // A name that is none may be the password.
    const isName = /^[\x20-\x7e]+$/.test(name) && !UNSENDABLE.test(name);
    const who = isName ? `user "${name}"` : `user ${index + 1}`;
    if (seen.has(name)) problems.push(`${who} is given twice`);
    seen.add(name);
    if (!/^[\x20-\x7e]+$/.test(name)) problems.push(`${who} must have a name of printable ASCII`);
    else if (UNSENDABLE.test(name)) problems.push(`${who}: its name ${UNSENDABLE_WORDS}`);
    if (!/^[\x20-\x7e]+$/.test(password)) problems.push(`${who} must have a password of printable ASCII`);
    else if (UNSENDABLE.test(password)) problems.push(`${who}: its password ${UNSENDABLE_WORDS}`);
    problems.push(...hostProblems(who, host));
    if (role !== "primary") continue;
    if (WELL_KNOWN_ACCOUNTS.includes(name)) {
      problems.push(`${who} must be secondary: appliances have it built in, so everybody knows its password`);
    }
    if (host === undefined) {
      problems.push(`${who} must name its host: a primary may shut down itself and nobody else`);
    }
  }
  return problems;
}

/** What is wrong with the UPS entries by themselves. */
export function upsProblems(upses: readonly NutUps[]): string[] {
  const problems: string[] = [];
  const everybody = new Set<string>();
  for (const { name, device, host, stage, clients } of upses) {
    const which = `ups "${name}"`;
    if (!/^[A-Za-z0-9._-]{1,32}$/.test(name)) {
      problems.push(`${which} must have a name of 1 to 32 letters, digits, ".", "_" or "-"`);
    }
    const deviceProblem = topicWordProblem(device);
    if (deviceProblem) problems.push(`${which}: device ${deviceProblem}, found "${device}"`);
    problems.push(...hostProblems(which, host));
    if (host !== undefined && stage !== undefined) {
      problems.push(`${which} must have host or stage, found both`);
    }
    if (clients) {
      problems.push(
        ...clients.flatMap((client) => networkProblem(client) ?? []).map((p) => `${which}: clients ${p}`),
      );
      if (clients.length === 0) {
        problems.push(`${which}: clients must not be empty, leave it out for everybody`);
      }
    } else if (everybody.has(name.toLowerCase())) {
      problems.push(`${which} is given twice without clients: nobody can tell which one is meant`);
    } else everybody.add(name.toLowerCase());
  }
  return problems;
}

/** What is wrong between the parts. */
export function crossProblems({ allow, users, upses, entries, accounts }: {
  readonly allow: readonly string[];
  readonly users: readonly NutUser[];
  readonly upses: readonly NutUps[];
  /** How many UPS entries the text has, the unusable ones included. */
  readonly entries: number;
  /** The same of accounts. */
  readonly accounts: number;
}): string[] {
  const problems = allow.flatMap((network) => networkProblem(network) ?? []).map((p) => `allow ${p}`);
  if (allow.length === 0) problems.push("allow must name the networks that may connect, found none");
  if (entries === 0) problems.push("there must be at least one [[ups]], found none");
  const hosts = upses.flatMap(({ host }) => host ?? []);
  if (accounts === 0 && hosts.length > 0) {
    problems.push(
      `there must be a [[user]] that the client of ${
        hosts.join(", ")
      } can log in with, else a shutdown would not reach it, ` +
        "found none",
    );
  }
  const usable = (network: string) => networkProblem(network) === undefined;
  const allowed = new AddressList(allow.filter(usable));
  for (const { name, clients = [] } of upses) {
    for (const client of clients.filter(usable)) {
      if (!allowed.has(client.split("/")[0] ?? "")) {
        problems.push(`ups "${name}": client "${client}" could never connect, for it is not in allow`);
      }
    }
  }
  for (const { name, host, downAfterSec } of users) {
    if (host === undefined) {
      if (
        downAfterSec !== undefined && upses.length === entries && upses.every((ups) => ups.host === undefined)
      ) {
        problems.push(`user "${name}": down_after_s is for a host, and neither the user nor a ups names one`);
      }
      continue;
    }
    if (upses.length === entries && !upses.some((ups) => ups.host === undefined || ups.host === host)) {
      problems.push(`user "${name}": no ups is for the host that it names`);
    }
  }
  return problems;
}

function hostProblems(who: string, host: string | undefined): string[] {
  if (host === undefined) return [];
  const problem = topicWordProblem(host);
  if (problem) return [`${who}: host ${problem}, found ${shownValue(host)}`];
  if (RESERVED_AGENT_NAMES.includes(host)) return [`${who}: host must not be the reserved name "${host}"`];
  return [];
}

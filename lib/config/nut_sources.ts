/** Which stations a NUT server speaks for as well: `NUT_SOURCES_JSON`, or `nut` of a station in the policy file. Pure. */
import * as v from "valibot";
import { secretFree } from "./secret_free.ts";
import { isHost } from "../text/host_name.ts";
import { topicWordProblem } from "../mqtt/topics.ts";
import type { NutTarget } from "../nut/client.ts";
import { strictObject } from "../strict_object.ts";
import { type ConfiguredStation, stationNameOf } from "./stations.ts";
import { isThisMachine } from "../this_machine.ts";

/** One station and where to ask for it, as it is written down: secrets are not there. */
export interface NutSourceEntry {
  /** The station's name in topics, or its serial number. */
  readonly device: string;
  readonly ups: string;
  readonly host: string;
  readonly port: number;
  /** Absent: nobody logs in. */
  readonly user?: string;
  /** True: STARTTLS with a verified certificate, or nothing; else plain TCP. */
  readonly tls?: boolean;
  /** What its driver calls its serial number, where that is not the station's own. Absent: the station's own is wanted. */
  readonly serial?: string;
}

/** One station and how to ask for it. */
export interface NutSource extends NutTarget {
  /** The station's name in topics, or its serial number. */
  readonly device: string;
  /** See {@link NutSourceEntry.serial}. */
  readonly serial?: string;
}

/** What stands beside a station's name; `host` is 127.0.0.1 and `port` 3493 when left out. */
export const nutSourceSchema = strictObject({
  ups: v.pipe(v.string(), v.regex(/^[A-Za-z0-9._-]{1,64}$/, "must be a UPS name of NUT")),
  host: v.optional(
    v.pipe(v.string(), v.check(isHost, "must be a name or an address, without port and brackets")),
    "127.0.0.1",
  ),
  port: v.optional(
    v.pipe(
      v.number(),
      v.integer("must be a whole number"),
      v.minValue(1, "must be a port, 1 to 65535"),
      v.maxValue(65535, "must be a port, 1 to 65535"),
    ),
    3493,
  ),
  user: v.optional(v.pipe(v.string(), v.regex(/^[^\p{Cc}]{1,64}$/u, "must be a user's name"))),
  tls: v.optional(v.boolean()),
  serial: v.optional(v.pipe(v.string(), v.regex(/^[\x20-\x7e]{4,64}$/, "must be a serial number"))),
});

/** Reads `{"station":{"ups":"…","host":"…","port":3493},…}`. Problems are added to `problems`. */
export function parseNutSources(text: string, problems: string[]): readonly NutSourceEntry[] {
  const key = "NUT_SOURCES_JSON";
  const value = objectOf(text, key, '{"Study":{"ups":"study"}}', problems);
  const found: NutSourceEntry[] = [];
  for (const [device, target] of Object.entries(value)) {
    const problem = topicWordProblem(device);
    if (problem) problems.push(`${key}: the station name "${device}" ${problem}`);
    const result = v.safeParse(nutSourceSchema, target);
    if (result.success) found.push({ device, ...result.output });
    else {
      // Whoever mixes the two keys up has passwords here.
      for (const issue of result.issues) {
        problems.push(`${key}: the station "${device}": ${secretFree(issue, nutSourceSchema)}`);
      }
    }
  }
  return found;
}

/** Reads `{"station":"password",…}`; neither a value nor a name of it stands in a problem: either may be the password. */
export function parseNutPasswords(text: string, problems: string[]): ReadonlyMap<string, string> {
  const key = "NUT_SOURCE_PASSWORDS_JSON";
  const passwords = new Map<string, string>();
  const entries = Object.entries(objectOf(text, key, '{"Study":"…"}', problems));
  for (const [at, [device, password]] of entries.entries()) {
    if (typeof password === "string" && /^[^\p{Cc}]{1,128}$/u.test(password)) passwords.set(device, password);
    else {
      problems.push(
        `${key}: entry ${
          at + 1
        }, a name of ${device.length} characters, must have a password of 1 to 128 printable characters`,
      );
    }
  }
  return passwords;
}

/** What is needed to ask. */
export interface NutSourceSecrets {
  readonly passwords: ReadonlyMap<string, string>;
  /** PEM of those who may sign; absent: the runtime's own list. */
  readonly caPem?: string;
}

/**
 * Puts both places where sources are named together. A station that is configured has its name in topics here, whichever was written.
 *
 * @param stations Those of the configuration
 * @param problems Gets a station that is named twice, a UPS that is, and users and passwords that do not fit
 */
export function nutSourcesOf(
  entries: readonly NutSourceEntry[],
  { passwords, caPem }: NutSourceSecrets,
  stations: readonly ConfiguredStation[],
  problems: string[],
): readonly NutSource[] {
  const seen = new Map<string, string>();
  const askedFor = new Map<string, string>();
  const sources = entries.map(({ user, tls, ...entry }) => {
    const { device } = entry;
    const station = stationNameOf(device, stations);
    const twin = seen.get(station);
    if (twin !== undefined) {
      const names = twin === device ? "" : `, "${twin}" and "${device}"`;
      problems.push(`The station "${station}" must have one NUT server, found two${names}`);
    }
    seen.set(station, device);
    const target = `"${entry.ups}" at ${
      isThisMachine(entry.host) ? "this machine" : entry.host.toLowerCase()
    }:${entry.port}`;
    const other = askedFor.get(target);
    if (other !== undefined && stationNameOf(other, stations) !== station) {
      problems.push(`The UPS ${target} must speak for one station, found "${other}" and "${device}"`);
    }
    askedFor.set(target, device);
    const password = passwords.get(device);
    if (user !== undefined && password === undefined) {
      problems.push(`The NUT user of "${device}" needs a password in NUT_SOURCE_PASSWORDS_JSON, found none`);
    }
    return {
      ...entry,
      device: station,
      ...(user === undefined || password === undefined ? {} : { login: { user, password } }),
      ...(tls ? { tls: { ...(caPem === undefined ? {} : { caPem }) } } : {}),
    };
  });
  const users = entries.filter(({ user }) => user !== undefined).map(({ device }) => device);
  const names = new Set(
    [...entries, ...stations.map(({ sn, name }) => ({ device: name ?? sn }))].map((one) => one.device),
  );
  for (const device of passwords.keys()) {
    if (users.includes(device)) continue;
    const shown = names.has(device) ? `"${device}"` : `a name of ${device.length} characters`;
    problems.push(
      `NUT_SOURCE_PASSWORDS_JSON: ${shown} must be a station with a NUT server and a user (known: ${
        users.join(", ") || "none"
      })`,
    );
  }
  return sources;
}

function objectOf(text: string, key: string, example: string, problems: string[]): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Record<string, unknown>;
    }
  } catch {
    // Told below; the runtime's own words would show the text.
  }
  problems.push(`${key} must be JSON such as ${example}`);
  return {};
}

/** What setup is told, by a person or by a file, and the configuration keys that come of it. Pure. */
import { parse as parseToml } from "smol-toml";
import * as v from "valibot";
import { strictObject } from "../../lib/strict_object.ts";
import { agentNameProblem } from "../../lib/config/stations.ts";
import type { EnvChanges } from "../../lib/config/env/edit_env.ts";
import { fileFault } from "../../lib/config/shown_value.ts";
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { parseValue, textUpTo } from "../../lib/messages/parse.ts";
import { topicWordProblem } from "../../lib/mqtt/topics.ts";
import { recordOf } from "../../lib/record_of.ts";

/** How to get into EcoFlow's cloud. */
export type AccountAnswer =
  | { readonly kind: "app"; readonly user: string; readonly pass: string }
  | { readonly kind: "open"; readonly accessKey: string; readonly secretKey: string };

/** Where the account lives; `auto`: the first host that accepts it. */
export type Region = "auto" | "europe" | "america";

/** A station to watch, and the hosts that are plugged into it. */
export interface StationAnswer {
  readonly sn: string;
  readonly name: string;
  readonly hosts: readonly string[];
}

/** Everything that a file says. */
export interface FileAnswers {
  readonly account: AccountAnswer;
  readonly region: Region;
  /** Absent: all stations of the account, under the names they have there. */
  readonly stations?: readonly {
    readonly sn: string;
    readonly name?: string;
    readonly hosts: readonly string[];
  }[];
  readonly dashboard?: { readonly listen: string; readonly password: string };
  /** Any other key of the configuration. */
  readonly keys: Readonly<Record<string, string>>;
}

const word = (problem: (text: string) => string | undefined) =>
  v.pipe(
    v.string(),
    v.check((text) => problem(text) === undefined, (issue) => problem(issue.input) ?? ""),
  );

/** Why this cannot be a station's name, or undefined. */
export function stationNameProblem(name: string): string | undefined {
  return name.includes(",") ? "must not contain a comma" : topicWordProblem(name);
}

const schema = strictObject({
  region: v.optional(v.picklist(["auto", "europe", "america"]), "auto"),
  account: strictObject({
    user: v.optional(v.pipe(textUpTo(320), v.minLength(1, "must not be empty"))),
    pass: v.optional(v.pipe(textUpTo(500), v.minLength(1, "must not be empty"))),
    pass_file: v.optional(textUpTo(1000)),
    access_key: v.optional(v.pipe(textUpTo(500), v.minLength(1, "must not be empty"))),
    secret_key: v.optional(v.pipe(textUpTo(500), v.minLength(1, "must not be empty"))),
    secret_key_file: v.optional(textUpTo(1000)),
  }),
  station: v.optional(v.pipe(
    v.array(strictObject({
      sn: v.pipe(v.string(), v.regex(/^[A-Za-z0-9-]{4,32}$/, "must be a serial number")),
      name: v.optional(word(stationNameProblem)),
      hosts: v.optional(v.array(word(agentNameProblem)), []),
    })),
    v.minLength(1, "must name at least one station"),
  )),
  dashboard: v.optional(strictObject({
    listen: v.optional(textUpTo(60), "0.0.0.0:8080"),
    password: v.optional(v.string()),
    password_file: v.optional(textUpTo(1000)),
  })),
  keys: v.optional(recordOf(v.union([v.string(), v.number(), v.boolean()])), {}),
});

/** Keys that have a place of their own in the file. */
const OWN_KEYS =
  /^(ECOFLOW_(USER(NAME)?|PASS(WORD)?|ACCESS_KEY|SECRET_KEY|DEVICE_LIST|CLOUD)|DEVICE_TO_AGENTS_JSON|DASHBOARD_LISTEN)(_FILE)?$/;

/**
 * Reads an answers file.
 *
 * @param readFile For `pass_file` and its like; throws with the reason
 * @throws InvalidInputError naming what was wanted; it never shows a secret
 */
export function parseAnswers(text: string, source: string, readFile: (path: string) => string): FileAnswers {
  let value: unknown;
  try {
    value = parseToml(text);
  } catch (error) {
    // The rest of the parser's text shows the line, which may hold a secret.
    throw new InvalidInputError(source, [`must be TOML: ${errorText(error).split("\n")[0]}`]);
  }
  const { region, account, station, dashboard, keys } = parseValue(schema, hideSecrets(value), source);
  const raw = value as { account: Record<string, string>; dashboard?: Record<string, string> };
  const problems: string[] = [];
  const secret = (name: string, given: string | undefined, path: string | undefined) => {
    if ((given === undefined) === (path === undefined)) {
      problems.push(`${name} must be given once, as itself or as ${name}_file`);
      return "";
    }
    try {
      const found = given ?? readFile(path ?? "").trim();
      if (found === "") problems.push(`${name} must not be empty`);
      return found;
    } catch (error) {
      problems.push(fileFault(`${name}_file`, path ?? "", error));
      return "";
    }
  };
  if ((account.user === undefined) === (account.access_key === undefined)) {
    problems.push("account must have user, or access_key, and not both");
  }
  const readAccount = (): AccountAnswer =>
    account.user !== undefined
      ? { kind: "app", user: account.user, pass: secret("account.pass", raw.account.pass, account.pass_file) }
      : {
        kind: "open",
        accessKey: raw.account.access_key ?? "",
        secretKey: secret("account.secret_key", raw.account.secret_key, account.secret_key_file),
      };
  for (const key of Object.keys(keys)) {
    if (OWN_KEYS.test(key)) problems.push(`keys.${key} has a place of its own above`);
  }
  const answers: FileAnswers = {
    account: readAccount(),
    region,
    ...(station ? { stations: station.map((one) => ({ ...one, sn: one.sn.toUpperCase() })) } : {}),
    ...(dashboard
      ? {
        dashboard: {
          listen: dashboard.listen,
          password: secret("dashboard.password", raw.dashboard?.password, dashboard.password_file),
        },
      }
      : {}),
    keys: Object.fromEntries(Object.entries(keys).map(([key, one]) => [key, String(one)])),
  };
  if (problems.length > 0) throw new InvalidInputError(source, problems);
  return answers;
}

/** Texts of the same kind that may be shown in a problem. */
function hideSecrets(value: unknown): unknown {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]): [string, unknown] => {
      if (key === "account" || key === "dashboard") return [key, hideSecrets(one)];
      const isSecret = ["pass", "password", "secret_key", "access_key"].includes(key);
      return [key, isSecret && typeof one === "string" && one !== "" ? "…" : one];
    }),
  );
}

const HOSTS: Readonly<Record<Region, readonly string[]>> = {
  auto: ["api.ecoflow.com", "api-e.ecoflow.com", "api-a.ecoflow.com"],
  europe: ["api-e.ecoflow.com", "api.ecoflow.com", "api-a.ecoflow.com"],
  america: ["api-a.ecoflow.com", "api.ecoflow.com", "api-e.ecoflow.com"],
};

/** The key for a region; none for what the daemon does anyhow. */
export function regionKeys(region: Region): EnvChanges {
  return region === "auto" ? {} : { ECOFLOW_API_HOSTS: HOSTS[region].join(",") };
}

/** The key that makes the host that accepted the account the first one; none when it is. */
export function acceptedHostKeys(accepted: string, hosts: readonly string[]): EnvChanges {
  if (hosts[0] === accepted) return {};
  return { ECOFLOW_API_HOSTS: [accepted, ...hosts.filter((host) => host !== accepted)].join(",") };
}

/** A station that only a cable speaks for, and its hosts. */
export type CableAnswer = Pick<StationAnswer, "name" | "hosts">;

/** The keys for the stations and their hosts. @param byCable Stations that the account does not have */
export function stationKeys(
  stations: readonly StationAnswer[],
  byCable: readonly CableAnswer[] = [],
): EnvChanges {
  const hosts = [...stations, ...byCable].filter((station) => station.hosts.length > 0);
  return {
    ECOFLOW_CLOUD: undefined,
    ECOFLOW_DEVICE_LIST: stations.map(({ sn, name }) => `${sn}:${name}`).join(","),
    DEVICE_TO_AGENTS_JSON: hosts.length === 0
      ? undefined
      : JSON.stringify(Object.fromEntries(hosts.map(({ name, hosts }) => [name, hosts]))),
  };
}

/** The keys for the dashboard. @param hostname By which browsers reach this machine */
export function dashboardKeys(listen: string, hostname: string): EnvChanges {
  const names = [hostname, `${hostname}.local`].filter((name) => /^[A-Za-z0-9.-]+$/.test(name));
  return { DASHBOARD_LISTEN: listen, DASHBOARD_HOSTS: names.length > 0 ? names.join(",") : undefined };
}

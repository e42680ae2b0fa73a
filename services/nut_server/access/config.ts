/** Reads the TOML text of the NUT server and reports all problems at once. Pure. */
import { parse as parseToml, TomlError } from "smol-toml";
import * as v from "valibot";
import { ConfigError } from "../../../lib/errors.ts";
import { integerIn, numberIn, textUpTo } from "../../../lib/messages/parse.ts";
import { lineFinder, type PathStep } from "../../../lib/text/toml_lines.ts";
import { secretFree } from "../../../lib/config/secret_free.ts";
import { accountProblems, crossProblems, upsProblems } from "./config_rules.ts";
import { DEFAULT_LIMITS, type NutHouse, type NutUps, type NutUser } from "./nut_house.ts";
import { strictObject } from "../../../lib/strict_object.ts";

const name = v.pipe(textUpTo(64), v.minLength(1, "must not be empty"));

const userSchema = strictObject({
  name,
  password: name,
  role: v.optional(v.picklist(["secondary", "primary"]), "secondary"),
  host: v.optional(name),
  // Longer than the policy waits for a host that took its command, it would be told again.
  down_after_s: v.optional(integerIn(0, 900)),
});

const upsSchema = strictObject({
  name,
  device: name,
  description: v.optional(textUpTo(100)),
  host: v.optional(name),
  stage: v.optional(integerIn(0, 99)),
  clients: v.optional(v.array(v.string())),
  rated_watts: v.optional(numberIn(1, 100_000)),
});

const limitsSchema = strictObject({
  max_connections: v.optional(integerIn(1, 10_000), DEFAULT_LIMITS.maxConnections),
  max_per_address: v.optional(integerIn(1, 10_000), DEFAULT_LIMITS.maxPerAddress),
  connects_per_sec: v.optional(integerIn(1, 10_000), DEFAULT_LIMITS.connectsPerSec),
  lines_per_sec: v.optional(integerIn(10, 100_000), DEFAULT_LIMITS.linesPerSec),
  failed_logins: v.optional(integerIn(1, 1000), DEFAULT_LIMITS.failedLogins),
  idle_sec: v.optional(integerIn(35, 3600), DEFAULT_LIMITS.idleSec),
  write_sec: v.optional(integerIn(1, 600), DEFAULT_LIMITS.writeSec),
});

const houseSchema = strictObject({
  allow: v.array(v.string()),
  user: v.optional(v.array(v.unknown()), []),
  ups: v.optional(v.array(v.unknown()), []),
  limits: v.optional(v.unknown(), {}),
});

/**
 * Reads the NUT server's TOML text: `allow`, `[[user]]`, `[[ups]]`, `[limits]`, as docs/nut.md shows.
 *
 * @param source Named in the problems, for example `NUT_CONFIG_FILE "nut.toml"`
 * @throws ConfigError with every problem found; no problem shows a password
 */
export function parseNutConfig(text: string, source = "the NUT configuration"): NutHouse {
  const problems: string[] = [];
  const house = readHouse(text, source, problems);
  if (problems.length > 0 || !house) throw new ConfigError(problems);
  return house;
}

function readHouse(text: string, source: string, problems: string[]): NutHouse | undefined {
  let table: unknown;
  try {
    table = parseToml(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // Only the first line: below it the parser shows the text itself, which may hold a password.
    const reason = error.message.split("\n")[0]?.replace(/^Invalid TOML document: /, "");
    problems.push(`${source} line ${error.line}: must be TOML: ${reason}`);
    return;
  }
  const findLine = lineFinder(text);
  const check = <const S extends v.GenericSchema>(
    schema: S,
    value: unknown,
    where: string,
    path: readonly PathStep[] = [],
  ) => {
    const result = v.safeParse(schema, value);
    if (result.success) return result.output;
    for (const issue of result.issues) {
      const line = findLine([...path, ...(issue.path ?? []).map(({ key }) => key as PathStep)]);
      problems.push(`${where}, line ${line}: ${secretFree(issue, schema)}`);
    }
  };
  const outer = check(houseSchema, table, source);
  if (!outer) return;
  const users = outer.user.flatMap((entry, i): NutUser[] => {
    const user = check(userSchema, entry, `${source}, user ${i + 1}`, ["user", i]);
    if (!user) return [];
    const { down_after_s: downAfterSec, ...rest } = user;
    return [{ ...rest, ...(downAfterSec === undefined ? {} : { downAfterSec }) }];
  });
  const upses = outer.ups.flatMap((entry, i): NutUps[] => {
    const ups = check(upsSchema, entry, `${source}, ups ${i + 1}`, ["ups", i]);
    if (!ups) return [];
    const { rated_watts: ratedWatts, ...rest } = ups;
    return [{ ...rest, ...(ratedWatts === undefined ? {} : { ratedWatts }) }];
  });
  const limits = check(limitsSchema, outer.limits, `${source}, limits`, ["limits"]);
  const found = [
    ...accountProblems(users),
    ...upsProblems(upses),
    ...crossProblems({
      allow: outer.allow,
      users,
      upses,
      entries: outer.ups.length,
      accounts: outer.user.length,
    }),
  ];
  problems.push(...found.map((problem) => `${source}: ${problem}`));
  return limits && {
    allow: outer.allow,
    users,
    upses,
    limits: {
      maxConnections: limits.max_connections,
      maxPerAddress: limits.max_per_address,
      connectsPerSec: limits.connects_per_sec,
      linesPerSec: limits.lines_per_sec,
      failedLogins: limits.failed_logins,
      idleSec: limits.idle_sec,
      writeSec: limits.write_sec,
    },
  };
}

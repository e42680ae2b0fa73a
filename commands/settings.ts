/** `ecoflow-power settings`: every key, what holds, and where it came from; then what cannot be used. */
import { parseArgs } from "node:util";
import { presetText } from "../lib/config/describe_key.ts";
import { KEY_SECTIONS } from "../lib/config/key_sections.ts";
import type { KeySpec } from "../lib/config/key_spec.ts";
import { type Key, KEYS } from "../lib/config/keys.ts";
import { readSources } from "../lib/config/load.ts";
import type { KeyReading } from "../lib/config/read_keys.ts";
import { complain, EXIT, print } from "./command.ts";
import { ConfigError } from "../lib/errors.ts";
import {
  complainOfConfig,
  credentialsDirOf,
  DISK,
  ENV_PLACES,
  envPathOf,
  loadNamed,
  noSuchFile,
} from "./read_config.ts";
import { fileErrorText, isFileError } from "./terminal/file_error.ts";
import { own } from "../lib/own.ts";
import type { HouseRules } from "../services/policy_engine/rules/rules.ts";
import { ownersRules } from "./owners_rules.ts";

/** Runs it. @returns the exit code */
export function settings(args: readonly string[]): number {
  let reading: KeyReading;
  let where: SettingsPlaces;
  let isShort: boolean | undefined;
  let envArgs: string[];
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { env: { type: "string" }, set: { type: "boolean" } },
    });
    isShort = values.set;
    const path = envPathOf(values.env);
    if (values.env !== undefined && !DISK.exists(values.env)) {
      return complain(`${noSuchFile(values.env)}\n`, EXIT.config);
    }
    envArgs = path === undefined ? [] : ["--env", path];
    const environment = Deno.env.toObject();
    // As readConfig() does: at a terminal there is no systemd to hand them over.
    if (path !== undefined) environment.CREDENTIALS_DIRECTORY ??= credentialsDirOf(path);
    const file = path === undefined ? undefined : { name: path, text: DISK.readFile(path) };
    reading = readSources({ file, environment, ...DISK });
    where = {
      file: path,
      credentials: environment.CREDENTIALS_DIRECTORY,
      seesCredentials: mayList(environment.CREDENTIALS_DIRECTORY),
      stateDirectory: environment.STATE_DIRECTORY,
    };
  } catch (error) {
    return complain(`${fileErrorText(error)}\n`, isFileError(error) ? EXIT.config : EXIT.usage);
  }
  try {
    const { house } = loadNamed(envArgs);
    print(settingsText(reading, where, { isShort }));
    print(ownersText(ownersRules(house)));
    return print(house.remarks.map((remark) => `note: ${remark}\n`).join(""));
  } catch (error) {
    const refused = new Set([
      ...reading.refused,
      ...(error instanceof ConfigError ? blamedKeys(error, reading) : []),
    ]);
    print(settingsText({ ...reading, refused }, where, { isShort }));
    return complainOfConfig(error, envArgs);
  }
}

/** What a problem begins with: the key, or the keys, that it is about. */
const BLAMED = /^(?:Cannot read )?([A-Z][A-Z0-9_]+(?:(?:, | and )[A-Z][A-Z0-9_]+)*)/;

/**
 * Whose text was refused when keys were looked at together. Only then is a password seen that stands in an address, or in the JSON
 * of another key. A number, a switch or a choice was read by itself and holds none.
 */
function blamedKeys({ problems }: ConfigError, { origins }: KeyReading): readonly Key[] {
  const named = new Set(problems.flatMap((problem) => BLAMED.exec(problem)?.[1]?.split(/, | and /) ?? []));
  return (Object.keys(KEYS) as Key[]).filter((key) => {
    const { kind } = own(KEYS, key);
    const isSet = !["unset", "default"].includes(own(origins, key).kind);
    return isSet && named.has(key) && (kind === "text" || kind === "json");
  });
}

/** Where values were looked for. */
export interface SettingsPlaces {
  /** The configuration's file; absent when there is none. */
  readonly file?: string;
  /** The directory with secrets. */
  readonly credentials?: string;
  /** False when there is one that this user may not look into: then nothing is known of what it holds. */
  readonly seesCredentials: boolean;
  /** systemd's, when it started us. */
  readonly stateDirectory?: string;
}

/** The table, a line a key. A secret, and what was refused, is never shown. */
export function settingsText(
  reading: KeyReading,
  where: SettingsPlaces,
  { isShort = false }: { readonly isShort?: boolean } = {},
): string {
  const isWanted = (key: Key) =>
    !isShort || reading.refused.has(key) || !["unset", "default"].includes(own(reading.origins, key).kind);
  const sections = KEY_SECTIONS.flatMap(({ title, keys }) => {
    const lines = keys.filter(isWanted).map((
      key,
    ) => [key, shownValue(key, reading, where), originText(key, reading, where)]);
    return lines.length === 0 ? [] : [{ title, lines }];
  });
  const all = sections.flatMap(({ lines }) => lines);
  const width = (column: number) => Math.max(0, ...all.map((line) => own(line, column)?.length ?? 0));
  // One long value must not push all origins off the screen.
  const [keys, values] = [width(0), Math.min(40, width(1))];
  return [
    `file: ${where.file ?? `none (looked for ${ENV_PLACES.join(", ")})`}`,
    ...(where.seesCredentials ? [] : [`secrets: this user may not look into ${where.credentials}`]),
    ...sections.flatMap(({ title, lines }) => [
      "",
      title,
      ...lines.map(([key = "", value = "", origin = ""]) =>
        `  ${key.padEnd(keys)}  ${value.padEnd(values)}  ${origin}`
      ),
    ]),
    "",
  ].join("\n");
}

function shownValue(key: Key, { values, origins, refused }: KeyReading, where: SettingsPlaces): string {
  const spec: KeySpec = own(KEYS, key);
  if (refused.has(key)) return "?";
  if (own(origins, key).kind === "unset") return spec.secret && !where.seesCredentials ? "?" : "-";
  if (spec.secret) return "(hidden)";
  const value = own(values, key);
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return spec.unit === undefined ? String(value) : `${value} ${spec.unit}`;
  // Line ends and control characters must not reach the terminal.
  const text = spec.kind === "json" ? onOneLine(String(value)) : String(value);
  return /^[^\p{C}\p{Zl}\p{Zp}]*$/u.test(text) ? text : JSON.stringify(text);
}

function onOneLine(json: string): string {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}

function originText(key: Key, { origins, refused }: KeyReading, where: SettingsPlaces): string {
  const spec: KeySpec = own(KEYS, key);
  if (refused.has(key)) return "cannot be used, see below";
  const origin = own(origins, key);
  switch (origin.kind) {
    case "default":
      return "default";
    case "unset": {
      if (spec.secret && !where.seesCredentials) return "unknown, may be among the credentials";
      if (key === "STATE_DIR" && where.stateDirectory !== undefined) {
        return `not set: ${where.stateDirectory}`;
      }
      const preset = presetText(spec);
      return preset === undefined ? "not set" : `not set: ${preset}`;
    }
    case "credential":
      return `credential ${key.toLowerCase()}`;
    case "file":
      return `file${nameText(origin.name, key)}`;
    case "environment":
      return `environment${nameText(origin.name, key)}${origin.hidesFile ? ", not the file" : ""}`;
  }
}

/** How the key was written, when otherwise. */
function nameText(name: string, key: Key): string {
  if (name === key) return "";
  return name.endsWith("_FILE") ? `, in the file of ${name}` : `, as ${name}`;
}

function mayList(dir: string | undefined): boolean {
  if (dir === undefined) return true;
  try {
    Deno.readDirSync(dir)[Symbol.iterator]().next();
    return true;
  } catch (error) {
    return error instanceof Deno.errors.NotFound;
  }
}

/** What the policy file says of each station itself, a line each; empty when it says nothing. */
export function ownersText({ stations }: Pick<HouseRules, "stations">): string {
  const lines = Object.entries(stations).flatMap(([device, { grid, totalWh, minSocPercent, stages }]) => {
    const ports = stages.flatMap(({ groups }) => groups).flatMap(({ port, hosts }) =>
      port === undefined ? [] : [`port = "${port}" for ${hosts.join(", ")}`]
    );
    const said = [
      ...(grid === undefined ? [] : [`grid = "${grid}"`]),
      ...(totalWh === undefined ? [] : [`total_wh = ${totalWh}`]),
      ...(minSocPercent === undefined ? [] : [`min_soc = ${minSocPercent}`]),
      ...ports,
    ];
    return said.length === 0 ? [] : [`  ${device}  ${said.join(", ")}\n`];
  });
  return lines.length === 0 ? "" : `\nStations, as the policy file has them\n${lines.join("")}`;
}

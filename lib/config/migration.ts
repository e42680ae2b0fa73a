/** What becomes of the predecessor's keys: which mean something under another name, and which mean nothing. Pure. */
import { AGENT_ONLY_KEYS, KEYS, UNSUPPORTED_KEYS } from "./keys.ts";
import type { KeySpec } from "./key_spec.ts";
import { own } from "../own.ts";

/** What a configuration file has of the predecessor. */
export interface Migration {
  /** A part of a sentence for each key that this version follows. */
  readonly moved: readonly string[];
  /** The same for each key that it does not. */
  readonly notMoved: readonly string[];
}

/** The predecessor's switches: what each means here when it is on, and when it is off. */
const SWITCHES: Readonly<Record<string, readonly [on: string, off: string]>> = {
  PUSHOVER_ENABLED: ["Pushover is used", "Pushover stays off"],
  TELEGRAM_ENABLED: ["Telegram is used", "Telegram stays off"],
  NOTIFY_GRID_LOSS: ["grid_lost is told", "NOTIFY_EVENTS=…,-grid_lost"],
  NOTIFY_GRID_RESTORED: [
    "grid_back and called_off are told",
    "NOTIFY_EVENTS=…,-grid_back,-called_off",
  ],
  NOTIFY_SHUTDOWN_COMMANDS: [
    "shutdown_triggered and shutdown_sent are told",
    "NOTIFY_EVENTS=…,-shutdown_triggered,-shutdown_sent",
  ],
  NOTIFY_SYSTEM_EVENTS: [
    "the cloud and silent stations are told of",
    "NOTIFY_EVENTS without them; blind is told all the same",
  ],
  NOTIFY_SOC_WARNINGS: ["POLICY_SOC_STEP=2", "no charge_falls"],
};

/** Its other keys that are ours too, under the same name. */
const SAME_NAME = [
  "ECOFLOW_ACCESS_KEY",
  "ECOFLOW_SECRET_KEY",
  "ECOFLOW_DEVICE_LIST",
  "ECOFLOW_BASE",
  "MQTT_HOST",
  "MQTT_PORT",
  "MQTT_USER",
  "MQTT_PASS",
  "TELEGRAM_BOT_TOKEN",
  "TELEGRAM_CHAT_ID",
  "POLICY_SOC_MIN",
  "POLICY_DEBOUNCE_SEC",
  "POLICY_COOLDOWN_SEC",
  "DEVICE_TO_AGENTS_JSON",
];

/**
 * Looks at the keys of a file; no value is told but that of a switch.
 *
 * @returns undefined when nothing in it is the predecessor's alone
 */
export function migrationOf(values: Readonly<Record<string, string>>): Migration | undefined {
  const names = Object.keys(values);
  const ourNameOf = new Map(
    (Object.entries(KEYS) as [string, KeySpec][]).flatMap(([key, { aliases = [] }]) =>
      aliases.map((alias) => [alias, key] as const)
    ),
  );
  const moved = names.flatMap((name) => {
    const ours = ourNameOf.get(name);
    if (ours !== undefined) return [`${name} (now ${ours})`];
    const meaning = own(SWITCHES, name);
    if (!meaning) return [];
    const isOff = /^(off|false|no|0)$/i.test(own(values, name) ?? "");
    return [`${name} (${isOff ? meaning[1] : meaning[0]})`];
  });
  const notMoved = names.flatMap((name) => {
    if (AGENT_ONLY_KEYS.test(name)) return [`${name} (of an agent: see docs/agents.md)`];
    if (Object.hasOwn(KEYS, name) || ourNameOf.has(name) || /_FILE$/.test(name)) return [];
    return UNSUPPORTED_KEYS.some((pattern) => pattern.test(name)) ? [`${name} (nothing here does that)`] : [];
  });
  if (moved.length === 0 && notMoved.length === 0) return undefined;
  return { moved: [...moved, ...names.filter((name) => SAME_NAME.includes(name))], notMoved };
}

/** Two lines for a person. */
export function migrationText({ moved, notMoved }: Migration): string {
  const list = (some: readonly string[]) => some.length > 0 ? some.join(", ") : "nothing";
  return `moved over: ${list(moved)}\nnot moved: ${list(notMoved)}\n`;
}

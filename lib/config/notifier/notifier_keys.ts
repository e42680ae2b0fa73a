/** The keys of the notifier: which channels there are, what goes to each, and when it is quiet. Pure. */
import { notAHost, shownValue } from "../shown_value.ts";
import { errorText } from "../../errors.ts";
import { isHost } from "../../text/host_name.ts";
import { isPrivateHost } from "../../private_address.ts";
import { isThisMachine } from "../../this_machine.ts";
import type { Key, KeyValues, TextKey } from "../keys.ts";
import { type EventChoice, parseEventChoice } from "./event_choice.ts";
import { parseQuietHours, type QuietHours } from "./quiet_hours.ts";
import type { KeyReading } from "../read_keys.ts";
import { own } from "../../own.ts";

/** Every channel that there is, in the order in which they are shown. */
export const CHANNEL_NAMES = ["pushover", "telegram", "ntfy", "email", "webhook", "apprise"] as const;

/** The name of a channel. */
export type ChannelName = typeof CHANNEL_NAMES[number];

/** Where a channel sends to, with its secrets. Addresses are whole URLs without a trailing slash. */
export type ChannelSettings =
  | { readonly name: "pushover"; readonly url: string; readonly token: string; readonly user: string }
  | { readonly name: "telegram"; readonly url: string; readonly botToken: string; readonly chatId: string }
  | { readonly name: "ntfy"; readonly url: string; readonly token?: string }
  | EmailSettings
  | { readonly name: "webhook"; readonly url: string; readonly secret?: string }
  | { readonly name: "apprise"; readonly url: string; readonly targets?: string; readonly tag?: string };

/** How mail is handed in. */
export interface EmailSettings {
  readonly name: "email";
  readonly host: string;
  readonly port: number;
  /** `implicit`: TLS from the first byte. `starttls`: required. `none`: this machine only. */
  readonly tls: "implicit" | "starttls" | "none";
  readonly login?: { readonly user: string; readonly pass: string };
  readonly from: string;
  readonly to: readonly string[];
}

/** What the notifier is told. */
export interface NotifierSettings {
  /** At least one. */
  readonly channels: readonly { readonly settings: ChannelSettings; readonly choice: EventChoice }[];
  /** Absent: it is never quiet. */
  readonly quietHours?: QuietHours;
  /** IANA name; absent: that of this machine. */
  readonly timeZone?: string;
  /** How long what is no danger is collected before it is told, s; 0: not at all. */
  readonly collectSec: number;
  /** Put below each message; absent: no link. */
  readonly link?: string;
  /** PEM of an authority to trust besides the public ones. */
  readonly caPem?: string;
}

/** The settings, or undefined when no channel is configured; adds to `problems`. */
export function readNotifier(
  { values }: KeyReading,
  problems: string[],
  caPem: string | undefined,
): NotifierSettings | undefined {
  const text = (key: TextKey) => own(values, key)?.trim();
  const tried = <T>(key: TextKey, parse: (text: string) => T): T | undefined => {
    const value = text(key);
    if (value === undefined) return undefined;
    try {
      return parse(value);
    } catch (error) {
      problems.push(`${key} ${errorText(error)}`);
    }
  };
  const isOn = (key: Key) => own(values, key) === true;
  const all = readChannels({ text, values, problems });
  const settings = all.filter(({ name }) => isOn(ENABLED[name]));
  const everywhere = withoutKinds(
    tried("NOTIFY_EVENTS", parseEventChoice) ?? parseEventChoice("normal"),
    Object.entries(SWITCHED_KINDS).flatMap(([key, kinds]) => isOn(key as Key) ? [] : kinds),
  );
  const ownChoice = {
    pushover: tried("NOTIFY_EVENTS_PUSHOVER", parseEventChoice),
    telegram: tried("NOTIFY_EVENTS_TELEGRAM", parseEventChoice),
    ntfy: tried("NOTIFY_EVENTS_NTFY", parseEventChoice),
    email: tried("NOTIFY_EVENTS_EMAIL", parseEventChoice),
    webhook: tried("NOTIFY_EVENTS_WEBHOOK", parseEventChoice),
    apprise: tried("NOTIFY_EVENTS_APPRISE", parseEventChoice),
  };
  for (const name of CHANNEL_NAMES) {
    if (own(ownChoice, name) && !all.some((channel) => channel.name === name)) {
      problems.push(
        `NOTIFY_EVENTS_${name.toUpperCase()} must come with the channel's own keys, found it alone`,
      );
    }
  }
  const timeZone = tried("NOTIFY_TIME_ZONE", checkedTimeZone);
  const quietHours = tried("NOTIFY_QUIET_HOURS", parseQuietHours);
  if (text("NOTIFY_LINK") !== undefined) addressOf("NOTIFY_LINK", text("NOTIFY_LINK") ?? "", problems);
  if (settings.length === 0) {
    // Somebody who switched all of them off knows it.
    if (all.length > 0) return undefined;
    const idle = (["NOTIFY_EVENTS", "NOTIFY_QUIET_HOURS"] as const).filter((key) => text(key) !== undefined);
    for (const key of idle) problems.push(`${key} must come with a channel to send to, found none`);
    return undefined;
  }
  return {
    channels: settings.map((channel) => ({
      settings: channel,
      choice: own(ownChoice, channel.name) ?? everywhere,
    })),
    quietHours,
    timeZone,
    collectSec: values.NOTIFY_COLLECT_SEC,
    link: text("NOTIFY_LINK"),
    caPem,
  };
}

/** The switch of each channel. */
const ENABLED: Readonly<Record<ChannelName, Key>> = {
  pushover: "PUSHOVER_ENABLED",
  telegram: "TELEGRAM_ENABLED",
  ntfy: "NTFY_ENABLED",
  email: "SMTP_ENABLED",
  webhook: "WEBHOOK_ENABLED",
  apprise: "APPRISE_ENABLED",
};

/**
 * The predecessor's switches, with what is not told when they are off. `blind` is not among them: that nobody sees the battery
 * any more must be told.
 */
export const SWITCHED_KINDS = {
  NOTIFY_GRID_LOSS: ["grid_lost"],
  NOTIFY_GRID_RESTORED: ["grid_back", "called_off"],
  NOTIFY_SHUTDOWN_COMMANDS: ["shutdown_triggered", "shutdown_sent"],
  NOTIFY_SYSTEM_EVENTS: ["cloud_link", "station_silent", "station_offline", "station_heard"],
} as const satisfies Partial<Record<Key, readonly string[]>>;

/** Kinds that were asked for by name stay. */
function withoutKinds(choice: EventChoice, kinds: readonly string[]): EventChoice {
  return { ...choice, minus: [...choice.minus, ...kinds.filter((kind) => !choice.plus.includes(kind))] };
}

interface ChannelReading {
  /** Without blanks at its ends. */
  readonly text: (key: TextKey) => string | undefined;
  readonly values: KeyValues;
  readonly problems: string[];
}

function readChannels({ text, values, problems }: ChannelReading): ChannelSettings[] {
  const channels: ChannelSettings[] = [];
  const pair = (first: TextKey, second: TextKey): readonly [string, string] | undefined => {
    const [a, b] = [text(first), text(second)];
    if (a !== undefined && b !== undefined) return [a, b];
    if (a !== undefined || b !== undefined) {
      problems.push(
        `${first} and ${second} must be given together, found only ${a === undefined ? second : first}`,
      );
    }
  };
  const address = (key: TextKey) => {
    const value = text(key);
    return value === undefined ? undefined : addressOf(key, value, problems);
  };
  /** A key that means nothing without another one. */
  const needs = (key: TextKey, other: TextKey) => {
    if (text(key) !== undefined && text(other) === undefined) {
      problems.push(`${key} must come with ${other}, found it alone`);
    }
  };

  const pushover = pair("PUSHOVER_TOKEN", "PUSHOVER_USER");
  const pushoverUrl = address("PUSHOVER_URL") ?? "";
  if (pushover) channels.push({ name: "pushover", url: pushoverUrl, token: pushover[0], user: pushover[1] });

  const telegram = pair("TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID");
  const telegramUrl = address("TELEGRAM_URL") ?? "";
  if (telegram) {
    channels.push({ name: "telegram", url: telegramUrl, botToken: telegram[0], chatId: telegram[1] });
  }

  needs("NTFY_TOKEN", "NTFY_URL");
  const ntfy = address("NTFY_URL");
  if (ntfy !== undefined) {
    if (!/^\/[A-Za-z0-9_-]{1,64}$/.test(new URL(ntfy).pathname)) {
      problems.push('NTFY_URL must be "https://server/topic", found another path');
    }
    channels.push({ name: "ntfy", url: ntfy, token: text("NTFY_TOKEN") });
  }

  const email = readEmail({ text, values, problems }, pair);
  if (email) channels.push(email);

  needs("WEBHOOK_SECRET", "WEBHOOK_URL");
  const webhook = address("WEBHOOK_URL");
  if (webhook !== undefined) channels.push({ name: "webhook", url: webhook, secret: text("WEBHOOK_SECRET") });

  needs("APPRISE_TARGETS", "APPRISE_URL");
  needs("APPRISE_TAG", "APPRISE_URL");
  const apprise = address("APPRISE_URL");
  if (apprise !== undefined) {
    const [targets, tag] = [text("APPRISE_TARGETS"), text("APPRISE_TAG")];
    const hasKey = /\/notify\/[^/]+$/.test(new URL(apprise).pathname);
    if (!hasKey && targets === undefined) {
      problems.push(
        "APPRISE_URL must end in /notify/KEY, or in /notify with APPRISE_TARGETS set, found neither",
      );
    }
    channels.push({ name: "apprise", url: apprise, targets, tag });
  }
  return channels;
}

function readEmail(
  { text, values, problems }: ChannelReading,
  pair: (first: TextKey, second: TextKey) => readonly [string, string] | undefined,
): EmailSettings | undefined {
  const host = text("SMTP_HOST");
  if (host === undefined) {
    for (const key of ["SMTP_PORT", "SMTP_USER", "SMTP_PASS", "SMTP_FROM", "SMTP_TO", "SMTP_TLS"] as const) {
      if (own(values, key) !== undefined) problems.push(`${key} must come with SMTP_HOST, found it alone`);
    }
    return undefined;
  }
  if (!isHost(host)) problems.push(notAHost("SMTP_HOST", host));
  const login = pair("SMTP_USER", "SMTP_PASS");
  const to = (text("SMTP_TO") ?? "").split(",").map((one) => one.trim()).filter(Boolean);
  const from = text("SMTP_FROM") ?? to[0] ?? "";
  if (to.length === 0) problems.push("SMTP_TO must be set with SMTP_HOST, found nothing");
  for (const [key, one] of [["SMTP_FROM", from], ...to.map((one) => ["SMTP_TO", one])] as [Key, string][]) {
    if (one !== "" && !/^[^\s@<>,"]+@[^\s@<>,"]+$/.test(one)) {
      problems.push(`${key} must be an address such as you@example.com, found ${shownValue(one)}`);
    }
  }
  const { SMTP_PORT: port, SMTP_TLS: wanted } = values;
  const tls = wanted ?? (port === 465 ? "implicit" : "starttls");
  if (tls === "none" && !isThisMachine(host)) {
    problems.push(`SMTP_TLS=none is for a server on this machine only, found SMTP_HOST "${host}"`);
  }
  return {
    name: "email",
    host,
    port: port ?? own({ implicit: 465, starttls: 587, none: 25 }, tls),
    tls,
    login: login && { user: login[0], pass: login[1] },
    from,
    to,
  };
}

/** The address without its last slash; a problem never shows the path, which may be a secret. */
function addressOf(key: Key, text: string, problems: string[]): string | undefined {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    return void problems.push(
      `${key} must be an address such as https://example.com/…, found ${text.length} characters`,
    );
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!["https:", "http:"].includes(url.protocol)) {
    return void problems.push(`${key} must begin with https://, found "${url.protocol}"`);
  }
  if (url.protocol === "http:" && !isPrivateHost(host)) {
    return void problems.push(
      `${key} must begin with https:// as "${host}" is outside the house, found "http:"`,
    );
  }
  if (url.username !== "" || url.password !== "") {
    return void problems.push(`${key} must not hold a user name or password, found one`);
  }
  return text.replace(/\/+$/, "");
}

function checkedTimeZone(name: string): string {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return name;
  } catch {
    throw new RangeError(`must be a time zone such as Europe/Berlin, found ${shownValue(name)}`);
  }
}

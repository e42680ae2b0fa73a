/** How the daemon's keys are grouped where a person reads them. Pure. */
import { type Key, KEYS } from "./keys.ts";

/** A group of keys, in the order of the table. */
export interface KeySection {
  readonly title: string;
  /** The page that tells more; absent when the keys say all. */
  readonly page?: string;
  readonly keys: readonly Key[];
}

/** The first key of each group: a new key belongs to the group of the one above it in the table. */
const STARTS: Partial<Record<Key, Omit<KeySection, "keys">>> = {
  ECOFLOW_CLOUD: { title: "Account and cloud", page: "docs/install.md" },
  ECOFLOW_BASE: { title: "Topics" },
  MQTT_HOST: { title: "Broker in the house", page: "docs/install.md" },
  GRID_RULE: { title: "Stations and hosts", page: "docs/devices.md" },
  POLICY_SOC_MIN: { title: "When hosts are shut down", page: "docs/policy.md" },
  NUT_SOURCES_JSON: { title: "Stations by cable", page: "docs/nut-source.md" },
  NUT_CONFIG_FILE: { title: "NUT server", page: "docs/nut.md" },
  DASHBOARD_LISTEN: { title: "Dashboard", page: "docs/dashboard.md" },
  HISTORY: { title: "History", page: "docs/history.md" },
  HOME_ASSISTANT_DISCOVERY: { title: "Home Assistant", page: "docs/home-assistant.md" },
  PUSHOVER_TOKEN: { title: "Notifications", page: "docs/notifications.md" },
  STATE_DIR: { title: "The program itself" },
};

/** All groups; every key is in one. */
export const KEY_SECTIONS: readonly KeySection[] = sections();

function sections(): KeySection[] {
  const found: { title: string; page?: string; keys: Key[] }[] = [];
  for (const key of Object.keys(KEYS) as Key[]) {
    const start = STARTS[key];
    if (start) found.push({ ...start, keys: [] });
    found.at(-1)?.keys.push(key);
  }
  return found;
}

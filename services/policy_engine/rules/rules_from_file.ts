/** The rules that configuration and policy file mean together. Pure; expects a file that was checked. */
import type {
  HostSection,
  PolicyFile,
  StageSection,
  StationSection,
  TriggerSection,
} from "./policy_file_schema.ts";
import type { GroupRules, HouseRules, Port, StageRules, StationRules, Triggers } from "./rules.ts";
import { defaultStageLimitMs, type SimpleLimits, simpleRules, simpleStation } from "./simple_rules.ts";
import { own } from "../../../lib/own.ts";

/** The settling time when the file does not name one, s. */
const DEFAULT_SETTLE_SEC = 120;

/** What holds at one level: the configuration gives a debounce, so there always is one. */
type Limits = TriggerSection & { readonly debounce_sec: number };

/** See the file comment. @param notBeforeMonoMs No trigger before this monotonic time */
export function houseRules(
  limits: SimpleLimits,
  file: PolicyFile | undefined,
  notBeforeMonoMs: number,
): HouseRules {
  const simple = simpleRules(limits, notBeforeMonoMs);
  if (!file) return simple;
  const hosts = Object.entries(file.host);
  const { recovery } = file;
  return {
    ...simple,
    stations: Object.fromEntries(
      Object.keys(limits.stations).map((device) => [device, stationFromFile(device, file, limits)]),
    ),
    goesWithAny: new Set(hosts.filter(([, { goes_with }]) => goes_with === "any").map(([host]) => host)),
    wake: {
      gridStableMs: (recovery?.grid_stable_min ?? simple.wake.gridStableMs / 60_000) * 60_000,
      socPercent: recovery?.soc_min ?? simple.wake.socPercent,
      macs: Object.fromEntries(hosts.flatMap(([host, { mac }]) => mac ? [[host, mac]] : [])),
      addresses: Object.fromEntries(
        hosts.flatMap(([host, { wake_address }]) => wake_address ? [[host, wake_address]] : []),
      ),
    },
    blindLimitMs: file.blind_limit_min === undefined ? simple.blindLimitMs : file.blind_limit_min * 60_000,
  };
}

/** One station's stages. Keys that a host leaves out are its stage's, then its station's, then the configuration's. */
export function stationFromFile(device: string, file: PolicyFile, limits: SimpleLimits): StationRules {
  const hosts = own(limits.stations, device) ?? [];
  const section: StationSection | undefined = own(file.station, device);
  const overridden = hosts.some((host) => isSpecial(device, own(file.host, host)));
  if (!section && !overridden) return simpleStation(hosts, limits);
  const base: Limits = {
    soc_min: limits.socMinPercent,
    debounce_sec: limits.debounceSec,
    ...withoutAbsent(section),
  };
  const last = section?.last;
  const named: readonly StageSection[] = section?.stage ?? [{ hosts: hosts.filter((host) => host !== last) }];
  const all = last === undefined ? named : [...named, { hosts: [last] }];
  return {
    stages: all.map((stage, index) => stageFromFile(device, stage, index + 1, base, file, limits)),
    hasReserve: section?.reserve ?? true,
    grid: section?.grid,
    totalWh: section?.total_wh,
    minSocPercent: section?.min_soc,
  };
}

function stageFromFile(
  device: string,
  stage: StageSection,
  number: number,
  base: Limits,
  file: PolicyFile,
  limits: SimpleLimits,
): StageRules {
  const stageOwn: Limits = { ...base, ...withoutAbsent(stage) };
  const plain = stage.hosts.filter((host) => !isSpecial(device, own(file.host, host)));
  const special = stage.hosts.filter((host) => isSpecial(device, own(file.host, host)));
  const groups = [
    ...(plain.length > 0 ? [groupOf(`stage ${number}`, plain, stageOwn)] : []),
    ...special.map((host) => ({
      ...groupOf(`stage ${number} ${host}`, [host], { ...stageOwn, ...withoutAbsent(own(file.host, host)) }),
      port: portOn(device, own(file.host, host)),
    })),
  ];
  const { time_limit_sec } = stage;
  return {
    number,
    timeLimitMs: time_limit_sec === undefined ? defaultStageLimitMs(limits) : time_limit_sec * 1000,
    groups,
  };
}

function groupOf(key: string, hosts: readonly string[], section: Limits): GroupRules {
  return { key, hosts, triggers: triggersOf(section), debounceMs: section.debounce_sec * 1000 };
}

function triggersOf(section: TriggerSection): Triggers {
  const fall = value(section.falling_percent_per_min);
  const settleMs = (section.falling_settle_sec ?? DEFAULT_SETTLE_SEC) * 1000;
  return {
    socMinPercent: value(section.soc_min),
    remainingMin: value(section.discharge_min),
    onBatteryMin: value(section.on_battery_min),
    fall: fall === undefined ? undefined : { percentPerMin: fall, settleMs },
  };
}

function value(limit: number | "off" | undefined): number | undefined {
  return limit === "off" ? undefined : limit;
}

const TRIGGER_KEYS = [
  "soc_min",
  "discharge_min",
  "on_battery_min",
  "falling_percent_per_min",
  "falling_settle_sec",
  "debounce_sec",
] as const satisfies readonly (keyof TriggerSection)[];

function withoutAbsent(section: TriggerSection | undefined): Partial<Limits> {
  if (!section) return {};
  return Object.fromEntries(
    TRIGGER_KEYS.flatMap((key) => own(section, key) === undefined ? [] : [[key, own(section, key)]]),
  );
}

/** The outlet of a station that a host hangs on; undefined when the file does not say. */
export function portOn(device: string, { port }: HostSection = {}): Port | undefined {
  if (typeof port !== "object") return port;
  return own(port, device);
}

/** Whether a host has triggers or an outlet of its own, and so is a group of its own. */
function isSpecial(device: string, section: HostSection | undefined): boolean {
  return Object.keys(withoutAbsent(section)).length > 0 || portOn(device, section) !== undefined;
}

/** What the policy engine is given: its slice of the configuration, its ports, and what a policy file asks for. */
import type { TopicRoots } from "../../lib/mqtt/topics.ts";
import type { AskNut, NutTarget } from "../../lib/nut/client.ts";
import type { PolicyFile } from "./rules/policy_file_schema.ts";
import type { SlotFile } from "../../lib/files/slot_file.ts";
import type { Wake } from "./io/wake_on_lan.ts";

/** The slice of the configuration that this service gets. */
export interface PolicyEngineConfig {
  readonly roots: TopicRoots;
  /** Station name to the agents on it. */
  readonly stations: Readonly<Record<string, readonly string[]>>;
  readonly socMinPercent: number;
  /** On battery, an event each time the charge has fallen by so many points; none when 0 or absent. */
  readonly socStepPercent?: number;
  readonly debounceSec: number;
  readonly cooldownSec: number;
  readonly abortWindowSec: number;
  readonly shutdownDelaySec: number;
  readonly commandTtlSec: number;
  readonly staleAfterSec: number;
  /** Agent to key, lower-case hex. */
  readonly agentKeys: Readonly<Record<string, string>>;
  /** Hosts that are told inside this process, by the NUT server, and need no key; none when absent. */
  readonly keylessHosts?: readonly string[];
  /** A directory of its own. */
  readonly stateDir: string;
  /** Stations that may be played by `ecoflow-power feed`; none when absent. */
  readonly simulatedStations?: readonly string[];
  /** Which start of the system this is; absent when nobody says: then the clock alone tells a reboot. */
  readonly bootId?: string;
  /** Whether the cloud connection's own status may be read, to say why nothing is heard; false when absent. */
  readonly followsCloud?: boolean;
  /** Whether drills may be asked for over the broker; false when absent. */
  readonly takesDrills?: boolean;
  /** Whether a person may call a shutdown off over the broker; false when absent. */
  readonly takesAborts?: boolean;
  /** The policy file, where there is one. */
  readonly file?: PolicyFile;
}

/** Parts that tests replace. */
export interface PolicyEnginePorts {
  readonly store: SlotFile;
  readonly newId: () => string;
  /** Absent: nobody can be woken. */
  readonly wake?: Wake;
  /** Asks a NUT server elsewhere; over TCP when absent. */
  readonly askNut?: AskNut;
}

/** Topics beyond the house's own that the policy file makes this service read. */
export function witnessTopics(file: PolicyFile | undefined): readonly string[] {
  return [...new Set(file?.witness.flatMap(({ topic }) => topic ?? []))];
}

/** The NUT servers elsewhere that the policy file makes this service ask. */
export function witnessServers(file: PolicyFile | undefined): readonly NutTarget[] {
  return file?.witness.flatMap(({ nut }) => nut ?? []) ?? [];
}

/** Whether the policy file names anybody to be woken, so that the worker needs the network. */
export function wakesHosts(file: PolicyFile | undefined): boolean {
  return Object.values(file?.host ?? {}).some(({ mac }) => mac !== undefined);
}

/** Addresses to which the policy file sends magic packets, beside the house's own networks. */
export function wakeAddresses(file: PolicyFile | undefined): readonly string[] {
  return [...new Set(Object.values(file?.host ?? {}).flatMap(({ wake_address }) => wake_address ?? []))];
}

/** What the daemon is told, as the rest of the program sees it, and where it is read from. */
import type { AgentKeys } from "../pairing/agent_keys.ts";
import type { LogLevel } from "../log/log.ts";
import type { TopicRoots } from "../mqtt/topics.ts";
import type { Installation } from "../text/typable.ts";
import type { DashboardSettings } from "./dashboard_keys.ts";
import type { NotifierSettings } from "./notifier/notifier_keys.ts";
import type { NutSourceEntry, NutSourceSecrets } from "./nut_sources.ts";
import type { ConfiguredStation } from "./stations.ts";

/** Everything that the daemon is told, typed and checked. */
export interface HouseConfig {
  readonly roots: TopicRoots;
  readonly stateDir: string;
  /** Which start of the system this is, 32 lower-case hex digits; absent when nobody says. */
  readonly bootId?: string;
  /** This machine's name; absent when nobody says. */
  readonly hostName?: string;
  /** In which form this program is installed; absent when nobody says. */
  readonly installation?: Installation;
  readonly logLevel: LogLevel;
  readonly cloud: {
    readonly enabled: boolean;
    readonly app?: { readonly user: string; readonly pass: string };
    readonly open?: { readonly accessKey: string; readonly secretKey: string };
    readonly apiHosts: readonly string[];
    readonly brokerHosts: readonly string[];
    readonly caPem?: string;
    readonly keepAliveSec: number;
  };
  readonly stations: readonly ConfiguredStation[];
  readonly gridRule: "auto" | "tag27";
  readonly staleAfterSec: number;
  readonly publishRawJson: boolean;
  /** The owner's own tables of models, by file name. */
  readonly modelFiles: readonly { readonly name: string; readonly text: string }[];
  /** Absent: the embedded broker on `embeddedPort`. */
  readonly broker?: {
    readonly host: string;
    readonly port: number;
    readonly username?: string;
    readonly password?: string;
    readonly tls?: { readonly ca?: string; readonly cert?: string; readonly key?: string };
  };
  readonly embeddedPort: number;
  readonly mqttClientId: string;
  readonly agentsByStation: Readonly<Record<string, readonly string[]>>;
  /** Stations that may be played: none of them is a real one. */
  readonly simulatedStations: readonly string[];
  /** Where the agents' keys are, or will be. */
  readonly agentKeysFile: string;
  readonly agentKeys: AgentKeys;
  readonly policy: {
    readonly socMinPercent: number;
    /** 0: no events about a charge that falls. */
    readonly socStepPercent: number;
    readonly debounceSec: number;
    readonly cooldownSec: number;
    readonly abortWindowSec: number;
    readonly shutdownDelaySec: number;
    readonly commandTtlSec: number;
  };
  /** The policy file's TOML text and where it came from; absent: the keys above are the whole policy. */
  readonly policyFile?: { readonly text: string; readonly source: string };
  /** Stations that a NUT server speaks for as well, as far as the policy file does not name them; and how all are asked. */
  readonly nutSources: NutSourceSecrets & {
    readonly entries: readonly NutSourceEntry[];
    readonly pollSec: number;
  };
  /** Absent: no NUT server. */
  readonly nut?: {
    /** Its TOML text and where it came from. */
    readonly text: string;
    readonly source: string;
    readonly listenHost: string;
    readonly port: number;
    readonly certPem?: string;
    readonly keyPem?: string;
    readonly lowBatteryPercent: number;
  };
  /** Absent: no history is kept. `days`: how long quarter hours are. */
  readonly history?: { readonly days: number };
  /** Absent: no dashboard. */
  readonly dashboard?: DashboardSettings;
  /** Absent: nobody is notified. */
  readonly notifier?: NotifierSettings;
  /** Absent: Home Assistant is not told. */
  readonly homeAssistant?: {
    /** Root of its discovery topics, without slashes at its ends. */
    readonly prefix: string;
  };
  /** Whether the services that only look on have a worker each, or one for all. */
  readonly optionalServices: "separate" | "together";
  /** Sentences for the log at the start: what is odd, but no reason not to run. */
  readonly remarks: readonly string[];
}

/** How the loader reaches the outside. */
export interface ConfigSources {
  /** Text and name of the env file; absent when there is none. */
  readonly file?: { readonly name: string; readonly text: string };
  readonly environment: Readonly<Record<string, string>>;
  /** Text of a file; throws when it cannot be read. */
  readonly readFile: (path: string) => string;
  /** Whether a file is there. */
  readonly exists: (path: string) => boolean;
  /** Names of the files in a directory; throws when it cannot be read. Absent: there are no directories. */
  readonly listFiles?: (path: string) => readonly string[];
  /** This machine's name. */
  readonly hostName?: string;
  readonly installation?: Installation;
}

/** Keys that name a PEM file. */
export type PemKey =
  | "ECOFLOW_CA_FILE"
  | "MQTT_CA_FILE"
  | "MQTT_CERT_FILE"
  | "MQTT_KEY_FILE"
  | "DASHBOARD_CERT_FILE"
  | "DASHBOARD_KEY_FILE"
  | "NOTIFY_CA_FILE"
  | "NUT_CERT_FILE"
  | "NUT_SOURCE_CA_FILE"
  | "NUT_KEY_FILE";

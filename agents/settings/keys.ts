/** Every key of an agent's configuration: its kind, unit, default, range and one sentence. */
import { COMMON_KEYS } from "../../lib/config/common_keys.ts";
import type { KeyTable } from "../../lib/config/key_spec.ts";

/** See the file comment. */
export const AGENT_KEYS = {
  AGENT_ID: {
    kind: "text",
    doc: "Name of this host, as DEVICE_TO_AGENTS_JSON of the daemon has it. Must be set.",
    example: "study-pc",
  },
  MQTT_HOST: { kind: "text", doc: "The broker in the house. Must be set.", example: "pi.lan" },
  MQTT_BROKER: { kind: "text", doc: "The predecessor's name for MQTT_HOST." },
  MQTT_PORT: COMMON_KEYS.MQTT_PORT,
  MQTT_USER: { kind: "text", doc: "User name at the broker.", example: "study-pc" },
  MQTT_PASS: COMMON_KEYS.MQTT_PASS,
  MQTT_PASS_FILE: {
    kind: "text",
    doc: "File with that password, instead of MQTT_PASS.",
    example: "/etc/ecoflow-agent/mqtt_pass",
  },
  MQTT_TLS: { kind: "switch", default: false, doc: "Speak TLS; the certificate is always verified." },
  MQTT_CA_FILE: {
    kind: "text",
    doc: "PEM file with the certificate authority of the broker.",
    example: "/etc/ecoflow-agent/broker-ca.pem",
  },
  POWER_MANAGER_BASE: {
    kind: "text",
    default: "power-manager",
    doc: "Root of the topics of policy and agents; the same as the daemon's.",
  },
  AGENT_KEY_FILE: {
    kind: "text",
    doc: "File with this agent's key, hex digits.",
    whenUnset: "agent_key in STATE_DIR",
    example: "/etc/ecoflow-agent/agent_key",
  },
  STATE_DIR: {
    kind: "text",
    doc: "Directory where the agent keeps its state.",
    whenUnset: "the service's own",
    example: "/var/lib/ecoflow-agent",
  },
  REHEARSAL: { kind: "switch", default: false, doc: "Print what would run, and run nothing." },
  ALLOW_UNSIGNED: {
    kind: "switch",
    default: false,
    doc: "Obey the predecessor's unsigned commands too. Anybody at the broker can then switch this host off.",
  },
  SHUTDOWN_CMD: {
    kind: "text",
    doc: "Command that switches this host off.",
    whenUnset: "the system's own",
    example: "/sbin/shutdown -h now",
  },
  ABORT_CMD: {
    kind: "text",
    doc: "Command that takes a planned shutdown back.",
    whenUnset: "the system's own",
    example: "/sbin/shutdown -c",
  },
  SHUTDOWN_MODE: {
    kind: "choice",
    default: "poweroff",
    choices: ["poweroff", "hibernate"],
    doc: "What the last step does.",
  },
  PRE_SHUTDOWN_CMD_1: {
    kind: "text",
    doc: "First preparation before the last step; PRE_SHUTDOWN_CMD_2 to _9 follow in this order.",
    example: "/usr/local/bin/stop-virtual-machines",
  },
  PRE_SHUTDOWN_LIMIT_SEC: {
    kind: "integer",
    default: 30,
    min: 1,
    max: 3600,
    unit: "s",
    doc: "Time limit of each preparation.",
  },
  PRE_SHUTDOWN_ON_FAILURE: {
    kind: "choice",
    default: "continue",
    choices: ["continue", "stop"],
    doc: "Whether a failed preparation keeps this host up: stop does.",
  },
  COMMANDS_FILE: {
    kind: "text",
    doc: "TOML file with preparations and the last step, instead of the lines here (docs/agents.md).",
    example: "/etc/ecoflow-agent/commands.toml",
  },
  SHUTDOWN_DELAY_SEC: {
    kind: "integer",
    default: 60,
    min: 0,
    max: 3600,
    unit: "s",
    doc: "Delay of commands that name none.",
  },
  ACT_ALONE: {
    kind: "switch",
    default: true,
    doc: "Shut down by the daemon's plan when the daemon is lost on battery.",
  },
  ALONE_AFTER_SEC: {
    kind: "integer",
    default: 120,
    min: 30,
    max: 3600,
    unit: "s",
    doc: "How long the daemon must be lost before this host acts alone.",
  },
  LOG_LEVEL: COMMON_KEYS.LOG_LEVEL,
} as const satisfies KeyTable;

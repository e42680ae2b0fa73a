/** The daemon's command `keys`: gives agents their keys, and changes them without a gap. */
import {
  activateKey,
  addKey,
  type AgentKeyFile,
  encodeAgentKeyFile,
  type KeyChange,
  listKeys,
  parseAgentKeyFile,
  removeKey,
  rotateKey,
} from "./agent_keys.ts";
import { agentNameProblem } from "../config/stations.ts";
import { errorText } from "../errors.ts";
import { encodePairing, type Pairing } from "./pairing.ts";
import { own } from "../own.ts";

/** The outside world of the command. */
export interface KeysPorts {
  /** The file's path, for texts. */
  readonly path: string;
  /** undefined when there is no file yet. */
  readonly read: () => string | undefined;
  /** Replaces the whole file; only its owner may read it. */
  readonly write: (text: string) => void;
  /** A fresh key of 32 random bytes, lower-case hex. */
  readonly newKey: () => string;
  /** How an agent reaches the broker, as far as the configuration knows. */
  readonly broker: Omit<Pairing, "agent" | "key">;
  /** Agents that the configuration names. */
  readonly agents: readonly string[];
  /** The broker listens on loopback: only an agent on this very machine reaches it. */
  readonly isLoopbackOnly: boolean;
}

/** What to print and how to exit: 0 done, 1 refused, 64 wrong use. */
export interface KeysAnswer {
  readonly code: 0 | 1 | 64;
  readonly text: string;
}

/** How to use it. */
export const KEYS_USAGE = `Usage: keys list | add AGENT | rotate AGENT | activate AGENT | remove AGENT`;

const RESTART = "It is in force after: sudo systemctl restart ecoflow-power (timers go on where they were)";

const LOOPBACK_NOTE =
  `Note: the broker inside the daemon listens on loopback, so no other computer can connect.
Install the Debian package with Mosquitto, or set MQTT_HOST to a broker of yours, and then make the line.`;

/** Runs `keys ARGS`. */
export function runKeysCommand(args: readonly string[], ports: KeysPorts): KeysAnswer {
  const [action, agent, ...more] = args;
  const wantsAgent = action !== "list";
  if (action === undefined || more.length > 0 || wantsAgent !== (agent !== undefined)) {
    return { code: 64, text: KEYS_USAGE };
  }
  try {
    const file = parseAgentKeyFile(ports.read() ?? "{}", `"${ports.path}"`);
    if (agent === undefined) return { code: 0, text: listText(file, ports.agents) };
    const problem = agentNameProblem(agent);
    if (problem) return { code: 1, text: `Cannot use the agent name "${agent}": it ${problem}` };
    return change(action, agent, file, ports);
  } catch (error) {
    return { code: 1, text: errorText(error) };
  }
}

function change(action: string, agent: string, file: AgentKeyFile, ports: KeysPorts): KeysAnswer {
  const key = ports.newKey();
  const changes: Record<string, () => KeyChange> = {
    add: () => addKey(file, agent, key),
    rotate: () => rotateKey(file, agent, key),
    activate: () => activateKey(file, agent),
    remove: () => removeKey(file, agent),
  };
  const run = Object.hasOwn(changes, action) ? own(changes, action) : undefined;
  if (!run) return { code: 64, text: KEYS_USAGE };
  const changed = run();
  if ("refusal" in changed) return { code: 1, text: `Cannot ${action} the key: ${changed.refusal}` };
  ports.write(encodeAgentKeyFile(changed.file));
  return { code: 0, text: doneText(action, agent, key, ports) };
}

function doneText(
  action: string,
  agent: string,
  key: string,
  { broker, agents, isLoopbackOnly }: KeysPorts,
): string {
  const notes = [
    ...agents.includes(agent)
      ? []
      : [`Note: DEVICE_TO_AGENTS_JSON does not name "${agent}" yet, so nobody will command it.`],
    ...isLoopbackOnly ? [LOOPBACK_NOTE] : [],
  ];
  switch (action) {
    case "add":
    case "rotate":
      return [
        `On the host "${agent}" run: ecoflow-agent pair`,
        "and give it this line. It is a secret and is not shown again:",
        "",
        encodePairing({ agent, key, ...broker }),
        "",
        action === "add"
          ? RESTART
          : `Until then the old key signs. When the host has the new one, run: sudo ecoflow-power keys activate ${agent}`,
        ...notes,
      ].join("\n");
    case "activate":
      return `The new key of "${agent}" signs from now on; the agent drops the old one by itself.\n${RESTART}`;
    default:
      return `"${agent}" has no key any more; its commands go unsigned.\n${RESTART}`;
  }
}

function listText(file: AgentKeyFile, agents: readonly string[]): string {
  const without = agents.filter((agent) => !Object.hasOwn(file, agent)).map((agent) =>
    `${agent}  no key: unsigned`
  );
  return [...listKeys(file), ...without].join("\n") || "No agent has a key";
}

/** MQTT topic rules and the house's topics, in one place. */

/** The configurable roots of all topics. */
export interface TopicRoots {
  /** Root of what the stations say, without slashes at its ends; default `bridge-ecoflow`. */
  readonly stations: string;
  /** Root of policy, commands and agents; default `power-manager`. */
  readonly manager: string;
}

/** The public defaults. */
export const DEFAULT_ROOTS: TopicRoots = { stations: "bridge-ecoflow", manager: "power-manager" };

/** Names that no agent and no device may have, because a topic of that name means something else. */
export const RESERVED_AGENT_NAMES: readonly string[] = [
  "policy",
  "events",
  "orchestrator",
  "drill",
  "abort",
  "witness",
  "history",
  "home_assistant",
];

/** Builds every topic of the house; pass `+` as a name to get the filter. */
export function topicsUnder(roots: TopicRoots) {
  const { stations, manager } = roots;
  return {
    /** The cloud's bytes, untouched. QoS 0, not retained. */
    raw: (sn: string) => `${stations}/${sn}/data`,
    /** A request, with an empty payload, to ask the station for its whole state now. QoS 0, not retained. */
    refresh: (sn: string) => `${stations}/${sn}/refresh`,
    /** Normalised state, retained: `lib/messages/power_state.ts`. */
    state: (device: string) => `${stations}/${device}/json/state`,
    /**
     * Where a station that has a name is found by its serial number, retained JSON: `sn`, `device`, `state_topic`. Absent for a
     * station without a name, whose state is under the serial number itself.
     */
    stationName: (sn: string) => `${stations}/${sn}/name`,
    /** What a NUT server says of the station, QoS 0, not retained: `lib/messages/source_reading.ts`. */
    source: (device: string) => `${stations}/${device}/source/nut`,
    /** Every decoded field by message; off by default. */
    rawJson: (device: string) => `${stations}/${device}/json/raw`,
    /** What the cloud connection is doing, retained: `lib/messages/cloud_status.ts`. */
    cloudStatus: `${stations}/status`,
    /** The stations of the account, retained: `lib/messages/station_list.ts`. */
    stationList: `${stations}/devices`,
    /** Commands to one agent. QoS 1, expiring, never retained: `lib/messages/agent/command.ts`. */
    command: (agent: string) => `${manager}/${agent}/cmd`,
    /** What an agent does alone. QoS 1, retained. */
    plan: (agent: string) => `${manager}/${agent}/plan`,
    /** Presence of an agent, retained, with a will: `lib/messages/agent/status.ts`. */
    agentStatus: (agent: string) => `${manager}/${agent}/status`,
    /** An agent's answers. QoS 1: `lib/messages/agent/ack.ts`. */
    ack: (agent: string) => `${manager}/${agent}/ack`,
    /** The policy's state per station, retained: `lib/messages/policy_status.ts`. */
    policy: (device: string) => `${manager}/policy/${device}`,
    /** Asks for a drill. QoS 1, never retained: `lib/messages/drill.ts`. */
    drillRequest: `${manager}/drill/request`,
    /** Asks for a shutdown to be called off. QoS 1, never retained: `lib/messages/abort_request.ts`. */
    abortRequest: `${manager}/abort/request`,
    /** How the newest drill goes or went, retained: `lib/messages/drill.ts`. */
    drillReport: `${manager}/drill/report`,
    /** Asks for history. QoS 1, never retained: `lib/messages/history_query.ts`. */
    historyQuery: `${manager}/history/query`,
    /** One answer. QoS 1, never retained: `lib/messages/history_answer.ts`. */
    historyAnswer: (id: string) => `${manager}/history/answer/${id}`,
    /** The journal. QoS 1: `lib/messages/event.ts`. */
    events: `${manager}/events`,
    /** `live`, `heard` or `silent`: how Home Assistant may take what it is shown of a station, retained. */
    shownStanding: (id: string) => `${manager}/home_assistant/${id}/standing`,
    /** The policy's sentence for Home Assistant, as text that ages with what it speaks of, retained. */
    shownSentence: (id: string) => `${manager}/home_assistant/${id}/sentence`,
    /** A device's journal for Home Assistant. QoS 1, expiring, never retained. */
    shownEvent: (id: string) => `${manager}/home_assistant/${id}/event`,
    /** Presence of this daemon, retained, with a will: `lib/messages/orchestrator_status.ts`. */
    orchestratorStatus: `${manager}/orchestrator/status`,
  };
}

/** What {@link topicsUnder} returns. */
export type Topics = ReturnType<typeof topicsUnder>;

/** True when `topic` matches the MQTT `filter` with its `+` and `#` (MQTT 5.0, section 4.7). */
export function matchesFilter(filter: string, topic: string): boolean {
  if (filter === topic) return true;
  if (topic.startsWith("$") && (filter.startsWith("#") || filter.startsWith("+"))) return false;
  // Level by level, without taking either apart: this runs several times for every message.
  for (let at = 0, from = 0;;) {
    const levelEnd = endOfLevel(filter, at);
    if (levelEnd === at + 1 && filter[at] === "#") return true;
    if (from > topic.length) return false;
    const topicEnd = endOfLevel(topic, from);
    const isAny = levelEnd === at + 1 && filter[at] === "+";
    const isSame = levelEnd - at === topicEnd - from && topic.startsWith(filter.slice(at, levelEnd), from);
    if (!isAny && !isSame) return false;
    if (levelEnd === filter.length) return topicEnd === topic.length;
    at = levelEnd + 1;
    from = topicEnd + 1;
  }
}

/** The level of `topic` that stands where `filter` has its first `+`; empty when there is none. */
export function levelAtPlus(topic: string, filter: string): string {
  return topic.split("/")[filter.split("/").indexOf("+")] ?? "";
}

function endOfLevel(text: string, from: number): number {
  const slash = text.indexOf("/", from);
  return slash === -1 ? text.length : slash;
}

/**
 * True when every topic that `inner` matches is matched by `outer` too: whether a service that declared `outer`
 * may subscribe to `inner`.
 */
export function coversFilter(outer: string, inner: string): boolean {
  const wide = outer.split("/");
  const narrow = inner.split("/");
  for (const [i, part] of wide.entries()) {
    if (part === "#") return true;
    const level = narrow[i];
    if (level === undefined || level === "#" || (part !== "+" && part !== level)) return false;
  }
  return wide.length === narrow.length;
}

/** Halves of surrogate pairs and noncharacters. */
const NO_TEXT = /[\p{Cs}\p{Noncharacter_Code_Point}]/u;

/**
 * Why a word cannot be one level of a topic, or undefined when it can.
 *
 * @param word A device or agent name
 */
export function topicWordProblem(word: string): string | undefined {
  if (word === "") return "must not be empty";
  if (new TextEncoder().encode(word).length > 64) return "must have at most 64 bytes";
  if (/[/+#\p{Cc}]/u.test(word)) return 'must not contain "/", "+", "#" or control characters';
  // Brokers end the connection of whoever sends one: MQTT 5.0, section 1.5.4.
  if (NO_TEXT.test(word)) {
    return "must not contain halves of characters or code points that are no characters";
  }
  if (word.startsWith("$")) return 'must not begin with "$"';
  if (word !== word.trim()) return "must not begin or end with a blank";
  return undefined;
}

/** Listens on the bus, checks every payload once, and keeps the house's last words. */
import type { Bus, BusMessage } from "../../../lib/workers/bus.ts";
import type { Clock } from "../../../lib/time/clock.ts";
import { InvalidInputError } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log/log.ts";
import { parseAgentAck } from "../../../lib/messages/agent/ack.ts";
import { parseAgentStatus } from "../../../lib/messages/agent/status.ts";
import { parseCloudStatus } from "../../../lib/messages/cloud_status.ts";
import { parseDrillReport } from "../../../lib/messages/drill.ts";
import { type JournalEvent, parseEvent } from "../../../lib/messages/event.ts";
import { parseOrchestratorStatus } from "../../../lib/messages/orchestrator_status.ts";
import { parsePolicyStatus } from "../../../lib/messages/policy_status.ts";
import { heldUpMs, parsePowerState, type PowerState } from "../../../lib/messages/power_state.ts";
import { levelAtPlus, RESERVED_AGENT_NAMES, type Topics } from "../../../lib/mqtt/topics.ts";
import type { Heard, House } from "./house.ts";

/** What the listener is given. */
export interface SubscriptionParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly log: Logger;
  readonly topics: Topics;
  readonly house: House;
  /** Some word changed. */
  readonly onChange: () => void;
  /** A station spoke, now. */
  readonly onState: (device: string, state: PowerState) => void;
  /** An event came, now. */
  readonly onEvent: (event: JournalEvent) => void;
}

/** What the broker kept is believed to be as old as it says up to this age, ms; an older word has no age. */
const BELIEVED_MS = 24 * 3_600_000;
/** More names than a house has would only fill the memory. */
const MAX_NAMES = 500;
const MAX_TOPICS = 10 * MAX_NAMES;

/** Subscribes to everything; lasts as long as the bus. */
export function listen(parts: SubscriptionParts): void {
  const { bus, clock, log, topics, house, onChange, onState, onEvent } = parts;
  /** Topics with a live word since the broker came: what it kept from before is older, but may be sent after it. */
  const spoken = new Set<string>();
  const subscribe = (filter: string, hear: (message: BusMessage, name: string, source: string) => void) => {
    bus.subscribe(filter, (message) => {
      if (message.retained && spoken.has(message.topic)) return;
      if (!message.retained && spoken.size < MAX_TOPICS) spoken.add(message.topic);
      try {
        hear(message, levelAtPlus(message.topic, filter), `MQTT topic "${message.topic}"`);
        onChange();
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error;
        log.warn("INPUT REFUSED", { text: error.message });
      }
      // Only the journal tells of the past: of everything else what the broker kept while we were away is no news.
    }, { qos: filter === topics.events ? 1 : 0 });
  };
  /** A map by the name in the topic; an empty payload is the broker's way to forget. */
  const keep = <T extends { readonly ts?: string }>(
    map: Map<string, Heard<T>>,
    filter: string,
    parse: (payload: Uint8Array, source: string) => T,
    onNews: (name: string, value: T) => void = () => {},
  ) =>
    subscribe(filter, (message, name, source) => {
      if (message.payload.length === 0) return void map.delete(name);
      // The daemon's own status has the form of an agent's.
      if (RESERVED_AGENT_NAMES.includes(name) || (!map.has(name) && map.size >= MAX_NAMES)) return;
      const word = heard(parse(message.payload, source), message, clock);
      map.set(name, word);
      if (!message.retained) onNews(name, word.value);
    });
  const one = <T extends { readonly ts?: string }>(
    topic: string,
    parse: (payload: Uint8Array, source: string) => T,
    set: (word: Heard<T> | undefined) => void,
  ) =>
    subscribe(topic, (message, _name, source) => {
      set(message.payload.length === 0 ? undefined : heard(parse(message.payload, source), message, clock));
    });

  keep(house.states, topics.state("+"), parsePowerState, onState);
  keep(house.policies, topics.policy("+"), parsePolicyStatus);
  keep(house.acks, topics.ack("+"), parseAgentAck);
  keep(house.agents, topics.agentStatus("+"), parseAgentStatus);
  one(topics.cloudStatus, parseCloudStatus, (word) => house.cloud = word);
  one(topics.orchestratorStatus, parseOrchestratorStatus, (word) => house.daemon = word);
  one(topics.drillReport, parseDrillReport, (word) => house.drill = word);
  subscribe(topics.events, ({ payload, retained }, _name, source) => {
    if (!retained && payload.length > 0) onEvent(parseEvent(payload, source));
  });
  bus.onLink((up) => {
    house.isBrokerUp = up;
    if (!up) spoken.clear();
    onChange();
  });
}

/** A word that came live is as old as its arrival; one that the broker kept is as old as it says, if it can be. */
function heard<T extends { readonly ts?: string }>(
  value: T,
  { retained }: BusMessage,
  clock: Clock,
): Heard<T> {
  const atMonoMs = clock.monoMs();
  if (!retained) return { value, atMonoMs: atMonoMs - heldUpMs(value, clock.wallMs()) };
  const ageMs = value.ts === undefined ? NaN : clock.wallMs() - Date.parse(value.ts);
  // A word from the future is from a clock that fell back at a power cut.
  if (!(ageMs >= -2000 && ageMs <= BELIEVED_MS)) return { value, atMonoMs, isAgeless: true };
  return { value, atMonoMs: atMonoMs - Math.max(0, ageMs) };
}

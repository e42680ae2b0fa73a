/** What the policy listens to: it subscribes, reads each payload once, and hands typed values on. */
import type { BusMessage, SubscribeOptions } from "../../../lib/workers/bus.ts";
import { InvalidInputError } from "../../../lib/errors.ts";
import { type AgentAck, parseAgentAck } from "../../../lib/messages/agent/ack.ts";
import { type AgentStatus, parseAgentStatus } from "../../../lib/messages/agent/status.ts";
import { type CloudStatus, parseCloudStatus } from "../../../lib/messages/cloud_status.ts";
import { parsePowerState, type PowerState, stateOnArrival } from "../../../lib/messages/power_state.ts";
import type { Isolation } from "../../../lib/workers/isolation.ts";
import type { Topics } from "../../../lib/mqtt/topics.ts";
import type { ServiceContext } from "../../../lib/workers/service.ts";
import type { WitnessReading } from "../outage/grid_verdict.ts";
import { type AskNut, askOverTcp, type NutTarget } from "../../../lib/nut/client.ts";
import { NutWitness } from "../witness/nut_witness.ts";
import type { WitnessSection } from "../rules/policy_file_schema.ts";
import { readWitness } from "../witness/mqtt_witness.ts";

/** What decides which topics are read; part of the service's configuration. */
export interface SubscriptionChoice {
  /** Stations that a witness without a list of its own speaks for. */
  readonly stations: Readonly<Record<string, unknown>>;
  /** Whether the cloud connection's status is read. */
  readonly followsCloud?: boolean;
  readonly takesDrills?: boolean;
  readonly takesAborts?: boolean;
  readonly file?: { readonly witness: readonly WitnessSection[] };
}

/** Who hears it. Requests come as they are: `requests/` reads them. */
export interface Handlers {
  readonly onState: (device: string, state: PowerState, retained: boolean) => void;
  /** The state's topic was emptied: nobody speaks under this name any more. */
  readonly onStateGone: (device: string) => void;
  readonly onCloud: (link: CloudStatus["link"]) => void;
  readonly onWitness: (device: string, reading: WitnessReading) => void;
  /** Never one that the broker kept: it answers an old command. */
  readonly onAck: (agent: string, ack: AgentAck) => void;
  readonly onStatus: (agent: string, status: AgentStatus, retained: boolean) => void;
  readonly onDrillRequest: (message: BusMessage) => void;
  readonly onAbortRequest: (message: BusMessage) => void;
}

/** For what counts while it is said: what the broker kept while we were away would pass for news. */
const NOW = { qos: 0 } as const;

/** See the file comment. */
export class Subscriptions {
  readonly #refused = new Set<string>();
  readonly #nutWitnesses: NutWitness[] = [];
  /** Agents that have spoken since the broker is there. */
  readonly #heardLive = new Set<string>();

  constructor(
    private readonly context: ServiceContext<SubscriptionChoice> & { readonly isolation: Isolation },
    private readonly topics: Topics,
    private readonly askNut: AskNut = askOverTcp,
    private readonly handlers: Handlers,
  ) {}

  /** Begins to listen. */
  listen(): void {
    const { bus, config } = this.context;
    const { topics } = this;
    const listenTo = (filter: string, read: (message: BusMessage) => void, options?: SubscribeOptions) =>
      bus.subscribe(filter, (message) => {
        this.context.isolation.run(
          `topic "${message.topic}"`,
          () => this.#guard(message, () => read(message)),
        );
      }, options);
    // What happened while the broker was away is known from what it kept.
    bus.onLink(() => this.#heardLive.clear());
    if (config.followsCloud) listenTo(topics.cloudStatus, (message) => this.#cloud(message), NOW);
    listenTo(topics.state("+"), (message) => this.#state(message), NOW);
    listenTo(topics.ack("+"), (message) => this.#ack(message));
    listenTo(topics.agentStatus("+"), (message) => this.#status(message));
    if (config.takesDrills) listenTo(topics.drillRequest, this.handlers.onDrillRequest, NOW);
    if (config.takesAborts) listenTo(topics.abortRequest, this.handlers.onAbortRequest, NOW);
    for (const witness of config.file?.witness ?? []) {
      if (witness.topic !== undefined) {
        listenTo(witness.topic, (message) => this.#witness(witness, message), NOW);
      }
      if (witness.nut) this.#ask(witness, witness.nut);
    }
  }

  /** Asks nobody any more; the bus ends with its service. */
  stop(): void {
    for (const witness of this.#nutWitnesses.splice(0)) witness.stop();
  }

  #state({ topic, payload, retained }: BusMessage): void {
    const [head = "", tail = ""] = this.topics.state("+").split("+");
    const device = topic.slice(head.length, -tail.length);
    if (payload.length === 0) return this.handlers.onStateGone(device);
    const said = parsePowerState(payload, `MQTT topic "${topic}"`);
    const state = retained ? said : stateOnArrival(said, this.context.clock.wallMs());
    // Plugs and meters show the grid but have no battery to protect anybody with.
    if (state.role === "accessory") return;
    this.handlers.onState(device, state, retained);
  }

  #cloud({ topic, payload }: BusMessage): void {
    if (payload.length > 0) this.handlers.onCloud(parseCloudStatus(payload, `MQTT topic "${topic}"`).link);
  }

  #ack({ topic, payload, retained }: BusMessage): void {
    // A host proves by an empty one that the broker lets it write here.
    if (!retained && payload.length > 0) {
      this.handlers.onAck(agentOf(topic), parseAgentAck(payload, `MQTT topic "${topic}"`));
    }
  }

  #status({ topic, payload, retained }: BusMessage): void {
    // The daemon's own presence has the same form of topic.
    if (topic === this.topics.orchestratorStatus || payload.length === 0) return;
    const agent = agentOf(topic);
    // What the broker kept may arrive after what was said since: then it is no news.
    if (retained && this.#heardLive.has(agent)) return;
    const status = parseAgentStatus(payload, `MQTT topic "${topic}"`);
    if (!retained) this.#heardLive.add(agent);
    this.handlers.onStatus(agent, status, retained);
  }

  /** A message that the broker kept is of unknown age: it is no evidence. */
  #witness(witness: WitnessSection, { payload, retained }: BusMessage): void {
    const value = retained ? undefined : readWitness(payload, witness);
    if (value !== undefined) this.#heardWitness(witness, value);
  }

  #ask(witness: WitnessSection, target: NutTarget): void {
    const { clock, log } = this.context;
    const onWord = (value: boolean) => this.#heardWitness(witness, value);
    const asking = new NutWitness(witness.name, target, { clock, log, ask: this.askNut, onWord });
    this.#nutWitnesses.push(asking);
    asking.start();
  }

  #heardWitness({ name, stations, stale_after_sec }: WitnessSection, value: boolean): void {
    const { clock, config } = this.context;
    for (const device of stations ?? Object.keys(config.stations)) {
      const reading = { name, value, atMonoMs: clock.monoMs(), staleAfterMs: stale_after_sec * 1000 };
      this.handlers.onWitness(device, reading);
    }
  }

  /** A payload that cannot be read is refused by name, once a topic until a good one comes, and harms nobody else. */
  #guard({ topic }: BusMessage, read: () => void): void {
    try {
      read();
      this.#refused.delete(topic);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      if (this.#refused.has(topic)) return;
      this.#refused.add(topic);
      this.context.log.warn("PAYLOAD REFUSED", { topic, reason: error.problems.join("; ") });
    }
  }
}

function agentOf(topic: string): string {
  return topic.split("/").at(-2) ?? "";
}

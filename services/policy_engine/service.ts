/** The policy engine in the world: hears states and agents, sends commands, keeps the journal and the snapshot. */
import type { BusMessage } from "../../lib/bus.ts";
import type { Cancel } from "../../lib/clock.ts";
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { parseAgentAck } from "../../lib/messages/agent_ack.ts";
import { encodeAgentCommand } from "../../lib/messages/agent_command.ts";
import { parseAgentStatus } from "../../lib/messages/agent_status.ts";
import { parseCloudStatus } from "../../lib/messages/cloud_status.ts";
import { encodeEvent, type JournalEvent } from "../../lib/messages/event.ts";
import { parsePowerState } from "../../lib/messages/power_state.ts";
import { type TopicRoots, type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext } from "../../lib/service.ts";
import { buildCommand } from "./command.ts";
import { House, type HouseEffect, type HouseInput } from "./house.ts";
import { type Telling, tellingOf } from "./journal.ts";
import type { PolicyFile, WitnessSection } from "./policy_file.ts";
import { feedsOf, hostsOfStation } from "./rules.ts";
import { houseRules } from "./rules_from_file.ts";
import { Showcase } from "./showcase.ts";
import type { Ways } from "./silence.ts";
import { SnapshotKeeper } from "./snapshot_keeper.ts";
import { fileSnapshotStore, type SnapshotStore } from "./snapshot_store.ts";
import { udpWake, type Wake } from "./wake_on_lan.ts";
import { readWitness } from "./witness.ts";

/** The slice of the configuration that this service gets. */
export interface PolicyEngineConfig {
  readonly roots: TopicRoots;
  /** Station name to the agents on it. */
  readonly stations: Readonly<Record<string, readonly string[]>>;
  readonly socMinPercent: number;
  readonly debounceSec: number;
  readonly cooldownSec: number;
  readonly abortWindowSec: number;
  readonly shutdownDelaySec: number;
  readonly commandTtlSec: number;
  readonly staleAfterSec: number;
  /** Agent to key, lower-case hex. */
  readonly agentKeys: Readonly<Record<string, string>>;
  /** A directory of its own. */
  readonly stateDir: string;
  /** Whether the cloud connection's own status may be read, to say why nothing is heard; false when absent. */
  readonly followsCloud?: boolean;
  /** The policy file, where there is one. */
  readonly file?: PolicyFile;
}

/** Parts that tests replace. */
export interface PolicyEnginePorts {
  readonly store: SnapshotStore;
  readonly newId: () => string;
  /** Absent: nobody can be woken. */
  readonly wake?: Wake;
}

/** Topics beyond the house's own that the policy file makes this service read. */
export function witnessTopics(file: PolicyFile | undefined): readonly string[] {
  return [...new Set(file?.witness.map(({ topic }) => topic))];
}

/** Whether the policy file names anybody to be woken, so that the worker needs the network. */
export function wakesHosts(file: PolicyFile | undefined): boolean {
  return Object.values(file?.host ?? {}).some(({ mac }) => mac !== undefined);
}

/** How often holds and windows are looked at, ms. */
const TICK_MS = 1000;
/** After a restart old words may trigger nothing for this long, ms: fresh ones get a chance. */
const RESTART_GRACE_MS = 30_000;
/** A longer stop, or a clock that went back, looks like a reboot, ms: the cloud takes longer to answer then. */
const REBOOT_AFTER_MS = 60_000;
/** The chance that fresh words get after what looks like a reboot, ms. */
const REBOOT_GRACE_MS = 120_000;

/** Makes the service as it runs in its worker. */
export function createPolicyEngine(context: ServiceContext<PolicyEngineConfig>): PolicyEngine {
  return new PolicyEngine(context, {
    store: fileSnapshotStore(`${context.config.stateDir}/policy.json`),
    newId: () => crypto.randomUUID(),
    wake: wakesHosts(context.config.file) ? udpWake() : undefined,
  });
}

/** See the file comment. */
export class PolicyEngine implements Service {
  readonly #topics: Topics;
  #house: House | undefined;
  #isLinkUp = false;
  #cancelTick: Cancel = () => {};
  readonly #keeper: SnapshotKeeper;
  readonly #showcase: Showcase;
  #cloud: Ways["cloud"];
  readonly #refused = new Set<string>();

  constructor(
    private readonly context: ServiceContext<PolicyEngineConfig>,
    private readonly ports: PolicyEnginePorts,
  ) {
    this.#topics = topicsUnder(context.config.roots);
    const { agentKeys } = context.config;
    this.#keeper = new SnapshotKeeper({ ...context, store: ports.store });
    this.#showcase = new Showcase({ ...context, agentKeys, topics: this.#topics, newId: ports.newId });
  }

  start(): Promise<void> {
    const { bus, clock, config, health, log } = this.context;
    this.#house = this.#resume();
    const agents = this.#house.state.hosts.keys();
    const unsigned = [...agents].filter((agent) => config.agentKeys[agent] === undefined);
    if (unsigned.length > 0) {
      const text = `agents without a key get unsigned commands: ${unsigned.join(", ")}`;
      health.raise({ code: "unsigned_commands", severity: "warning", text });
      log.warn("UNSIGNED COMMANDS", { agents: unsigned.join(" ") });
    }
    bus.onLink((up) => this.#isLinkUp = up);
    if (config.followsCloud) {
      const { cloudStatus } = this.#topics;
      bus.subscribe(cloudStatus, (message) => this.#guard(message, () => this.#onCloud(message)));
    }
    bus.subscribe(this.#topics.state("+"), (message) => this.#guard(message, () => this.#onState(message)));
    bus.subscribe(this.#topics.ack("+"), (message) => this.#guard(message, () => this.#onAck(message)));
    bus.subscribe(
      this.#topics.agentStatus("+"),
      (message) => this.#guard(message, () => this.#onStatus(message)),
    );
    for (const witness of config.file?.witness ?? []) {
      bus.subscribe(witness.topic, (message) => this.#onWitness(witness, message));
    }
    this.#cancelTick = clock.every(TICK_MS, () => this.#step({ kind: "tick" }));
    this.#step({ kind: "tick" });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#cancelTick();
    return Promise.resolve();
  }

  #resume(): House {
    const { clock, config } = this.context;
    const restored = this.#keeper.restore(houseRules(config, config.file, 0));
    const rules = houseRules(config, config.file, clock.monoMs() + graceMs(restored.awayMs));
    return new House(restored.house, rules, this.ports.newId);
  }

  #onState({ topic, payload, retained }: BusMessage): void {
    const state = parsePowerState(payload, `MQTT topic "${topic}"`);
    // Plugs and meters show the grid but have no battery to protect anybody with.
    if (state.role === "accessory") return;
    const { clock } = this.context;
    const [head = "", tail = ""] = this.#topics.state("+").split("+");
    const device = topic.slice(head.length, -tail.length);
    const arrival = { atMonoMs: clock.monoMs(), atWallMs: clock.wallMs(), retained };
    this.#step({ kind: "state", device, state, arrival });
  }

  #onCloud({ topic, payload }: BusMessage): void {
    if (payload.length === 0) return;
    this.#cloud = parseCloudStatus(payload, `MQTT topic "${topic}"`).link;
  }

  /** A message that the broker kept is of unknown age: it is no evidence. */
  #onWitness(witness: WitnessSection, { payload, retained }: BusMessage): void {
    const value = retained ? undefined : readWitness(payload, witness);
    if (value === undefined) return;
    const { clock, config } = this.context;
    const staleAfterMs = witness.stale_after_sec * 1000;
    for (const device of witness.stations ?? Object.keys(config.stations)) {
      const word = { name: witness.name, value, atMonoMs: clock.monoMs(), staleAfterMs };
      this.#step({ kind: "witness", device, word });
    }
  }

  #onAck({ topic, payload, retained }: BusMessage): void {
    if (retained) return;
    const ack = parseAgentAck(payload, `MQTT topic "${topic}"`);
    const agent = this.#agentOf(topic);
    this.context.log.info("AGENT ANSWERED", { agent, status: ack.status, id: ack.id, detail: ack.detail });
    this.#journal({
      kind: "agent_ack",
      severity: ack.status === "failed" || ack.status === "rejected" ? "warning" : "info",
      text: `${agent}: ${ack.status}${ack.detail ? ` (${ack.detail})` : ""}`.slice(0, 500),
      agent,
      data: { id: ack.id, status: ack.status },
    });
    this.#step({
      kind: "host",
      agent,
      input: { kind: "ack", commandId: ack.id, status: ack.status, detail: ack.detail },
    });
  }

  #onStatus({ topic, payload, retained }: BusMessage): void {
    // The daemon's own presence has the same form of topic.
    if (topic === this.#topics.orchestratorStatus || payload.length === 0) return;
    const { online } = parseAgentStatus(payload, `MQTT topic "${topic}"`);
    const input = { kind: "presence", online, isLive: !retained } as const;
    this.#step({ kind: "host", agent: this.#agentOf(topic), input });
  }

  #agentOf(topic: string): string {
    return topic.split("/").at(-2) ?? "";
  }

  /** A payload that cannot be read is refused by name, once a topic until a good one comes, and harms nobody else. */
  #guard({ topic }: BusMessage, run: () => void): void {
    try {
      run();
      this.#refused.delete(topic);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      if (this.#refused.has(topic)) return;
      this.#refused.add(topic);
      this.context.log.warn("PAYLOAD REFUSED", { topic, reason: error.problems.join("; ") });
    }
  }

  #step(input: HouseInput): void {
    const house = this.#house;
    if (!house) return;
    const { clock } = this.context;
    const effects = house.step(input, clock.monoMs());
    // Stored before it is said, and marked when the broker has it: a crash in between repeats it with the same id.
    if (effects.length > 0 || input.kind !== "state") this.#keeper.keep(house.state);
    for (const effect of effects) this.#carryOut(effect);
    const devices = input.kind === "tick"
      ? house.state.stations.keys()
      : input.kind === "host" || input.kind === "learned"
      ? feedsOf(input.agent, house.rules)
      : [input.device];
    const ways = { isBrokerUp: this.#isLinkUp, cloud: this.#cloud };
    for (const device of devices) {
      this.#showcase.showStatus(device, house, ways);
      for (const agent of hostsOfStation(house.rulesOf(device))) this.#showcase.showPlan(agent, house);
    }
  }

  #carryOut(effect: HouseEffect): void {
    const telling = tellingOf(effect);
    if (telling) this.#tell(telling);
    if (effect.kind !== "host") return;
    if (effect.effect.kind === "wake") this.#wake(effect.agent);
    if (effect.effect.kind === "send") this.#send(effect, effect.effect.action, effect.effect.commandId);
  }

  #wake(agent: string): void {
    const mac = this.#house?.rules.wake.macs[agent];
    if (mac === undefined || !this.ports.wake) return;
    this.ports.wake(mac).catch((error) =>
      this.context.log.warn("CANNOT WAKE", { agent, reason: errorText(error) })
    );
  }

  #send(
    { agent, reason, stage }: Extract<HouseEffect, { kind: "host" }>,
    action: "shutdown" | "abort",
    id: string,
  ): void {
    const { bus, clock, config, log } = this.context;
    const command = buildCommand({
      id,
      action,
      agent,
      reason,
      stage,
      shutdownDelaySec: config.shutdownDelaySec,
      commandTtlSec: config.commandTtlSec,
      nowWallMs: clock.wallMs(),
      keyHex: config.agentKeys[agent],
    });
    if (!this.#isLinkUp) log.warn("BROKER DOWN: the command waits for it", { agent, action, id });
    bus.publish(this.#topics.command(agent), encodeAgentCommand(command), {
      qos: 1,
      expirySec: config.commandTtlSec,
    }).then(
      () => this.#step({ kind: "host", agent, input: { kind: "delivered", commandId: id } }),
      (error) => log.error("COMMAND NOT DELIVERED", { agent, action, id, reason: errorText(error) }),
    );
  }

  #tell({ level, words, fields, event }: Telling): void {
    this.context.log[level](words, fields);
    this.#journal(event);
  }

  #journal(event: Omit<JournalEvent, "ts" | "source">): void {
    const { bus, clock, name, log } = this.context;
    const full: JournalEvent = { ts: new Date(clock.wallMs()).toISOString(), source: name, ...event };
    bus.publish(this.#topics.events, encodeEvent(full), { qos: 1, expirySec: 86_400 })
      .catch((error) => log.debug("event lost", { reason: errorText(error) }));
  }
}

/** @param awayMs How long we were away by the wall clock; undefined without a snapshot */
function graceMs(awayMs: number | undefined): number {
  if (awayMs === undefined) return 0;
  return awayMs >= 0 && awayMs <= REBOOT_AFTER_MS ? RESTART_GRACE_MS : REBOOT_GRACE_MS;
}

/** The policy engine in the world: hears states and agents, sends commands, keeps the journal and the snapshot. */
import type { BusMessage } from "../../lib/bus.ts";
import type { Cancel } from "../../lib/clock.ts";
import { errorText, InvalidInputError } from "../../lib/errors.ts";
import { parseAgentAck } from "../../lib/messages/agent_ack.ts";
import { encodeAgentCommand } from "../../lib/messages/agent_command.ts";
import { parseAgentStatus } from "../../lib/messages/agent_status.ts";
import { encodeEvent, type JournalEvent } from "../../lib/messages/event.ts";
import { encodePolicyStatus } from "../../lib/messages/policy_status.ts";
import { parsePowerState } from "../../lib/messages/power_state.ts";
import { type TopicRoots, type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext } from "../../lib/service.ts";
import { buildCommand } from "./command.ts";
import { policyStatus } from "./explain.ts";
import {
  emptyHouse,
  House,
  type HouseEffect,
  type HouseInput,
  type HouseRules,
  type HouseState,
} from "./house.ts";
import { type Telling, tellingOf } from "./journal.ts";
import { encodeSnapshot, restoreSnapshot } from "./snapshot.ts";
import { fileSnapshotStore, type SnapshotStore } from "./snapshot_store.ts";

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
}

/** Parts that tests replace. */
export interface PolicyEnginePorts {
  readonly store: SnapshotStore;
  readonly newId: () => string;
}

/** How often holds and windows are looked at, ms. */
const TICK_MS = 1000;
/** After a restart old words may trigger nothing for this long, ms: fresh ones get a chance. */
const RESTART_GRACE_MS = 30_000;
/** On battery the snapshot follows the words at least this often, ms. */
const SNAPSHOT_EVERY_MS = 60_000;
/** A store that failed is tried again after this long, ms. */
const STORE_RETRY_MS = 10_000;
/** While a timer runs its status is said again this often, ms; the seconds in between can be counted by anybody. */
const COUNTDOWN_EVERY_MS = 5000;

/** Makes the service as it runs in its worker. */
export function createPolicyEngine(context: ServiceContext<PolicyEngineConfig>): PolicyEngine {
  return new PolicyEngine(context, {
    store: fileSnapshotStore(`${context.config.stateDir}/policy.json`),
    newId: () => crypto.randomUUID(),
  });
}

/** See the file comment. */
export class PolicyEngine implements Service {
  readonly #topics: Topics;
  #house: House | undefined;
  #isLinkUp = false;
  #cancelTick: Cancel = () => {};
  readonly #statusKeys = new Map<string, { key: string; atMonoMs: number }>();
  #snapshotKey = "";
  #snapshotMonoMs = -Infinity;
  #storeFailed = false;
  readonly #refused = new Set<string>();

  constructor(
    private readonly context: ServiceContext<PolicyEngineConfig>,
    private readonly ports: PolicyEnginePorts,
  ) {
    this.#topics = topicsUnder(context.config.roots);
  }

  start(): Promise<void> {
    const { bus, clock, config, health, log } = this.context;
    const rules = this.#rules();
    this.#house = new House(this.#restore(rules), rules, this.ports.newId);
    const agents = new Set(Object.values(config.stations).flat());
    const unsigned = [...agents].filter((agent) => config.agentKeys[agent] === undefined);
    if (unsigned.length > 0) {
      const text = `agents without a key get unsigned commands: ${unsigned.join(", ")}`;
      health.raise({ code: "unsigned_commands", severity: "warning", text });
      log.warn("UNSIGNED COMMANDS", { agents: unsigned.join(" ") });
    }
    bus.onLink((up) => this.#isLinkUp = up);
    bus.subscribe(this.#topics.state("+"), (message) => this.#guard(message, () => this.#onState(message)));
    bus.subscribe(this.#topics.ack("+"), (message) => this.#guard(message, () => this.#onAck(message)));
    bus.subscribe(
      this.#topics.agentStatus("+"),
      (message) => this.#guard(message, () => this.#onStatus(message)),
    );
    this.#cancelTick = clock.every(TICK_MS, () => this.#step({ kind: "tick" }));
    this.#step({ kind: "tick" });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#cancelTick();
    return Promise.resolve();
  }

  #rules(): HouseRules {
    const { config, clock } = this.context;
    return {
      hostsByStation: config.stations,
      socMinPercent: config.socMinPercent,
      debounceMs: config.debounceSec * 1000,
      cooldownMs: config.cooldownSec * 1000,
      abortWindowMs: config.abortWindowSec * 1000,
      shutdownDelayMs: config.shutdownDelaySec * 1000,
      staleAfterMs: config.staleAfterSec * 1000,
      notBeforeMonoMs: this.#hasSnapshot() ? clock.monoMs() + RESTART_GRACE_MS : clock.monoMs(),
    };
  }

  #hasSnapshot(): boolean {
    try {
      return this.ports.store.read() !== undefined;
    } catch {
      return false;
    }
  }

  /** What was remembered, or an empty house after saying why not. */
  #restore(rules: HouseRules): HouseState {
    const { clock, health, log } = this.context;
    try {
      const text = this.ports.store.read();
      if (text === undefined) return emptyHouse(rules);
      const house = restoreSnapshot(text, "the policy's snapshot", rules, clock.monoMs(), clock.wallMs());
      const running = [...house.stations].filter(([, { phase }]) =>
        phase.kind !== "online" && phase.kind !== "unknown"
      );
      for (const [device, { phase }] of running) log.notice("RESUMED", { device, state: phase.kind });
      return house;
    } catch (error) {
      const text = `${errorText(error)}; the policy begins anew`;
      log.error("SNAPSHOT REFUSED", { reason: text, kept_as: this.#setAside() });
      health.raise({ code: "snapshot_refused", severity: "warning", text });
      return emptyHouse(rules);
    }
  }

  #setAside(): string {
    try {
      return this.ports.store.setAside();
    } catch (error) {
      return `nothing: ${errorText(error)}`;
    }
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

  #onStatus({ topic, payload }: BusMessage): void {
    // The daemon's own presence has the same form of topic.
    if (topic === this.#topics.orchestratorStatus || payload.length === 0) return;
    const { online } = parseAgentStatus(payload, `MQTT topic "${topic}"`);
    this.#step({ kind: "host", agent: this.#agentOf(topic), input: { kind: "presence", online } });
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
    // Stored before it is said: after a crash in between, a command is sent late rather than twice.
    if (effects.length > 0 || input.kind !== "state") this.#keep(house);
    for (const effect of effects) this.#carryOut(effect);
    if (input.kind === "tick") {
      for (const device of house.state.stations.keys()) {
        this.#show(device, house);
      }
    } else if (input.kind === "state") this.#show(input.device, house);
    else {
      for (const [device, agents] of Object.entries(house.rules.hostsByStation)) {
        if (agents.includes(input.agent)) this.#show(device, house);
      }
    }
  }

  #carryOut(effect: HouseEffect): void {
    const telling = tellingOf(effect);
    if (telling) this.#tell(telling);
    if (effect.kind === "host" && effect.effect.kind === "send") {
      this.#send(effect.agent, effect.effect.action, effect.effect.commandId, effect.reason);
    }
  }

  #send(agent: string, action: "shutdown" | "abort", id: string, reason: string): void {
    const { bus, clock, config, log } = this.context;
    const command = buildCommand({
      id,
      action,
      agent,
      reason,
      shutdownDelaySec: config.shutdownDelaySec,
      commandTtlSec: config.commandTtlSec,
      nowWallMs: clock.wallMs(),
      keyHex: config.agentKeys[agent],
    });
    if (!this.#isLinkUp) log.warn("BROKER DOWN: the command waits for it", { agent, action, id });
    bus.publish(this.#topics.command(agent), encodeAgentCommand(command), {
      qos: 1,
      expirySec: config.commandTtlSec,
    }).catch((error) => log.error("COMMAND NOT DELIVERED", { agent, action, id, reason: errorText(error) }));
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

  /** Publishes the station's policy when it says something new; the running seconds alone are new only now and then. */
  #show(device: string, house: House): void {
    const { bus, clock } = this.context;
    const nowMonoMs = clock.monoMs();
    const status = policyStatus(device, house.state, house.rules, nowMonoMs, clock.wallMs());
    if (!status) return;
    const { ts: _ts, timer_left_s, sentence, soc, ...lasting } = status;
    const isCounting = timer_left_s !== undefined || status.blind;
    const key = JSON.stringify([
      lasting,
      isCounting ? "" : sentence,
      soc === undefined ? "" : Math.floor(soc),
    ]);
    const before = this.#statusKeys.get(device);
    const isSame = before?.key === key;
    if (isSame && !(isCounting && nowMonoMs - before.atMonoMs >= COUNTDOWN_EVERY_MS)) return;
    this.#statusKeys.set(device, { key, atMonoMs: nowMonoMs });
    void bus.publish(this.#topics.policy(device), encodePolicyStatus(status), { retain: true, qos: 1 }).catch(
      () => {},
    );
  }

  /** Stores the house when something changed that a restart must know, and the words now and then while on battery. */
  #keep(house: House): void {
    const { clock, health, log } = this.context;
    const nowMonoMs = clock.monoMs();
    const { stations, hosts } = house.state;
    const isOnBattery = [...stations.values()].some(({ words }) => words.grid?.value === false);
    const isDue = isOnBattery && nowMonoMs - this.#snapshotMonoMs >= SNAPSHOT_EVERY_MS;
    const key = JSON.stringify([
      [...stations].map(([name, { phase, words }]) => [name, phase.kind, words.grid?.value]),
      [...hosts].map(([name, { phase }]) => [name, phase]),
    ]);
    if (!isDue && key === this.#snapshotKey) return;
    if (this.#storeFailed && nowMonoMs - this.#snapshotMonoMs < STORE_RETRY_MS) return;
    this.#snapshotMonoMs = nowMonoMs;
    try {
      this.ports.store.write(encodeSnapshot(house.state, nowMonoMs, clock.wallMs()));
      this.#snapshotKey = key;
      this.#storeFailed = false;
      health.clear("snapshot_not_stored");
    } catch (error) {
      if (!this.#storeFailed) log.error("SNAPSHOT NOT STORED", { reason: errorText(error) });
      this.#storeFailed = true;
      const text = `Cannot store the policy's state: ${errorText(error)}; it goes on from memory`;
      health.raise({ code: "snapshot_not_stored", severity: "error", text });
    }
  }
}

/**
 * The agent: obeys verified commands, answers every step, shows its presence, and acts alone when its plan says so. Joins what
 * the folders do: `obey/` lets messages in, `shutdown/` acts, `alone/` looks whether nobody else decides.
 */
import type { Random } from "../lib/time/backoff.ts";
import type { BusMessage } from "../lib/workers/bus.ts";
import type { Cancel, Clock } from "../lib/time/clock.ts";
import { InvalidInputError } from "../lib/errors.ts";
import type { Logger } from "../lib/log/log.ts";
import { type AgentAck, encodeAgentAck } from "../lib/messages/agent/ack.ts";
import type { AgentCommand } from "../lib/messages/agent/command.ts";
import { encodeAgentStatus } from "../lib/messages/agent/status.ts";
import { parseOrchestratorStatus } from "../lib/messages/orchestrator_status.ts";
import type { MqttConnect } from "../lib/mqtt/client.ts";
import { agentClientId, bootMark } from "../lib/mqtt/client_ids.ts";
import { type TopicRoots, topicsUnder } from "../lib/mqtt/topics.ts";
import { keyId } from "../lib/pairing/signing.ts";
import { VERSION } from "../lib/version.ts";
import { BrokerLink, type LinkOptions } from "./broker_link.ts";
import { AloneWatch } from "./alone/alone_watch.ts";
import type { HostCommands } from "./settings/host_commands.ts";
import { type HostTime, isCertain } from "./host_time.ts";
import { Keyring } from "./obey/keyring.ts";
import type { HostNow } from "./alone/last_resort.ts";
import { Admission } from "./obey/admission.ts";
import { CommandMemory } from "./obey/memory.ts";
import { PlanKeeper } from "./alone/plan_keeper.ts";
import { ReachTracker } from "./alone/reach.ts";
import { RunRecords } from "./shutdown/run_record.ts";
import type { Runner } from "./shutdown/runner.ts";
import { ShutdownQueue } from "./shutdown/shutdown_queue.ts";
import type { TextStore } from "../lib/files/text_file.ts";

/** Who this agent is and what it may do. */
export interface AgentOptions {
  readonly agent: string;
  readonly roots: TopicRoots;
  readonly broker: LinkOptions["broker"];
  readonly allowUnsigned: boolean;
  readonly rehearsal: boolean;
  readonly commands: HostCommands;
  /** Delay of commands and plans that do not name one, s. */
  readonly defaultDelaySec: number;
  /** How long the daemon must be lost before the agent acts alone, s; undefined: it never does. */
  readonly aloneAfterSec?: number;
  /** How soon a connection that died silently is noticed: after one and a half of this, s; 15 when absent. */
  readonly keepAliveSec?: number;
  readonly host: { readonly os: string; readonly hostname: string };
}

/** What outlives the agent; each may be empty. */
export interface AgentStores {
  /** Its keys: see `keyring.ts`. */
  readonly keys: TextStore;
  /** Commands that were obeyed. */
  readonly obeyed: TextStore;
  readonly plan: TextStore;
  /** A shutdown under way. */
  readonly run: TextStore;
}

/** The outside world of an agent. */
export interface AgentPorts {
  readonly connect: MqttConnect;
  readonly clock: Clock;
  readonly time: HostTime;
  readonly log: Logger;
  readonly random: Random;
  readonly runner: Runner;
  readonly stores: AgentStores;
}

/** How often the plan is looked at, ms. */
const LOOK_MS = 5000;
/** By then the broker has noticed that a connection from before the host's start is dead, and has said "offline" for it, ms. */
const OLD_WILL_MS = 60_000;
const ACTIONS = ["shutdown", "abort", "drill", "ping"];

/** See the file comment. */
export class Agent {
  readonly #topics;
  readonly #link: BrokerLink;
  readonly #keyring: Keyring;
  readonly #memory: CommandMemory;
  readonly #admission: Admission;
  readonly #plans: PlanKeeper;
  readonly #queue: ShutdownQueue;
  readonly #alone: AloneWatch;
  readonly #reach: ReachTracker;
  #cancelLook: Cancel = () => {};
  #cancelAgain: Cancel = () => {};
  #isStopped = false;
  #lastCommandId: string | undefined;

  constructor(private readonly options: AgentOptions, private readonly ports: AgentPorts) {
    const { stores, log, time } = ports;
    const { agent, broker, keepAliveSec = 15, aloneAfterSec = 0 } = options;
    const trouble = (text: string) => log.error("STATE TROUBLE", { reason: text });
    this.#topics = topicsUnder(options.roots);
    this.#keyring = new Keyring(stores.keys, log);
    this.#memory = new CommandMemory(stores.obeyed, trouble);
    this.#plans = new PlanKeeper(stores.plan, log, { graceMs: aloneAfterSec * 1000 });
    this.#queue = new ShutdownQueue({
      ...ports,
      commands: options.commands,
      records: new RunRecords(stores.run, trouble),
      watchesEnd: !options.rehearsal,
      ack: (...answer) => this.#ack(...answer),
      onChange: () => {
        this.#plans.mark(this.#queue.isShuttingDown);
        void this.#publishStatus();
      },
    });
    this.#admission = new Admission({
      ...ports,
      agent,
      allowUnsigned: options.allowUnsigned,
      keyring: this.#keyring,
      memory: this.#memory,
      reject: ({ id, action }, reason, challenge) => this.#ack(id, "rejected", reason, action, challenge),
      onKeysChanged: () => void this.#publishStatus(),
    });
    this.#alone = new AloneWatch({
      ...ports,
      plans: this.#plans,
      queue: this.#queue,
      defaultDelaySec: options.defaultDelaySec,
    });
    this.#reach = new ReachTracker(time.uptimeMs());
    this.#link = new BrokerLink(
      {
        broker,
        clientId: agentClientId(agent, this.#keyring.keys[0], time.bootId),
        keepAliveSec,
        mustHear: this.#topics.command(agent),
        mayHear: [this.#topics.plan(agent), this.#topics.orchestratorStatus],
        will: {
          topic: this.#topics.agentStatus(agent),
          payload: encodeAgentStatus({ agent, online: false }),
          retain: true,
          qos: 1,
        },
      },
      ports,
      {
        onReady: () => {
          this.#reach.linkProven(time.uptimeMs());
          // What waited comes before the broker's answer to this.
          void this.#publishStatus().then((sent) => sent && this.#queue.heard());
          this.#cancelAgain();
          if (time.uptimeMs() < OLD_WILL_MS) {
            this.#cancelAgain = ports.clock.after(OLD_WILL_MS, () => void this.#publishStatus());
          }
        },
        onDown: () => {
          this.#cancelAgain();
          this.#reach.linkDown(time.uptimeMs());
        },
        onMessage: (message) => this.#onMessage(message),
      },
    );
  }

  /** Takes up what was under way, and sets out to connect; a broker that is not there yet is no error. */
  start(): void {
    const { agent, rehearsal, allowUnsigned } = this.options;
    const { log, clock } = this.ports;
    this.#isStopped = false;
    log.notice("AGENT STARTING", { agent, version: VERSION, rehearsal });
    if (allowUnsigned) {
      log.warn("UNSIGNED COMMANDS ARE OBEYED: whoever reaches the broker can switch this host off");
    }
    if (this.#keyring.keys.length === 0 && !allowUnsigned) {
      log.error("NO KEY: every command will be refused; pair this agent or set AGENT_KEY_FILE");
    }
    this.#plans.recall(this.#now(), (plan) => this.#admission.trusts(plan));
    this.#queue.resume();
    this.#link.start();
    this.#cancelLook = clock.every(LOOK_MS, () => this.#look());
  }

  /** Says goodbye. What was handed to the system goes on; a shutdown in its preparations goes on with the next start. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelLook();
    this.#cancelAgain();
    this.#queue.leave();
    const status = this.#status(false);
    await this.#link.stop(this.#topics.agentStatus(this.options.agent), status, { retain: true, qos: 1 });
  }

  #now(): HostNow {
    const { clock, time } = this.ports;
    return { bootId: time.bootId, uptimeMs: time.uptimeMs(), wallMs: clock.wallMs() };
  }

  #onMessage(message: BusMessage): void {
    const { agent } = this.options;
    try {
      switch (message.topic) {
        case this.#topics.command(agent):
          return this.#onCommand(message);
        case this.#topics.plan(agent):
          return this.#onPlan(message);
        case this.#topics.orchestratorStatus:
          return this.#onDaemon(message);
      }
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      this.#admission.refuseUnreadable(error);
    }
  }

  #onDaemon({ topic, payload }: BusMessage): void {
    const { online } = parseOrchestratorStatus(payload, `MQTT topic "${topic}"`);
    this.#reach.daemon(online, this.ports.time.uptimeMs());
    this.#look();
  }

  #onPlan(message: BusMessage): void {
    const plan = this.#admission.plan(message);
    if (!plan) return;
    if (plan.state === "online") this.#memory.settle(plan.issued_at);
    if (!this.#plans.take(plan, message.retained, this.#now())) return;
    void this.#publishStatus();
    this.#look();
  }

  #onCommand(message: BusMessage): void {
    const command = this.#admission.command(message);
    if (command) this.#obey(command);
  }

  #obey(command: AgentCommand): void {
    const { log } = this.ports;
    this.#memory.add(command.id);
    this.#lastCommandId = command.id;
    const { id, action, reason } = command;
    log.notice("COMMAND ACCEPTED", { id, action, reason });
    switch (action) {
      case "ping":
        this.#ack(id, "accepted", undefined, action);
        return this.#ack(id, "done", undefined, action);
      case "abort":
        this.#memory.settle(command.issued_at);
        this.#ack(id, "accepted", undefined, action);
        return this.#queue.abort(id);
      case "shutdown":
      case "drill":
        return this.#queue.order({
          id,
          source: "command",
          delaySec: command.delay_sec ?? this.options.defaultDelaySec,
          isDrill: action === "drill" || command.drill === true,
        });
    }
  }

  /** Looks whether the host slept, and whether this agent is alone and must act. */
  #look(): void {
    const { time, log } = this.ports;
    if (this.#isStopped) return;
    if (this.#reach.look(time.uptimeMs())) {
      log.notice("WOKEN", { check: "the connection must prove itself" });
      // The broker's answer to this is the proof.
      void this.#publishStatus().then((sent) => sent && this.#reach.linkProven(time.uptimeMs()));
    }
    if (this.options.aloneAfterSec === undefined) return;
    this.#alone.look(this.#reach.reach, this.#now());
  }

  #ack(id: string, status: AgentAck["status"], detail?: string, action?: string, challenge?: string): void {
    const { agent } = this.options;
    const ts = new Date(this.ports.clock.wallMs()).toISOString();
    const ack: AgentAck = { id, agent, status, action, detail: detail?.slice(0, 1000), challenge, ts };
    this.#link.send(this.#topics.ack(agent), encodeAgentAck(ack));
  }

  #publishStatus(): Promise<boolean> {
    return this.#link.tell(this.#topics.agentStatus(this.options.agent), this.#status(true));
  }

  #status(online: boolean): string {
    const { agent, host, rehearsal } = this.options;
    const { clock, time } = this.ports;
    return encodeAgentStatus({
      agent,
      online,
      version: VERSION,
      os: host.os,
      hostname: host.hostname,
      uptime_s: Math.round(time.uptimeMs() / 1000),
      can: this.options.aloneAfterSec === undefined ? ACTIONS : [...ACTIONS, "plan"],
      last_command_id: this.#lastCommandId,
      going_down: this.#queue.isGoingDown ? true : undefined,
      rehearsal: rehearsal ? true : undefined,
      key_ids: this.#keyring.keys.map(keyId),
      plan_id: this.#plans.plan?.id,
      boot: isCertain(time.bootId) ? bootMark(time.bootId) : undefined,
      ts: new Date(clock.wallMs()).toISOString(),
    });
  }
}

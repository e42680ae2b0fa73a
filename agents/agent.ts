/** The agent: obeys verified commands, answers every step, shows its presence, and acts alone when its plan says so. */
import type { Random } from "../lib/time/backoff.ts";
import type { BusMessage } from "../lib/workers/bus.ts";
import type { Cancel, Clock } from "../lib/time/clock.ts";
import { InvalidInputError } from "../lib/errors.ts";
import type { Logger } from "../lib/log/log.ts";
import { type AgentAck, encodeAgentAck } from "../lib/messages/agent/ack.ts";
import { type AgentCommand, parseAgentCommand } from "../lib/messages/agent/command.ts";
import { parseAgentPlan } from "../lib/messages/agent/plan.ts";
import { encodeAgentStatus } from "../lib/messages/agent/status.ts";
import { parseOrchestratorStatus } from "../lib/messages/orchestrator_status.ts";
import type { MqttConnect } from "../lib/mqtt/client.ts";
import { agentClientId, bootMark } from "../lib/mqtt/client_ids.ts";
import { type TopicRoots, topicsUnder } from "../lib/mqtt/topics.ts";
import { keyId } from "../lib/pairing/signing.ts";
import { VERSION } from "../lib/version.ts";
import { BrokerLink, type LinkOptions } from "./broker_link.ts";
import { Challenges } from "./obey/challenge.ts";
import type { HostCommands } from "./settings/host_commands.ts";
import { type HostTime, isCertain } from "./host_time.ts";
import { Keyring } from "./obey/keyring.ts";
import type { HostNow, Verdict } from "./alone/last_resort.ts";
import { CommandMemory } from "./obey/memory.ts";
import { PlanKeeper } from "./alone/plan_keeper.ts";
import { RateLimit } from "../lib/rate_limit.ts";
import { ReachTracker } from "./alone/reach.ts";
import { RunRecords } from "./shutdown/run_record.ts";
import type { Runner } from "./shutdown/runner.ts";
import { ShutdownQueue } from "./shutdown/shutdown_queue.ts";
import type { TextStore } from "../lib/text_file.ts";
import { verifyCommand, verifyPlan } from "./obey/verify.ts";

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

/** Refusals that are answered and logged: this many at once, then one every six seconds. */
const REFUSALS = { burst: 10, everyMs: 6000 };
/** How often the plan is looked at, ms. */
const LOOK_MS = 5000;
/** By then the broker has noticed that a connection from before the host's start is dead, and has said "offline" for it, ms. */
const OLD_WILL_MS = 60_000;
/** A shutdown alone that did not switch the host off is begun again after this long, ms. */
const ALONE_AGAIN_MS = 120_000;
const ACTIONS = ["shutdown", "abort", "drill", "ping"];

/** See the file comment. */
export class Agent {
  readonly #topics;
  readonly #link: BrokerLink;
  readonly #refusals = new RateLimit(REFUSALS.burst, REFUSALS.everyMs);
  /** Of their own: a flood of forged commands must not hide that the clocks disagree. */
  readonly #lateRefusals = new RateLimit(REFUSALS.burst, REFUSALS.everyMs);
  readonly #challenges = new Challenges();
  readonly #keyring: Keyring;
  readonly #memory: CommandMemory;
  readonly #plans: PlanKeeper;
  readonly #desk: ShutdownQueue;
  readonly #reach: ReachTracker;
  #cancelLook: Cancel = () => {};
  #cancelAgain: Cancel = () => {};
  #isStopped = false;
  #lastCommandId: string | undefined;
  #lastVerdict = "";
  #aloneAgainMonoMs = -Infinity;

  constructor(private readonly options: AgentOptions, private readonly ports: AgentPorts) {
    const { stores, log, time } = ports;
    const { agent, broker, keepAliveSec = 15, aloneAfterSec = 0 } = options;
    const trouble = (text: string) => log.error("STATE TROUBLE", { reason: text });
    this.#topics = topicsUnder(options.roots);
    this.#keyring = new Keyring(stores.keys, log);
    this.#memory = new CommandMemory(stores.obeyed, trouble);
    this.#plans = new PlanKeeper(stores.plan, log, { graceMs: aloneAfterSec * 1000 });
    this.#desk = new ShutdownQueue({
      ...ports,
      commands: options.commands,
      records: new RunRecords(stores.run, trouble),
      watchesEnd: !options.rehearsal,
      ack: (...answer) => this.#ack(...answer),
      onChange: () => {
        this.#plans.mark(this.#desk.isShuttingDown);
        void this.#publishStatus();
      },
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
          void this.#publishStatus().then((sent) => sent && this.#desk.heard());
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
    this.#plans.recall(this.#now(), (plan) => verifyPlan(plan, this.#trust()).kind === "good");
    this.#desk.resume();
    this.#link.start();
    this.#cancelLook = clock.every(LOOK_MS, () => this.#look());
  }

  /** Says goodbye. What was handed to the system goes on; a shutdown in its preparations goes on with the next start. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelLook();
    this.#cancelAgain();
    this.#desk.leave();
    const status = this.#status(false);
    await this.#link.stop(this.#topics.agentStatus(this.options.agent), status, { retain: true, qos: 1 });
  }

  #now(): HostNow {
    const { clock, time } = this.ports;
    return { bootId: time.bootId, uptimeMs: time.uptimeMs(), wallMs: clock.wallMs() };
  }

  #trust() {
    const { agent, allowUnsigned } = this.options;
    return { agent, allowUnsigned, keys: this.#keyring.keys };
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
      this.#refuse("MESSAGE", undefined, `${error.source}: ${error.problems.join("; ")}`);
    }
  }

  #onDaemon({ topic, payload }: BusMessage): void {
    const { online } = parseOrchestratorStatus(payload, `MQTT topic "${topic}"`);
    this.#reach.daemon(online, this.ports.time.uptimeMs());
    this.#look();
  }

  #onPlan({ topic, payload, retained }: BusMessage): void {
    // Somebody took the plan away: what we know stays known.
    if (payload.length === 0) return;
    const plan = parseAgentPlan(payload, `MQTT topic "${topic}"`);
    const verified = this.#verified(() => verifyPlan(plan, this.#trust()));
    if (verified.kind === "refused") return void this.#refuse("PLAN", plan.id, verified.reason);
    if (plan.state === "online") this.#memory.settle(plan.issued_at);
    if (!this.#plans.take(plan, retained, this.#now())) return;
    void this.#publishStatus();
    this.#look();
  }

  #onCommand({ topic, payload, retained }: BusMessage): void {
    // The daemon proves by it that the broker lets it write here.
    if (payload.length === 0) return;
    const command = parseAgentCommand(payload, `MQTT topic "${topic}"`);
    // Commands are never retained: one that is may be old, and would come again at every connect.
    if (retained) return this.#reject(command, "retained: commands must not be");
    const verified = this.#verified(() =>
      verifyCommand(command, {
        ...this.#trust(),
        nowWallMs: this.ports.clock.wallMs(),
        isSeen: (id) => this.#memory.has(id),
        settledMs: this.#memory.settledMs,
        isFresh: (command) => this.#challenges.isAnsweredBy(command, this.ports.time.uptimeMs()),
      })
    );
    if (verified.kind === "good") return this.#obey(command);
    this.#reject(command, verified.reason, verified.isOnlyItsTime);
  }

  /** Verifies, if need be once more with the keys that a new pairing may have left. */
  #verified(verify: () => ReturnType<typeof verifyPlan>): ReturnType<typeof verifyPlan> {
    let found = verify();
    const mayHelp = found.kind === "refused" && found.isKeyMissing;
    if (mayHelp && this.#keyring.refresh(this.ports.clock.monoMs())) {
      found = verify();
      void this.#publishStatus();
    }
    if (found.kind === "good" && found.keyHex !== undefined && this.#keyring.used(found.keyHex)) {
      void this.#publishStatus();
    }
    return found;
  }

  #reject({ id, action }: AgentCommand, reason: string, isOnlyItsTime = false): void {
    const limit = isOnlyItsTime ? this.#lateRefusals : this.#refusals;
    if (!this.#refuse("COMMAND", id, reason, limit)) return;
    const challenge = isOnlyItsTime ? this.#challenges.make(id, this.ports.time.uptimeMs()) : undefined;
    this.#ack(id, "rejected", reason, action, challenge);
  }

  /** @returns whether it was logged, and is to be answered: whoever floods us gets a few answers, not all */
  #refuse(
    what: "COMMAND" | "PLAN" | "MESSAGE",
    id: string | undefined,
    reason: string,
    limit = this.#refusals,
  ): boolean {
    const passed = limit.take(this.ports.clock.monoMs());
    if (!passed) return false;
    this.ports.log.warn(`${what} REFUSED`, { id, reason, refused_silently: passed.dropped || undefined });
    return true;
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
        return this.#desk.abort(id);
      case "shutdown":
      case "drill":
        return this.#desk.order({
          id,
          source: "command",
          delaySec: command.delay_sec ?? this.options.defaultDelaySec,
          isDrill: action === "drill" || command.drill === true,
        });
    }
  }

  /** Looks at the plan: whether this agent is alone and must act. */
  #look(): void {
    const { time, log } = this.ports;
    if (this.#isStopped) return;
    if (this.#reach.look(time.uptimeMs())) {
      log.notice("WOKEN", { check: "the connection must prove itself" });
      // The broker's answer to this is the proof.
      void this.#publishStatus().then((sent) => sent && this.#reach.linkProven(time.uptimeMs()));
    }
    if (this.options.aloneAfterSec === undefined) return;
    const { reach } = this.#reach;
    const verdict = this.#plans.verdict(reach, this.#now());
    this.#logVerdict(verdict);
    if (verdict.kind === "shut_down") {
      if (this.#desk.isBusy || this.ports.clock.monoMs() < this.#aloneAgainMonoMs) return;
      this.#aloneAgainMonoMs = this.ports.clock.monoMs() + ALONE_AGAIN_MS;
      return this.#actAlone(verdict.why);
    }
    // Reachable again, or a new plan: somebody decides again. A run that only takes its time goes on.
    const isAlone = verdict.kind === "nothing" && verdict.code === "too_late";
    // An agent that was restarted meanwhile and has reached nobody waits anew, but what is under way goes on.
    const isAloneStill = verdict.kind === "wait" && reach.kind === "lost" && !reach.wasReached;
    if (!isAlone && !isAloneStill) this.#desk.standDown("not alone any more");
  }

  #actAlone(why: string): void {
    const { plan } = this.#plans;
    if (!plan) return;
    this.ports.log.crit("ACTING ALONE", { plan: plan.id, why });
    const delaySec = plan.delay_sec ?? this.options.defaultDelaySec;
    this.#desk.order({ id: plan.id, source: "plan", delaySec, isDrill: false }, `alone: ${why}`);
  }

  #logVerdict(verdict: Verdict): void {
    const code = verdict.kind === "nothing" ? verdict.code : verdict.kind;
    if (code === this.#lastVerdict) return;
    const before = this.#lastVerdict;
    this.#lastVerdict = code;
    const { log } = this.ports;
    if (verdict.kind === "wait") {
      log.warn("DAEMON LOST ON BATTERY", {
        plan: this.#plans.plan?.id,
        left_s: Math.round(verdict.leftMs / 1000),
      });
    } else if (verdict.kind === "nothing" && (code === "too_late" || code === "void")) {
      log.warn("PLAN NOT FOLLOWED", { why: verdict.why });
    } else if (verdict.kind === "nothing" && (before === "wait" || before === "shut_down")) {
      log.notice("NOT ALONE ANY MORE", { why: verdict.why });
    }
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
      going_down: this.#desk.isGoingDown ? true : undefined,
      rehearsal: rehearsal ? true : undefined,
      key_ids: this.#keyring.keys.map(keyId),
      plan_id: this.#plans.plan?.id,
      boot: isCertain(time.bootId) ? bootMark(time.bootId) : undefined,
      ts: new Date(clock.wallMs()).toISOString(),
    });
  }
}

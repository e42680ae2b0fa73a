/** The agent: connected to the broker, obeys verified commands, answers every step, shows its presence. */
import { Backoff, type Random } from "../lib/backoff.ts";
import type { BusMessage } from "../lib/bus.ts";
import type { Cancel, Clock } from "../lib/clock.ts";
import { errorText, InvalidInputError } from "../lib/errors.ts";
import type { Logger } from "../lib/log.ts";
import { type AgentAck, encodeAgentAck } from "../lib/messages/agent_ack.ts";
import { type AgentCommand, parseAgentCommand } from "../lib/messages/agent_command.ts";
import { encodeAgentStatus } from "../lib/messages/agent_status.ts";
import type { MqttClient, MqttConnect, MqttConnectOptions, MqttDown } from "../lib/mqtt/client.ts";
import { type TopicRoots, topicsUnder } from "../lib/mqtt/topics.ts";
import { VERSION } from "../lib/version.ts";
import type { CommandMemory } from "./memory.ts";
import { RateLimit } from "./rate_limit.ts";
import type { Runner } from "./runner.ts";
import { type HostCommands, ShutdownRun } from "./shutdown_run.ts";
import { refusalOf } from "./verify.ts";

/** Who this agent is and what it may do. */
export interface AgentOptions {
  readonly agent: string;
  readonly roots: TopicRoots;
  readonly broker: Pick<MqttConnectOptions, "host" | "port" | "tls" | "username" | "password">;
  /** Lower-case hex; absent: no signed command can be verified. */
  readonly keyHex?: string;
  readonly allowUnsigned: boolean;
  readonly rehearsal: boolean;
  readonly commands: HostCommands;
  /** Delay of commands that do not name one, s. */
  readonly defaultDelaySec: number;
  readonly host: {
    readonly os: string;
    readonly hostname: string;
    readonly uptimeSec: () => number | undefined;
  };
}

/** The outside world of an agent. */
export interface AgentPorts {
  readonly connect: MqttConnect;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
  readonly runner: Runner;
  readonly memory: CommandMemory;
}

const RETRY = { firstMs: 500, maxMs: 30_000 };
/** The broker keeps commands for us this long while the host is away, s. They expire by themselves before. */
const SESSION_EXPIRY_SEC = 86_400;
const UNSUPPORTED_VERSION_CODES: readonly number[] = [1, 132];
/** Refusals that are answered and logged: this many at once, then one every six seconds. */
const REFUSALS = { burst: 10, everyMs: 6000 };
/** Answers that wait while the broker is away; the oldest are dropped. */
const WAITING_ACKS = 100;

/** See the file comment. */
export class Agent {
  readonly #topics;
  readonly #backoff: Backoff;
  readonly #refusals: RateLimit;
  #client: MqttClient | undefined;
  #isUp = false;
  #isStopped = false;
  #protocolVersion: 4 | 5 = 5;
  #cancelRetry: Cancel = () => {};
  #waiting: AgentAck[] = [];
  #run: { readonly shutdown: ShutdownRun; readonly id: string; readonly isDrill: boolean } | undefined;
  #lastCommandId: string | undefined;

  constructor(private readonly options: AgentOptions, private readonly ports: AgentPorts) {
    this.#topics = topicsUnder(options.roots);
    this.#backoff = new Backoff(RETRY, ports.random);
    this.#refusals = new RateLimit(REFUSALS.burst, REFUSALS.everyMs);
  }

  /** Sets out to connect; a broker that is not there yet is no error. */
  start(): void {
    const { agent, rehearsal, allowUnsigned, keyHex } = this.options;
    const { log } = this.ports;
    log.notice("AGENT STARTING", { agent, version: VERSION, rehearsal });
    if (allowUnsigned) {
      log.warn("UNSIGNED COMMANDS ARE OBEYED: whoever reaches the broker can switch this host off");
    }
    if (keyHex === undefined && !allowUnsigned) {
      log.error("NO KEY: every command will be refused; pair this agent or set AGENT_KEY_FILE");
    }
    this.#connect();
  }

  /** Says goodbye. A shutdown that was handed to the platform goes on. */
  async stop(): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelRetry();
    const client = this.#client;
    if (client && this.#isUp) {
      const status = this.#status(false);
      await client.publish(this.#topics.agentStatus(this.options.agent), status, { retain: true, qos: 1 })
        .catch(() => {});
    }
    await client?.close();
  }

  #connect(): void {
    const { agent, broker } = this.options;
    this.#client = this.ports.connect({
      ...broker,
      clientId: `ecoflow-agent-${agent}`,
      protocolVersion: this.#protocolVersion,
      cleanSession: false,
      sessionExpirySec: SESSION_EXPIRY_SEC,
      keepAliveSec: 15,
      connectTimeoutMs: 10_000,
      will: {
        topic: this.#topics.agentStatus(agent),
        payload: encodeAgentStatus({ agent, online: false }),
        retain: true,
        qos: 1,
      },
    }, {
      onUp: () => void this.#onUp(),
      onDown: (reason) => this.#onDown(reason),
      onMessage: (message) => this.#onMessage(message),
    });
  }

  async #onUp(): Promise<void> {
    this.#isUp = true;
    this.#backoff.reset();
    this.ports.log.notice("AGENT CONNECTED", { mqtt: this.#protocolVersion === 5 ? "5" : "3.1.1" });
    try {
      await this.#client?.subscribe(this.#topics.command(this.options.agent), 1);
      await this.#publishStatus();
      for (const ack of this.#waiting.splice(0)) this.#sendAck(ack);
    } catch (error) {
      if (this.#isUp) this.ports.log.error("CANNOT LISTEN FOR COMMANDS", { reason: errorText(error) });
    }
  }

  #onDown(reason: MqttDown): void {
    this.#isUp = false;
    this.#client = undefined;
    if (this.#isStopped) return;
    const { clock, log } = this.ports;
    const isUnsupported = reason.kind === "refused" && UNSUPPORTED_VERSION_CODES.includes(reason.code ?? -1);
    if (isUnsupported && this.#protocolVersion === 5) {
      this.#protocolVersion = 4;
      return this.#connect();
    }
    const waitMs = this.#backoff.nextMs();
    if (reason.wasUp || this.#backoff.attempts === 1 || this.#backoff.attempts % 20 === 0) {
      log.warn("BROKER DOWN", { reason: reason.text, tries: this.#backoff.attempts, retry_ms: waitMs });
    }
    this.#cancelRetry = clock.after(waitMs, () => this.#connect());
  }

  #onMessage({ topic, payload, retained }: BusMessage): void {
    if (topic !== this.#topics.command(this.options.agent)) return;
    let command: AgentCommand;
    try {
      command = parseAgentCommand(payload, `MQTT topic "${topic}"`);
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error;
      return this.#refuse(undefined, error.problems.join("; "));
    }
    // Commands are never retained: one that is may be old, and would come again at every connect.
    const refusal = retained ? "retained: commands must not be" : this.#refusal(command);
    if (refusal) this.#refuse(command, refusal);
    else this.#obey(command);
  }

  #refusal(command: AgentCommand): string | undefined {
    const { agent, keyHex, allowUnsigned } = this.options;
    const { clock, memory } = this.ports;
    return refusalOf(command, {
      agent,
      keyHex,
      allowUnsigned,
      nowWallMs: clock.wallMs(),
      isSeen: (id) => memory.has(id),
    });
  }

  #refuse(command: AgentCommand | undefined, reason: string): void {
    const passed = this.#refusals.take(this.ports.clock.monoMs());
    if (!passed) return;
    this.ports.log.warn("COMMAND REFUSED", { id: command?.id, reason, refused_silently: passed.dropped });
    if (command) this.#ack(command, "rejected", reason);
  }

  #obey(command: AgentCommand): void {
    const { log, memory } = this.ports;
    memory.add(command.id);
    this.#lastCommandId = command.id;
    log.notice("COMMAND ACCEPTED", { id: command.id, action: command.action, reason: command.reason });
    switch (command.action) {
      case "ping":
        this.#ack(command, "accepted");
        return this.#ack(command, "done");
      case "abort":
        this.#ack(command, "accepted");
        return void this.#callOff(command);
      case "shutdown":
      case "drill":
        return this.#begin(command, command.action === "drill" || command.drill === true);
    }
  }

  #begin(command: AgentCommand, isDrill: boolean): void {
    const running = this.#run;
    if (running && running.shutdown.phase !== "over") {
      if (isDrill) return this.#ack(command, "failed", "a shutdown is running");
      if (!running.isDrill) {
        return this.#ack(command, "accepted", `already going down by command ${running.id}`);
      }
      // The real thing goes before a rehearsal.
      void running.shutdown.callOff();
    }
    this.#ack(command, "accepted");
    const { runner, log } = this.ports;
    const shutdown = new ShutdownRun(runner, this.options.commands, log, (status, detail) => {
      this.#ack(command, status, detail);
      if (status === "shutting_down") void this.#publishStatus();
    });
    this.#run = { shutdown, id: command.id, isDrill };
    void shutdown.go(command.delay_sec ?? this.options.defaultDelaySec, isDrill).catch((error) => {
      log.error("SHUTDOWN RUN FAILED", { reason: errorText(error) });
      this.#ack(command, "failed", errorText(error));
    });
  }

  async #callOff(command: AgentCommand): Promise<void> {
    const run = this.#run;
    this.#run = undefined;
    const { done, detail } = run
      ? await run.shutdown.callOff()
      : { done: true, detail: "nothing was running" };
    this.ports.log.notice(done ? "ABORTED" : "ABORT FAILED", { detail });
    if (run && done) this.#sendAck(this.#makeAck(run.id, "aborted", `by command ${command.id}: ${detail}`));
    this.#ack(command, done ? "aborted" : "failed", detail);
    void this.#publishStatus();
  }

  #ack(command: AgentCommand, status: AgentAck["status"], detail?: string): void {
    this.#sendAck({ ...this.#makeAck(command.id, status, detail), action: command.action });
  }

  #makeAck(id: string, status: AgentAck["status"], detail?: string): AgentAck {
    const ts = new Date(this.ports.clock.wallMs()).toISOString();
    return { id, agent: this.options.agent, status, detail: detail?.slice(0, 1000), ts };
  }

  #sendAck(ack: AgentAck): void {
    const keep = () => {
      this.#waiting.push(ack);
      if (this.#waiting.length > WAITING_ACKS) this.#waiting.shift();
    };
    if (!this.#client || !this.#isUp) return keep();
    this.#client.publish(this.#topics.ack(this.options.agent), encodeAgentAck(ack), { qos: 1 }).catch(keep);
  }

  async #publishStatus(): Promise<void> {
    const topic = this.#topics.agentStatus(this.options.agent);
    await this.#client?.publish(topic, this.#status(true), { retain: true, qos: 1 }).catch(() => {});
  }

  #status(online: boolean): string {
    const { agent, host, rehearsal } = this.options;
    return encodeAgentStatus({
      agent,
      online,
      version: VERSION,
      os: host.os,
      hostname: host.hostname,
      uptime_s: host.uptimeSec(),
      can: ["shutdown", "abort", "drill", "ping"],
      last_command_id: this.#lastCommandId,
      going_down: this.#run?.shutdown.phase === "shutting_down" ? true : undefined,
      rehearsal: rehearsal ? true : undefined,
      ts: new Date(this.ports.clock.wallMs()).toISOString(),
    });
  }
}

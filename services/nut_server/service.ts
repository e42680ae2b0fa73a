/**
 * The NUT server as a service: reads stations and policy from the bus, answers clients, and says which hosts are there
 * and what became of their commands.
 */
import { Backoff } from "../../lib/time/backoff.ts";
import { InvalidInputError } from "../../lib/errors.ts";
import { cannotListenText } from "../../lib/text/cannot_listen.ts";
import { type AgentCommand, parseAgentCommand } from "../../lib/messages/agent/command.ts";
import { parsePolicyStatus, type PolicyStatus } from "../../lib/messages/policy_status.ts";
import { parsePowerState, stateOnArrival } from "../../lib/messages/power_state.ts";
import type { BusMessage, SubscribeOptions } from "../../lib/workers/bus.ts";
import { levelAtPlus, type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import { AddressList } from "./access/addresses.ts";
import { Announcer } from "./announcer.ts";
import { UpsRegistry } from "./ups_registry.ts";
import { NutListener } from "./server.ts";
import type { NutServerConfig } from "./slice.ts";
import { Isolation } from "../../lib/workers/isolation.ts";
import { loadCertificate } from "./access/tls.ts";
import { errorLine } from "./protocol/answers.ts";
import { type ConfigWarning, configWarnings } from "./warnings.ts";

/**
 * The policy notices silence by the same limit and then says so: its status comes first, or clients on battery would hear
 * "stale" once in between, ms.
 */
const HANDOVER_MS = 5_000;
/** A policy that was not heard for so long is not there, ms. */
const POLICY_SILENT_MS = 120_000;
/** How long FSD stays, after the outage, for clients that saw it and stayed; more than two polls of the slowest, ms. */
const FSD_HOLD_MS = 60_000;
/** How long clients may take to come back after a start: longer than the slowest client's poll and retry, ms. */
const LOGIN_GRACE_MS = 90_000;
/** A retained status of the policy that is older than this may be from before a power cut, ms. */
const BELIEVED_RETAINED_MS = 60_000;

/** To a line on which this program fails: the client holds on to what it knew, and asks again. */
const NO_ANSWER = { lines: [errorLine("DATA-STALE")], effects: [], outcomes: [] } as const;

export type { NutServerConfig } from "./slice.ts";

/** Makes the service. */
export function createNutServer(context: ServiceContext<NutServerConfig>): NutService {
  return new NutService(context);
}

/** See the file comment. */
export class NutService implements Service {
  readonly #topics: Topics;
  readonly #upsRegistry: UpsRegistry;
  readonly #announcer: Announcer;
  readonly #isolation: Isolation;
  readonly #cancels: (() => void)[] = [];
  readonly #backoff: Backoff;
  #listener: NutListener | undefined;
  #isStopped = false;
  #isLinkUp = false;
  /** The port that clients connect to; undefined while it does not listen. */
  port: number | undefined;

  constructor(private readonly context: ServiceContext<NutServerConfig>) {
    const { config, random } = context;
    this.#topics = topicsUnder(config.roots);
    this.#isolation = new Isolation(context, "part_failed");
    this.#announcer = new Announcer(context, this.#topics, this.#isolation);
    this.#backoff = new Backoff({ firstMs: 2_000, maxMs: 60_000 }, random);
    this.#upsRegistry = new UpsRegistry({
      users: config.users,
      upses: config.upses,
      staleAfterMs: config.staleAfterSec * 1000 + HANDOVER_MS,
      policySilentMs: POLICY_SILENT_MS,
      lowBatteryPercent: config.lowBatteryPercent,
      lowRuntimeSec: config.lowRuntimeSec,
      hasCertificate: config.certPem !== undefined && config.keyPem !== undefined,
      fsdHoldMs: FSD_HOLD_MS,
      loginGraceMs: LOGIN_GRACE_MS,
    }, (what, act) => this.#isolation.run(what, act));
  }

  /** Connections now. */
  get connections(): number {
    return this.#listener?.size ?? 0;
  }

  /** Works as soon as the address is there: a LAN address may come up after us. */
  start(): Promise<void> {
    const { config, bus, clock, log } = this.context;
    if (!config.enabled) {
      log.info("NUT SERVER OFF");
      return Promise.resolve();
    }
    this.#subscribe(this.#topics.state("+"), (message) => this.#onState(message), { qos: 0 });
    this.#subscribe(this.#topics.policy("+"), (message) => this.#onPolicy(message), { qos: 0 });
    for (const host of this.#upsRegistry.hosts) {
      this.#subscribe(this.#topics.command(host), (message) => this.#onCommand(host, message));
    }
    bus.onLink((up) => {
      if (up && !this.#isLinkUp) this.#announcer.tell(this.#upsRegistry.presences());
      this.#isLinkUp = up;
    });
    this.#cancels.push(clock.every(1000, () => this.#tick()));
    this.#listen();
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const cancel of this.#cancels.splice(0)) cancel();
    await this.#listener?.stop();
    this.#listener = undefined;
    this.port = undefined;
  }

  #listen(): void {
    const { config, clock, log, health } = this.context;
    try {
      const { certPem, keyPem } = config;
      const upsRegistry = this.#upsRegistry;
      const listener = new NutListener({
        listenHost: config.listenHost,
        port: config.port,
        allow: new AddressList(config.allow),
        limits: config.limits,
        certificate: certPem !== undefined && keyPem !== undefined
          ? loadCertificate(certPem, keyPem)
          : undefined,
        clock,
        log,
        conversation: {
          open: (address) => upsRegistry.open(address),
          line: (id, words) => {
            const step = this.#isolation.run("the lines of NUT clients", () =>
              upsRegistry.line(id, words, clock.monoMs())) ?? NO_ANSWER;
            this.#announcer.tell(step.outcomes);
            return step;
          },
          startedTls: (id) =>
            upsRegistry.startedTls(id),
          // Connections that we close ourselves, because we stop, prove no host down.
          end: (id) =>
            this.#isStopped || this.#announcer.tell(upsRegistry.end(id, clock.monoMs())),
        },
      });
      this.port = listener.start();
      this.#listener = listener;
      this.#backoff.reset();
      health.clear("nut_cannot_listen");
      log.notice("NUT SERVER LISTENS", { host: config.listenHost, port: this.port });
    } catch (error) {
      const waitMs = this.#backoff.nextMs();
      const text = cannotListenText({
        what: "the NUT server",
        host: config.listenHost,
        port: config.port,
        keys: { address: "NUT_LISTEN_HOST", port: "NUT_PORT" },
      }, error);
      health.raise({ code: "nut_cannot_listen", severity: "error", text });
      log.error("CANNOT LISTEN", { text, retry_ms: waitMs });
      this.#cancels.push(clock.after(waitMs, () => !this.#isStopped && this.#listen()));
    }
  }

  #tick(): void {
    this.#announcer.tell(this.#upsRegistry.tick(this.context.clock.monoMs()));
    this.#isolation.run("the warnings", () => this.#warn());
  }

  #warn(): void {
    const { health, config } = this.context;
    const warnings: readonly ConfigWarning[] = [
      ...configWarnings(config, (device) => this.#upsRegistry.policyOf(device)),
      { code: "nut_host_missing", ...this.#upsRegistry.missingHosts(this.context.clock.monoMs()) },
    ];
    for (const { code, text, hosts } of warnings) {
      if (text === undefined) health.clear(code);
      else health.raise({ code, severity: "warning", text, ...(hosts ? { hosts } : {}) });
    }
  }

  #onState({ topic, payload, retained }: BusMessage): void {
    const said = parsePowerState(payload, `MQTT topic "${topic}"`);
    const state = stateOnArrival(said, this.context.clock.wallMs());
    const nowMonoMs = this.context.clock.monoMs();
    this.#announcer.tell(
      this.#upsRegistry.noteState(levelAtPlus(topic, this.#topics.state("+")), state, {
        retained,
        nowMonoMs,
      }),
    );
  }

  #onPolicy({ topic, payload, retained }: BusMessage): void {
    const status = parsePolicyStatus(payload, `MQTT topic "${topic}"`);
    const { clock } = this.context;
    const at = { retained: retained && !this.#isRecent(status), nowMonoMs: clock.monoMs() };
    this.#announcer.tell(
      this.#upsRegistry.notePolicy(levelAtPlus(topic, this.#topics.policy("+")), status, at),
    );
  }

  /**
   * A retained status from the future is not believed: it is from before a clock that fell back at a power cut. Nor is one of
   * another boot, however young it looks: the clock may have gone on where it was stored.
   */
  #isRecent({ ts, boot_id }: PolicyStatus): boolean {
    const { clock, config } = this.context;
    if (boot_id !== undefined && config.bootId !== undefined && boot_id !== config.bootId) return false;
    const ageMs = clock.wallMs() - Date.parse(ts);
    return ageMs >= -2_000 && ageMs < BELIEVED_RETAINED_MS;
  }

  #onCommand(host: string, { topic, payload, retained }: BusMessage): void {
    // The daemon proves by it that the broker lets it write here.
    if (payload.length === 0) return;
    // Commands are never retained by us; one that is would be obeyed again at every start.
    if (retained) return this.context.log.warn("RETAINED COMMAND REFUSED", { topic });
    const command = parseAgentCommand(payload, `MQTT topic "${topic}"`);
    this.context.log.notice("COMMAND", { host, action: command.action, id: command.id });
    const nowMonoMs = this.context.clock.monoMs();
    this.#announcer.tell(
      this.#upsRegistry.command(host, command, { lifeMs: this.#lifeMs(command), nowMonoMs }),
    );
  }

  /** What is left of the command's time to live; without a time of issue it counts from now. */
  #lifeMs({ issued_at, ttl_sec = 300 }: AgentCommand): number {
    const ageMs = issued_at === undefined
      ? 0
      : Math.max(0, this.context.clock.wallMs() - Date.parse(issued_at));
    return ttl_sec * 1000 - ageMs;
  }

  /** Refuses what cannot be read, once a message, and goes on. */
  #subscribe(filter: string, handle: (message: BusMessage) => void, options?: SubscribeOptions): void {
    this.context.bus.subscribe(filter, (message) => {
      if (this.#isStopped || message.payload.length === 0) return;
      try {
        handle(message);
      } catch (error) {
        if (!(error instanceof InvalidInputError)) throw error;
        this.context.log.warn("INPUT REFUSED", { text: error.message });
      }
    }, options);
  }
}

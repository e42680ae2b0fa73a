/** What the policy says to the world: commands, magic packets, log lines and the journal. */
import { errorText } from "../../../lib/errors.ts";
import { encodeAgentCommand } from "../../../lib/messages/agent/command.ts";
import { encodeEvent, type JournalEvent } from "../../../lib/messages/event.ts";
import type { Topics } from "../../../lib/mqtt/topics.ts";
import type { ServiceContext } from "../../../lib/workers/service.ts";
import { buildCommand, type CommandParts } from "./command.ts";
import { lostCommandTelling, type Telling } from "./journal.ts";
import type { WakeRules } from "../rules/rules.ts";
import { own } from "../../../lib/own.ts";
import type { Wake } from "./wake_on_lan.ts";

/** The owner's settings for commands. */
export interface DispatchConfig {
  readonly shutdownDelaySec: number;
  readonly commandTtlSec: number;
  /** Agent to key, lower-case hex. */
  readonly agentKeys: Readonly<Record<string, string>>;
}

/** What is said with a command. */
type Message = Pick<CommandParts, "agent" | "id" | "action" | "reason" | "stage" | "challenge">;

/** What becomes of a command at the broker. */
export interface DispatchEvents {
  /** The broker has the command of this id. */
  onDelivered(agent: string, commandId: string): void;
  /** The broker did not take it. */
  onUndelivered(agent: string, commandId: string, reason: string): void;
}

/** See the file comment. */
export class Dispatch {
  #isLinkUp = false;
  /** The last command to each agent, and when it was said. */
  readonly #last = new Map<string, { readonly message: Message; readonly atMonoMs: number }>();
  /** What is told of each agent's command once somebody has it. */
  readonly #untold = new Map<string, { readonly id: string; readonly sent: Telling }>();
  /** The command that each agent answered last: it has it, whatever the broker says. */
  readonly #answered = new Map<string, string>();
  /** The command of each agent that was last told of as not delivered: what is tried again is not told again. */
  readonly #toldLost = new Map<string, string>();

  constructor(
    private readonly context: ServiceContext<DispatchConfig>,
    private readonly topics: Topics,
    private readonly events: DispatchEvents,
  ) {}

  /** Whether the broker can be reached; told by the service. */
  set isLinkUp(up: boolean) {
    this.#isLinkUp = up;
  }

  get isLinkUp(): boolean {
    return this.#isLinkUp;
  }

  /**
   * A command waits for a broker that is away, and dies with its lifetime.
   *
   * @param sent What is told when the broker or the agent has it, and not before; absent: nothing
   */
  send(message: Message, sent?: Telling): void {
    const { agent, id, action } = message;
    const { bus, clock, config, log } = this.context;
    const { shutdownDelaySec, commandTtlSec } = config;
    this.#last.set(agent, { message, atMonoMs: clock.monoMs() });
    const command = buildCommand({
      ...message,
      shutdownDelaySec,
      commandTtlSec,
      nowWallMs: clock.wallMs(),
      keyHex: own(config.agentKeys, agent),
    });
    if (sent) this.#untold.set(agent, { id, sent });
    if (!this.#isLinkUp) log.warn("BROKER DOWN: the command waits for it", { agent, action, id });
    else log.info("COMMAND GOES OUT", { agent, action, id });
    bus.publish(this.topics.command(agent), encodeAgentCommand(command), { qos: 1, expirySec: commandTtlSec })
      .then(
        () => {
          this.#tellSent(agent, id);
          this.events.onDelivered(agent, id);
        },
        (error) => this.#notTaken(message, errorText(error)),
      );
  }

  /** The agent answered: it has the command, also when the broker never acknowledged it. */
  answered(agent: string, id: string): void {
    this.#answered.set(agent, id);
    this.#tellSent(agent, id);
  }

  #tellSent(agent: string, id: string): void {
    const untold = this.#untold.get(agent);
    if (untold?.id !== id) return;
    this.#untold.delete(agent);
    this.tell(untold.sent);
  }

  #notTaken(message: Message, reason: string): void {
    const { agent, id } = message;
    if (this.#answered.get(agent) !== id && this.#toldLost.get(agent) !== id) {
      this.#toldLost.set(agent, id);
      this.tell(lostCommandTelling(message, reason));
    }
    this.events.onUndelivered(agent, id, reason);
  }

  /**
   * Signs the last command anew, with what the agent asks for; once, and within its lifetime by our own monotonic clock,
   * so that a recording of an old one is never made good again.
   *
   * @returns whether it was that command
   */
  prove(agent: string, id: string, challenge: string): boolean {
    const { clock, config } = this.context;
    const last = this.#last.get(agent);
    if (last?.message.id !== id || last.message.challenge !== undefined) return false;
    if (clock.monoMs() - last.atMonoMs > config.commandTtlSec * 1000) return false;
    this.send({ ...last.message, challenge });
    return true;
  }

  /** A packet that could not be sent is sent again with the next. */
  wake(
    agent: string,
    { macs, addresses }: Pick<WakeRules, "macs" | "addresses">,
    wake: Wake | undefined,
  ): void {
    const mac = own(macs, agent);
    if (mac === undefined || !wake) return;
    wake(mac, own(addresses, agent)).catch((error) =>
      this.context.log.warn("CANNOT WAKE", { agent, reason: errorText(error) })
    );
  }

  /** One line and one entry. */
  tell({ level, title, fields, event }: Telling): void {
    own(this.context.log, level)(title, fields);
    this.journal(event);
  }

  /** One entry. */
  journal(event: Omit<JournalEvent, "ts" | "source">): void {
    const { bus, clock, name, log } = this.context;
    const full: JournalEvent = { ts: new Date(clock.wallMs()).toISOString(), source: name, ...event };
    bus.publish(this.topics.events, encodeEvent(full), { qos: 1, expirySec: 86_400 })
      .catch((error) => log.debug("event lost", { reason: errorText(error) }));
  }
}

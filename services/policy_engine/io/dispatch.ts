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

/** See the file comment. */
export class Dispatch {
  #isLinkUp = false;
  /** The last command to each agent, and when it was said. */
  readonly #last = new Map<string, { readonly message: Message; readonly atMonoMs: number }>();

  /** @param onDelivered The broker has the command of this id */
  constructor(
    private readonly context: ServiceContext<DispatchConfig>,
    private readonly topics: Topics,
    private readonly onDelivered: (agent: string, commandId: string) => void,
  ) {}

  /** Whether the broker can be reached; told by the service. */
  set isLinkUp(up: boolean) {
    this.#isLinkUp = up;
  }

  get isLinkUp(): boolean {
    return this.#isLinkUp;
  }

  /** A command waits for a broker that is away, and dies with its lifetime. */
  send(message: Message): void {
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
    if (!this.#isLinkUp) log.warn("BROKER DOWN: the command waits for it", { agent, action, id });
    bus.publish(this.topics.command(agent), encodeAgentCommand(command), { qos: 1, expirySec: commandTtlSec })
      .then(
        () => this.onDelivered(agent, id),
        (error) => this.tell(lostCommandTelling(message, errorText(error))),
      );
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

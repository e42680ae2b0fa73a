/** Publishes what the rules have to say: presence of hosts, answers to commands, journal entries. */
import { errorText } from "../../lib/errors.ts";
import { encodeAgentAck } from "../../lib/messages/agent/ack.ts";
import { encodeAgentStatus } from "../../lib/messages/agent/status.ts";
import { encodeEvent } from "../../lib/messages/event.ts";
import type { Topics } from "../../lib/mqtt/topics.ts";
import type { Isolation } from "../../lib/workers/isolation.ts";
import type { ServiceContext } from "../../lib/workers/service.ts";
import type { Outcome } from "./ups/outcomes.ts";
import { own } from "../../lib/own.ts";

/** See the file comment. */
export class Announcer {
  constructor(
    private readonly context: Pick<ServiceContext<unknown>, "bus" | "clock" | "log" | "name">,
    private readonly topics: Topics,
    private readonly isolation: Pick<Isolation, "run">,
  ) {}

  /** Publishes each, with the present time; what cannot be published is logged, and one that throws stops no other. */
  tell(outcomes: readonly Outcome[]): void {
    const ts = new Date(this.context.clock.wallMs()).toISOString();
    for (const outcome of outcomes) this.isolation.run(nameOf(outcome), () => this.#tellOne(outcome, ts));
  }

  #tellOne(outcome: Outcome, ts: string): void {
    switch (outcome.kind) {
      case "presence":
        this.#publish(
          this.topics.agentStatus(outcome.status.agent),
          encodeAgentStatus({ ...outcome.status, ts }),
          true,
        );
        break;
      case "ack":
        this.#publish(this.topics.ack(outcome.ack.agent), encodeAgentAck({ ...outcome.ack, ts }));
        break;
      case "login_refused": {
        const { user, ups, address, why, host } = outcome.refused;
        const untold = outcome.untold > 0 ? outcome.untold : undefined;
        this.context.log.warn("LOGIN REFUSED", { user, ups, address, why, host, untold });
        break;
      }
      case "event":
        own(this.context.log, outcome.event.severity === "warning" ? "warn" : "notice")(outcome.event.text);
        this.#publish(
          this.topics.events,
          encodeEvent({ ...outcome.event, source: this.context.name, ts }),
        );
    }
  }

  #publish(topic: string, payload: string, retain = false): void {
    this.context.bus.publish(topic, payload, { qos: 1, retain }).catch((error) =>
      this.context.log.warn("CANNOT PUBLISH", { topic, error: errorText(error) })
    );
  }
}

/** For a person, when it cannot be told. */
function nameOf(outcome: Outcome): string {
  switch (outcome.kind) {
    case "presence":
      return `the presence of host "${outcome.status.agent}"`;
    case "ack":
      return `the answer of host "${outcome.ack.agent}"`;
    case "login_refused":
      return "a refused log-in";
    case "event":
      return "an event of the journal";
  }
}

/**
 * Takes what agents say: answers go into the journal, clocks are compared, agents that are gone are told of. What the house
 * makes of it is the service's part.
 */
import type { Clock } from "../../../lib/time/clock.ts";
import type { Logger } from "../../../lib/log/log.ts";
import type { AgentAck } from "../../../lib/messages/agent/ack.ts";
import type { AgentStatus } from "../../../lib/messages/agent/status.ts";
import { AgentWatch } from "./agent_watch.ts";
import type { Dispatch } from "./dispatch.ts";
import { HostClocks, isInForce } from "../hosts/host_clocks.ts";
import type { House } from "../house.ts";
import { clockTelling, type Telling, twinsTelling } from "./journal.ts";
import { Twins } from "./twins.ts";

/** What is needed of the service. */
export interface AgentRepliesParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly dispatch: Pick<Dispatch, "answered" | "isLinkUp" | "journal" | "prove" | "tell">;
  /** Hosts without an agent of ours; none when absent. */
  readonly keylessHosts?: readonly string[];
}

/** See the file comment. */
export class AgentReplies {
  readonly #clocks = new HostClocks();
  readonly #watch: AgentWatch;
  readonly #twins = new Twins();

  constructor(private readonly parts: AgentRepliesParts) {
    this.#watch = new AgentWatch(parts.keylessHosts);
  }

  /** The agents whose clocks are in doubt, see {@link HostClocks.apart}. */
  get clocksApart(): HostClocks["apart"] {
    return this.#clocks.apart;
  }

  /** The agents under whose name two hosts speak. */
  get twins(): readonly string[] {
    return this.#twins.names(this.parts.clock.monoMs());
  }

  /** An agent answered a command. @param house As it was before the answer */
  onAck(agent: string, ack: AgentAck, house: House): void {
    const { dispatch, log } = this.parts;
    // A clock in doubt, a wrong key: it has the command all the same.
    if (house.state.hosts.has(agent)) dispatch.answered(agent, ack.id);
    log.info("AGENT ANSWERED", { agent, status: ack.status, id: ack.id, detail: ack.detail });
    dispatch.journal({
      kind: "agent_ack",
      severity: ack.status === "failed" || ack.status === "rejected" ? "warning" : "info",
      text: `${agent}: ${ack.status}${ack.detail ? ` (${ack.detail})` : ""}`.slice(0, 500),
      agent,
      data: { id: ack.id, status: ack.status },
    });
    this.#judgeClock(agent, ack, house);
  }

  /** An agent that refuses what we mean for its time alone is told again in a way that needs no clock. */
  #judgeClock(agent: string, { id, status, challenge, ts }: AgentAck, house: House): void {
    const { clock, dispatch } = this.parts;
    const nowWallMs = clock.wallMs();
    const isAsked = status === "rejected" && challenge !== undefined &&
      isInForce(house.state.hosts.get(agent)?.phase, id);
    if (!isAsked || !dispatch.prove(agent, id, challenge)) {
      return this.#clocks.heard(agent, ts, nowWallMs);
    }
    const text = this.#clocks.refused(agent, ts, nowWallMs);
    if (text !== undefined) dispatch.tell(clockTelling(agent, text));
  }

  /**
   * An agent says of itself how it is, or the broker says that it is gone.
   *
   * @param retained The broker kept it from before
   * @param house As it is after it took that in
   */
  onStatus(agent: string, status: AgentStatus, retained: boolean, house: House): void {
    const { clock } = this.parts;
    if (!retained) this.#clocks.heard(agent, status.ts, clock.wallMs());
    if (!retained && status.online && house.state.hosts.has(agent)) {
      const text = this.#twins.heard(agent, status, clock.monoMs());
      if (text !== undefined) this.#tell([twinsTelling(agent, text)]);
    }
    this.#tell(this.#watch.noteStatus(agent, status, house, clock.monoMs()));
  }

  /** Tells of agents that have been gone for too long. Call about once a second. @param unanswered Called online, and do not answer */
  tick(house: House, unanswered: readonly string[]): void {
    const { clock, dispatch } = this.parts;
    for (const agent of unanswered) {
      this.#tell(this.#watch.noteStatus(agent, { online: false }, house, clock.monoMs()));
    }
    this.#tell(this.#watch.tick(house, dispatch.isLinkUp, clock.monoMs()));
  }

  #tell(tellings: readonly Telling[]): void {
    for (const telling of tellings) this.parts.dispatch.tell(telling);
  }
}

/** The policy engine in the world: hears states and agents, sends commands, keeps the journal and the snapshot. */
import type { Cancel } from "../../lib/clock.ts";
import type { AgentAck } from "../../lib/messages/agent_ack.ts";
import type { AgentStatus } from "../../lib/messages/agent_status.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import { goRound } from "../../lib/rounds.ts";
import type { Service, ServiceContext } from "../../lib/service.ts";
import { type PolicyEngineConfig, type PolicyEnginePorts, wakesHosts } from "./config.ts";
import { AbortDesk } from "./abort_desk.ts";
import { AgentWatch } from "./agent_watch.ts";
import { Dispatch } from "./dispatch.ts";
import { drillRefusal } from "./drill.ts";
import { DrillDesk } from "./drill_desk.ts";
import { dueMonth } from "./drill_schedule.ts";
import { Ears } from "./ears.ts";
import { HostClocks, isInForce } from "./host_clocks.ts";
import { House, type HouseEffect, type HouseInput } from "./house.ts";
import { clockTelling, type Telling, tellingOf } from "./journal.ts";
import { feedsOf, hostsOfStation } from "./rules.ts";
import { houseRules } from "./rules_from_file.ts";
import { PowerDoubt } from "./power_return.ts";
import { Showcase } from "./showcase.ts";
import type { Ways } from "./silence.ts";
import { SnapshotKeeper } from "./snapshot_keeper.ts";
import { textFile } from "../../lib/text_file.ts";
import { udpWake } from "./wake_on_lan.ts";
import { houseWarnings, WARNING_CODES } from "./warnings.ts";
import { isFresh } from "./words.ts";

export type { PolicyEngineConfig, PolicyEnginePorts } from "./config.ts";

/** Stations beyond this many, which only somebody at the broker can have made up, are not watched. */
const MOST_STATIONS = 256;
/** How often holds and windows are looked at, ms. */
const TICK_MS = 1000;
/** After a restart old words may trigger nothing for this long, ms: fresh ones get a chance. */
const RESTART_GRACE_MS = 30_000;

/** Makes the service as it runs in its worker. */
export function createPolicyEngine(context: ServiceContext<PolicyEngineConfig>): PolicyEngine {
  return new PolicyEngine(context, {
    store: textFile(`${context.config.stateDir}/policy.json`),
    newId: () => crypto.randomUUID(),
    wake: wakesHosts(context.config.file) ? udpWake() : undefined,
  });
}

/** See the file comment. */
export class PolicyEngine implements Service {
  readonly #topics: Topics;
  #house: House | undefined;
  readonly #cancels: Cancel[] = [];
  #startedMonoMs = 0;
  /** After a restart; a doubt may last longer. */
  #graceEndMonoMs = 0;
  readonly #keeper: SnapshotKeeper;
  readonly #showcase: Showcase;
  readonly #dispatch: Dispatch;
  readonly #drills: DrillDesk;
  readonly #aborts: AbortDesk;
  readonly #ears: Ears;
  readonly #clocks = new HostClocks();
  readonly #agents: AgentWatch;
  #cloud: Ways["cloud"];
  /** There after what looks like a reboot, until it is settled. */
  #doubt: PowerDoubt | undefined;

  constructor(
    private readonly context: ServiceContext<PolicyEngineConfig>,
    private readonly ports: PolicyEnginePorts,
  ) {
    this.#topics = topicsUnder(context.config.roots);
    const { agentKeys, bootId } = context.config;
    this.#agents = new AgentWatch(context.config.keylessHosts);
    this.#keeper = new SnapshotKeeper({ ...context, store: ports.store, bootId });
    this.#showcase = new Showcase({ ...context, agentKeys, topics: this.#topics, newId: ports.newId });
    this.#dispatch = new Dispatch(
      context,
      this.#topics,
      (agent, commandId) => this.#step({ kind: "host", agent, input: { kind: "delivered", commandId } }),
    );
    this.#drills = new DrillDesk({
      ...context,
      topics: this.#topics,
      newId: ports.newId,
      send: (agent, id, reason) => this.#dispatch.send({ agent, id, action: "drill", reason }),
      learn: (agent, tookMs) => this.#step({ kind: "learned", agent, tookMs }),
      tell: (kind, text, id) => {
        context.log.notice(kind.replaceAll("_", " ").toUpperCase(), { id, text });
        this.#dispatch.journal({ kind, severity: "notice", text: text.slice(0, 500), data: { id } });
      },
    });
    this.#ears = new Ears(context, this.#topics, ports.askNut, {
      onState: (device, state, retained) => this.#onState(device, state, retained),
      onCloud: (link) => this.#cloud = link,
      onWitness: (device, word) => this.#step({ kind: "witness", device, word }),
      onAck: (agent, ack) => this.#onAck(agent, ack),
      onStatus: (agent, status, retained) => this.#onStatus(agent, status, retained),
      onDrillRequest: (message) => this.#house && this.#drills.onRequest(message, this.#house),
      onAbortRequest: (message) => this.#house && this.#aborts.onRequest(message, this.#house),
    });
    this.#aborts = new AbortDesk({
      nowMonoMs: () => context.clock.monoMs(),
      hold: (device, hold) => this.#step({ kind: "hold", device, hold }),
      tell: (kind, device, text, id) => {
        context.log.notice(kind.replaceAll("_", " ").toUpperCase(), { id, text });
        this.#dispatch.journal({ kind, severity: "notice", device, text: text.slice(0, 500), data: { id } });
      },
    });
  }

  start(): Promise<void> {
    const { bus, clock, config, health, log } = this.context;
    this.#startedMonoMs = clock.monoMs();
    this.#house = this.#resume();
    const agents = this.#house.state.hosts.keys();
    const unsigned = [...agents].filter((agent) =>
      config.agentKeys[agent] === undefined && !config.keylessHosts?.includes(agent)
    );
    if (unsigned.length > 0) {
      const text = `agents without a key get unsigned commands: ${unsigned.join(", ")}`;
      health.raise({ code: "unsigned_commands", severity: "warning", text });
      log.warn("UNSIGNED COMMANDS", { agents: unsigned.join(" ") });
    }
    bus.onLink((up) => this.#dispatch.isLinkUp = up);
    this.#ears.listen();
    const devices = () => this.#house?.state.stations.keys() ?? [];
    this.#cancels.push(
      goRound(clock, TICK_MS, devices, (some) => this.#step({ kind: "tick", devices: some })),
      clock.every(TICK_MS, () => this.#tick()),
    );
    this.#step({ kind: "tick" });
    return Promise.resolve();
  }

  stop(): Promise<void> {
    for (const cancel of this.#cancels.splice(0)) cancel();
    this.#ears.stop();
    if (this.#house) this.#keeper.flush(this.#house.state);
    return Promise.resolve();
  }

  #resume(): House {
    const { clock, config } = this.context;
    const restored = this.#keeper.restore(houseRules(config, config.file, 0));
    const { doubt, savedAtMs } = restored;
    const nowMonoMs = clock.monoMs();
    if (doubt) this.#doubt = new PowerDoubt(doubt);
    if (savedAtMs !== undefined) this.#showcase.resume(savedAtMs);
    this.#graceEndMonoMs = savedAtMs === undefined ? nowMonoMs : nowMonoMs + RESTART_GRACE_MS;
    const rules = houseRules(config, config.file, this.#notBeforeMonoMs());
    return new House(restored.house, rules, this.ports.newId);
  }

  /** Until then old words trigger nothing. */
  #notBeforeMonoMs(): number {
    return Math.max(this.#graceEndMonoMs, this.#doubt?.endMonoMs ?? -Infinity);
  }

  #onState(device: string, state: PowerState, retained: boolean): void {
    const { clock } = this.context;
    const known = this.#house?.state.stations;
    if (known && !known.has(device) && known.size >= MOST_STATIONS) return;
    const arrival = { atMonoMs: clock.monoMs(), atWallMs: clock.wallMs(), retained };
    this.#step({ kind: "state", device, state, arrival });
  }

  #onAck(agent: string, ack: AgentAck): void {
    this.context.log.info("AGENT ANSWERED", { agent, status: ack.status, id: ack.id, detail: ack.detail });
    this.#dispatch.journal({
      kind: "agent_ack",
      severity: ack.status === "failed" || ack.status === "rejected" ? "warning" : "info",
      text: `${agent}: ${ack.status}${ack.detail ? ` (${ack.detail})` : ""}`.slice(0, 500),
      agent,
      data: { id: ack.id, status: ack.status },
    });
    this.#judgeClock(agent, ack);
    const answer = { commandId: ack.id, status: ack.status, detail: ack.detail };
    if (this.#house) this.#drills.onAnswer({ agent, ...answer }, this.#house);
    this.#step({ kind: "host", agent, input: { kind: "ack", ...answer } });
  }

  /** An agent that refuses what we mean for its time alone is told again in a way that needs no clock. */
  #judgeClock(agent: string, { id, status, challenge, ts }: AgentAck): void {
    const nowWallMs = this.context.clock.wallMs();
    const isAsked = status === "rejected" && challenge !== undefined &&
      isInForce(this.#house?.state.hosts.get(agent)?.phase, id);
    if (!isAsked || !this.#dispatch.prove(agent, id, challenge)) {
      return this.#clocks.heard(agent, ts, nowWallMs);
    }
    const text = this.#clocks.refused(agent, ts, nowWallMs);
    if (text !== undefined) this.#dispatch.tell(clockTelling(agent, text));
  }

  #onStatus(agent: string, status: AgentStatus, retained: boolean): void {
    if (!retained) this.#clocks.heard(agent, status.ts, this.context.clock.wallMs());
    if (this.#doubt) {
      this.#doubt.hear(agent, status);
      this.#step({ kind: "grace", untilMonoMs: this.#notBeforeMonoMs() });
    }
    if (!retained) this.#showcase.hearPlan(agent, status.online ? status.plan_id : undefined);
    const input = { kind: "presence", online: status.online, isLive: !retained } as const;
    this.#step({ kind: "host", agent, input });
    if (this.#house) this.#tell(this.#agents.hear(agent, status, this.#house, this.context.clock.monoMs()));
  }

  #tell(tellings: readonly Telling[]): void {
    for (const telling of tellings) this.#dispatch.tell(telling);
  }

  #tick(): void {
    const house = this.#house;
    if (!house) return;
    this.#tell(this.#agents.tick(house, this.#dispatch.isLinkUp, this.context.clock.monoMs()));
    this.#drills.tick(house);
    this.#warn(house);
    const schedule = this.context.config.file?.drill;
    if (!schedule) return;
    const { drilledMonth } = house.state;
    const month = dueMonth(
      { day: schedule.monthly_day, hour: schedule.hour },
      drilledMonth,
      this.context.clock.wallMs(),
    );
    if (month === undefined || drillRefusal({ id: month, all: true }, house, undefined) !== undefined) return;
    this.#step({ kind: "drilled", month });
    this.#drills.begin({ id: `monthly-${month}`, all: true, by: "the schedule" }, house);
  }

  #warn(house: House): void {
    const { clock, health } = this.context;
    const conditions = houseWarnings(house, this.#clocks.apart, clock.monoMs() - this.#startedMonoMs);
    for (const code of WARNING_CODES) {
      const condition = conditions.find((one) => one.code === code);
      if (condition) health.raise(condition);
      else health.clear(code);
    }
  }

  /** Before old words may trigger anything: those that the hosts contradict are forgotten. */
  #settleDoubt(house: House): void {
    const doubt = this.#doubt;
    if (!doubt || this.context.clock.monoMs() < doubt.endMonoMs) return;
    this.#doubt = undefined;
    this.#keeper.endDoubt();
    for (const device of house.state.stations.keys()) {
      const isBack = doubt.isPowerBack(hostsOfStation(house.rulesOf(device)));
      if (isBack) this.#step({ kind: "power_is_back", device });
    }
  }

  #step(input: HouseInput): void {
    const house = this.#house;
    if (!house) return;
    this.#settleDoubt(house);
    const { clock } = this.context;
    const effects = house.step(input, clock.monoMs());
    if (effects.length === 0 && input.kind === "state") return this.#show(input, house);
    // Stored before it is said, and marked when the broker has it: a crash in between repeats it with the same id.
    const isMark = effects.length === 0 && input.kind === "host" && input.input.kind === "delivered";
    this.#keeper.keep(house.state, () => {
      for (const effect of effects) this.#carryOut(effect);
      this.#show(input, house);
    }, isMark);
  }

  #show(input: HouseInput, house: House): void {
    const context = {
      isBrokerUp: this.#dispatch.isLinkUp,
      cloud: this.#cloud,
      isInDoubt: this.#doubt !== undefined,
      bootId: this.context.config.bootId,
    };
    for (const device of devicesOf(input, house)) {
      this.#showcase.showStatus(device, house, context);
      for (const agent of hostsOfStation(house.rulesOf(device))) {
        if (this.#maySpeakFor(agent, house)) this.#showcase.showPlan(agent, house);
      }
    }
  }

  /**
   * In doubt an agent keeps the plan that it has. One that booted with the power holds none, or a void one: a new "on
   * battery" by old words would send it down when it loses us. One that had power all the while holds the right one.
   */
  #maySpeakFor(agent: string, { rules, state }: House): boolean {
    if (!this.#doubt) return true;
    const nowMonoMs = this.context.clock.monoMs();
    return feedsOf(agent, rules).some((device) =>
      isFresh(state.stations.get(device)?.words.grid, rules.staleAfterMs, nowMonoMs)
    );
  }

  #carryOut(effect: HouseEffect): void {
    const telling = tellingOf(effect);
    if (telling) this.#dispatch.tell(telling);
    if (effect.kind !== "host") return;
    const { agent, reason, stage } = effect;
    if (effect.effect.kind === "wake") {
      this.#dispatch.wake(agent, this.#house?.rules.wake.macs[agent], this.ports.wake);
    } else if (effect.effect.kind === "send") {
      const { action, commandId } = effect.effect;
      this.#dispatch.send({ agent, id: commandId, action, reason, stage });
    }
  }
}

/** The stations whose status an input can change. */
function devicesOf(input: HouseInput, { rules, state }: House): readonly string[] {
  switch (input.kind) {
    case "tick":
      return input.devices ?? [...state.stations.keys()];
    case "host":
    case "learned":
      return feedsOf(input.agent, rules);
    case "drilled":
    case "grace":
      return [];
    default:
      return [input.device];
  }
}

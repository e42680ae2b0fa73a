/** The policy engine in the world: hears states and agents, sends commands, keeps the journal and the snapshot. */
import type { AgentAck } from "../../lib/messages/agent/ack.ts";
import type { AgentStatus } from "../../lib/messages/agent/status.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { type Topics, topicsUnder } from "../../lib/mqtt/topics.ts";
import { Isolation } from "../../lib/workers/isolation.ts";
import { Gathering } from "../../lib/time/gathering.ts";
import { goRound, type Rounds } from "../../lib/time/rounds.ts";
import type { Service, ServiceContext } from "../../lib/workers/service.ts";
import { type PolicyEngineConfig, type PolicyEnginePorts, wakesHosts } from "./config.ts";
import { AbortRequests } from "./requests/abort_requests.ts";
import { AgentReplies } from "./io/agent_replies.ts";
import { ChargeSteps } from "./io/charge_steps.ts";
import { Dispatch } from "./io/dispatch.ts";
import { PlayRequests } from "./requests/play_requests.ts";
import { DrillRequests } from "./requests/drill_requests.ts";
import { Subscriptions } from "./io/subscriptions.ts";
import { House, type HouseEffect, type HouseInput } from "./house.ts";
import { asSimulated, requestTelling, SIMULATED, tellingOf } from "./io/journal.ts";
import { KeptPresence } from "./hosts/kept_presence.ts";
import { RestartGrace } from "./snapshot/restart_grace.ts";
import { hostsOfStation } from "./rules/rules.ts";
import { houseRules } from "./rules/rules_from_file.ts";
import { Plans } from "./io/agent_plan.ts";
import { devicesOf, Publisher } from "./io/publisher.ts";
import type { Ways } from "./io/silence.ts";
import { SnapshotKeeper } from "./snapshot/keeper.ts";
import { slotFile } from "../../lib/files/slot_file.ts";
import { udpWake } from "./io/wake_on_lan.ts";
import { houseWarnings, WARNING_CODES } from "./io/warnings.ts";
import { own } from "../../lib/own.ts";

export type { PolicyEngineConfig, PolicyEnginePorts } from "./config.ts";

/** Stations beyond this many, which only somebody at the broker can have made up, are not watched. */
const MOST_STATIONS = 256;
/** How often holds and windows are looked at, ms; while the house is calm, only so often. */
const TICK_MS = 1000;
const CALM_TICK_MS = 5000;

/** Makes the service as it runs in its worker. */
export function createPolicyEngine(context: ServiceContext<PolicyEngineConfig>): PolicyEngine {
  return new PolicyEngine(context, {
    store: slotFile(`${context.config.stateDir}/policy.json`),
    newId: () => crypto.randomUUID(),
    wake: wakesHosts(context.config.file) ? udpWake() : undefined,
  });
}

/** See the file comment. */
export class PolicyEngine implements Service {
  readonly #topics: Topics;
  #house: House | undefined;
  #rounds: Rounds | undefined;
  #startedMonoMs = 0;
  readonly #keeper: SnapshotKeeper;
  readonly #publisher: Publisher;
  readonly #dispatch: Dispatch;
  readonly #drills: DrillRequests;
  readonly #aborts: AbortRequests;
  readonly #subscriptions: Subscriptions;
  readonly #agents: AgentReplies;
  readonly #chargeSteps: ChargeSteps | undefined;
  readonly #restartGrace = new RestartGrace();
  readonly #kept = new KeptPresence();
  readonly #isolation: Isolation;
  readonly #plays: PlayRequests;
  /** A status names all hosts of its station: many that speak at once are one status, not one each. */
  readonly #hostNews: Gathering<string>;
  #cloud: Ways["cloud"];

  constructor(
    private readonly context: ServiceContext<PolicyEngineConfig>,
    private readonly ports: PolicyEnginePorts,
  ) {
    this.#topics = topicsUnder(context.config.roots);
    this.#isolation = new Isolation(context, "part_failed");
    this.#hostNews = new Gathering(
      context.clock,
      () => this.#house?.state.hosts.size ?? 0,
      (device) => this.#house && this.#showStatus(device, this.#house),
    );
    const { agentKeys, bootId, keylessHosts, socStepPercent = 0, socMinPercent } = context.config;
    this.#chargeSteps = socStepPercent > 0 ? new ChargeSteps(socStepPercent, socMinPercent) : undefined;
    this.#keeper = new SnapshotKeeper({ ...context, store: ports.store, bootId });
    this.#publisher = new Publisher({
      ...context,
      agentKeys,
      topics: this.#topics,
      newId: ports.newId,
      onPlanSaid: (agent) => this.#kept.planSaid(agent, context.clock.monoMs()),
    });
    this.#dispatch = new Dispatch(context, this.#topics, {
      onDelivered: (agent, commandId) =>
        this.#step({ kind: "host", agent, input: { kind: "delivered", commandId } }),
      onUndelivered: (agent, commandId, reason) =>
        this.#step({ kind: "host", agent, input: { kind: "undelivered", commandId, reason } }),
    });
    this.#agents = new AgentReplies({ ...context, dispatch: this.#dispatch, keylessHosts });
    this.#drills = new DrillRequests({
      ...context,
      topics: this.#topics,
      newId: ports.newId,
      send: (agent, id, reason) => this.#dispatch.send({ agent, id, action: "drill", reason }),
      knowsDrills: (agent) => own(agentKeys, agent) !== undefined || keylessHosts?.includes(agent) === true,
      learn: (agent, tookMs) => this.#step({ kind: "learned", agent, tookMs }),
      tell: (kind, text, id) => this.#dispatch.tell(requestTelling({ kind, text, id })),
    });
    this.#subscriptions = new Subscriptions(
      { ...context, isolation: this.#isolation },
      this.#topics,
      ports.askNut,
      {
        onState: (device, state, retained) => this.#onState(device, state, retained),
        onStateGone: (device) => this.#onStateGone(device),
        onCloud: (link) => {
          this.#cloud = link;
          this.#rounds?.dueAt(-Infinity);
        },
        onWitness: (device, reading) => this.#step({ kind: "witness", device, reading }),
        onAck: (agent, ack) => this.#onAck(agent, ack),
        onStatus: (agent, status, retained) => this.#onStatus(agent, status, retained),
        onDrillRequest: (message) => this.#house && this.#drills.onRequest(message, this.#house),
        onAbortRequest: (message) => this.#house && this.#aborts.onRequest(message, this.#house),
      },
    );
    this.#plays = new PlayRequests({
      ...context,
      simulatedStations: context.config.simulatedStations ?? [],
      tell: (telling) => this.#dispatch.tell(telling),
      end: (device) => this.#step({ kind: "play_over", device }),
      endCutOff: (device) => this.#step({ kind: "play_over", device, isCutOff: true }),
      look: (device) => this.#step({ kind: "tick", devices: [device] }),
      takeBack: (device) => this.#publisher.takeBack(device),
    });
    this.#aborts = new AbortRequests({
      nowMonoMs: () => context.clock.monoMs(),
      nowWallMs: () => context.clock.wallMs(),
      hold: (device, hold) => this.#step({ kind: "hold", device, hold }),
      tell: (kind, device, text, id) => this.#dispatch.tell(requestTelling({ kind, device, text, id })),
    });
  }

  start(): Promise<void> {
    const { bus, clock, config, health, log } = this.context;
    this.#startedMonoMs = clock.monoMs();
    this.#house = this.#resume();
    const agents = this.#house.state.hosts.keys();
    const unsigned = [...agents].filter((agent) =>
      own(config.agentKeys, agent) === undefined && !config.keylessHosts?.includes(agent)
    );
    if (unsigned.length > 0) {
      const text = `agents without a key get unsigned commands: ${unsigned.join(", ")}`;
      health.raise({
        code: "unsigned_commands",
        severity: "warning",
        text,
        hosts: unsigned.map((host) => ({ host })),
      });
      log.warn("UNSIGNED COMMANDS", { agents: unsigned.join(" ") });
    }
    bus.onLink((up) => this.#onLink(up));
    this.#subscriptions.listen();
    const devices = () => this.#house?.state.stations.keys() ?? [];
    this.#rounds = goRound(
      clock,
      TICK_MS,
      devices,
      (some) => this.#step({ kind: "tick", devices: some }),
      () => this.#tick(),
      { longestMs: CALM_TICK_MS, dueMonoMs: () => this.#calmUntilMonoMs() },
    );
    this.#step({ kind: "tick" });
    this.#plays.resume(this.#house);
    return Promise.resolve();
  }

  stop(): Promise<void> {
    this.#rounds?.cancel();
    this.#hostNews.stop();
    this.#subscriptions.stop();
    if (this.#house) this.#keeper.close(this.#house.state);
    return Promise.resolve();
  }

  #onLink(up: boolean): void {
    this.#dispatch.isLinkUp = up;
    this.#rounds?.dueAt(-Infinity);
    if (!up) return;
    this.#kept.linkIsUp();
    // A play that our end cut off has nobody else to take its status back.
    for (const device of this.context.config.simulatedStations ?? []) {
      const isKnown = this.#house?.state.stations.has(device) === true || this.#plays.isPlayed(device);
      if (!isKnown) this.#publisher.takeBack(device);
    }
    this.#publisher.sayAgain();
    this.#drills.sayAgain();
  }

  #resume(): House {
    const { clock, config } = this.context;
    const restored = this.#keeper.restore(houseRules(config, config.file, 0));
    this.#restartGrace.resume(restored, clock.monoMs());
    if (restored.savedAtMs !== undefined) this.#publisher.resume(restored.savedAtMs);
    const rules = houseRules(config, config.file, this.#restartGrace.notBeforeMonoMs);
    return new House(restored.house, rules, this.ports.newId, (what, act) => this.#isolation.run(what, act));
  }

  #onState(device: string, state: PowerState, retained: boolean): void {
    if (!this.#plays.admits(device, state, retained)) return;
    const { clock } = this.context;
    const known = this.#house?.state.stations;
    if (known && !known.has(device) && known.size >= MOST_STATIONS) return;
    const arrival = { atMonoMs: clock.monoMs(), atWallMs: clock.wallMs(), retained };
    this.#step({ kind: "state", device, state, arrival });
  }

  #onStateGone(device: string): void {
    if (this.#plays.isPlayed(device)) return this.#plays.end(device, "it was ended");
    if (this.#house?.forget(device)) this.#publisher.takeBack(device);
  }

  #onAck(agent: string, ack: AgentAck): void {
    const house = this.#house;
    if (!house) return;
    this.#agents.onAck(agent, ack, house);
    const answer = { commandId: ack.id, status: ack.status, detail: ack.detail };
    this.#drills.onAnswer({ agent, ...answer }, house);
    this.#step({ kind: "host", agent, input: { kind: "ack", ...answer } });
  }

  #onStatus(agent: string, status: AgentStatus, retained: boolean): void {
    const house = this.#house;
    if (!house) return;
    if (this.#restartGrace.isInDoubt) {
      this.#restartGrace.noteStatus(agent, status);
      this.#step({ kind: "grace", untilMonoMs: this.#restartGrace.notBeforeMonoMs });
    }
    if (!retained) this.#publisher.hearPlan(agent, status.online ? status.plan_id : undefined);
    const { online, plan_id } = status;
    this.#kept.heard(agent, { online, isLive: !retained, namesPlan: plan_id !== undefined });
    const input = { kind: "presence", online, isLive: !retained } as const;
    this.#step({ kind: "host", agent, input });
    this.#agents.onStatus(agent, status, retained, house);
  }

  /** When time alone may change something, monotonic ms; -Infinity: at any time. */
  #calmUntilMonoMs(): number {
    const house = this.#house;
    const nowMonoMs = this.context.clock.monoMs();
    const isAnyPlayed = (this.context.config.simulatedStations ?? [])
      .some((device) => this.#plays.isPlayed(device));
    const isGrace = this.#restartGrace.isInDoubt || nowMonoMs <= this.#restartGrace.notBeforeMonoMs;
    if (!house || isGrace || isAnyPlayed || this.#drills.isRunning) return -Infinity;
    let untilMonoMs = Infinity;
    for (const device of house.state.stations.keys()) {
      untilMonoMs = Math.min(untilMonoMs, house.calmUntilMonoMs(device, nowMonoMs));
      if (untilMonoMs === -Infinity) break;
    }
    return untilMonoMs;
  }

  #tick(): void {
    const house = this.#house;
    if (!house) return;
    this.#isolation.run("the plays", () => this.#plays.tick(house));
    this.#isolation.run("the agents' presence", () => this.#agents.tick(house, this.#unanswered()));
    this.#isolation.run("the drill", () => this.#drills.tick(house));
    this.#isolation.run("the warnings", () => this.#warn(house));
    this.#isolation.run("the charge steps", () => this.#tellCharge(house));
    this.#isolation.run("the monthly drill", () => this.#drillOnSchedule(house));
  }

  #drillOnSchedule(house: House): void {
    const month = this.#drills.dueMonth(this.context.config.file?.drill, house);
    if (month === undefined) return;
    this.#step({ kind: "drilled", month });
    this.#drills.begin({ id: `monthly-${month}`, all: true, by: "the schedule" }, house);
  }

  #tellCharge(house: House): void {
    for (const { device, telling } of this.#chargeSteps?.look(house, this.context.clock.monoMs()) ?? []) {
      this.#dispatch.tell(this.#plays.isPlayed(device) ? asSimulated(telling) : telling);
    }
  }

  #warn(house: House): void {
    const { clock, health } = this.context;
    const conditions = houseWarnings(
      house,
      this.#agents.clocksApart,
      { twins: this.#agents.twins, unanswered: this.#unanswered() },
      clock.monoMs() - this.#startedMonoMs,
      clock.monoMs(),
    );
    for (const code of WARNING_CODES) {
      const condition = conditions.find((one) => one.code === code);
      if (condition) health.raise(condition);
      else health.clear(code);
    }
  }

  /** Without the broker nobody can answer. */
  #unanswered(): readonly string[] {
    return this.#dispatch.isLinkUp ? this.#kept.unanswered(this.context.clock.monoMs()) : [];
  }

  /** Before old readings may trigger anything: those that the hosts contradict are forgotten. */
  #settleDoubt(house: House): void {
    const contradicted = this.#restartGrace.settle(house, this.context.clock.monoMs());
    if (!contradicted) return;
    this.#keeper.endDoubt();
    for (const device of contradicted) this.#step({ kind: "power_is_back", device });
  }

  #step(input: HouseInput): void {
    const house = this.#house;
    if (!house) return;
    this.#settleDoubt(house);
    const { clock } = this.context;
    const effects = house.step(input, clock.monoMs());
    // Most states are news of nothing, and leave a calm station calm for longer; whatever else comes, a round comes after it.
    const isNews = input.kind !== "state" || effects.length > 0 || !house.isCalm(input.device);
    if (isNews) this.#rounds?.dueAt(-Infinity);
    if (effects.length === 0 && input.kind === "state") return this.#show(input, house);
    // Stored before it is said, and marked when the broker has it: a crash in between repeats it with the same id.
    const isMark = effects.length === 0 && input.kind === "host" && input.input.kind === "delivered";
    this.#keeper.keep(house.state, () => {
      for (const effect of effects) {
        const who = effect.kind === "host" ? `host "${effect.agent}"` : `station "${effect.device}"`;
        this.#isolation.run(`what follows for ${who}`, () => this.#carryOut(effect));
      }
      this.#show(input, house);
    }, isMark);
  }

  #showStatus(device: string, house: House): void {
    const context = {
      isBrokerUp: this.#dispatch.isLinkUp,
      cloud: this.#cloud,
      isInDoubt: this.#restartGrace.isInDoubt,
      bootId: this.context.config.bootId,
      unanswered: this.#unanswered(),
    };
    this.#isolation.run(
      `the status of station "${device}"`,
      () => this.#publisher.showStatus(device, house, context),
    );
  }

  #show(input: HouseInput, house: House): void {
    const nowMonoMs = this.context.clock.monoMs();
    const plans = new Plans(house, nowMonoMs);
    const showPlan = (agent: string) =>
      this.#isolation.run(`the plan of host "${agent}"`, () => {
        if (this.#restartGrace.maySpeakFor(agent, house, nowMonoMs)) {
          this.#publisher.showPlan(agent, house, plans);
        }
      });
    for (const device of devicesOf(input, house)) {
      if (input.kind !== "host" || this.#hostNews.admits(device)) this.#showStatus(device, house);
      // What one host does can change the plans of the others by a little: the next tick says so.
      if (input.kind === "host") continue;
      for (const agent of hostsOfStation(house.rulesOf(device))) showPlan(agent);
    }
    if (input.kind === "host") showPlan(input.agent);
  }

  #carryOut(effect: HouseEffect): void {
    const isPlayed = this.#house !== undefined && this.#plays.isPartOf(effect, this.#house);
    const plain = tellingOf(effect);
    const telling = plain && isPlayed ? asSimulated(plain) : plain;
    const isCommand = effect.kind === "host" && effect.effect.kind === "send";
    // That something was sent is told when the broker has it.
    if (telling && !isCommand) this.#dispatch.tell(telling);
    if (effect.kind !== "host") return;
    const { agent, stage } = effect;
    const reason = isPlayed ? `${SIMULATED}${effect.reason}` : effect.reason;
    if (effect.effect.kind === "wake") {
      if (this.#house) this.#dispatch.wake(agent, this.#house.rules.wake, this.ports.wake);
    } else if (effect.effect.kind === "send") {
      const { action, commandId: id, isUnanswered } = effect.effect;
      if (isUnanswered) this.context.log.warn("NO ANSWER: the command is sent again", { agent, id });
      this.#dispatch.send({ agent, id, action, reason, stage }, isUnanswered ? undefined : telling);
    }
  }
}

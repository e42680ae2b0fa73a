/**
 * The UPS entries as clients see them: stations, forced shutdowns and logged-in hosts put together. It keeps the state
 * and asks the rules; what is to be said outside comes back as outcomes. No clock, no MQTT, no sockets.
 */
import type { AgentCommand } from "../../lib/messages/agent/command.ts";
import type { PolicyStatus } from "../../lib/messages/policy_status.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import type { NutHouse, NutUps, NutUser } from "./access/nut_house.ts";
import { estimatedNames } from "./ups/battery_values.ts";
import { RefusedLogins } from "./access/refused_logins.ts";
import { downAfterMsByHost } from "./access/scopes.ts";
import { HostPresence } from "./ups/host_presence.ts";
import { ForcedShutdowns } from "./ups/forced_shutdowns.ts";
import { answerAbort, answerCommand, type Outcome } from "./ups/outcomes.ts";
import { NEW_SESSION } from "./protocol/world.ts";
import { type Step, stepSession } from "./protocol/session.ts";
import { type HostFacts, type Missing, MissingHosts } from "./ups/missing_hosts.ts";
import { type PollView, viewOfPoll } from "./ups/poll_view.ts";
import type { Grace, StationView } from "./ups/station.ts";
import { type Arrival, Stations } from "./ups/stations.ts";
import { UpsEntries } from "./ups_entries.ts";
import { upsVariables } from "./ups/variables.ts";
import type { NutWorld, Session, UpsView } from "./protocol/world.ts";

/** What the registry is told once. */
export interface UpsRegistryConfig extends Pick<NutHouse, "users" | "upses">, Grace {
  readonly lowBatteryPercent: number;
  readonly lowRuntimeSec?: number;
  readonly hasCertificate: boolean;
  /** How long FSD is still shown, after nobody wants it, to clients that have seen it and are still there, ms. */
  readonly fsdHoldMs: number;
  /** After the start, how long a host may take to log in before it counts as offline, ms. */
  readonly loginGraceMs: number;
}

/** So long after the first status of the policy those of all stations are there, ms: the broker hands them out together. */
const SETTLE_MS = 10_000;

/** Runs a part; undefined when it threw, and the others go on. */
export type Isolate = <T>(what: string, act: () => T) => T | undefined;

interface Account {
  readonly ups: NutUps;
  readonly user: NutUser;
}

interface OpenSession {
  readonly address: string;
  session: Session;
  /** What it was told of a UPS in the poll that goes on. */
  poll?: PollView<StationView>;
  /** Whose shutdown it asked for as a primary. */
  forced?: Account;
}

/** See the file comment. Times are monotonic milliseconds; `nowMonoMs` never goes back. */
export class UpsRegistry {
  readonly #stations: Stations;
  readonly #refused = new RefusedLogins();
  readonly #missing = new MissingHosts();
  readonly #sessions = new Map<number, OpenSession>();
  readonly #shutdowns: ForcedShutdowns;
  readonly #entries: UpsEntries;
  readonly #presence: HostPresence;
  #nextSession = 1;
  #heardSinceMonoMs: number | undefined;
  #isDecided = false;

  /** @param isolate Runs what concerns one station alone; absent: what throws ends the whole */
  constructor(
    private readonly config: UpsRegistryConfig,
    private readonly isolate: Isolate = (_what, act) => act(),
  ) {
    this.#stations = new Stations(config);
    this.#shutdowns = new ForcedShutdowns(config, config.fsdHoldMs);
    this.#entries = new UpsEntries(config.upses);
    this.#presence = new HostPresence(this.hosts, config.loginGraceMs, downAfterMsByHost(config));
  }

  /** Hosts of the policy that can log in here. */
  get hosts(): readonly string[] {
    return this.#shutdowns.hosts;
  }

  /** What is known so far of every host, for a broker that may have forgotten it. */
  presences(): readonly Outcome[] {
    return this.#presence.all();
  }

  /** The policy's newest status of a station, when it is to be believed. */
  policyOf(device: string): PolicyStatus | undefined {
    return this.#stations.policyOf(device);
  }

  /** Which hosts no client is logged in for, though they should be, undefined: none. */
  missingHosts(nowMonoMs: number): Missing | undefined {
    return this.#missing.now(this.#hostFacts(nowMonoMs));
  }

  noteState(device: string, state: PowerState, at: Arrival): readonly Outcome[] {
    const before = this.policyOf(device);
    this.#stations.noteState(device, state, at);
    // An outage that the station confirms makes the policy's status from before worth acting on.
    return this.policyOf(device) === before ? [] : this.#applyPolicy(device, false, at.nowMonoMs);
  }

  /** @param at `retained`: kept by the broker from before and too old to be acted on */
  notePolicy(device: string, status: PolicyStatus, at: Arrival): readonly Outcome[] {
    this.#heardSinceMonoMs ??= at.nowMonoMs;
    const before = this.policyOf(device);
    this.#stations.notePolicy(device, status, at);
    const isOver = !at.retained && isCalm(status) && before !== undefined && !isCalm(before);
    return this.#applyPolicy(device, isOver, at.nowMonoMs);
  }

  /** @param lifeMs How long it may still be obeyed */
  command(
    host: string,
    command: AgentCommand,
    { lifeMs, nowMonoMs }: { lifeMs: number; nowMonoMs: number },
  ): readonly Outcome[] {
    const clients = this.#presence.countOf(host);
    const { input, outcomes } = answerCommand(host, command, { lifeMs, clients });
    if (!input) return outcomes;
    const stepped = this.#shutdowns.stepHost(host, input, nowMonoMs);
    if (input.kind !== "abort") return [...stepped, ...outcomes];
    return [
      ...stepped,
      answerAbort(host, command, {
        after: this.#shutdowns.latchOfHost(host),
        isGone: this.#presence.isGoingDown(host),
      }),
    ];
  }

  /** A new connection; its id is never used again. */
  open(address: string): number {
    const id = this.#nextSession++;
    this.#sessions.set(id, { address, session: NEW_SESSION });
    return id;
  }

  /** Handles one line of a session. */
  line(
    id: number,
    words: readonly string[],
    nowMonoMs: number,
  ): Step & { readonly outcomes: readonly Outcome[] } {
    const open = this.#sessions.get(id);
    if (!open) throw new RangeError(`Cannot handle a line: there is no session ${id}`);
    const step = stepSession(open.session, words, this.#world(open, words, nowMonoMs));
    open.session = step.session;
    const outcomes: Outcome[] = [];
    for (const effect of step.effects) {
      if (effect.kind === "login") outcomes.push(...this.#loggedIn(id, open.address, effect));
      if (effect.kind === "login_refused") {
        const refused = { ...effect.refusal, address: open.address };
        const { isTold, untold } = this.#refused.note(refused, nowMonoMs);
        if (isTold) outcomes.push({ kind: "login_refused", refused, untold });
      }
      if (effect.kind === "force_shutdown") {
        open.forced = effect;
        const input = { kind: "client_fsd", session: id } as const;
        outcomes.push(...this.#shutdowns.step(effect.ups, effect.user, input, nowMonoMs));
      }
      if (effect.kind === "shown_fsd" && open.session.login) {
        const { ups, user } = open.session.login;
        outcomes.push(...this.#shutdowns.step(ups, user, { kind: "shown", session: id }, nowMonoMs));
      }
    }
    return { ...step, outcomes };
  }

  /** The connection is in TLS from here on. */
  startedTls(id: number): void {
    const open = this.#sessions.get(id);
    if (open) open.session = { ...open.session, isTls: true };
  }

  /** The connection is gone, for whatever reason. */
  end(id: number, nowMonoMs: number): readonly Outcome[] {
    const open = this.#sessions.get(id);
    this.#sessions.delete(id);
    const ended = { kind: "ended", session: id } as const;
    const outcomes: Outcome[] = [];
    if (open?.session.login) {
      const { ups, user } = open.session.login;
      const { shown, commanded } = this.#shutdowns.latchFor(ups, user);
      const downAfterMs = (user.downAfterSec ?? 0) * 1000;
      const how = { wasShown: shown.has(id), downAfterMs, commandId: commanded?.id };
      outcomes.push(...this.#presence.ended(id, how, nowMonoMs));
      outcomes.push(...this.#shutdowns.step(ups, user, ended, nowMonoMs));
    }
    if (open?.forced) {
      outcomes.push(...this.#shutdowns.step(open.forced.ups, open.forced.user, ended, nowMonoMs));
    }
    return outcomes;
  }

  /** Lets time work: call about once a second. */
  tick(nowMonoMs: number): readonly Outcome[] {
    const alone = (what: string, act: () => readonly Outcome[]) => this.isolate(what, act) ?? [];
    const presences = alone("the hosts' presence", () => this.#presence.tick(nowMonoMs));
    const gone = this.#stations.devices.flatMap((device) =>
      alone(
        `station "${device}"`,
        () =>
          this.#stations.isPolicyGone(device, nowMonoMs) ? this.#applyPolicy(device, false, nowMonoMs) : [],
      )
    );
    const missing = alone("missing hosts", () => this.#missing.tick(this.#hostFacts(nowMonoMs), nowMonoMs));
    const shutdowns = alone("forced shutdowns", () => this.#shutdowns.tick(nowMonoMs));
    const settled = alone("the policy's first words", () => this.#settle(nowMonoMs));
    return [...presences, ...gone, ...settled, ...shutdowns, ...missing];
  }

  #loggedIn(id: number, address: string, { ups, user }: Account): readonly Outcome[] {
    const host = this.#shutdowns.hostFor(ups, user);
    if (host === undefined) return [];
    this.#refused.forgetHost(host);
    return this.#presence.loggedIn(id, { host, address });
  }

  #hostFacts(nowMonoMs: number): ReadonlyMap<string, HostFacts> {
    return new Map(this.hosts.map((host): [string, HostFacts] => {
      const devices = this.#shutdowns.devicesOfHost(host);
      const isDown = devices.some((device) =>
        this.policyOf(device)?.hosts?.some(({ agent, state }) => agent === host && state === "down")
      );
      return [host, {
        isLoggedIn: this.#presence.countOf(host) > 0,
        isExcused: isDown || this.#presence.isGoingDown(host),
        isOnBattery: devices.some((device) => this.#stations.isOnBattery(device, nowMonoMs)),
        hasGrid: devices.every((device) => this.#stations.hasGrid(device, nowMonoMs)),
        refused: this.#refused.lastOf(host),
      }];
    }));
  }

  #applyPolicy(device: string, isOver: boolean, nowMonoMs: number): readonly Outcome[] {
    const statusOf = (name: string): PolicyStatus | undefined => {
      const status = this.policyOf(name);
      return status && this.#stations.isPolicyGone(name, nowMonoMs) ? { ...status, state: "online" } : status;
    };
    const heardOf = (name: string) => this.#stations.memoryOf(name).policy?.status;
    const isSettled = this.#isSettled(nowMonoMs);
    return this.#shutdowns.applyPolicy(device, { statusOf, heardOf, isOver, isSettled, nowMonoMs });
  }

  /** Whether the retained status of every station has had time to come since the first that was heard. */
  #isSettled(nowMonoMs: number): boolean {
    return nowMonoMs - (this.#heardSinceMonoMs ?? nowMonoMs) >= SETTLE_MS;
  }

  /** Once, when that time is over: what was left open until then is decided. */
  #settle(nowMonoMs: number): readonly Outcome[] {
    if (this.#isDecided || !this.#isSettled(nowMonoMs)) return [];
    this.#isDecided = true;
    return this.#stations.devices.flatMap((device) => this.#applyPolicy(device, false, nowMonoMs));
  }

  #world(open: OpenSession, words: readonly string[], nowMonoMs: number): NutWorld {
    return {
      users: this.config.users,
      upses: this.#entries.for(open.address),
      hasCertificate: this.config.hasCertificate,
      view: (ups, session) => {
        const now = this.#stations.view(ups.device, nowMonoMs);
        const { poll, seen } = viewOfPoll(open.poll, words, ups.name, now, nowMonoMs);
        open.poll = poll;
        return this.#view(ups, session, seen);
      },
    };
  }

  #view(ups: NutUps, session: Session, view: StationView): UpsView {
    const memory = this.#stations.memoryOf(ups.device);
    const user = session.login?.ups === ups ? session.login.user : undefined;
    const variables = upsVariables({
      device: ups.device,
      memory,
      view,
      fsd: this.#shutdowns.latchFor(ups, user).on,
      lowBatteryPercent: this.config.lowBatteryPercent,
      lowRuntimeSec: this.config.lowRuntimeSec,
      ratedWatts: ups.ratedWatts,
    });
    const ofThisUps = ({ session }: OpenSession) => session.login?.ups === ups;
    return {
      ups,
      data: variables ? { kind: "known", variables } : { kind: view.kind === "never" ? "never" : "stale" },
      estimated: estimatedNames(view),
      clients: () => [...this.#sessions.values()].filter(ofThisUps).map(({ address }) => address),
    };
  }
}

/** The policy sees no outage. */
function isCalm({ state }: PolicyStatus): boolean {
  return state === "online" || state === "recovery";
}

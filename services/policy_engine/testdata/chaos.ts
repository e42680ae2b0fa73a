/**
 * Generated outages with everything going wrong, and the properties that must hold in each. The world is a slow, obvious
 * simulator that knows the truth; it shares nothing with the policy but its messages. A seed gives the same world again.
 */
import { createHealth } from "../../../lib/health.ts";
import { createLogger } from "../../../lib/log/log.ts";
import type { Clock } from "../../../lib/time/clock.ts";
import { TEST_WALL_MS } from "../../../lib/time/test_clock.ts";
import { abortRefusal, HOLD_MS } from "../requests/abort_requests.ts";
import { House, type HouseEffect, type HouseInput } from "../house.ts";
import { policyStatus } from "../io/explain.ts";
import { simpleRules } from "../rules/simple_rules.ts";
import { SnapshotKeeper } from "../snapshot/keeper.ts";
import { CabledStation } from "./cabled_station.ts";
import { GridKnowledge } from "./grid_knowledge.ts";
import { OddStation } from "./odd_station.ts";
import { type Draw, drawFrom } from "./random.ts";
import { ReferenceAgent } from "./reference_agent.ts";
import { ReferenceStation } from "./reference_station.ts";

/** A property that was broken. */
export interface Violation {
  readonly seed: number;
  readonly property:
    | "told_in_time"
    | "not_told_on_grid"
    | "not_told_early"
    | "nothing_stale_shown"
    | "called_off"
    | "not_told_twice";
  readonly text: string;
}

/** What a played world was like, so that a run can show that it was not a walk in the park. */
export interface Played {
  readonly violation?: Violation;
  /** Hosts that had to be told, hosts that were, restarts, hosts whose battery ended. */
  readonly due: number;
  readonly commanded: number;
  readonly restarts: number;
  readonly ended: number;
  /** Stations that did not tell the grid for a time. */
  readonly untold: number;
  /** Hosts that lost their power while they ran, whether anybody could have known or not. */
  readonly lost: number;
  /** When each host was told for the first time, s of the world. */
  readonly firstToldSec: ReadonlyMap<string, number>;
}

/** Who speaks for the stations: the cloud with all its faults, or it and a cable with all of its own. */
export type Sources = "cloud" | "both";

const STEP_SEC = 10;
const LIMITS = {
  socMinPercent: 10,
  debounceSec: 180,
  cooldownSec: 300,
  abortWindowSec: 120,
  shutdownDelaySec: 60,
  staleAfterSec: 120,
};
const TTL_SEC = 300;
/** A charge that is said is true within so many points. */
const CHARGE_TRUE_POINTS = 3;
/** So long before the end the policy sees it coming at the latest: the reserve and the debounce, s. */
const LAST_SEC = 480;
/** What is allowed for steps of the world, reports and rounding, s. */
const SLACK_SEC = 60;

/**
 * Plays one world from beginning to end.
 *
 * @param trace Hears what happens, to find out why a property broke
 * @param isPlain Its stations tell all that they know, as those of worlds from before there were others
 * @param sources Absent: one source, whose frames carry their true age
 */
export function playOutage(
  seed: number,
  trace: (line: string) => void = () => {},
  isPlain = false,
  sources?: Sources,
): Played {
  return new World(seed, trace, isPlain, sources).play();
}

class World {
  readonly #draw: Draw;
  readonly #lengthSec: number;
  readonly #stations: readonly ReferenceStation[];
  readonly #agents: ReadonlyMap<string, ReferenceAgent>;
  readonly #hosts: Readonly<Record<string, readonly string[]>>;
  readonly #clock = new WorldClock();
  readonly #store = memory();
  readonly #silences: readonly (readonly [number, number])[];
  readonly #brokerDown: readonly (readonly [number, number])[];
  readonly #kills: readonly { atSec: number; awaySec: number; jumpMs: number }[];
  readonly #jumpSecs: readonly number[];
  /** Somebody in the house calls shutdowns off now and then. */
  readonly #isMeddled: boolean;
  #keeper: SnapshotKeeper;
  #house: House;
  #ids = 0;
  #nowSec = 0;
  #violation: Violation | undefined;
  #outbox: { agent: string; action: "shutdown" | "abort"; id: string; untilSec: number; sentSec: number }[] =
    [];
  // What the world knows of what the policy may know.
  readonly #grids: ReadonlyMap<string, GridKnowledge>;
  readonly #odd: ReadonlyMap<string, OddStation>;
  readonly #cabled: ReadonlyMap<string, CabledStation>;
  readonly #firstToldSec = new Map<string, number>();
  readonly #untoldSeen = new Set<string>();
  readonly #socHeard = new Map<string, number>();
  readonly #toldSec = new Map<string, number>();
  readonly #lastCommanded = new Map<string, { id: string; atSec: number }>();
  readonly #lossHeard = new Map<string, number>();
  /** Each step in which the policy could not hear or speak: dead, waiting after a restart, or cut off from the broker. */
  readonly #deafSecs: { readonly atSec: number; readonly forSec: number }[] = [];
  #restarts = 0;
  #due = 0;

  constructor(
    private readonly seed: number,
    private readonly trace: (line: string) => void,
    isPlain: boolean,
    sources?: Sources,
  ) {
    const draw = this.#draw = drawFrom(seed);
    this.#lengthSec = draw.between(30, 120) * 60;
    const names = draw.chance(0.3) ? ["Study", "Attic"] : ["Study"];
    this.#stations = names.map((name) => new ReferenceStation(name, draw, this.#lengthSec));
    this.#hosts = Object.fromEntries(
      names.map((name) => [name, names.length > 1 ? ["shared", `${name} pc`] : ["pc", "nas"]]),
    );
    const agents = new Set(Object.values(this.#hosts).flat());
    this.#agents = new Map([...agents].map((name) => [name, new ReferenceAgent(name, draw)]));
    // Drawn apart, so that the rest of a world is as it was.
    const oddDraw = drawFrom(seed + 0x6d2b);
    const isOdd = !isPlain && oddDraw.chance(0.5);
    this.#odd = new Map(isOdd ? names.map((name) => [name, new OddStation(oddDraw, this.#lengthSec)]) : []);
    this.#grids = new Map(
      names.map((
        name,
      ) => [name, new GridKnowledge(this.#odd.get(name)?.source ?? "auto", LIMITS.staleAfterSec)]),
    );
    const cableDraw = drawFrom(seed + 0x3ab1e);
    this.#cabled = new Map(
      sources === undefined
        ? []
        : names.filter((name) => this.#odd.get(name)?.source !== "witness").map((name) => [
          name,
          new CabledStation(cableDraw, this.#lengthSec, sources === "both", LIMITS.staleAfterSec),
        ]),
    );
    const windows = (most: number, longestSec: number) =>
      Array.from({ length: Math.floor(draw.between(0, most + 1)) }, () => {
        const fromSec = draw.between(0, this.#lengthSec);
        return [fromSec, fromSec + draw.scale(10, longestSec)] as const;
      });
    this.#silences = windows(2, 7200);
    this.#brokerDown = windows(2, 240);
    this.#kills = Array.from({ length: Math.floor(draw.between(0, 4)) }, () => ({
      atSec: draw.between(0, this.#lengthSec),
      awaySec: draw.one([0, 0, 5, 60, 240]),
      jumpMs: draw.one([0, 0, 0, 5000, -1e11, 3e5, 1e10]),
    })).sort((a, b) => a.atSec - b.atSec);
    this.#jumpSecs = draw.chance(0.5)
      ? [draw.between(0, this.#lengthSec), draw.between(0, this.#lengthSec)]
      : [];
    this.#isMeddled = draw.chance(0.2);
    this.#keeper = this.#newKeeper();
    this.#house = this.#begin(0);
  }

  play(): Played {
    const kills = [...this.#kills];
    for (const agent of this.#agents.values()) this.#step(presence(agent.name, agent.isOnline));
    for (; this.#nowSec < this.#lengthSec && !this.#violation; this.#advance(STEP_SEC)) {
      const kill = kills[0];
      if (kill && kill.atSec <= this.#nowSec) {
        kills.shift();
        this.#killAndRestart(kill);
      }
      if (this.#jumpSecs.some((atSec) => atSec >= this.#nowSec && atSec < this.#nowSec + STEP_SEC)) {
        // A step of the clock while we run: by seconds, an hour, years.
        this.#clock.jumpWall(this.#draw.one([-1e11, -7e6, 5000, 4e6, 1e11]));
      }
      this.#talk();
      for (const [name, grid] of this.#grids) {
        grid.reckon(this.#nowSec);
        if (grid.isUntold) this.#untoldSeen.add(name);
        this.#noteLoss(name);
      }
      for (const agent of this.#agents.values()) {
        const feeds = this.#stations.filter(({ name }) => this.#hosts[name]?.includes(agent.name));
        agent.power(
          feeds.some((feed) => feed.endedSec === undefined && feed.hasGrid(this.#nowSec)),
          this.#nowSec,
        );
        this.#listen(agent);
      }
      if (this.#isMeddled) this.#meddle();
      this.#step({ kind: "tick" });
      this.#flush();
      this.#checkShown();
      this.#checkEnds();
    }
    this.#checkCalledOff();
    return {
      violation: this.#violation,
      due: this.#due,
      commanded: this.#toldSec.size,
      restarts: this.#restarts,
      untold: this.#untoldSeen.size,
      lost: this.#lost,
      firstToldSec: this.#firstToldSec,
      ended: this.#stations.filter(({ endedSec }) => endedSec !== undefined).length,
    };
  }

  /** A person calls a shutdown off where that is allowed: the policy may be silent for as long. */
  #meddle(): void {
    for (const { name } of this.#stations) {
      if (!this.#draw.chance(0.02) || this.#isIn(this.#brokerDown)) continue;
      if (abortRefusal(name, this.#house, this.#clock.monoMs()) !== undefined) continue;
      this.#trace(`somebody holds "${name}" back`);
      const untilMonoMs = this.#clock.monoMs() + HOLD_MS;
      this.#step({ kind: "hold", device: name, hold: { untilMonoMs, reason: "somebody" } });
      this.#deafSecs.push({ atSec: this.#nowSec, forSec: HOLD_MS / 1000 });
    }
  }

  #isIn(windows: readonly (readonly [number, number])[]): boolean {
    return windows.some(([from, to]) => from <= this.#nowSec && this.#nowSec < to);
  }

  #advance(seconds: number): void {
    const toSec = this.#nowSec + seconds;
    for (const station of this.#stations) station.pass(this.#nowSec, toSec);
    this.#clock.pass(seconds * 1000);
    if (this.#isIn(this.#brokerDown)) this.#deafSecs.push({ atSec: this.#nowSec, forSec: seconds });
    this.#nowSec = toSec;
  }

  /** The stations' readings, with what can happen to readings on their way. */
  #talk(): void {
    const draw = this.#draw;
    if (this.#isIn(this.#brokerDown)) return;
    for (const station of this.#stations) {
      const odd = this.#odd.get(station.name);
      const witnessed = odd?.witnessed(station.hasGrid(this.#nowSec), this.#nowSec);
      if (witnessed !== undefined) {
        const reading = {
          name: "plug",
          value: witnessed,
          atMonoMs: this.#clock.monoMs(),
          staleAfterMs: 120_000,
        };
        this.#grids.get(station.name)?.witnessSays(witnessed, this.#nowSec);
        this.#step({ kind: "witness", device: station.name, reading });
      }
      if (station.endedSec !== undefined) continue;
      const isSilent = this.#isIn(this.#silences);
      const cabled = this.#cabled.get(station.name);
      if (cabled) {
        this.#talkByBoth(station, cabled, odd, isSilent);
        continue;
      }
      if (!isSilent) {
        const plain = station.state(this.#nowSec);
        const said = odd?.said(plain, this.#nowSec) ?? plain;
        let state = { ...said, age_s: 0, grid_age_s: said.grid_age_s ?? 0, soc_age_s: 0 };
        if (draw.chance(0.1)) state = { ...state, grid_connected: undefined } as typeof state;
        if (draw.chance(0.05)) state = { ...state, soc: undefined } as typeof state;
        this.#said.push({ state, atSec: this.#nowSec });
        this.#tell(state, this.#nowSec);
      }
      // An old reading again, with its age: repeated, out of order, or the stale republishing of a silent cloud.
      const old = this.#said.length > 0 && draw.chance(isSilent ? 0.5 : 0.05)
        ? this.#said[Math.max(0, this.#said.length - 1 - Math.floor(draw.scale(1, 60)))]
        : undefined;
      if (old) this.#tell(old.state, old.atSec);
    }
  }
  readonly #said: { state: ReturnType<ReferenceStation["state"]>; atSec: number }[] = [];

  #tell(state: ReturnType<ReferenceStation["state"]>, trueSec: number): void {
    const { device } = state;
    const ageSec = this.#nowSec - trueSec;
    this.#grids.get(device)?.stationSays(
      state.grid_connected,
      state.grid_unknown === true,
      trueSec,
      this.#nowSec,
      trueSec - (state.grid_age_s ?? 0),
    );
    if (state.soc !== undefined) {
      this.#socHeard.set(device, Math.max(trueSec, this.#socHeard.get(device) ?? 0));
    }
    this.#noteLoss(device);
    const arrival = { atMonoMs: this.#clock.monoMs(), atWallMs: this.#clock.wallMs(), retained: false };
    const grid_age_s = ageSec + (state.grid_age_s ?? 0);
    const aged = { ...state, age_s: ageSec, grid_age_s, soc_age_s: ageSec, link: "live" as const };
    this.#step({ kind: "state", device, state: aged, arrival });
  }

  /** Both sources speak, and what comes of it is said as often as the decoder says it. */
  #talkByBoth(
    station: ReferenceStation,
    cabled: CabledStation,
    odd: OddStation | undefined,
    isSilent: boolean,
  ): void {
    const [now, hasGrid] = [this.#nowSec, station.hasGrid(this.#nowSec)];
    const truth = station.state(now);
    if (!isSilent) cabled.cloudSays(odd?.said(truth, now) ?? truth, hasGrid, now);
    cabled.poll(truth, now);
    const state = cabled.state(station.name, now);
    if (!state) return;
    const { name: device } = station;
    const grids = this.#grids.get(device);
    if (cabled.isHonest(now)) {
      // Whatever the cloud says meanwhile: the truth was told.
      grids?.stationSays(hasGrid, false, now, now);
    } else if (state.grid_connected !== undefined || state.grid_unknown) {
      grids?.stationSays(
        state.grid_connected,
        state.grid_unknown === true,
        now - (state.age_s ?? 0),
        now,
        now - (state.grid_age_s ?? state.age_s ?? 0),
      );
    }
    const isTooHigh = state.soc !== undefined && truth.soc !== undefined &&
      state.soc - truth.soc > CHARGE_TRUE_POINTS && (state.soc_age_s ?? 0) <= LIMITS.staleAfterSec;
    // With a dead cable, and a cloud whose frames are old and look new, nobody can know how empty the battery is.
    if (isTooHigh && !cabled.isHonest(now)) this.#deafSecs.push({ atSec: now, forSec: STEP_SEC });
    if (state.soc !== undefined) {
      const socSec = now - (state.soc_age_s ?? state.age_s ?? 0);
      this.#socHeard.set(device, Math.max(socSec, this.#socHeard.get(device) ?? 0));
    }
    this.#noteLoss(device);
    const arrival = { atMonoMs: this.#clock.monoMs(), atWallMs: this.#clock.wallMs(), retained: false };
    this.#step({ kind: "state", device, state, arrival });
  }

  #listen(agent: ReferenceAgent): void {
    for (const { say } of agent.until(this.#nowSec)) {
      if (say.kind === "presence") {
        this.#trace(`${agent.name} is ${say.online ? "on" : "off"}line`);
        // A host that has booted in the outage must be told anew.
        if (say.online) this.#lastCommanded.delete(agent.name);
        this.#step(presence(agent.name, say.online));
      } else {
        const input = { kind: "ack", commandId: say.id, status: say.status } as const;
        this.#step({ kind: "host", agent: agent.name, input });
      }
    }
  }

  #step(input: HouseInput, isCutOff = false): void {
    const effects = this.#house.step(input, this.#clock.monoMs());
    for (const effect of effects) this.#trace(`${isCutOff ? "cut off: " : ""}${JSON.stringify(effect)}`);
    if (effects.length === 0 && input.kind === "state") return;
    this.#keeper.keep(this.#house.state, () => {
      if (isCutOff) return;
      for (const effect of effects) this.#carryOut(effect);
    });
  }

  #carryOut(effect: HouseEffect): void {
    if (effect.kind !== "host" || effect.effect.kind !== "send") return;
    const { agent } = effect;
    const { action, commandId: id } = effect.effect;
    if (!effect.effect.isRepeat || action === "abort") this.#checkTelling(agent, action, id);
    this.#outbox.push({ agent, action, id, untilSec: this.#nowSec + TTL_SEC, sentSec: this.#nowSec });
  }

  /** What waits for the broker goes out, and reaches agents that are there; expired commands never do. */
  #flush(): void {
    if (this.#isIn(this.#brokerDown)) return;
    for (const { agent, action, id, untilSec } of this.#outbox.splice(0)) {
      if (this.#nowSec >= untilSec) continue;
      if (action === "shutdown" && !this.#toldSec.has(agent)) this.#toldSec.set(agent, this.#nowSec);
      if (action === "shutdown" && !this.#firstToldSec.has(agent)) {
        this.#firstToldSec.set(agent, this.#nowSec);
      }
      if (action === "abort") this.#toldSec.delete(agent);
      this.#step({ kind: "host", agent, input: { kind: "delivered", commandId: id } });
      this.#agents.get(agent)?.obey(action, id, this.#nowSec);
    }
  }

  #killAndRestart({ awaySec, jumpMs }: { awaySec: number; jumpMs: number }): void {
    this.#restarts++;
    this.#trace(`killed for ${awaySec} s, the clock jumps by ${jumpMs} ms`);
    // Killed in the middle of a step: stored, but nothing of it was sent.
    if (this.#draw.chance(0.5)) this.#step({ kind: "tick" }, true);
    this.#outbox = [];
    this.#deafSecs.push({ atSec: this.#nowSec, forSec: awaySec });
    for (let left = awaySec; left > 0; left -= STEP_SEC) {
      this.#advance(Math.min(left, STEP_SEC));
      for (const agent of this.#agents.values()) agent.until(this.#nowSec);
    }
    for (const cabled of this.#cabled.values()) cabled.forget();
    this.#clock.jumpWall(jumpMs);
    const awayMs = awaySec * 1000 + jumpMs;
    const isSure = awayMs >= 0 && awayMs <= 60_000;
    const graceSec = isSure ? 30 : 300;
    this.#deafSecs.push({ atSec: this.#nowSec, forSec: graceSec });
    // After what looks like more than an hour the policy forgets the outage on purpose.
    if (awayMs > 3_600_000) {
      for (const grid of this.#grids.values()) grid.forget();
      this.#lossHeard.clear();
      this.#toldSec.clear();
    }
    this.#lastCommanded.clear();
    for (const grid of this.#grids.values()) grid.restart(isSure, this.#nowSec);
    this.#keeper = this.#newKeeper();
    this.#house = this.#begin(graceSec);
    for (const agent of this.#agents.values()) this.#step(presence(agent.name, agent.isOnline));
  }

  #begin(graceSec: number): House {
    const { house } = this.#keeper.restore(this.#rules(0));
    return new House(house, this.#rules(this.#clock.monoMs() + graceSec * 1000), () => `id-${++this.#ids}`);
  }

  #rules(notBeforeMonoMs: number) {
    const rules = simpleRules({ ...LIMITS, stations: this.#hosts }, notBeforeMonoMs);
    const stations = Object.entries(rules.stations).map(([name, station]) =>
      [name, { ...station, grid: this.#odd.get(name)?.source }] as const
    );
    return { ...rules, stations: Object.fromEntries(stations) };
  }

  #newKeeper(): SnapshotKeeper {
    // A snapshot that cannot be read back is an error, and ends the world.
    const log = createLogger("chaos", "error", ({ text, fields }) => {
      throw new Error(`${text} ${fields.reason}`);
    });
    return new SnapshotKeeper({ clock: this.#clock, health: createHealth(), log, store: this.#store });
  }

  #feeds(agent: string): readonly string[] {
    return Object.keys(this.#hosts).filter((device) => this.#hosts[device]?.includes(agent));
  }

  #trace(line: string): void {
    this.trace(`${Math.round(this.#nowSec)} s: ${line}`);
  }

  #break(property: Violation["property"], text: string): void {
    this.#violation ??= { seed: this.seed, property, text: `at ${this.#nowSec} s: ${text}` };
  }

  /** No host is told while its grid is known to be there, and none twice for nothing. */
  #checkTelling(agent: string, action: "shutdown" | "abort", id: string): void {
    if (action === "abort") return void this.#lastCommanded.delete(agent);
    const fed = this.#feeds(agent).find((device) => this.#grids.get(device)?.mustBe(true, this.#nowSec));
    if (fed !== undefined) this.#break("not_told_on_grid", `${agent} is told although "${fed}" has the grid`);
    if (!this.#feeds(agent).some((device) => this.#grids.get(device)?.mayBe(false, this.#nowSec))) {
      this.#break("not_told_on_grid", `${agent} is told although nobody said that the grid is gone`);
    }
    this.#checkEarly(agent);
    const last = this.#lastCommanded.get(agent);
    if (last && last.id !== id && this.#nowSec - last.atSec < LIMITS.cooldownSec) {
      this.#break("not_told_twice", `${agent} is told again after ${this.#nowSec - last.atSec} s`);
    }
    if (last?.id !== id) this.#lastCommanded.set(agent, { id, atSec: this.#nowSec });
  }

  /** With half a battery, an hour left and all of it heard, nothing is wrong yet, whatever else a station says. */
  #checkEarly(agent: string): void {
    const feeds = this.#stations.filter(({ name }) => this.#hosts[name]?.includes(agent));
    const isWell = feeds.every((feed) =>
      feed.percent - feed.floorPercent > 50 && feed.minutesLeft(this.#nowSec) > 60 &&
      this.#nowSec - (this.#socHeard.get(feed.name) ?? -Infinity) <= LIMITS.staleAfterSec
    );
    if (isWell) this.#break("not_told_early", `${agent} is told with half a battery`);
  }

  #noteLoss(device: string): void {
    if (!this.#grids.get(device)?.mustBe(false, this.#nowSec)) this.#lossHeard.delete(device);
    else if (!this.#lossHeard.has(device) && this.#socHeard.has(device)) {
      this.#lossHeard.set(device, this.#nowSec);
    }
  }

  /** Nothing shown as live is older than its limit. */
  #checkShown(): void {
    if (this.#nowSec % (3 * STEP_SEC) >= STEP_SEC) return;
    for (const { name } of this.#stations) {
      const ways = { isBrokerUp: true };
      const status = policyStatus(name, this.#house, ways, this.#clock.monoMs(), this.#clock.wallMs());
      if (!status) continue;
      const socAgeSec = this.#nowSec - (this.#socHeard.get(name) ?? -Infinity);
      if (status.soc !== undefined && !status.soc_estimated && socAgeSec > LIMITS.staleAfterSec) {
        this.#break("nothing_stale_shown", `the charge of "${name}" is ${socAgeSec} s old and shown as live`);
      }
      const knowledge = this.#grids.get(name);
      const trueSec = knowledge?.newestTrueSec;
      // "Nobody has said" shows nothing, and of an outage that goes on untold it is said that it is the last word.
      const isSaidOld = status.grid_unknown === true &&
        (status.state === "shutting_down" || status.state === "recovery" ||
          /as .* last/.test(status.sentence));
      if (/^The grid is there/.test(status.sentence) && !knowledge?.mayBe(true, this.#nowSec)) {
        this.#break(
          "nothing_stale_shown",
          `"${name}" is shown with the grid, which nobody says: ${status.sentence}`,
        );
      }
      if (
        trueSec !== undefined && status.state !== "unknown" && !status.blind && !isSaidOld &&
        this.#nowSec - trueSec > LIMITS.staleAfterSec
      ) {
        this.#break("nothing_stale_shown", `the grid of "${name}" is ${this.#nowSec - trueSec} s old`);
      }
    }
  }

  /** A host whose battery ends was told in time, whenever anything could have told it. */
  #checkEnds(): void {
    for (const agent of this.#agents.keys()) {
      const feeds = this.#stations.filter(({ name }) => this.#hosts[name]?.includes(agent));
      const isDark = feeds.every(({ endedSec }) => endedSec !== undefined);
      if (!isDark || this.#judged.has(agent)) continue;
      this.#judged.add(agent);
      if (this.#agents.get(agent)?.isDown) continue;
      this.#lost++;
      const losses = feeds.flatMap(({ name }) => this.#lossHeard.get(name) ?? []);
      if (losses.length < feeds.length) continue;
      // A return that nobody told is no return for the policy but a charge that rises; what counts is the loss after it.
      const sinceSec = Math.max(...losses, ...feeds.map((feed) => feed.lostSec(this.#nowSec)));
      const endSec = Math.max(...feeds.map(({ endedSec }) => endedSec ?? 0));
      // A debounce and the host's own delay must fit in, with time to hear and speak: in all, and in the last minutes.
      // A station that tells its charge alone and falls silent gives no reading on its load, and load and minutes of before the
      // outage do not count: the estimate begins when the last charge is too old.
      const isMute = this.#isSilentBetween(sinceSec, endSec) &&
        feeds.some(({ name, talk }) => talk === "charge" || (this.#socHeard.get(name) ?? 0) < sinceSec);
      const neededSec = LIMITS.debounceSec + LIMITS.shutdownDelaySec + SLACK_SEC +
        (isMute ? LIMITS.staleAfterSec : 0) +
        // After such a return the charge must fall a point before it is seen to fall.
        Math.max(
          ...feeds.map((feed) => this.#grids.get(feed.name)?.isUntold ? feed.secondsPerPoint(sinceSec) : 0),
        );
      const fromSec = Math.max(sinceSec, endSec - LAST_SEC);
      if (endSec - sinceSec - this.#deafBetween(sinceSec, endSec) < neededSec) continue;
      if (endSec - fromSec - this.#deafBetween(fromSec, endSec) < neededSec) continue;
      this.#due++;
      const toldSec = this.#toldSec.get(agent);
      if (toldSec === undefined || toldSec > endSec - LIMITS.shutdownDelaySec) {
        const how = feeds.map(({ name, talk, floorPercent }) => `${name} says ${talk}, floor ${floorPercent}`)
          .join("; ");
        this.#break(
          "told_in_time",
          `${agent} went dark at ${endSec} s, the loss was known at ${sinceSec} s, told at ${toldSec} s (${how})`,
        );
      }
    }
  }
  #lost = 0;
  readonly #judged = new Set<string>();

  #isSilentBetween(fromSec: number, toSec: number): boolean {
    return this.#silences.some(([from, to]) => from < toSec && to > fromSec);
  }

  #deafBetween(fromSec: number, toSec: number): number {
    return this.#deafSecs.reduce(
      (sum, { atSec, forSec }) =>
        sum + Math.max(0, Math.min(toSec, atSec + forSec) - Math.max(fromSec, atSec)),
      0,
    );
  }

  /** With the grid back for a while, nobody is left believing that it shall go down. */
  #checkCalledOff(): void {
    if (this.#violation || this.#isIn(this.#brokerDown)) return;
    for (const [agent, { phase }] of this.#house.state.hosts) {
      const isBack = this.#feeds(agent).every((device) =>
        this.#grids.get(device)?.mustBe(true, this.#nowSec)
      );
      if (phase.kind === "commanded" && isBack) {
        this.#break("called_off", `${agent} is still told although the grid is back`);
      }
    }
  }
}

/** Two times that a world moves by hand; nothing can wait on it. */
class WorldClock implements Clock {
  readonly speed = 1;
  #mono = 0;
  #wallOffset = TEST_WALL_MS;
  readonly monoMs = () => this.#mono;
  readonly wallMs = () => this.#mono + this.#wallOffset;
  pass(ms: number): void {
    this.#mono += ms;
  }
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }
  after(): never {
    throw new Error("Cannot wait: a world has no timers");
  }
  every = this.after;
  sleep = this.after;
}

function presence(agent: string, online: boolean): HouseInput {
  return { kind: "host", agent, input: { kind: "presence", online, isLive: true } };
}

function memory() {
  let text: string | undefined;
  const write = (next: string) => void (text = next);
  return { read: () => text, write, writePlain: write, setAside: () => "" };
}

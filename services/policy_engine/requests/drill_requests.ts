/** Takes requests for drills, sends the commands, collects the answers, publishes the report. */
import type { Bus, BusMessage } from "../../../lib/workers/bus.ts";
import type { Clock } from "../../../lib/time/clock.ts";
import { encodeDrillReport, parseDrillRequest } from "../../../lib/messages/drill.ts";
import type { DrillReport, DrillRequest } from "../../../lib/messages/drill.ts";
import type { Topics } from "../../../lib/mqtt/topics.ts";
import {
  type Drill,
  drilledHosts,
  drillRefusal,
  drillReport,
  isDrillOver,
  noteAnswer,
  outageOf,
  wouldTakeMs,
} from "./drill.ts";
import { dueMonth } from "./drill_schedule.ts";
import { lateness } from "./lateness.ts";
import type { House } from "../house.ts";
import type { PolicyFile } from "../rules/policy_file_schema.ts";

/** What is needed of the service. */
export interface DrillParts {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly topics: Topics;
  readonly newId: () => string;
  readonly send: (agent: string, commandId: string, reason: string) => void;
  /** Tells the log and the journal. */
  readonly tell: (kind: "drill_begins" | "drill_ended" | "drill_refused", text: string, id: string) => void;
  /** Whether an agent surely knows a drill from a shutdown: it has a key, or is a NUT client, which is told nothing by a drill. */
  readonly knowsDrills: (agent: string) => boolean;
  /** A host would take so long to go down. */
  readonly learn: (agent: string, tookMs: number) => void;
}

/** Agents of the predecessor know no drills; nobody knows what one of them takes it for. */
const NOT_ASKED =
  "not asked: it has no key, and an older program may take a drill for a shutdown; give it a key";

/** See the file comment. */
export class DrillRequests {
  #drill: Drill | undefined;
  /** What was published last. */
  #said: DrillReport | undefined;

  constructor(private readonly parts: DrillParts) {}

  /** A drill runs. */
  get isRunning(): boolean {
    return this.#drill !== undefined;
  }

  /** @throws InvalidInputError on a payload that is no request */
  onRequest({ topic, payload, retained }: BusMessage, house: House): void {
    // A request that the broker kept would drill at every start.
    if (retained || payload.length === 0) return;
    const request = parseDrillRequest(payload, `MQTT topic "${topic}"`);
    const late = lateness(request, this.parts.clock.wallMs());
    if (late !== undefined) {
      this.parts.tell("drill_refused", `No drill now: ${late}`, request.id);
      if (!this.#drill) this.#publish(this.#refused(request.id, late));
      return;
    }
    this.begin(request, house);
  }

  /** The last report once more: a broker that came back may have lost it. */
  sayAgain(): void {
    if (this.#said) this.#publish(this.#said);
  }

  /**
   * The month whose drill is due now, as `2026-11`, and could be begun; undefined when none is.
   *
   * @param schedule Of the policy file; undefined: nobody wants one
   */
  dueMonth(schedule: PolicyFile["drill"], house: House): string | undefined {
    if (!schedule) return undefined;
    const at = { day: schedule.monthly_day, hour: schedule.hour };
    const month = dueMonth(at, house.state.drilledMonth, this.parts.clock.wallMs());
    if (month === undefined || drillRefusal({}, house, undefined) !== undefined) {
      return undefined;
    }
    return month;
  }

  /** Begins, or says why not. */
  begin(request: DrillRequest, house: House): void {
    const { clock, newId, send, tell } = this.parts;
    const refusal = drillRefusal(request, house, this.#drill);
    if (refusal !== undefined) {
      tell("drill_refused", `No drill now: ${refusal}`, request.id);
      // The report of the drill that runs stays where it is.
      if (!this.#drill) this.#publish(this.#refused(request.id, refusal));
      return;
    }
    const agents = drilledHosts(request, house);
    const hosts = agents.map((agent) =>
      this.parts.knowsDrills(agent)
        ? { agent, commandId: newId(), state: "waiting" as const }
        : { agent, commandId: newId(), state: "rejected" as const, detail: NOT_ASKED }
    );
    const drill = { id: request.id, startedMonoMs: clock.monoMs(), startedWallMs: clock.wallMs(), hosts };
    this.#drill = drill;
    tell(
      "drill_begins",
      `A drill begins${request.by ? ` (${request.by})` : ""}: ${agents.join(", ")}`,
      request.id,
    );
    for (const { agent, commandId, state } of hosts) {
      if (state === "waiting") send(agent, commandId, "a drill: everything but the last step");
    }
    this.#report(drill, "running", house);
  }

  /** An agent answered something. */
  onAnswer(answer: Parameters<typeof noteAnswer>[1], house: House): void {
    if (!this.#drill) return;
    const after = noteAnswer(this.#drill, answer, this.parts.clock.monoMs());
    if (after === this.#drill) return;
    this.#drill = after;
    this.#report(after, "running", house);
    this.tick(house);
  }

  /** Ends a drill whose time has come, or that an outage overtakes. */
  tick(house: House): void {
    const drill = this.#drill;
    if (!drill) return;
    const outage = outageOf(drill.hosts.map(({ agent }) => agent), house);
    if (outage === undefined && !isDrillOver(drill, this.parts.clock.monoMs())) return;
    for (const host of drill.hosts) {
      const tookMs = wouldTakeMs(drill, host, house);
      if (tookMs !== undefined) this.parts.learn(host.agent, tookMs);
    }
    const cause = outage === undefined ? undefined : `"${outage}" is on battery`;
    const { sentence } = this.#report(drill, "ended", house, cause);
    this.#drill = undefined;
    this.parts.tell("drill_ended", sentence, drill.id);
  }

  #report(drill: Drill, state: "running" | "ended", house: House, cause?: string): DrillReport {
    const { clock } = this.parts;
    const times = { nowMonoMs: clock.monoMs(), nowWallMs: clock.wallMs() };
    const report = drillReport(drill, house, state, times, cause);
    this.#publish(report);
    return report;
  }

  #refused(id: string, reason: string): DrillReport {
    const ts = new Date(this.parts.clock.wallMs()).toISOString();
    return { id, state: "refused", sentence: `No drill now: ${reason}.`.slice(0, 500), hosts: [], ts };
  }

  #publish(report: DrillReport): void {
    const { bus, topics } = this.parts;
    this.#said = report;
    bus.publish(topics.drillReport, encodeDrillReport(report), { retain: true, qos: 1 }).catch(() => {});
  }
}

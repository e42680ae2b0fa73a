/** Takes a person's requests to call a shutdown off, and says in the journal what came of them. */
import type { BusMessage } from "../../../lib/workers/bus.ts";
import { type AbortRequest, parseAbortRequest } from "../../../lib/messages/abort_request.ts";
import { lastsFor } from "../outage/battery.ts";
import { batteryOfOpen } from "../outage/floor.ts";
import type { Hold } from "../outage/timer.ts";
import type { House } from "../house.ts";
import { lateness } from "./lateness.ts";
import { needFromMs } from "../outage/stages.ts";
import { stationBattery, stationPhase } from "../outage/station.ts";

/** Hosts are left alone for so long after a person called them off, ms. Then the conditions count again. */
export const HOLD_MS = 300_000;

/** What is needed of the service. */
export interface AbortParts {
  readonly nowMonoMs: () => number;
  readonly nowWallMs: () => number;
  readonly hold: (device: string, hold: Hold) => void;
  /** Tells the log and the journal. */
  readonly tell: (kind: "shutdown_held" | "abort_refused", device: string, text: string, id: string) => void;
}

/** Why a shutdown cannot be called off now, or undefined when it can. */
export function abortRefusal(device: string, house: House, nowMonoMs: number): string | undefined {
  const state = house.state.stations.get(device);
  if (!state) return `there is no station "${device}"`;
  const { kind } = stationPhase(state);
  if (kind !== "critical" && kind !== "shutting_down") return "no shutdown is pending";
  const station = house.rulesOf(device);
  const view = house.viewFor(device);
  const battery = stationBattery(state, house.rules, station, nowMonoMs);
  const needMs = needFromMs(station, 1, view);
  const remaining = batteryOfOpen(battery, station, view, state.readings)?.remaining;
  if (!remaining || lastsFor(remaining, HOLD_MS + needMs)) return undefined;
  const needMin = Math.ceil((HOLD_MS + needMs) / 60_000);
  return `the battery lasts for about ${Math.floor(remaining.minutes)} min, ` +
    `and waiting and an orderly shutdown need ${needMin} min`;
}

/** See the file comment. */
export class AbortRequests {
  constructor(private readonly parts: AbortParts) {}

  /** @throws InvalidInputError on a payload that is no request */
  onRequest({ topic, payload, retained }: BusMessage, house: House): void {
    // A request that the broker kept would hold at every start.
    if (retained || payload.length === 0) return;
    this.#take(parseAbortRequest(payload, `MQTT topic "${topic}"`), house);
  }

  #take({ id, device, by, issued_at }: AbortRequest, house: House): void {
    const { nowMonoMs, nowWallMs, hold, tell } = this.parts;
    const refusal = lateness({ issued_at }, nowWallMs()) ?? abortRefusal(device, house, nowMonoMs());
    if (refusal !== undefined) {
      return tell("abort_refused", device, `${device}: not aborted: ${refusal}`, id);
    }
    const minutes = HOLD_MS / 60_000;
    const reason = `${by ?? "a person"} holds the shutdown back for ${minutes} min`;
    tell("shutdown_held", device, `${device}: ${reason}`, id);
    hold(device, { untilMonoMs: nowMonoMs() + HOLD_MS, reason });
  }
}

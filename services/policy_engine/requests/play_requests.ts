/** Simulated events on a running system: lets their states in, tells when one begins and ends, and clears up after it. */
import type { Clock } from "../../../lib/time/clock.ts";
import type { Logger } from "../../../lib/log/log.ts";
import type { PowerState } from "../../../lib/messages/power_state.ts";
import type { House, HouseEffect } from "../house.ts";
import { playTelling, type Telling } from "../io/journal.ts";
import { feedsOf, hostsOfStation } from "../rules/rules.ts";
import { Plays } from "./plays.ts";

/** What is needed of the service. */
export interface PlayParts {
  readonly clock: Clock;
  readonly log: Logger;
  /** Stations that the owner lets be played. */
  readonly simulatedStations: readonly string[];
  /** Tells the log and the journal. */
  readonly tell: (telling: Telling) => void;
  /** The play is over: its hosts are called off. */
  readonly end: (device: string) => void;
  /** The same of one that the end of the daemon cut off. */
  readonly endCutOff: (device: string) => void;
  /** The station is looked at anew. */
  readonly look: (device: string) => void;
  /** The station is not there any more: its status is taken back. */
  readonly takeBack: (device: string) => void;
}

/** See the file comment. */
export class PlayRequests {
  readonly #plays: Plays;

  constructor(private readonly parts: PlayParts) {
    this.#plays = new Plays(parts.simulatedStations);
  }

  /** Whether a play runs there, or its hosts are still being called off. */
  isPlayed(device: string): boolean {
    return this.#plays.isPlayed(device);
  }

  /** Whether what happens there is a part of a play. */
  isPartOf(effect: HouseEffect, house: House): boolean {
    if (effect.kind !== "host") return this.#plays.isPlayed(effect.device);
    return feedsOf(effect.agent, house.rules).some((device) => this.#plays.isPlayed(device));
  }

  /** Whether a state may be looked at: a played one only where playing is allowed, and never beside a real one. */
  admits(device: string, state: PowerState, retained: boolean): boolean {
    const { clock, log, tell } = this.parts;
    const answer = this.#plays.judge(device, state, retained, clock.monoMs());
    switch (answer.kind) {
      case "refuse":
        if (answer.isNews) log.warn("SIMULATED STATE REFUSED", { device, reason: answer.reason });
        return false;
      case "real":
        this.end(device, "somebody else feeds this station");
        return true;
      case "take":
        if (answer.isFirst) tell(playTelling(device, true, "a simulated event begins"));
        return true;
    }
  }

  /** After a restart: hosts that a play had told, and that hang on nothing else, are called off. It is in no snapshot, its hosts are. */
  resume(house: House): void {
    const { simulatedStations, tell, endCutOff } = this.parts;
    for (const device of simulatedStations) {
      const isTold = hostsOfStation(house.rulesOf(device)).some((agent) => {
        const kind = house.state.hosts.get(agent)?.phase.kind;
        const isItsOwn = feedsOf(agent, house.rules).every((one) => simulatedStations.includes(one));
        return isItsOwn && (kind === "commanded" || kind === "aborting");
      });
      if (!isTold) continue;
      this.#plays.cutOff(device);
      tell(playTelling(device, false, "the simulated event is over: the daemon was started anew"));
      endCutOff(device);
    }
  }

  /** Ends a play, if one runs. */
  end(device: string, reason: string): void {
    if (!this.#plays.end(device)) return;
    this.parts.tell(playTelling(device, false, `the simulated event is over: ${reason}`));
    this.parts.end(device);
  }

  /** Plays that nobody goes on with end; when their hosts are called off, nothing of them is left. */
  tick(house: House): void {
    const { clock, look, takeBack } = this.parts;
    for (const device of this.#plays.expired(clock.monoMs())) this.end(device, "nobody went on with it");
    for (const device of this.#plays.over()) {
      if (!house.forgetPlay(device)) continue;
      this.#plays.forget(device);
      if (house.state.stations.has(device)) look(device);
      else takeBack(device);
    }
  }
}

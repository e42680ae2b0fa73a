/**
 * Notices when a listener takes no connections any more. Deno 2.9.6's `node:net` never accepts again after one accept that
 * failed, as it does when no file descriptor is left, and says nothing: only a knock at our own door shows it.
 */
import { connect, type Socket } from "node:net";
import type { Clock } from "../../../lib/time/clock.ts";

/** Seconds of real time. */
export interface WatchTimes {
  /** After so long without a connection it is tried. */
  readonly quietSec: number;
  /** A knock that nobody hears for so long means that nobody listens. */
  readonly patienceSec: number;
}

/** Once a minute: about as often as somebody who looks would load the page again. */
export const WATCH_TIMES: WatchTimes = { quietSec: 60, patienceSec: 5 };

/** See the file comment. */
export class ListenerWatch {
  /** Undefined until the first: a runtime that tells of no connections is not watched. */
  #heardMonoMs: number | undefined;
  #knock: { readonly socket: Socket; readonly atMonoMs: number } | undefined;

  constructor(private readonly clock: Clock, private readonly times: WatchTimes = WATCH_TIMES) {}

  /** Whether a connection was ever accepted. */
  get hasHeard(): boolean {
    return this.#heardMonoMs !== undefined;
  }

  /** A connection was accepted, whoever's it is. */
  heard(): void {
    this.#heardMonoMs = this.clock.monoMs();
    this.stop();
  }

  /** To be called every second. @returns true when the listener must be opened anew */
  isDeaf(host: string, port: number): boolean {
    const nowMonoMs = this.clock.monoMs();
    if (this.#heardMonoMs === undefined) return false;
    if (this.#knock === undefined) {
      if (nowMonoMs - this.#heardMonoMs < this.times.quietSec * 1000) return false;
      const socket = connect(port, host);
      socket.on("error", () => {});
      this.#knock = { socket, atMonoMs: nowMonoMs };
      return false;
    }
    if (nowMonoMs - this.#knock.atMonoMs < this.times.patienceSec * 1000) return false;
    this.heard();
    return true;
  }

  /** Ends a knock that is under way. */
  stop(): void {
    this.#knock?.socket.destroy();
    this.#knock = undefined;
  }
}

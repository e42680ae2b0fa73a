/** A NUT server elsewhere in the house as a grid witness: asks it now and then whether its UPS is on line. */
import type { Cancel, Clock } from "../../../lib/time/clock.ts";
import { errorText } from "../../../lib/errors.ts";
import type { Logger } from "../../../lib/log/log.ts";
import type { AskNut, NutTarget } from "../../../lib/nut/client.ts";
import { readUpsStatus } from "../../../lib/nut/ups_vars.ts";

/** How often a server is asked, ms. */
export const ASK_EVERY_MS = 15_000;
/** An answer takes no longer than this, ms. */
export const ANSWER_LIMIT_MS = 5000;
/** What a poll needs. */
export interface NutWitnessParts {
  readonly clock: Clock;
  readonly log: Logger;
  readonly ask: AskNut;
  /** Told each answer that says something. */
  readonly onWord: (isPresent: boolean) => void;
}

/** Asks until it is stopped. A server that does not answer says nothing: its last reading grows old. */
export class NutWitness {
  #cancel: Cancel = () => {};
  #asking: AbortController | undefined;
  #isSilent = false;

  constructor(
    private readonly name: string,
    private readonly target: NutTarget,
    private readonly parts: NutWitnessParts,
  ) {}

  start(): void {
    this.#cancel = this.parts.clock.every(ASK_EVERY_MS, () => void this.#poll());
    void this.#poll();
  }

  stop(): void {
    this.#cancel();
    this.#asking?.abort();
  }

  async #poll(): Promise<void> {
    if (this.#asking) return;
    const { clock, log, ask, onWord } = this.parts;
    const asking = this.#asking = new AbortController();
    const cancel = clock.after(ANSWER_LIMIT_MS, () => asking.abort(new Error("no answer in time")));
    try {
      const line = await ask(this.target, `GET VAR ${this.target.ups} ups.status\n`, asking.signal);
      const reading = readUpsStatus(line);
      if (reading === undefined) throw new Error(`it answered ${JSON.stringify(line.slice(0, 100))}`);
      if (this.#isSilent) log.notice("WITNESS ANSWERS AGAIN", { witness: this.name });
      this.#isSilent = false;
      onWord(reading);
    } catch (error) {
      const isStopped = asking.signal.aborted && asking.signal.reason instanceof DOMException;
      if (!this.#isSilent && !isStopped) {
        log.warn("WITNESS SILENT", { witness: this.name, reason: errorText(error) });
      }
      this.#isSilent = true;
    } finally {
      cancel();
      this.#asking = undefined;
    }
  }
}

/**
 * Sends what the services publish, and says what became of it. While they may not speak, what is sure to arrive waits, and
 * what is not is dropped.
 */
import type { PublishOptions } from "../../lib/workers/bus.ts";
import { errorText } from "../../lib/errors.ts";
import type { MqttClient } from "../../lib/mqtt/client.ts";
import type { HostedParts } from "../../lib/workers/worker_host.ts";
import { isCommand, Outbox, type Outgoing } from "./outbox.ts";
import type { RefusalWatch } from "./refusal_watch.ts";

/** A broker that acknowledges a command later than this is silent, ms: a full card writes slowly, but not so. */
const ACKNOWLEDGED_MS = 10_000;

/** See the file comment. */
export class Sender {
  readonly #outbox = new Outbox();
  #client: MqttClient | undefined;

  constructor(
    private readonly parts: Pick<HostedParts, "clock" | "log">,
    private readonly refusals: Pick<RefusalWatch, "passed" | "refused">,
  ) {}

  /** The services may speak. */
  get isOpen(): boolean {
    return this.#client !== undefined;
  }

  /** The services may speak from now on, by this connection; what waited goes first. */
  open(client: MqttClient): void {
    this.#client = client;
    for (const { message, expirySec } of this.#outbox.drain(this.parts.clock.monoMs())) {
      void this.#send(message, expirySec);
    }
  }

  /** The services may not speak any more. */
  close(): void {
    this.#client = undefined;
  }

  /** Sends once, now or never. */
  sendPassing(topic: string, payload: Uint8Array | string, options: PublishOptions): void {
    void this.#client?.publish(topic, payload, options).catch(() => {});
  }

  /**
   * Sends until the broker has it, within its life.
   *
   * @param settle Called once: without an argument when the broker has it, with the reason when it will never be sent
   */
  sendSurely(
    topic: string,
    payload: Uint8Array | string,
    options: PublishOptions,
    settle: Outgoing["settle"],
  ): void {
    const nowMonoMs = this.parts.clock.monoMs();
    const lifeMs = options.expirySec === undefined ? Infinity : options.expirySec * 1000;
    const outgoing = { topic, payload, options, untilMonoMs: nowMonoMs + lifeMs, settle };
    if (this.#client) void this.#send(outgoing, options.expirySec);
    else this.#outbox.add(outgoing, nowMonoMs);
  }

  /** Settles the commands that wait with `error`. */
  abandonCommands(error: string): void {
    this.#outbox.abandonCommands(error);
  }

  /** Settles everything that waits with `error`; for the end of the process. */
  abandon(error: string): void {
    this.#outbox.abandon(error);
  }

  async #send(outgoing: Outgoing, expirySec: number | undefined): Promise<void> {
    const client = this.#client;
    const { clock, log } = this.parts;
    if (!client) return this.#outbox.add(outgoing, clock.monoMs());
    let isGivenUp = false;
    // Whoever sent a command must know that nobody knows whether the broker has it, and may send it again.
    const cancelSilence = !isCommand(outgoing) ? () => {} : clock.after(ACKNOWLEDGED_MS, () => {
      isGivenUp = true;
      log.warn("BROKER SILENT: it does not acknowledge a command", { topic: outgoing.topic });
      const forSec = ACKNOWLEDGED_MS / 1000;
      outgoing.settle(
        `Cannot publish "${outgoing.topic}": the broker has not acknowledged it for ${forSec} s`,
      );
    });
    try {
      await client.publish(outgoing.topic, outgoing.payload, { ...outgoing.options, expirySec });
      cancelSilence();
      this.refusals.passed("publish", outgoing.topic);
      if (!isGivenUp) outgoing.settle();
    } catch (error) {
      cancelSilence();
      if (isGivenUp) return;
      this.refusals.refused("publish", outgoing.topic, error);
      // The broker refused it: whoever sent it must know, and a later message must not be overtaken by it.
      if (this.#client === client) return outgoing.settle(errorText(error));
      // The connection ended before the acknowledgement: it is not known whether the broker has it. Send it again.
      this.#outbox.add(outgoing, clock.monoMs());
    }
  }
}

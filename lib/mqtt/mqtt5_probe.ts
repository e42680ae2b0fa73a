/**
 * A connection lives with MQTT 3.1.1 because the broker closed it at MQTT 5 without an answer. Perhaps the broker was just starting, or
 * full. So it is asked now and then whether it takes MQTT 5, by a connection of its own that says nothing and leaves nothing
 * behind: the one that works is not touched before the answer is yes.
 */
import { Backoff, type Random } from "../time/backoff.ts";
import type { Cancel, Clock } from "../time/clock.ts";
import type { MqttClient, MqttConnect } from "./client.ts";
import type { Logger } from "../log/log.ts";
import type { EitherOptions, Spoken } from "./either_version.ts";

/** First after a minute, when what was starting has started; then ever less often, for an older broker notes each try in its log. */
const ASK = { firstMs: 60_000, maxMs: 86_400_000 };

/** The outside world of a probe. */
export interface ProbePorts {
  readonly connect: MqttConnect;
  readonly clock: Pick<Clock, "after">;
  readonly random: Random;
  readonly log: Pick<Logger, "notice" | "debug">;
}

/** See the file comment. */
export class Mqtt5Probe {
  readonly #backoff: Backoff;
  #cancel: Cancel = () => {};
  #client: MqttClient | undefined;

  /** @param onTaken The broker takes MQTT 5: connect anew */
  constructor(private readonly ports: ProbePorts, private readonly onTaken: () => void) {
    this.#backoff = new Backoff(ASK, ports.random);
  }

  /** A connection is up. @param options How it was made */
  connected({ version, isUnanswered }: Spoken, options: EitherOptions): void {
    this.stop();
    // Not before: one that takes us as a guest and closes at us would be changed to and fro each minute.
    if (version === 5) this.#backoff.reset();
    if (!isUnanswered) return;
    const again_ms = this.#askLater(options);
    this.ports.log.notice(
      "MQTT 5 UNANSWERED: the broker closed the connection at it and took MQTT 3.1.1, which does the work; nothing need be " +
        "done, and MQTT 5 is tried again",
      { again_ms },
    );
  }

  /** The connection has ended, or is about to. */
  stop(): void {
    this.#cancel();
    void this.#client?.close();
    this.#client = undefined;
  }

  #askLater(options: EitherOptions): number {
    const waitMs = this.#backoff.nextMs();
    this.#cancel = this.ports.clock.after(waitMs, () => this.#ask(options));
    return waitMs;
  }

  #ask(options: EitherOptions): void {
    const { will: _will, sessionExpirySec: _expiry, ...rest } = options;
    const client = this.ports.connect({
      ...rest,
      clientId: `${options.clientId}-mqtt5`,
      protocolVersion: 5,
      cleanSession: true,
    }, {
      onUp: () => {
        // The place that it took may be the last one that the broker has.
        void client.close().then(() => {
          if (this.#client !== client) return;
          this.#client = undefined;
          this.ports.log.notice("MQTT 5 TAKEN: connecting anew with it");
          this.onTaken();
        });
      },
      onDown: ({ text: reason }) => {
        if (this.#client !== client) return;
        this.#client = undefined;
        this.ports.log.debug("MQTT 5 is not taken", { reason, again_ms: this.#askLater(options) });
      },
      onMessage: () => {},
    });
    this.#client = client;
  }
}

/**
 * What a service publishes goes to the broker, and from here straight to the other services. For that the broker must keep
 * our own messages from us (MQTT 5, No Local): else everybody would hear them twice. One that does not is found out by its
 * first echoes. Pure: time is an argument.
 */
import type { MqttClient, MqttMessage } from "../../lib/mqtt/client.ts";
import { MAX_PACKET_BYTES } from "../../lib/mqtt/packet_filter.ts";

/** So many of the first messages of a connection are looked for among what comes back. */
export const WATCHED_MESSAGES = 256;
/** An echo comes back within this time, ms. */
export const ECHO_MS = 10_000;

/** What is done about a message that came from the broker. */
export type Heard =
  /** Somebody else's, or our own where nothing is handed over. */
  | "pass"
  /** Our own, that the services have from us: it is left out. */
  | "echo"
  /** The first echo of a connection: left out, and the subscriptions are made anew, for an older session had none of No Local. */
  | "first_echo"
  /**
   * An echo in spite of that: left out, and nothing more is handed over on this connection. Or somebody repeats what we say, which
   * looks the same. So the broker must be told to let us hear ourselves.
   */
  | "echoes";

interface Sent {
  readonly payload: Uint8Array;
  /** Since the subscriptions were made anew. */
  readonly isAfterRenewal: boolean;
  readonly atMonoMs: number;
}

/** See the file comment. */
export class DirectWay {
  readonly #sent = new Map<string, Sent[]>();
  #toWatch = 0;
  #isOpen = false;
  /** The subscriptions of this connection were made anew. */
  #isRenewed = false;

  /** A new connection. MQTT 3.1.1 has no No Local. */
  connected(protocolVersion: 4 | 5): void {
    this.#isOpen = protocolVersion === 5;
    this.#sent.clear();
    this.#toWatch = this.#isOpen ? WATCHED_MESSAGES : 0;
    this.#isRenewed = false;
  }

  /** Whether what we publish is handed over, so that the broker is to keep it from us. */
  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Nothing more is handed over on this connection. */
  close(): void {
    this.#isOpen = false;
    this.#toWatch = 0;
  }

  /** A message is being sent. @returns whether it is handed over */
  send(topic: string, payload: Uint8Array, nowMonoMs: number): boolean {
    if (!this.#isOpen) {
      this.#forget(topic, payload);
      return false;
    }
    if (this.#toWatch > 0) {
      this.#toWatch--;
      const sent = this.#sent.get(topic) ?? [];
      sent.push({ payload, isAfterRenewal: this.#isRenewed, atMonoMs: nowMonoMs });
      this.#sent.set(topic, sent);
    } else if (this.#sent.size > 0) this.#forgetOld(nowMonoMs);
    return true;
  }

  /** A message came from the broker. */
  hear({ topic, payload, retained }: MqttMessage, nowMonoMs: number): Heard {
    const sent = retained ? undefined : this.#sent.get(topic);
    if (!sent) return "pass";
    // In any order: what is sent with QoS 0 overtakes what waits with QoS 1.
    const at = sent.findIndex((one) => nowMonoMs - one.atMonoMs < ECHO_MS && isSame(one.payload, payload));
    if (at < 0) return "pass";
    const [{ isAfterRenewal }] = sent.splice(at, 1) as [Sent];
    if (sent.length === 0) this.#sent.delete(topic);
    if (!this.#isOpen) return "echo";
    if (!this.#isRenewed) {
      this.#isRenewed = true;
      this.#toWatch = WATCHED_MESSAGES;
      return "first_echo";
    }
    // Sent before the subscriptions were made anew: it says nothing of them.
    if (!isAfterRenewal) return "echo";
    this.close();
    return "echoes";
  }

  /** The same words are said again, and not handed over this time: what comes now may be these. Better heard twice than not at all. */
  #forget(topic: string, payload: Uint8Array): void {
    const sent = this.#sent.get(topic)?.filter((one) => !isSame(one.payload, payload));
    if (sent?.length === 0) this.#sent.delete(topic);
    else if (sent) this.#sent.set(topic, sent);
  }

  #forgetOld(nowMonoMs: number): void {
    for (const [topic, sent] of this.#sent) {
      if (sent.every(({ atMonoMs }) => nowMonoMs - atMonoMs >= ECHO_MS)) this.#sent.delete(topic);
    }
  }
}

/**
 * The same connection, whose messages are handed over too: QoS 0 at once, QoS 1 when the broker has it, so that nobody here
 * acts on what the broker refused.
 *
 * @param begin Called once a message, as it is sent; gives what hands it over, undefined when it is left to the broker
 */
export function handingOver(
  client: MqttClient,
  begin: (message: MqttMessage, isKept: boolean) => (() => void) | undefined,
): MqttClient {
  return {
    ...client,
    publish(topic, payload, options = {}) {
      const bytes = typeof payload === "string" ? new TextEncoder().encode(payload) : payload;
      const { qos = 0, retain = false } = options;
      const message = { topic, payload: bytes, retained: false, qos };
      const handOver = bytes.length <= MAX_PACKET_BYTES ? begin(message, retain) : undefined;
      const sent = client.publish(topic, bytes, options);
      if (!handOver) return sent;
      if (qos === 1) return sent.then(handOver);
      handOver();
      return sent;
    },
  };
}

function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/** The agent's connection to the broker: made again and again, with a session that waits for us, and unsent answers. */
import { Backoff, type Random } from "../lib/time/backoff.ts";
import type { BusMessage, PublishOptions } from "../lib/workers/bus.ts";
import type { Cancel, Clock } from "../lib/time/clock.ts";
import { BrokerRefusedError, errorText } from "../lib/errors.ts";
import type { Logger } from "../lib/log/log.ts";
import type { MqttClient, MqttConnect, MqttConnectOptions, MqttDown, Will } from "../lib/mqtt/client.ts";
import {
  connectEitherVersion,
  type EitherOptions,
  type Spoken,
  versionName,
} from "../lib/mqtt/either_version.ts";
import { Mqtt5Probe } from "../lib/mqtt/mqtt5_probe.ts";

/** What the agent tells its link. */
export interface LinkOptions {
  readonly broker: Pick<MqttConnectOptions, "host" | "port" | "tls" | "username" | "password">;
  readonly clientId: string;
  readonly will: Will;
  /** Without this one the agent would be deaf: a refusal ends the connection, to be tried again. */
  readonly mustHear: string;
  /** Useful, but not for obeying. */
  readonly mayHear: readonly string[];
  readonly keepAliveSec: number;
}

/** What happens on it. */
export interface LinkEvents {
  /** Connected, and commands are heard. */
  readonly onReady: () => void;
  readonly onDown: () => void;
  readonly onMessage: (message: BusMessage) => void;
}

/** The outside world of a link. */
export interface LinkPorts {
  readonly connect: MqttConnect;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: Random;
}

/** MQTT 5, section 4.13: session taken over. */
const TAKEN_OVER = 142;
const RETRY = { firstMs: 500, maxMs: 30_000 };
/** The broker keeps commands for us this long while the host is away, s. They expire by themselves before. */
const SESSION_EXPIRY_SEC = 86_400;
/** While the broker is away, every so many failed tries are one line in the log. */
const TRIES_A_LINE = 20;
/** Messages that wait while the broker is away; the oldest are dropped. */
const WAITING = 100;
/** How long the last message may take, ms. */
const GOODBYE_MS = 2000;

/** See the file comment. */
export class BrokerLink {
  readonly #backoff: Backoff;
  readonly #probe: Mqtt5Probe;
  #client: MqttClient | undefined;
  #isUp = false;
  #isStopped = false;
  #cancelRetry: Cancel = () => {};
  /** Topics that the broker refused, said once each. */
  readonly #refused = new Set<string>();
  /** Topics with a message that was too large, said once each. */
  readonly #leftOut = new Set<string>();
  #waiting: { readonly topic: string; readonly text: string }[] = [];

  constructor(
    private readonly options: LinkOptions,
    private readonly ports: LinkPorts,
    private readonly events: LinkEvents,
  ) {
    this.#backoff = new Backoff(RETRY, ports.random);
    this.#probe = new Mqtt5Probe(ports, () => void this.#connectAnew());
  }

  /** Sets out to connect; a broker that is not there yet is no error. */
  start(): void {
    this.#isStopped = false;
    this.#connect();
  }

  /** Says goodbye with a last message, if the broker hears it within the client's own limit. */
  async stop(topic: string, text: string, options: PublishOptions): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#cancelRetry();
    this.#probe.stop();
    const client = this.#client;
    if (client && this.#isUp) {
      const limit = new AbortController();
      const sent = client.publish(topic, text, options).catch(() => {});
      // A broker that went down with the house does not answer.
      await Promise.race([sent, this.ports.clock.sleep(GOODBYE_MS, limit.signal).catch(() => {})]);
      limit.abort();
    }
    await client?.close();
  }

  /** Sends at QoS 1; what cannot be sent now waits for the broker. */
  send(topic: string, text: string): void {
    const keep = () => {
      this.#waiting.push({ topic, text });
      if (this.#waiting.length > WAITING) this.#waiting.shift();
    };
    if (!this.#client || !this.#isUp) return keep();
    // What the broker refuses now it would refuse at the next connect, too.
    this.#client.publish(topic, text, { qos: 1 }).then(
      () => this.#refused.delete(topic),
      (error) => this.#isRefusal(topic, error) || keep(),
    );
  }

  /** Sends at QoS 1, retained, or not at all. @returns true when the broker has it */
  async tell(topic: string, text: string): Promise<boolean> {
    if (!this.#client || !this.#isUp) return false;
    try {
      await this.#client.publish(topic, text, { qos: 1, retain: true });
      this.#refused.delete(topic);
      return true;
    } catch (error) {
      this.#isRefusal(topic, error);
      return false;
    }
  }

  /** Says once what the broker does not let this host do. @returns whether it was that */
  #isRefusal(topic: string, error: unknown, right: "write" | "read" = "write"): boolean {
    if (!(error instanceof BrokerRefusedError)) return false;
    const { broker: { username } } = this.options;
    if (!this.#refused.has(topic)) {
      const who = username === undefined ? "anonymous clients" : `user ${username}`;
      this.ports.log.warn("BROKER REFUSES", {
        topic,
        code: error.code,
        advice: `give the broker's ${who} this line in its access list: "topic ${right} ${topic}"`,
      });
    }
    this.#refused.add(topic);
    return true;
  }

  #tellLeftOut(topic: string, bytes: number): void {
    if (this.#leftOut.has(topic)) return;
    this.#leftOut.add(topic);
    this.ports.log.warn("MESSAGE LEFT OUT: too large to be read; find who sends it", { topic, bytes });
  }

  #connect(): void {
    const { broker, clientId, will, keepAliveSec } = this.options;
    const options: EitherOptions = {
      ...broker,
      clientId,
      cleanSession: false,
      sessionExpirySec: SESSION_EXPIRY_SEC,
      keepAliveSec,
      connectTimeoutMs: 10_000,
      will,
    };
    const client = connectEitherVersion(this.ports.connect, options, {
      onUp: (_hasSession, spoken) => void this.#onUp(client, spoken, options),
      onDown: (reason) => this.#onDown(reason),
      onMessage: (message) => this.events.onMessage(message),
      onLeftOut: (topic, bytes) => this.#tellLeftOut(topic, bytes),
    });
    this.#client = client;
  }

  async #onUp(client: MqttClient, spoken: Spoken, options: EitherOptions): Promise<void> {
    const { log } = this.ports;
    const { mustHear, mayHear } = this.options;
    this.#isUp = true;
    try {
      await client.subscribe(mustHear, 1);
    } catch (error) {
      // Its own end was told already; a refusal by the broker leaves the connection up, but deaf.
      if (this.#client !== client || !this.#isUp) return;
      this.#isRefusal(mustHear, error, "read");
      const reason = `commands cannot be heard: ${errorText(error)}`;
      this.#isUp = false;
      await client.close();
      if (!this.#isStopped) this.#onDown({ kind: "refused", text: reason, wasUp: false });
      return;
    }
    this.#backoff.reset();
    log.notice("AGENT CONNECTED", { mqtt: versionName(spoken.version) });
    this.#probe.connected(spoken, options);
    for (const filter of mayHear) {
      client.subscribe(filter, 1).then(
        () => this.#refused.delete(filter),
        (error) =>
          this.#isRefusal(filter, error, "read") ||
          log.info("NOT HEARD", { filter, reason: errorText(error) }),
      );
    }
    this.events.onReady();
    for (const { topic, text } of this.#waiting.splice(0)) this.send(topic, text);
  }

  #onDown(reason: MqttDown): void {
    this.#isUp = false;
    this.#client = undefined;
    this.#probe.stop();
    if (this.#isStopped) return;
    const { clock, log } = this.ports;
    const waitMs = this.#backoff.nextMs();
    const { attempts } = this.#backoff;
    if (reason.code === TAKEN_OVER) {
      log.error(
        "CLIENT ID TAKEN: somebody else connects with the id of this agent, perhaps a second one on this host",
      );
    }
    if (reason.wasUp || attempts === 1 || attempts % TRIES_A_LINE === 0) {
      log.warn("BROKER DOWN", { reason: reason.text, tries: attempts, retry_ms: waitMs });
    }
    this.#cancelRetry = clock.after(waitMs, () => this.#connect());
    this.events.onDown();
  }

  /** The broker takes MQTT 5 after all. It keeps for us the commands that come in between. */
  async #connectAnew(): Promise<void> {
    const client = this.#client;
    this.#isUp = false;
    this.#client = undefined;
    this.events.onDown();
    await client?.close();
    if (!this.#isStopped) this.#connect();
  }
}

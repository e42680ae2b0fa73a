/**
 * Which version of MQTT a connection speaks: the one rule, for all that speak to a broker that we do not choose. Each attempt begins
 * with MQTT 5. Only where a broker refuses that version, or closes the connection without any answer, the same attempt
 * goes on at once with MQTT 3.1.1. So a broker of either version is reached at each attempt, and one of MQTT 5 that was
 * just restarting is asked for MQTT 5 again at the next. Pure.
 */
import type { MqttClient, MqttConnect, MqttConnectOptions, MqttDown, MqttEvents } from "./client.ts";

/** Where and how to connect, whatever the version. */
export type EitherOptions = Omit<MqttConnectOptions, "protocolVersion">;

/** What a connection speaks. */
export interface Spoken {
  /** 5, or 4 for MQTT 3.1.1. */
  readonly version: 4 | 5;
  /**
   * True: the broker closed the connection at MQTT 5 without an answer. It may be one that does not know MQTT 5, or it was starting,
   * or full. False with `version` 4: it said that it does not speak MQTT 5.
   */
  readonly isUnanswered: boolean;
}

/** As {@link MqttEvents}; `onDown` is called once, for both versions. */
export interface EitherEvents extends Omit<MqttEvents, "onUp"> {
  onUp(sessionPresent: boolean, spoken: Spoken): void;
}

/** CONNACK 132 of MQTT 5 and CONNACK 1 of MQTT 3.1.1: the broker does not speak this version. */
const UNSUPPORTED_VERSION_CODES: readonly number[] = [1, 132];

/** See the file comment. The client is the same whatever the version. */
export function connectEitherVersion(
  connect: MqttConnect,
  options: EitherOptions,
  events: EitherEvents,
): MqttClient {
  let isClosed = false;
  const begin = (protocolVersion: 4 | 5, first?: MqttDown): MqttClient =>
    connect({ ...options, protocolVersion }, {
      ...events,
      onUp: (sessionPresent) =>
        events.onUp(sessionPresent, {
          version: protocolVersion,
          isUnanswered: first?.isUnanswered ?? false,
        }),
      onDown: (down) => {
        const mayBeOlder = protocolVersion === 5 && (isUnsupported(down) || down.isUnanswered === true);
        if (mayBeOlder && !isClosed) client = begin(4, down);
        // One that speaks MQTT 5 alone has told at the first try what was wrong.
        else events.onDown(first && isUnsupported(down) ? first : down);
      },
    });
  let client = begin(5);
  return {
    publish: (...args) => client.publish(...args),
    subscribe: (...args) => client.subscribe(...args),
    unsubscribe: (filter) => client.unsubscribe(filter),
    close() {
      isClosed = true;
      return client.close();
    },
  };
}

/** What a doctor says of it after the broker's address, and what the owner can do; nothing of MQTT 5. */
export function olderVersionText(spoken: Spoken | undefined): string {
  if (!spoken || spoken.version === 5) return "";
  const does = spoken.isUnanswered
    ? "it closes the connection at MQTT 5 without an answer"
    : "it does not speak MQTT 5";
  return `; by MQTT 3.1.1, for ${does}: that does the work, but such a broker does not tell what it refuses (run a drill). ` +
    "One that was just starting or is full is tried with MQTT 5 again by itself; else a newer broker would speak it";
}

/** For a log line. */
export function versionName(version: 4 | 5): string {
  return version === 5 ? "5" : "3.1.1";
}

function isUnsupported({ kind, code }: MqttDown): boolean {
  return kind === "refused" && UNSUPPORTED_VERSION_CODES.includes(code ?? -1);
}

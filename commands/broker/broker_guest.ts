/** A guest on the running daemon's broker: asks and listens beside it, with its login and an id of its own. */
import type { BusMessage } from "../../lib/workers/bus.ts";
import type { HouseConfig } from "../../lib/config/load.ts";
import type { MqttConnect, MqttConnectOptions, MqttDown, MqttEvents } from "../../lib/mqtt/client.ts";
import { connectEitherVersion, type EitherOptions, type Spoken } from "../../lib/mqtt/either_version.ts";

const CONNECT_TIMEOUT_MS = 10_000;

/** How a command reaches the broker of the house. @param purpose The command's name: part of the client id */
export function guestOptions(
  { broker, embeddedPort, mqttClientId }: HouseConfig,
  purpose: string,
): EitherOptions {
  return {
    ...(broker ?? { host: "127.0.0.1", port: embeddedPort }),
    clientId: `${mqttClientId}-${purpose}-${Deno.pid}`,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: CONNECT_TIMEOUT_MS,
  };
}

/** The broker cannot be reached, or lets us in no more. */
export class NoBrokerError extends Error {
  override readonly name = "NoBrokerError";

  constructor(readonly down: MqttDown) {
    super(`no connection to the broker: ${down.text}`);
  }
}

/** A guest that is in. */
export interface Guest {
  /** Hears these topics from now on, and at once what the broker has kept of them. */
  listen(filters: readonly string[]): Promise<void>;
  readonly spoken: Spoken;
  close(): Promise<void>;
}

/**
 * Goes in as a guest.
 *
 * @param options With a `protocolVersion`: that one alone
 * @param onDown Told when the connection ends later on
 * @throws NoBrokerError
 */
export async function visit(
  connect: MqttConnect,
  options: EitherOptions | MqttConnectOptions,
  onMessage: (message: BusMessage) => void,
  onDown: (error: NoBrokerError) => void = () => {},
): Promise<Guest> {
  const { promise, resolve, reject } = Promise.withResolvers<Spoken>();
  const events: Omit<MqttEvents, "onUp"> = {
    onDown: (down) => {
      const error = new NoBrokerError(down);
      reject(error);
      onDown(error);
    },
    onMessage,
  };
  const client = "protocolVersion" in options
    ? connect(options, {
      ...events,
      onUp: () => resolve({ version: options.protocolVersion, isUnanswered: false }),
    })
    : connectEitherVersion(connect, options, { ...events, onUp: (_hasSession, spoken) => resolve(spoken) });
  let spoken: Spoken;
  try {
    spoken = await promise;
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    spoken,
    listen: async (filters) => void await Promise.all(filters.map((filter) => client.subscribe(filter, 1))),
    close: () => client.close(),
  };
}

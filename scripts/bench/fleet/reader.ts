/** Who reads all sites at the cluster, with a session that is kept: counts what came of each site. */
import { connectMqtt } from "../../../lib/mqtt/npm_client.ts";
import type { MqttClient, MqttConnectOptions } from "../../../lib/mqtt/client.ts";
import { pause } from "../figures/waiting.ts";

/** What one site's messages told, by the numbers in them. */
export interface SiteSeen {
  readonly events: Set<number>;
  readonly policies: Set<number>;
  /** Times that a number came again. */
  repeats: number;
  /** The newest state that came. */
  state: number;
  /** Whether the cluster says that its line is there. */
  line: boolean;
  /** When its newest message came, on `performance.now()`. */
  atMs: number;
}

/** A running reader. */
export interface Reader {
  readonly sites: ReadonlyMap<string, SiteSeen>;
  /** ms from the house's publish to here, of the events since {@link forgetLatencies}. */
  readonly latenciesMs: number[];
  forgetLatencies(): void;
  stop(): Promise<void>;
}

const TOPIC =
  /^site\/([^/]+)\/(?:(bridge)$|power-manager\/(events|policy)|bridge-ecoflow\/[^/]+\/json\/(state))/;
const FILTERS = [
  ["site/+/bridge", 1],
  ["site/+/power-manager/events", 1],
  ["site/+/power-manager/policy/+", 1],
  ["site/+/bridge-ecoflow/+/json/state", 0],
] as const;

/** Starts one, and resolves when it has subscribed. It comes back whenever its connection ends. */
export async function startReader(
  login: Pick<MqttConnectOptions, "port" | "tls" | "username" | "password">,
  names: readonly string[],
): Promise<Reader> {
  const sites = new Map(names.map((name): [string, SiteSeen] => [
    name,
    { events: new Set(), policies: new Set(), repeats: 0, state: 0, line: false, atMs: 0 },
  ]));
  const latenciesMs: number[] = [];
  const note = (topic: string, payload: Uint8Array) => {
    const [, name = "", line, kind, state] = TOPIC.exec(topic) ?? [];
    const site = sites.get(name);
    if (!site) return;
    const text = new TextDecoder().decode(payload);
    site.atMs = performance.now();
    if (line) {
      site.line = text === "1";
      return;
    }
    const { n, atMs } = JSON.parse(text) as { n: number; atMs: number };
    if (state) {
      site.state = n;
      return;
    }
    const numbers = kind === "events" ? site.events : site.policies;
    if (numbers.has(n)) site.repeats++;
    else if (kind === "events") latenciesMs.push(site.atMs - atMs);
    numbers.add(n);
  };
  let [isOver, isSubscribed] = [false, false];
  let client: MqttClient | undefined;
  const connect = () =>
    new Promise<void>((resolve) => {
      client = connectMqtt({
        host: "127.0.0.1",
        clientId: "fleet-reader",
        protocolVersion: 4,
        cleanSession: false,
        keepAliveSec: 30,
        connectTimeoutMs: 20_000,
        ...login,
      }, {
        onUp: () => {
          const asked = FILTERS.map(([filter, qos]) => client?.subscribe(filter, qos));
          Promise.all(asked).then(() => isSubscribed = true, () => {});
        },
        onDown: () => resolve(),
        onMessage: ({ topic, payload }) => note(topic, payload),
      });
    });
  const done = (async () => {
    while (!isOver) {
      await connect();
      await pause(500);
    }
  })();
  while (!isSubscribed) await pause(100);
  return {
    sites,
    latenciesMs,
    forgetLatencies: () => latenciesMs.splice(0),
    async stop() {
      isOver = true;
      await client?.close();
      await Promise.race([done, pause(1000)]);
    },
  };
}

/** The broker of a simulated house: one in this process, or a real Mosquitto with passwords and access list. */
import { randomHex } from "./random_hex.ts";
import { loadConfig } from "../../lib/config/load.ts";
import { startEmbeddedBroker } from "../../lib/mqtt/embedded_broker.ts";
import { type BrokerUser, brokerUsers } from "../../services/broker_access.ts";
import { startMosquitto } from "./mosquitto.ts";

/** A broker that can be switched off and on. */
export interface SiteBroker {
  readonly port: number;
  /** Configuration keys with which a user logs in. */
  login(user: string): Record<string, string>;
  readonly observerLogin: { readonly username?: string; readonly password?: string };
  goDown(): Promise<void>;
  goUp(): Promise<void>;
}

/** The broker's users, with the rights that the scenario's settings give to Home Assistant and its discovery. */
export function simulatedUsers(
  { agents, settings }: {
    readonly agents: readonly string[];
    readonly settings: Readonly<Record<string, string>>;
  },
): BrokerUser[] {
  const homeAssistant = Object.entries(settings).filter(([key]) => key.startsWith("HOME_ASSISTANT_"));
  return brokerUsers(loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      DEVICE_TO_AGENTS_JSON: JSON.stringify({ any: agents }),
      ...Object.fromEntries(homeAssistant),
    },
    exists: () => false,
    readFile: () => "",
  }));
}

/** Starts it. @param release What ends it is put there */
export async function startBroker(
  kind: "embedded" | "mosquitto",
  house: Parameters<typeof simulatedUsers>[0],
  release: (() => Promise<unknown>)[],
  saves?: "each change" | "seldom",
): Promise<SiteBroker> {
  if (kind === "embedded") {
    let broker = await startEmbeddedBroker({ port: 0, host: "127.0.0.1" });
    const { port } = broker;
    release.push(() => broker.stop());
    return {
      port,
      login: () => ({ MQTT_HOST: "127.0.0.1", MQTT_PORT: String(port) }),
      observerLogin: {},
      goDown: () => broker.stop(),
      goUp: async () => {
        broker = await startEmbeddedBroker({ port, host: "127.0.0.1" });
      },
    };
  }
  const observer: BrokerUser = { username: "observer", publishes: ["#"], subscribes: ["#", "$SYS/#"] };
  const users = [...simulatedUsers(house), observer].map((user) => ({
    ...user,
    password: randomHex(),
  }));
  const mosquitto = await startMosquitto({ users, saves });
  release.push(() => mosquitto.stop());
  const passwordOf = (name: string) => users.find(({ username }) => username === name)?.password ?? "";
  return {
    port: mosquitto.port,
    login: (user) => ({
      MQTT_HOST: "127.0.0.1",
      MQTT_PORT: String(mosquitto.port),
      MQTT_USER: user,
      MQTT_PASS: passwordOf(user),
    }),
    observerLogin: { username: observer.username, password: passwordOf(observer.username) },
    goDown: () => mosquitto.goDown(),
    goUp: () => mosquitto.goUp(),
  };
}

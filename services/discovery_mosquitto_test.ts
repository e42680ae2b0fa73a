/** Home Assistant's discovery over a real Mosquitto, with the access list that the product writes. */
import assert from "node:assert/strict";
import { freePort, startMosquitto } from "../scripts/simulate/mosquitto.ts";
import { systemClock } from "../lib/time/clock.ts";
import { loadConfig } from "../lib/config/load.ts";
import { createHealth } from "../lib/health.ts";
import { encodeOrchestratorStatus } from "../lib/messages/orchestrator_status.ts";
import { encodePowerState, type PowerState } from "../lib/messages/power_state.ts";
import { encodeStationList } from "../lib/messages/station_list.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { topicsUnder } from "../lib/mqtt/topics.ts";
import { PortBus } from "../lib/workers/port_bus.ts";
import { memoryLog } from "../lib/testing.ts";
import { brokerUsers, DAEMON_USER, HOME_ASSISTANT_USER } from "./broker_access.ts";
import { BrokerLink, type BrokerLinkConfig } from "./broker_link/service.ts";
import type { DiscoveryConfig } from "./discovery/config.ts";
import { createDiscovery } from "./discovery/service.ts";
import { TestHomeAssistant } from "./discovery/testdata/home_assistant.ts";
import { capabilityOf, SERVICES } from "./registry.ts";

const SN = "R651ZAB1ST5H0001";
const STATION = "ecoflow_power_station_r651zab1st5h0001";
const LIVE: PowerState = {
  device: "Study",
  sn: SN,
  soc: 57.5,
  grid_connected: true,
  out_watts: 0,
  link: "live",
};

/** Waits until something is true; generous, for slow machines. */
async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 1200; tries++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`waited 60 s in vain: ${what}`);
}

Deno.test("discovery shows a station through Mosquitto with its access list, and takes it back when it is silent", async () => {
  const port = freePort();
  const config = loadConfig({
    environment: {
      ECOFLOW_CLOUD: "off",
      ECOFLOW_DEVICE_LIST: `${SN}:Study`,
      DEVICE_TO_AGENTS_JSON: '{"Study":["nas"]}',
      HOME_ASSISTANT_DISCOVERY: "on",
      MQTT_HOST: "127.0.0.1",
      MQTT_PORT: String(port),
    },
    exists: () => false,
    readFile: () => "",
  });
  const topics = topicsUnder(config.roots);
  const users = brokerUsers(config).map((user) => ({ ...user, password: `pass of ${user.username}` }));
  const mosquitto = await startMosquitto({ users });
  const clock = systemClock();
  const log = memoryLog();
  const linkConfig: BrokerLinkConfig = {
    roots: config.roots,
    broker: {
      host: "127.0.0.1",
      port: mosquitto.port,
      username: DAEMON_USER,
      password: `pass of ${DAEMON_USER}`,
    },
    embeddedPort: 0,
    clientId: config.mqttClientId,
  };
  const link = new BrokerLink(linkConfig, { clock, log, health: createHealth(), random: () => 0.5 }, {
    connect: connectMqtt,
    startEmbedded: () => Promise.reject(new Error("no embedded broker here")),
  });
  const ports: MessagePort[] = [];
  const busOf = (name: string) => {
    const row = SERVICES.find((one) => one.name === name);
    assert.ok(row);
    const capability = capabilityOf(row, config);
    const bus = new PortBus(capability, log);
    const { port1, port2 } = new MessageChannel();
    ports.push(port1, port2);
    bus.attach(port1);
    link.attach(capability, port2);
    return { bus, slice: row.slice(config) };
  };
  await link.start();
  const services = { soc_bridge: { state: "ready" as const, restarts: 0, problems: [] } };
  link.setPresence(encodeOrchestratorStatus({ online: true, services }));
  const soc = busOf("soc_bridge").bus;
  const cloud = busOf("cloud_bridge").bus;
  const { bus, slice } = busOf("discovery");
  const service = createDiscovery({
    name: "discovery",
    config: slice as DiscoveryConfig,
    bus,
    clock,
    log,
    health: createHealth(),
    random: () => 0.5,
  });
  const home = new TestHomeAssistant(clock);
  // As the decoder does: the present state, again and again.
  let now = LIVE;
  const speaking = setInterval(() => {
    void soc.publish(topics.state("Study"), encodePowerState(now), { retain: true, qos: 1 }).catch(() => {});
  }, 250);
  try {
    await cloud.publish(topics.stationList, encodeStationList({ stations: [{ sn: SN, name: "Study" }] }), {
      retain: true,
      qos: 1,
    });
    await service.start();
    await home.connect(connectMqtt, {
      host: "127.0.0.1",
      port: mosquitto.port,
      username: HOME_ASSISTANT_USER,
      password: `pass of ${HOME_ASSISTANT_USER}`,
    });
    await until("the devices are there", () => home.devices.length === 3);
    await until("the charge is shown", () => home.state(`${STATION}_soc`) === "57.5");
    assert.deepEqual(home.devices, ["Study", "ecoflow-power", "nas"]);
    assert.equal(home.state(`${STATION}_out_watts`), "0");
    assert.equal(home.state(`${STATION}_grid_connected`), "on");

    now = { ...LIVE, link: "stale" };
    await until("the charge is unavailable", () => home.state(`${STATION}_soc`) === "unavailable");
    await until("the link says why", () => home.state(`${STATION}_link`) === "stale");

    now = LIVE;
    await until("the charge is back", () => home.state(`${STATION}_soc`) === "57.5");
    link.setPresence(encodeOrchestratorStatus({ online: false }));
    await until("all is unavailable", () => home.state(`${STATION}_link`) === "unavailable");
    assert.equal(home.state(`${STATION}_soc`), "unavailable");
    assert.deepEqual(home.complaints, []);
    assert.doesNotMatch(log.text(), /REFUSED/);
  } finally {
    clearInterval(speaking);
    await home.close();
    await service.stop();
    await link.stop();
    for (const one of ports) one.close();
    await mosquitto.stop();
  }
});

/** A world of real processes: emulated cloud, broker, the daemon and an agent for each host, all on loopback. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Clock, systemClock, type TimeScale } from "../../lib/time/clock.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { encodeTimeScale } from "../../lib/time/time_scale.ts";
import { type StationEncoder, stationEncoder, type StationValues } from "../../proto/encode_station.ts";
import { DAEMON_USER } from "../../services/broker_access.ts";
import { observe } from "./observer.ts";
import { randomHex } from "./random_hex.ts";
import { startBroker } from "./site_broker.ts";
import { dashboardKeys, writeEnv, writePolicy } from "./site_files.ts";
import { type CloudRecord, type EmulatedCloud, startCloud } from "./cloud/cloud.ts";
import type { World } from "../../commands/simulate/play.ts";
import { type RunningProgram, startAgentProcess, startDaemonProcess } from "./processes.ts";
import type { Scenario } from "../../commands/simulate/scenario.ts";
import { modelOf } from "../../commands/simulate/simulated_model.ts";
import { CABLE_UPS, simulatedCables } from "../../commands/simulate/simulated_cable.ts";
import { serveCable } from "./cable_server.ts";
import type { StationModel } from "../../commands/simulate/station_model.ts";

/** How to build the world. */
export interface RealWorldOptions {
  readonly scenario: Scenario;
  readonly models: ReadonlyMap<string, StationModel>;
  /** 1 or more. */
  readonly speed: number;
  /** `embedded`: a broker in this process. `mosquitto`: a real one, with passwords and access list. */
  readonly broker: "embedded" | "mosquitto";
  /** Lines of the daemon and the agents as they come. */
  readonly onLog: (program: string, line: string) => void;
  /** Instead of the sources: a compiled daemon. */
  readonly binary?: string;
  /** What runs the daemon's sources; the Deno that runs this when absent. */
  readonly runtime?: string;
  /** False: the hosts have no agents; true when absent. */
  readonly withAgents?: boolean;
  /** Serves the dashboard at `listen`, for everybody to look at, with this password for the buttons. */
  readonly dashboard?: { readonly listen: string; readonly password: string };
  /** How Mosquitto saves; with each change when absent. */
  readonly mosquittoSaves?: "each change" | "seldom";
  /** What {@link RealWorld.onMessage} sees; everything when absent. */
  readonly observed?: readonly string[];
  /** Further stations of the account, which say nothing but what {@link RealWorld.sendRaw} sends. */
  readonly mutes?: readonly { readonly sn: string; readonly name: string }[];
  /** Stations that the configuration names and the account does not have: the cloud's broker hangs up on who asks them. */
  readonly strangers?: readonly { readonly sn: string; readonly name: string }[];
}

/** A running world. */
export interface RealWorld extends World {
  /** When the daemon said READY, on `performance.now()`. */
  readonly readyAtMs: number;
  /** When it was launched, on the same clock. */
  readonly launchedAtMs: number;
  /** Publishes at the broker of the house; with QoS 1 the broker keeps it for who is away. */
  publish(topic: string, payload: string, qos: 0 | 1): Promise<void>;
  /** Sends bytes as a station does, on the topic of pushes or of answers. */
  sendRaw(sn: string, topic: "property" | "get_reply", bytes: Uint8Array): void;
  /** What the emulated cloud saw. */
  readonly cloudRecord: CloudRecord;
  /** Messages of the stations that have not left the emulated cloud yet. */
  cloudWaiting(): number;
  /** What a station pushes at one moment, as bytes. */
  pushesOf(sn: string, values: StationValues): readonly Uint8Array[];
  /** Sends a station's whole state, as an answer to a get-all request. */
  replyNow(sn: string, values: StationValues): void;
  readonly daemon: () => RunningProgram;
  /** The daemon's state directory. */
  readonly stateDir: string;
  /** Where the dashboard is; rejects when it does not come up. */
  dashboardUrl(): Promise<string>;
  /** Ends everything and removes its files. */
  stop(): Promise<void>;
}

/** The account at the emulated cloud. */
const ACCOUNT = { user: "simulation@example.com", pass: "simulated-password" };
const READY_LINE = /main READY/;
/** How long the house may take to come up, real ms. */
const COME_UP_MS = 60_000;

/** Starts everything and resolves when the daemon is ready, each agent is online and each station has a state. */
export async function startRealWorld(options: RealWorldOptions): Promise<RealWorld> {
  const { scenario, models, speed } = options;
  const time: TimeScale = { speed, originWallMs: Date.now() };
  const clock = systemClock(time);
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-simulate-"));
  const release: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const undo of release.splice(0).reverse()) await undo().catch(() => {});
    rmSync(dir, { recursive: true, force: true });
  };
  try {
    return await build(options, { time, clock, dir, release, stop, models, scenario });
  } catch (error) {
    await stop();
    throw error;
  }
}

interface Site {
  readonly time: TimeScale;
  readonly clock: Clock;
  readonly dir: string;
  readonly release: (() => Promise<unknown>)[];
  readonly stop: () => Promise<void>;
  readonly models: ReadonlyMap<string, StationModel>;
  readonly scenario: Scenario;
}

async function build(options: RealWorldOptions, site: Site): Promise<RealWorld> {
  const { scenario, models, clock, dir, release, time } = site;
  const agents = [...new Set(Object.values(scenario.hosts).flat())];
  const broker = await startBroker(
    options.broker,
    { agents, settings: scenario.settings },
    release,
    options.mosquittoSaves,
  );

  const { mutes = [], strangers = [] } = options;
  const encoders = new Map<string, StationEncoder>();
  for (const sn of models.keys()) encoders.set(sn, await stationEncoder(modelOf(sn), sn));
  let delivers = true;
  const cloud: EmulatedCloud = await startCloud({
    ...ACCOUNT,
    stations: [
      ...[...models].map(([sn, model]) => ({
        sn,
        name: model.station.name,
        productName: "",
        family: sn.startsWith("R6") ? "protobuf" as const : "json" as const,
        getAllReply: () => delivers ? encoders.get(sn)?.reply(model.now()) : undefined,
      })),
      ...mutes.map((mute) => ({
        ...mute,
        productName: "",
        family: "protobuf" as const,
        getAllReply: () => undefined,
      })),
    ],
  });
  release.push(() => cloud.stop());

  const cables = simulatedCables(models.values());
  const servers = new Map([...cables].map(([name, cable]) => [name, serveCable(cable)]));
  for (const server of servers.values()) release.push(() => server.stop());
  const keys = Object.fromEntries(agents.map((agent) => [agent, randomHex()]));
  const stateDir = join(dir, "daemon");
  mkdirSync(stateDir, { mode: 0o700 });
  writeFileSync(join(stateDir, "agent_keys.json"), JSON.stringify(keys), { mode: 0o600 });
  writeFileSync(join(dir, "cloud_ca.pem"), cloud.caPem);
  const envFile = writeEnv(join(dir, "daemon.env"), {
    ECOFLOW_USER: ACCOUNT.user,
    ECOFLOW_PASS: ACCOUNT.pass,
    ECOFLOW_API_HOSTS: cloud.apiHost,
    ECOFLOW_BROKER_HOSTS: cloud.brokerHost,
    ECOFLOW_CA_FILE: join(dir, "cloud_ca.pem"),
    ECOFLOW_DEVICE_LIST: [
      ...[...models].map(([sn, { station }]) => `${sn}:${station.name}`),
      ...[...mutes, ...strangers].map(({ sn, name }) => `${sn}:${name}`),
    ].join(","),
    ...(models.size === 0 ? { ECOFLOW_CLOUD: "off" } : {}),
    DEVICE_TO_AGENTS_JSON: JSON.stringify(scenario.hosts),
    ...(servers.size === 0 ? {} : {
      NUT_SOURCES_JSON: JSON.stringify(
        Object.fromEntries([...servers].map(([name, { port }]) => [name, { ups: CABLE_UPS, port }])),
      ),
    }),
    STATE_DIR: stateDir,
    ...broker.login(DAEMON_USER),
    ...(await dashboardKeys(stateDir, options.dashboard)),
    ...(scenario.policyFile === undefined ? {} : { POLICY_FILE: writePolicy(dir, scenario.policyFile) }),
    ...scenario.settings,
  });
  const timeScale = encodeTimeScale(time);
  const launchDaemon = () =>
    startDaemonProcess({
      envFile,
      stateDir,
      timeScale,
      binary: options.binary,
      runtime: options.runtime,
      onLine: (line) => options.onLog("daemon", line),
    });

  const observer = await observe(broker.port, broker.observerLogin, options.observed);
  release.push(() => observer.close());
  let readyAtMs = NaN;
  const launchedAtMs = performance.now();
  let daemon = launchDaemon();
  void daemon.until(READY_LINE).then(() => readyAtMs = performance.now());
  release.push(() => daemon.stop());
  const running = new Map<string, RunningProgram>();
  const launchAgent = (agent: string) => {
    const agentDir = join(dir, agent);
    mkdirSync(agentDir, { recursive: true, mode: 0o700 });
    writeFileSync(join(agentDir, "key"), `${keys[agent]}\n`, { mode: 0o600 });
    const agentEnv = writeEnv(join(dir, `${agent}.env`), {
      AGENT_ID: agent,
      AGENT_KEY_FILE: join(agentDir, "key"),
      STATE_DIR: agentDir,
      REHEARSAL: "true",
      ...broker.login(agent),
    });
    const onLine = (line: string) => options.onLog(agent, line);
    running.set(agent, startAgentProcess({ envFile: agentEnv, stateDir: agentDir, timeScale, onLine }));
  };
  release.push(() => Promise.all([...running.values()].map((agent) => agent.stop())));
  const launched = options.withAgents === false ? [] : agents;
  for (const agent of launched) launchAgent(agent);

  const world: RealWorld = {
    clock,
    launchedAtMs,
    get readyAtMs() {
      return readyAtMs;
    },
    sendRaw: (sn, topic, bytes) => cloud.publishFrom(sn, topic, bytes),
    cloudRecord: cloud.record,
    cloudWaiting: () => cloud.waiting(),
    publish: (topic, payload, qos) => observer.publish(topic, payload, qos),
    pushesOf: (sn, values) => encoders.get(sn)?.pushes(values) ?? [],
    replyNow(sn, values) {
      const bytes = encoders.get(sn)?.reply(values);
      if (bytes) cloud.publishFrom(sn, "get_reply", bytes);
    },
    daemon: () => daemon,
    stateDir,
    dashboardUrl: async () => {
      const line = /DASHBOARD address=(\S+)/;
      await daemon.until(line);
      const address = daemon.lines.map((text) => line.exec(text)?.[1]).find((found) => found !== undefined);
      if (address === undefined) {
        throw new Error("Cannot find the dashboard: the daemon never said where it is");
      }
      return address;
    },
    say(sn, values: StationValues) {
      const pushes = encoders.get(sn)?.pushes(values) ?? [];
      if (delivers) { for (const bytes of pushes) cloud.publishFrom(sn, "property", bytes); }
    },
    setCloudDelivers(now) {
      delivers = now;
    },
    setCable: (station, says) => cables.get(station)?.set(says),
    setBroker: (up) => up ? broker.goUp() : broker.goDown(),
    setAgent: async (agent, isRunning) => {
      if (isRunning) return launchAgent(agent);
      await running.get(agent)?.kill();
      running.delete(agent);
    },
    killDaemon: () => daemon.kill(),
    startDaemon: () => {
      daemon = launchDaemon();
      return Promise.resolve();
    },
    feed: (topic, payload) => void observer.publish(topic, payload).catch(() => {}),
    onMessage: (see) => observer.onMessage(see),
    stop: site.stop,
  };
  await comeUp(world, site, launched);
  return world;
}

/** Waits until everybody is there; a house that does not come up is an error that shows the daemon's last lines. */
async function comeUp(
  world: RealWorld,
  { scenario, models, clock }: Site,
  agents: readonly string[],
): Promise<void> {
  const topics = topicsUnder(DEFAULT_ROOTS);
  const missing = new Set([
    ...agents.map((agent) => topics.agentStatus(agent)),
    ...scenario.stations.map(({ name }) => topics.state(name)),
  ]);
  const isComplete = Promise.withResolvers<void>();
  world.onMessage(({ topic, payload }) => {
    const text = new TextDecoder().decode(payload);
    const isUseful = !topic.endsWith("/json/state") || text.includes('"grid_connected"');
    if (isUseful && missing.delete(topic) && missing.size === 0) isComplete.resolve();
  });
  if (missing.size === 0) isComplete.resolve();
  const speak = clock.every(2000, () => {
    for (const [sn, model] of models) world.say(sn, model.now());
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const isReady = world.daemon().until(READY_LINE);
    const both = Promise.all([isReady, isComplete.promise]).then(([ready]) => ready);
    const tooLate = new Promise<false>((resolve) => timer = setTimeout(() => resolve(false), COME_UP_MS));
    const ended = isReady.then((ready) => ready ? both : false);
    if (!await Promise.race([both, ended, tooLate])) {
      throw new Error(
        `Cannot start the house: missing ${missing.size} words, as ${
          [...missing].slice(0, 5).join(", ") || "READY"
        }; the daemon's last lines:\n` +
          world.daemon().lines.slice(-15).join("\n"),
      );
    }
  } finally {
    clearTimeout(timer);
    speak();
  }
}

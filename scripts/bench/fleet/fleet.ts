/**
 * Many sites at one cluster: each a real bridge as `ecoflow-power broker bridge` writes it, and two nodes of RabbitMQ behind one address.
 *
 * All bridges read from one house, so that every site says the same at the same time; towards the cluster each is a site of its own.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BRIDGE_RUN_DIR, BRIDGE_STATE_DIR, bridgeConf } from "../../../commands/broker/bridge_conf.ts";
import { createAuthority } from "../../../lib/certificates.ts";
import type { MqttClient } from "../../../lib/mqtt/client.ts";
import { connectMqtt } from "../../../lib/mqtt/npm_client.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../../lib/mqtt/topics.ts";
import { DAEMON_USER, SITE_BRIDGE_USER } from "../../../services/broker_access.ts";
import { bridgeSite, type SiteBroker, startSiteBroker } from "../../simulate/bridged_site.ts";
import { startMosquittoWith } from "../../simulate/mosquitto.ts";
import { distributionOf } from "../figures/distribution.ts";
import { column, pause } from "../figures/waiting.ts";
import { cpuSeconds, type Memory, memoryOf } from "../memory.ts";
import { type Front, startFront } from "./front.ts";
import { type ClusterUser, startRabbitCluster } from "./rabbit_cluster.ts";
import { type Reader, startReader } from "./reader.ts";

/** What is tried. */
export interface FleetOptions {
  readonly sites: number;
  /** Nodes of the cluster. */
  readonly nodes: number;
  /** A site says a state, a policy and an event this often, ms. */
  readonly everyMs: number;
  /** How long all is well; a node is gone; a line is away, ms. */
  readonly calmMs: number;
  readonly nodeGoneMs: number;
  readonly lineGoneMs: number;
}

/** The size that docs/fleet.md tells of. An hour without a line is shortened to two minutes. */
export const FLEET: FleetOptions = {
  sites: 200,
  nodes: 2,
  everyMs: 5000,
  calmMs: 30_000,
  nodeGoneMs: 30_000,
  lineGoneMs: 120_000,
};

const COME_MS = 600_000;
const topics = topicsUnder(DEFAULT_ROOTS);

/** Plays it, and says each result as a line of a table. */
export async function measureFleet(
  say: (line: string) => void,
  options: FleetOptions = FLEET,
): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-fleet-"));
  const release: (() => Promise<unknown> | void)[] = [() => rmSync(dir, { recursive: true, force: true })];
  try {
    await play(dir, release, say, options);
  } finally {
    for (const undo of release.reverse()) await Promise.resolve(undo()).catch(() => {});
  }
}

type Release = (() => Promise<unknown> | void)[];

async function play(dir: string, release: Release, say: (line: string) => void, options: FleetOptions) {
  const { sites, nodes: size, everyMs, calmMs, nodeGoneMs, lineGoneMs } = options;
  const names = Array.from({ length: sites }, (_, i) => `s${i + 1}`);
  const authority = await createAuthority();
  const password = crypto.randomUUID();
  const users: ClusterUser[] = [
    ...names.map((name) => ({ name, password, may: "tell_site" as const })),
    { name: "reader", password, may: "read_sites" },
  ];
  const tls = { ...await authority.issue(), ca: authority.caPem };
  const cluster = await startRabbitCluster(dir, size, users, tls);
  release.push(cluster.stop);
  const memory = () => cluster.nodes.reduce((sum, node) => sum + memoryOf(node.pid()).pss, 0);
  const emptyMegabytes = memory();
  const front = startFront(cluster.nodes.map(({ port }) => port));
  release.push(() => front.stop());
  const line = startFront([front.port]);
  release.push(() => line.stop());

  const login = { port: front.port, tls: { ca: authority.caPem }, username: "reader", password };
  const reader = await startReader(login, names);
  release.push(reader.stop);
  const house = await startSiteBroker({ connections: sites + 50 });
  release.push(house.stop);
  const startedMs = performance.now();
  const pids = await startBridges(house, names, {
    front,
    line,
    caPem: authority.caPem,
    password,
    dir,
    release,
  });
  await until(() => [...reader.sites.values()].every((site) => site.line), "every site's line");
  row(say, `${sites} bridges connected`, `${seconds(performance.now() - startedMs)} s`);

  const talk = await startTalk(house, everyMs);
  release.push(talk.stop);
  await pause(everyMs * 3);
  const before = {
    bytes: front.bytes(),
    cpu: cluster.nodes.map((node) => cpuSeconds(node.pid())),
    sent: talk.sent(),
  };
  reader.forgetLatencies();
  await pause(calmMs);
  const rounds = talk.sent() - before.sent;
  const cpu = cluster.nodes.reduce((sum, node, i) => sum + cpuSeconds(node.pid()) - (before.cpu[i] ?? 0), 0);
  const bytesPerSite = (front.bytes() - before.bytes) / rounds / sites;
  const { median, p99 } = distributionOf(reader.latenciesMs);
  row(say, "event, house to reader", `median ${column(median)} ms, p99 ${column(p99)} ms`);
  row(say, "a site's messages a second", column(3000 / everyMs, 1));
  row(
    say,
    "bytes at the cluster for each message of a site, in, out to one reader, TLS",
    column(bytesPerSite / 3),
  );
  row(
    say,
    `processor of ${size} nodes for each message`,
    `${column(cpu * 1000 / (rounds * sites * 3), 2)} ms`,
  );
  row(say, "memory of the cluster, empty", `${column(emptyMegabytes)} MB`);
  row(say, "… and for each site", `${column((memory() - emptyMegabytes) * 1000 / sites)} kB`);
  const bridges = pids.map(memoryOf);
  const mean = (read: (memory: Memory) => number) =>
    `${column(bridges.reduce((sum, memory) => sum + read(memory), 0) / bridges.length, 1)} MB`;
  row(
    say,
    "memory of a site's bridge (Pss, its program's pages shared with all the others; anonymous)",
    `${mean(({ pss }) => pss)}, ${mean(({ anon }) => anon)}`,
  );

  // A node dies.
  const [dying] = cluster.nodes;
  if (!dying) throw new RangeError("Cannot measure a cluster without nodes");
  const diedMs = performance.now();
  await dying.kill();
  const backMs = await backAfter(reader, talk, names);
  row(say, "a node killed: every site heard again after", `${seconds(backMs - diedMs)} s`);
  await pause(Math.max(0, nodeGoneMs - (performance.now() - diedMs)));
  await dying.start();
  row(say, "… the node back after", `${seconds(performance.now() - diedMs)} s`);

  // A site's line is away.
  const [cutName = ""] = names;
  const cutAt = talk.sent();
  line.cut();
  await pause(lineGoneMs);
  const missedWhileGone = talk.sent() - Math.max(0, ...reader.sites.get(cutName)?.events ?? []);
  line.mend();
  const mendedMs = performance.now();
  const wantedNow = talk.sent();
  await until(
    () => reader.sites.get(cutName)?.events.has(wantedNow) ?? false,
    "the site whose line was away",
  );
  row(
    say,
    `a line away for ${seconds(lineGoneMs)} s (${
      talk.sent() - cutAt
    } events, ${missedWhileGone} behind): all there after`,
    `${seconds(performance.now() - mendedMs)} s`,
  );

  await talk.stop();
  const last = talk.sent();
  const isWhole = () =>
    [...reader.sites.values()].every(({ events, policies }) =>
      events.size === last && policies.size === last
    );
  await until(isWhole, "", 60_000).catch(() => {});
  const each = [...reader.sites.values()];
  const missing = (kind: "events" | "policies") =>
    each.reduce((sum, site) => sum + last - site[kind].size, 0);
  row(say, `events said by ${sites} sites`, column(last * sites));
  row(say, "… lost", column(missing("events")));
  row(say, `policies said, lost`, `${column(last * sites)}, ${column(missing("policies"))}`);
  row(say, "of both, came more than once", column(each.reduce((sum, { repeats }) => sum + repeats, 0)));
  row(say, "sites whose last state is the newest", column(each.filter(({ state }) => state === last).length));
}

interface BridgesOptions {
  readonly front: Front;
  readonly line: Front;
  readonly caPem: string;
  readonly password: string;
  readonly dir: string;
  readonly release: Release;
}

/** The first site's line can be cut. @returns the bridges' processes */
async function startBridges(
  house: SiteBroker,
  names: readonly string[],
  options: BridgesOptions,
): Promise<number[]> {
  const { front, line, caPem, password, dir, release } = options;
  // Lets the user in, as the command does; what it wrote says how.
  bridgeSite(house, {
    site: "s0",
    to: { host: "127.0.0.1", port: front.port },
    ca: { pem: caPem, path: "ca" },
  });
  const bridgePassword = house.files.newPassword();
  house.files.setPassword(SITE_BRIDGE_USER, bridgePassword);
  house.reload();
  const pids: number[] = [];
  for (const [i, site] of names.entries()) {
    const own = join(dir, site);
    for (const folder of [BRIDGE_RUN_DIR, BRIDGE_STATE_DIR]) {
      mkdirSync(join(own, folder), { recursive: true });
    }
    const text = bridgeConf({
      site,
      roots: DEFAULT_ROOTS,
      to: { host: "127.0.0.1", port: i === 0 ? line.port : front.port },
      login: { user: site, password },
      caFile: join(dir, "ca.pem"),
      house: { port: house.port, user: SITE_BRIDGE_USER, password: bridgePassword },
    })
      .replace(BRIDGE_RUN_DIR, join(own, BRIDGE_RUN_DIR))
      .replace(BRIDGE_STATE_DIR, join(own, BRIDGE_STATE_DIR))
      // They share a house, which knows each by its name.
      .replace("remote_clientid site-bridge", `remote_clientid site-bridge-${site}`);
    const bridge = await startMosquittoWith(text, undefined, true);
    release.push(bridge.stop);
    pids.push(bridge.pid);
  }
  return pids;
}

interface Talk {
  /** Rounds so far; each is one event, one policy and one state with its number. */
  sent(): number;
  stop(): Promise<void>;
}

async function startTalk(house: SiteBroker, everyMs: number): Promise<Talk> {
  const up = Promise.withResolvers<void>();
  const client: MqttClient = connectMqtt({
    host: "127.0.0.1",
    port: house.port,
    clientId: DAEMON_USER,
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 20_000,
    ...house.daemon,
  }, { onUp: () => up.resolve(), onDown: ({ text }) => up.reject(new Error(text)), onMessage: () => {} });
  await up.promise;
  let n = 0;
  // As long as what a house says: some 300 bytes an event, 600 a policy or a state.
  const say = (topic: string, length: number, qos: 0 | 1, retain: boolean) => {
    const text = JSON.stringify({ n, atMs: performance.now(), filler: "x".repeat(length - 60) });
    return client.publish(topic, text, { qos, retain });
  };
  const round = async () => {
    n++;
    await say(topics.events, 300, 1, false);
    await say(topics.policy("Study"), 600, 1, true);
    await say(topics.state("Study"), 600, 0, true);
  };
  let last = Promise.resolve();
  const timer = setInterval(() => last = last.then(round), everyMs);
  return {
    sent: () => n,
    async stop() {
      clearInterval(timer);
      await last;
      await client.close();
    },
  };
}

/** When every site has said something that was published after now. @returns on `performance.now()` */
async function backAfter(reader: Reader, talk: Talk, names: readonly string[]): Promise<number> {
  const from = talk.sent() + 1;
  await until(
    () => names.every((name) => reader.sites.get(name)?.events.has(from)),
    "the sites behind a dead node",
  );
  return Math.max(...names.map((name) => reader.sites.get(name)?.atMs ?? 0));
}

async function until(isSo: () => boolean, what: string, limitMs = COME_MS): Promise<void> {
  const endMs = performance.now() + limitMs;
  while (!isSo()) {
    if (performance.now() > endMs) {
      throw new Error(`Cannot measure: ${what} did not come within ${limitMs / 1000} s`);
    }
    await pause(100);
  }
}

/** The head of the table whose lines {@link measureFleet} says. */
export const FLEET_HEAD = "| what | measured |\n| --- | ---: |";

function row(say: (line: string) => void, what: string, found: string): void {
  say(`| ${what} | ${found} |`);
}

function seconds(ms: number): string {
  return column(ms / 1000, ms < 10_000 ? 1 : 0);
}

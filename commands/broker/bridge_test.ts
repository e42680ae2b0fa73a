/** A real house, a real bridge and a real cluster's node, all Mosquitto, with TLS between them. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Authority, createAuthority } from "../../lib/certificates.ts";
import { loadConfig } from "../../lib/config/load.ts";
import type { MqttClient, MqttConnectOptions, MqttMessage } from "../../lib/mqtt/client.ts";
import { connectMqtt } from "../../lib/mqtt/npm_client.ts";
import { bridgeSite, type SiteBroker, startSiteBroker } from "../../scripts/simulate/bridged_site.ts";
import { type Mosquitto, startMosquitto } from "../../scripts/simulate/mosquitto.ts";
import { SITE_BRIDGE_USER } from "../../services/broker_access.ts";
import { bridge, type BridgeArgs, nextCommand } from "./bridge.ts";
import { BridgeFiles } from "./bridge_files.ts";
import { BridgeInputError } from "./bridge_target.ts";
import { ManagedBroker } from "./managed_broker.ts";

const WAIT_MS = 20_000;
const text = (payload: Uint8Array) => new TextDecoder().decode(payload);

interface Listener {
  readonly seen: MqttMessage[];
  readonly client: MqttClient;
  /** Resolves when a message of this topic and text was seen; rejects after {@link WAIT_MS}. */
  sees(topic: string, payload: string): Promise<void>;
}

async function connect(
  options: Partial<MqttConnectOptions>,
  filters: readonly string[] = [],
): Promise<Listener> {
  const seen: MqttMessage[] = [];
  const up = Promise.withResolvers<void>();
  const client = connectMqtt({
    host: "127.0.0.1",
    port: 0,
    clientId: crypto.randomUUID(),
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 10_000,
    ...options,
  }, {
    onUp: () => up.resolve(),
    onDown: (down) => up.reject(new Error(down.text)),
    onMessage: (message) => seen.push(message),
  });
  await up.promise;
  for (const filter of filters) await client.subscribe(filter, 1);
  const sees = (topic: string, payload: string) =>
    until(
      () => seen.some((one) => one.topic === topic && text(one.payload) === payload),
      `${topic}: ${payload}`,
    );
  return { seen, client, sees };
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const endMs = performance.now() + WAIT_MS;
  while (!isSo()) {
    if (performance.now() > endMs) throw new Error(`Nothing came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The cluster's users: each site writes below its own name; whoever runs the cluster may do anything. */
function startCluster(tls: { readonly cert: string; readonly key: string }): Promise<Mosquitto> {
  return startMosquitto({
    tls,
    users: [
      { username: "site-home", password: "site password", publishes: ["site/home/#"], subscribes: [] },
      { username: "owner", password: "o", publishes: ["#"], subscribes: ["#"] },
    ],
  });
}

/** A user of the house who sees everything that is there. */
function addSpy({ root, files, reload }: SiteBroker): void {
  files.setPassword("spy", "spy");
  const acl = join(root, "etc/mosquitto/ecoflow-power/acl");
  writeFileSync(acl, `${readFileSync(acl, "utf8")}\nuser spy\ntopic read #\n`);
  reload();
}

function wishesFor(port: number, authority: Authority, password = "site password") {
  return {
    site: "home",
    to: { host: "127.0.0.1", port },
    login: { user: "site-home", password },
    ca: { pem: authority.caPem, path: "cluster_ca.pem" },
  };
}

Deno.test("a bridged house says status, policy, states and events, nothing else, and nothing comes in; a line that was away loses no event", async () => {
  const authority = await createAuthority();
  const cluster = await startCluster(await authority.issue());
  const site = await startSiteBroker();
  const open: MqttClient[] = [];
  const listen = async (options: Partial<MqttConnectOptions>, filters: readonly string[] = []) => {
    const listener = await connect(options, filters);
    open.push(listener.client);
    return listener;
  };
  const owner = { port: cluster.port, tls: { ca: authority.caPem }, username: "owner", password: "o" };
  try {
    bridgeSite(site, wishesFor(cluster.port, authority));
    addSpy(site);
    const house = await listen({ port: site.port, ...site.daemon });
    const inside = await listen({ port: site.port, username: "spy", password: "spy" }, ["#"]);
    let outside = await listen(owner, ["site/#", "power-manager/#", "bridge-ecoflow/#"]);
    const say = (topic: string, payload: string, retain: boolean, qos: 0 | 1 = 1) =>
      house.client.publish(topic, payload, { qos, retain });
    await say("bridge-ecoflow/Study/json/state", "state 1", true, 0);
    const bridge = await site.startBridge(1);
    try {
      await outside.sees("site/home/bridge", "1");
      // What was retained before the bridge came, and what is said while it is there.
      await outside.sees("site/home/bridge-ecoflow/Study/json/state", "state 1");
      await say("power-manager/policy/Study", "policy 1", true);
      await say("power-manager/orchestrator/status", "status 1", true);
      await say("bridge-ecoflow/status", "cloud 1", true);
      await say("power-manager/events", "event 0", false);
      const commands = ["power-manager/pc/cmd", "power-manager/pc/plan", "power-manager/drill/request"];
      for (const topic of commands) await say(topic, "secret", false);
      await say("power-manager/events", "event 1", false);
      for (
        const [topic, payload] of [
          ["power-manager/policy/Study", "policy 1"],
          ["power-manager/orchestrator/status", "status 1"],
          ["bridge-ecoflow/status", "cloud 1"],
          ["power-manager/events", "event 0"],
          ["power-manager/events", "event 1"],
        ] as const
      ) await outside.sees(`site/home/${topic}`, payload);
      for (const topic of commands) {
        assert.ok(inside.seen.some((one) => one.topic === topic), `${topic} was said in the house`);
        assert.ok(!outside.seen.some((one) => one.topic.endsWith(topic)), `${topic} went out`);
      }
      assert.ok(
        outside.seen.every((one) => one.topic.startsWith("site/home/")),
        "all of it below the site's name",
      );

      // In: from whoever may say anything in the cluster.
      const before = inside.seen.length;
      for (const root of ["", "site/home/"]) {
        for (
          const topic of [
            "power-manager/pc/cmd",
            "power-manager/abort/request",
            "power-manager/policy/Study",
            "power-manager/events",
            "bridge-ecoflow/Study/json/state",
          ]
        ) await outside.client.publish(`${root}${topic}`, "from the cluster", { qos: 1, retain: false });
      }
      await say("power-manager/events", "after the cluster spoke", false);
      await outside.sees("site/home/power-manager/events", "after the cluster spoke");
      assert.deepEqual(
        inside.seen.slice(before).map(({ payload }) => text(payload)),
        ["after the cluster spoke"],
      );

      // The line goes away, and the house goes on. The owner's session is kept, so that it misses nothing either.
      const kept = { ...owner, clientId: "owner", cleanSession: false, sessionExpirySec: 3600 };
      const away = await connect(kept, ["site/#"]);
      await away.client.close();
      await cluster.goDown();
      for (let i = 0; i < 200; i++) await say("power-manager/events", `away ${i}`, false);
      await say("power-manager/policy/Study", "policy 2", true);
      await say("power-manager/policy/Study", "policy 3", true);
      await say("bridge-ecoflow/Study/json/state", "state 2", true, 0);
      await cluster.goUp();
      outside = await listen(kept);
      await outside.sees("site/home/power-manager/events", "away 199");
      await outside.sees("site/home/bridge-ecoflow/Study/json/state", "state 2");
      await outside.sees("site/home/power-manager/policy/Study", "policy 3");
      const said = (topic: string) =>
        outside.seen.filter((one) => one.topic === `site/home/${topic}`).map(({ payload }) => text(payload));
      const events = new Set(said("power-manager/events").filter((event) => event.startsWith("away")));
      assert.deepEqual([...events], Array.from({ length: 200 }, (_, i) => `away ${i}`));
      assert.ok(said("power-manager/policy/Study").includes("policy 2"), "each policy, not only the last");
      // Whoever comes now finds what holds now.
      const late = await listen(owner, ["site/#"]);
      await late.sees("site/home/power-manager/policy/Study", "policy 3");
      await late.sees("site/home/bridge-ecoflow/Study/json/state", "state 2");
      await late.sees("site/home/bridge", "1");
    } finally {
      await bridge.stopInOrder();
    }
  } finally {
    for (const client of open) await client.close();
    await site.stop();
    await cluster.stop();
  }
});

/** A node that is in wrong hands: it takes every login, and says what nobody asked for. Counts what it sent. */
function startHostileNode(tls: { readonly cert: string; readonly key: string }, topics: readonly string[]) {
  const listener = Deno.listenTls({ hostname: "127.0.0.1", port: 0, ...tls });
  const open: Deno.TlsConn[] = [];
  let sent = 0;
  const utf8 = (value: string) => new TextEncoder().encode(value);
  const serve = async (conn: Deno.TlsConn) => {
    const buffer = new Uint8Array(4096);
    while (await conn.read(buffer) !== null) {
      if ((buffer[0] ?? 0) >> 4 !== 1) continue;
      await conn.write(new Uint8Array([0x20, 2, 0, 0]));
      for (const topic of topics) {
        const [name, payload] = [utf8(topic), utf8("from a hostile node")];
        const length = 2 + name.length + payload.length;
        // Retained, at QoS 0.
        await conn.write(new Uint8Array([0x31, length, 0, name.length, ...name, ...payload]));
        sent++;
      }
    }
  };
  const done = (async () => {
    for await (const conn of listener) {
      open.push(conn);
      serve(conn).catch(() => {});
    }
  })();
  return {
    port: listener.addr.port,
    sent: () => sent,
    async stop() {
      listener.close();
      for (const conn of open) conn.close();
      await done.catch(() => {});
    },
  };
}

Deno.test("a cluster's node in wrong hands, which says what nobody asked for, reaches nobody in the house", async () => {
  const authority = await createAuthority();
  const topics = [
    "power-manager/pc/cmd",
    "power-manager/abort/request",
    "bridge-ecoflow/Study/json/state",
    "power-manager/events",
  ];
  const node = startHostileNode(await authority.issue(), topics);
  const site = await startSiteBroker();
  try {
    bridgeSite(site, wishesFor(node.port, authority));
    addSpy(site);
    const inside = await connect({ port: site.port, username: "spy", password: "spy" }, ["#"]);
    const bridge = await site.startBridge(1);
    try {
      await until(() => node.sent() >= topics.length, "the bridge at the hostile node");
      const daemon = await connect({ port: site.port, ...site.daemon });
      await daemon.client.publish("power-manager/events", "from the house", { qos: 1, retain: false });
      await inside.sees("power-manager/events", "from the house");
      // Longer than a message takes through both brokers.
      await new Promise((resolve) => setTimeout(resolve, 1000));
      assert.deepEqual(inside.seen.map(({ payload }) => text(payload)), ["from the house"]);
      await daemon.client.close();
    } finally {
      await bridge.stop();
      await inside.client.close();
    }
  } finally {
    await site.stop();
    await node.stop();
  }
});

Deno.test("a bridge does not speak to a cluster whose certificate is another's", async () => {
  const [authority, stranger] = [await createAuthority(), await createAuthority()];
  const site = await startSiteBroker();
  try {
    for (
      const [what, issued] of [
        ["another authority", await stranger.issue()],
        ["another name", await authority.issue({ names: ["elsewhere.example.com"] })],
      ] as const
    ) {
      const node = startHostileNode(issued, ["power-manager/events"]);
      bridgeSite(site, wishesFor(node.port, authority));
      const bridge = await site.startBridge(1);
      await new Promise((resolve) => setTimeout(resolve, 4000));
      await bridge.stop();
      await node.stop();
      assert.equal(node.sent(), 0, what);
    }
  } finally {
    await site.stop();
  }
});

Deno.test("a house that becomes another site leaves no queue behind that grows for ever", async () => {
  const authority = await createAuthority();
  const cluster = await startMosquitto({
    tls: await authority.issue(),
    users: [{ username: "owner", password: "o", publishes: ["#"], subscribes: ["#"] }],
  });
  const site = await startSiteBroker();
  const open: MqttClient[] = [];
  try {
    const tls = { ca: authority.caPem };
    const outside = await connect({ port: cluster.port, tls, username: "owner", password: "o" }, ["site/#"]);
    const daemon = await connect({ port: site.port, ...site.daemon });
    open.push(outside.client, daemon.client);
    const say = (event: string) =>
      daemon.client.publish("power-manager/events", event, { qos: 1, retain: false });
    for (const name of ["one", "two"]) {
      const login = { user: "owner", password: "o" };
      bridgeSite(site, { ...wishesFor(cluster.port, authority), site: name, login });
      const bridge = await site.startBridge(1);
      try {
        await outside.sees(`site/${name}/bridge`, "1");
        for (let i = 0; i < 200; i++) await say(`${name} ${i} ${"x".repeat(500)}`);
        await outside.sees(`site/${name}/power-manager/events`, `${name} 199 ${"x".repeat(500)}`);
      } finally {
        await bridge.stopInOrder();
      }
    }
    const kept = statSync(join(site.root, "var/lib/ecoflow-power-bridge/mosquitto.db")).size;
    assert.ok(kept < 50_000, `${kept} bytes wait for a site that is no more`);
    new BridgeFiles(site.root, site.files).remove(site.house);
    assert.throws(() => statSync(join(site.root, "var/lib/ecoflow-power-bridge/mosquitto.db")));
  } finally {
    for (const client of open) await client.close();
    await site.stop();
    await cluster.stop();
  }
});

const load = (environment: Record<string, string>) =>
  loadConfig({
    environment: { ECOFLOW_CLOUD: "off", ...environment },
    exists: () => false,
    readFile: () => "",
  });

Deno.test("broker bridge writes what only Mosquitto may read, says the next command, and takes it away again", async () => {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-bridge-"));
  try {
    const [pass, ca] = [join(root, "pass"), join(root, "ca.pem")];
    const house = load({ MQTT_HOST: "127.0.0.1" });
    const say = (args: BridgeArgs) => bridge(house, root, args);
    writeFileSync(pass, "geheim #1\n");
    writeFileSync(ca, (await createAuthority()).caPem);
    const wishes = { to: "mqtts://cluster.example.com", site: "home" };
    const none = say(wishes);
    assert.equal(none.code, 64);
    assert.match(none.text, /no broker of ours here.*broker setup/);
    const files = new ManagedBroker(root);
    await files.setUp(house, ["localhost"], false);

    const done = say({ ...wishes, user: "site-home", "pass-file": pass, ca });
    assert.equal(done.code, 0, done.text);
    const dir = join(root, "etc/mosquitto/ecoflow-power");
    assert.match(done.text, /out to cluster\.example\.com:8883 below "site\/home\/"; nothing comes in/);
    assert.match(done.text, new RegExp(`^Next: mosquitto -c ${dir}/bridge\\.conf$`, "m"));
    assert.ok(!done.text.includes("geheim"));
    assert.match(
      done.text,
      /^The user "site-home" is not called as the site: .* write below "site\/home\/"\.$/m,
    );
    for (const name of ["bridge.conf", "bridge_ca.pem"]) {
      assert.equal(statSync(join(dir, name)).mode & 0o777, 0o640, name);
    }
    const conf = readFileSync(join(dir, "bridge.conf"), "utf8");
    assert.match(conf, /^remote_password geheim #1$/m);
    assert.match(conf, new RegExp(`^bridge_cafile ${dir}/bridge_ca\\.pem$`, "m"));
    const toCluster = conf.slice(conf.indexOf("connection cluster"));
    assert.doesNotMatch(toCluster, /^topic \S+ (in|both)/m);
    assert.doesNotMatch(conf.slice(0, conf.indexOf("connection cluster")), /^topic \S+ (out|both)/m);
    const acl = readFileSync(join(dir, "acl"), "utf8");
    const own = acl.slice(acl.indexOf(`user ${SITE_BRIDGE_USER}\n`));
    assert.doesNotMatch(own, /write|cmd|plan|#/);
    // What the daemon's start does keeps it.
    assert.equal(files.refresh(house), false);

    assert.doesNotMatch(
      say({ ...wishes, user: "home", "pass-file": pass, ca }).text,
      /is not called as the site/,
    );
    // Without an authority of its own: those that the system trusts, and the old file is gone.
    assert.equal(say(wishes).code, 0);
    assert.match(readFileSync(join(dir, "bridge.conf"), "utf8"), /^bridge_capath \/etc\/ssl\/certs$/m);
    assert.throws(() => statSync(join(dir, "bridge_ca.pem")));

    for (
      const [args, wanted] of [
        [{ site: "home" }, /--to and --site are needed/],
        [{ ...wishes, user: "x" }, /--user and --pass-file go together/],
        [{ ...wishes, site: "a b" }, /Cannot use --site/],
        [{ ...wishes, to: "cluster" }, /Cannot use --to/],
        [{ ...wishes, ca: pass }, /must hold PEM certificates of authorities, found none/],
        [{ ...wishes, ca: join(root, "absent") }, /Cannot read --ca/],
        [{ ...wishes, remove: true }, /--remove stands alone/],
      ] as const
    ) {
      const refused = say(args);
      assert.equal(refused.code, 64, JSON.stringify(args));
      assert.match(refused.text, wanted);
    }
    assert.equal(say({ remove: true }).code, 0);
    assert.throws(() => statSync(join(dir, "bridge.conf")));
    assert.doesNotMatch(readFileSync(join(dir, "acl"), "utf8"), /site-bridge/);
    assert.doesNotMatch(readFileSync(join(dir, "passwords"), "utf8"), /site-bridge/);
    assert.equal(say({ remove: true }).text, "There is no bridge here.");
  } finally {
    rmSync(root, { recursive: true });
  }
});

/** The command as it is typed, from the sources. */
async function type(...args: string[]) {
  const main = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--no-check", "-A", main, "broker", ...args],
    stdout: "piped",
    stderr: "piped",
  }).output();
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("broker refuses an option that its action does not know", async () => {
  for (
    const [args, wanted] of [
      [["bridge", "--renew"], /Cannot use --renew with "bridge"/],
      [["refresh", "--site", "home"], /Cannot use --site with "refresh"/],
    ] as const
  ) {
    const { code, err } = await type(...args);
    assert.equal(code, 64);
    assert.match(err, wanted);
  }
});

Deno.test("nextCommand() is what is typed in this installation", () => {
  assert.equal(nextCommand("package", "/x", false), "sudo systemctl enable --now ecoflow-power-bridge");
  assert.equal(nextCommand("package", "/x", true), "sudo systemctl restart ecoflow-power-bridge");
  assert.equal(nextCommand("checkout", "/x", true), "mosquitto -c /x");
  assert.match(nextCommand("container", "/x", true), /^docker compose --profile fleet up .* bridge$/);
});

Deno.test("BridgeFiles.write() refuses a broker that is elsewhere, and an agent of the bridge's own name", async () => {
  const root = mkdtempSync(join(tmpdir(), "ecoflow-bridge-"));
  try {
    await new ManagedBroker(root).setUp(load({}), ["localhost"], false);
    for (
      const [environment, wanted] of [
        [{ MQTT_HOST: "broker.lan" }, /MQTT_HOST must be this machine, found "broker\.lan"/],
        [{ DEVICE_TO_AGENTS_JSON: '{"Study":["site-bridge"]}' }, /no agent may be called "site-bridge"/],
      ] as const
    ) {
      const files = new BridgeFiles(root, new ManagedBroker(root));
      assert.throws(
        () => files.write(load(environment), { site: "home", to: { host: "c", port: 1 } }),
        (error) => error instanceof BridgeInputError && wanted.test(error.message),
      );
      assert.equal(files.isThere, false);
    }
  } finally {
    rmSync(root, { recursive: true });
  }
});

/** 2,000 odd names, as stations, hosts, witnesses and UPS: each is refused by name, or carried through everywhere. */
import assert from "node:assert/strict";
import { startMosquitto } from "../scripts/simulate/mosquitto.ts";
import { parseAgentMap } from "../lib/config/stations.ts";
import { ConfigError } from "../lib/errors.ts";
import { encodeAgentStatus } from "../lib/messages/agent/status.ts";
import { encodePowerState, parsePowerState } from "../lib/messages/power_state.ts";
import { encodeStationList } from "../lib/messages/station_list.ts";
import { formatEntry } from "../lib/log/log.ts";
import { MemoryBroker } from "../lib/mqtt/memory_broker.ts";
import { connectMqtt } from "../lib/mqtt/npm_client.ts";
import { DEFAULT_ROOTS, topicsUnder, topicWordProblem } from "../lib/mqtt/topics.ts";
import { settle, TestClock } from "../lib/time/test_clock.ts";
import { testContext } from "../lib/testing.ts";
import { withDashboard } from "./dashboard/testdata/test_dashboard.ts";
import { discoveryCapability } from "./discovery/config.ts";
import { createDiscovery } from "./discovery/service.ts";
import { composeMessage } from "./notifier/message.ts";
import { parseNutConfig } from "./nut_server/access/config.ts";
import { quoted } from "./nut_server/protocol/answers.ts";
import { parsePolicyFile } from "./policy_engine/rules/policy_file.ts";
import { house, LOST } from "./policy_engine/testdata/test_policy.ts";
import { createSocBridge, type SocBridgeConfig } from "./soc_bridge/service.ts";
import { topicName } from "./soc_bridge/publish/station_names.ts";

const COUNT = 2000;
const BATCH = 200;
const TOPICS = topicsUnder(DEFAULT_ROOTS);
const SEED = Number(Deno.env.get("SEED") ?? Math.floor(Math.random() * 2 ** 31));

const INHERITED = Object.getOwnPropertyNames(Object.prototype);
const PIECES = [
  ...INHERITED,
  "prototype",
  "nas",
  "Study",
  "пк",
  "nаs",
  "ｎａｓ",
  "ﬁ",
  "é",
  "e\u0301",
  "👨‍👩‍👧‍👦",
  "🔋",
  "\ud83d",
  "\ude00",
  "\u202e",
  "\u200b",
  "\ufeff",
  "\u2028",
  "\u0000",
  "\u0007",
  "\u001b[2J",
  "\u007f",
  "\u0085",
  "\ufffe",
  "\ufdd0",
  "\ufffd",
  '"',
  "'",
  "`",
  "\\",
  "/",
  "+",
  "#",
  "$SYS",
  "$share/x/",
  "..",
  " ",
  "\t",
  "\r\n",
  "{{ x }}",
  "{% x %}",
  "${x}",
  "</script>",
  "<b>",
  "&amp;",
  "%2f",
  "=",
  ",",
  ":",
  ";",
  "null",
  "0",
  "-1",
  "x".repeat(64),
  "x".repeat(255),
  "ü".repeat(32),
  "🔋".repeat(16),
  "🔋".repeat(33),
] as const;

/** A small repeatable source of numbers in [0, 1). */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

/** Every piece alone, and mixtures, each once. */
function oddNames(): string[] {
  const random = lcg(SEED);
  const names = new Set<string>(PIECES);
  while (names.size < COUNT) {
    const count = 1 + Math.floor(random() * 4);
    const pieces = Array.from(
      { length: count },
      () =>
        random() < 0.2
          ? String.fromCharCode(Math.floor(random() * 0xffff))
          : PIECES[Math.floor(random() * PIECES.length)],
    );
    names.add(pieces.join(""));
  }
  return [...names];
}

function batches<T>(all: readonly T[]): T[][] {
  return Array.from(
    { length: Math.ceil(all.length / BATCH) },
    (_, i) => all.slice(i * BATCH, (i + 1) * BATCH),
  );
}

const NAMES = oddNames();
/** Those that the configuration takes. */
const TAKEN = NAMES.filter((name) => topicWordProblem(name) === undefined);

Deno.test(`odd names (SEED=${SEED}): the configuration refuses each by name, or takes it as it is`, () => {
  let refused = 0;
  for (const name of NAMES) {
    const problems: string[] = [];
    const map = parseAgentMap(JSON.stringify(Object.fromEntries([[name, [name]]])), problems);
    if (problems.length > 0) refused++;
    else assert.deepEqual(Object.entries(map), [[name, [name]]]);
    if (problems.length > 0) assert.match(problems.join(), /DEVICE_TO_AGENTS_JSON: .* must/s);
    assert.equal(problems.length === 0, topicWordProblem(name) === undefined, JSON.stringify(name));
  }
  assert.ok(refused > 300 && refused < COUNT - 300, `${refused} refused`);
});

Deno.test(`odd names (SEED=${SEED}): policy files name hosts, stations and witnesses so, or are refused with the line`, () => {
  const limits = {
    socMinPercent: 10,
    debounceSec: 180,
    cooldownSec: 300,
    abortWindowSec: 120,
    shutdownDelaySec: 60,
    staleAfterSec: 120,
  };
  let read = 0;
  for (const name of NAMES) {
    const key = JSON.stringify(name).replaceAll("\u007f", "\\u007f");
    const text = `[host.${key}]\nsoc_min = 12\n[station.${key}]\nsoc_min = 11\n[[witness]]\nname = ${key}\n` +
      `stations = [${key}]\ntopic = "plug"\npresent_when_equals = "on"\n`;
    const stations = Object.fromEntries([[name, [name]]]);
    try {
      const file = parsePolicyFile(text, "policy.toml", { ...limits, stations });
      assert.deepEqual(Object.entries(file.host).map(([host, { soc_min }]) => [host, soc_min]), [[name, 12]]);
      assert.deepEqual(Object.keys(file.station), [name]);
      assert.deepEqual(file.witness.map((witness) => witness.name), [name]);
      read++;
    } catch (error) {
      assert.ok(error instanceof ConfigError, `${key}: ${error}`);
      assert.match(error.problems.join(), /policy\.toml line \d+/);
    }
  }
  assert.ok(read > COUNT / 2, `${read} read`);
});

for (const [index, names] of batches(TAKEN).entries()) {
  Deno.test(`odd names (SEED=${SEED}), part ${index + 1}: every host is told in time, once`, async () => {
    // Each is a station and a host on the one before.
    const entries = names.map((name, i) => [name, [names.at(i - 1) ?? ""]] as const);
    const h = await house({ stations: Object.fromEntries(entries), agentKeys: {} });
    for (const name of names) {
      h.broker.publish(TOPICS.agentStatus(name), encodeAgentStatus({ agent: name, online: true }), {
        retain: true,
      });
    }
    for (let left = 200; left > 0; left -= 20) {
      for (const device of names) {
        const state = encodePowerState({ device, ...LOST, grid_age_s: 0, soc_age_s: 0 });
        h.broker.publish(TOPICS.state(device), state, { retain: true });
      }
      await h.clock.advance(20_000);
    }
    assert.deepEqual(h.commands.map(({ agent }) => agent).toSorted(), names.toSorted());
    assert.deepEqual(h.health().filter((code) => code.endsWith("_failed")), []);
    for (const name of names) assert.equal(h.status(name).device, name);
    await h.stop();
  });

  Deno.test(`odd names (SEED=${SEED}), part ${index + 1}: the dashboard shows, measures and exports each`, async () => {
    const agentsByStation = Object.fromEntries(names.map((name) => [name, [name]]));
    await withDashboard(async ({ broker, ask, own, login, clock, health }) => {
      for (const device of names) {
        const state = {
          device,
          soc: 50,
          grid_connected: true,
          out_watts: 7,
          ts: new Date(clock.wallMs()).toISOString(),
        };
        broker.publish(TOPICS.state(device), encodePowerState(state), { retain: true });
        const status = encodeAgentStatus({ agent: device, online: true });
        broker.publish(TOPICS.agentStatus(device), status, { retain: true });
      }
      await settle();
      const { headers } = await login();
      const get = (path: string) => ask(path, { headers: { ...own(), ...headers } });
      const metrics = await get("/metrics");
      assert.equal(metrics.status, 200);
      const escaped = (name: string) =>
        name.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
      const lines = new Set(metrics.text.split("\n"));
      for (const name of names) {
        assert.ok(
          lines.has(`ecoflow_power_output_watts{station="${escaped(name)}"} 7`),
          JSON.stringify(name),
        );
        assert.ok(lines.has(`ecoflow_power_host_online{host="${escaped(name)}"} 1`), JSON.stringify(name));
      }
      const report = await get("/health");
      assert.ok([200, 503].includes(report.status));
      for (const name of names.slice(0, 20)) {
        const history = await get(`/api/history?device=${encodeURIComponent(name)}&hours=1`);
        assert.equal(history.status, 200, `${JSON.stringify(name)}: ${history.text.slice(0, 200)}`);
      }
      assert.deepEqual(health.list(), []);
    }, { agentsByStation });
  });

  Deno.test(`odd names (SEED=${SEED}), part ${index + 1}: Home Assistant gets a device for each`, async () => {
    const clock = new TestClock();
    const config = {
      roots: DEFAULT_ROOTS,
      prefix: "homeassistant",
      node: "ecoflow-power",
      staleAfterSec: 120,
      stations: [],
      agentsByStation: Object.fromEntries(names.map((name) => [name, [name]])),
      nutHosts: [],
    };
    const context = testContext({ service: "discovery", ...discoveryCapability(config) }, config, {
      clock,
      broker: new MemoryBroker(clock),
    });
    const shown: { name?: string; topic: string }[] = [];
    context.broker.watch(({ topic, payload }) => {
      if (!topic.startsWith("homeassistant/") || payload.length === 0) return;
      shown.push({ topic, name: JSON.parse(new TextDecoder().decode(payload)).device?.name });
    });
    const service = createDiscovery(context);
    await service.start();
    for (const device of names) {
      const state = encodePowerState({ device, soc: 50, grid_connected: true, link: "live" });
      context.broker.publish(TOPICS.state(device), state);
    }
    await clock.advance(10_000);
    for (const { topic } of shown) assert.match(topic, /^[A-Za-z0-9_/-]+$/);
    const devices = new Set(shown.map(({ topic }) => topic));
    assert.equal(devices.size, 2 * names.length + 1);
    assert.deepEqual(new Set(shown.map(({ name }) => name)).size, new Set([...names, "ecoflow-power"]).size);
    assert.deepEqual(context.health.list(), []);
    await service.stop();
  });
}

Deno.test(`odd names (SEED=${SEED}): the app's list gives each station a topic that a broker takes, and a state under it`, async () => {
  for (const names of batches(NAMES)) {
    const context = testContext<SocBridgeConfig>({
      service: "soc_bridge",
      publishes: [
        TOPICS.state("+"),
        TOPICS.stationName("+"),
        TOPICS.rawJson("+"),
        TOPICS.refresh("+"),
        TOPICS.events,
      ],
      subscribes: [
        TOPICS.raw("+"),
        TOPICS.stationList,
        TOPICS.cloudStatus,
        TOPICS.state("+"),
        TOPICS.source("+"),
      ],
    }, { roots: DEFAULT_ROOTS, devices: [], gridRule: "auto", staleAfterSec: 120, publishRawJson: false });
    const service = createSocBridge(context);
    await service.start();
    const stations = names.filter((name) => name.length <= 64)
      .map((name, i) => ({ sn: `R631SIM000000${String(i).padStart(3, "0")}`, name }));
    context.broker.publish(TOPICS.stationList, encodeStationList({ stations }), { retain: true });
    await settle();
    await context.clock.advance(2000);
    let found = 0;
    for (const { sn, name } of stations) {
      const device = [topicName(name), sn].find((one) => {
        const text = one === undefined ? undefined : context.broker.retained(TOPICS.state(one));
        return text !== undefined && parsePowerState(text, "state").sn === sn;
      });
      assert.notEqual(device, undefined, JSON.stringify(name));
      found++;
    }
    assert.equal(found, stations.length);
    assert.deepEqual(context.health.list().filter(({ code }) => code.endsWith("_failed")), []);
    await service.stop();
  }
});

Deno.test(`odd names (SEED=${SEED}): a real broker takes every topic that is made of them`, async () => {
  const mosquitto = await startMosquitto();
  const up = Promise.withResolvers<void>();
  const down = Promise.withResolvers<string>();
  const client = connectMqtt({
    host: "127.0.0.1",
    port: mosquitto.port,
    clientId: "names",
    protocolVersion: 5,
    cleanSession: true,
    keepAliveSec: 30,
    connectTimeoutMs: 5000,
  }, { onUp: () => up.resolve(), onDown: ({ text }) => down.resolve(text), onMessage: () => {} });
  try {
    await up.promise;
    const words = new Set([...TAKEN, ...NAMES.flatMap((name) => topicName(name) ?? [])]);
    for (const word of words) {
      const sent = client.publish(TOPICS.state(word), "{}", { qos: 1 }).then(
        () => undefined,
        (error) => String(error),
      );
      const problem = await Promise.race([sent, down.promise]);
      assert.equal(
        problem,
        undefined,
        `${JSON.stringify(word)} ${JSON.stringify([...word].map((c) => c.codePointAt(0)))}`,
      );
    }
  } finally {
    await client.close();
    await mosquitto.stop();
  }
});

Deno.test(`odd names (SEED=${SEED}): NUT and notifications stay whole, whatever a name is`, () => {
  for (const name of NAMES) {
    assert.match(quoted(name), /^"([ !#-[\]-~]|\\["\\])*"$/);
    const key = JSON.stringify(name).replaceAll("\u007f", "\\u007f");
    try {
      const { upses } = parseNutConfig(
        `allow = ["127.0.0.1"]\n[[user]]\nname = "monuser"\npassword = "secretsecret"\n` +
          `[[ups]]\nname = ${key}\ndevice = ${key}\ndescription = ${key}\n`,
      );
      assert.deepEqual(upses.map((ups) => ups.name), [name]);
    } catch (error) {
      assert.ok(error instanceof ConfigError, `${key}: ${error}`);
    }
    // Nor does a log line end, or move a terminal's cursor.
    const entry = { level: "warn", service: "x", text: `LOST ${name}`, fields: { device: name } } as const;
    assert.doesNotMatch(formatEntry(entry), /\p{C}/u);
    const text = `${name}: the grid is gone`.slice(0, 500);
    const event = {
      ts: "2026-11-28T12:00:00Z",
      kind: "grid_lost",
      severity: "danger",
      source: "x",
      text,
    } as const;
    const message = composeMessage([event], { nowWallMs: Date.parse(event.ts) });
    assert.doesNotMatch(message.title, /[\r\n]/);
    assert.equal(message.text.split("\n").length, 1, key);
  }
});

import assert from "node:assert/strict";
import { encodeEvent } from "../../lib/messages/event.ts";
import { encodeOrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import { encodePolicyStatus } from "../../lib/messages/policy_status.ts";
import { encodePowerState, type PowerState } from "../../lib/messages/power_state.ts";
import { encodeStationList } from "../../lib/messages/station_list.ts";
import { MemoryBroker } from "../../lib/mqtt/memory_broker.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import { testContext } from "../../lib/testing.ts";
import { discoveryCapability, type DiscoveryConfig } from "./config.ts";
import { GONE_AFTER_MS } from "./roster.ts";
import { createDiscovery } from "./service.ts";
import { TestHomeAssistant } from "./testdata/home_assistant.ts";

const TOPICS = topicsUnder(DEFAULT_ROOTS);
const SN = "R651ZAB1ST5H0001";
const CONFIG: DiscoveryConfig = {
  roots: DEFAULT_ROOTS,
  prefix: "homeassistant",
  node: "ecoflow-power",
  staleAfterSec: 120,
  stations: [{ sn: SN, name: "Study" }],
  agentsByStation: { Study: ["nas"] },
  nutHosts: [],
};
const LIVE: PowerState = {
  device: "Study",
  sn: SN,
  model: "River 3 Plus",
  soc: 57.5,
  grid_connected: true,
  ac_in_watts: 0,
  out_watts: 90,
  link: "live",
  age_s: 1,
  ts: "2026-11-23T19:00:00Z",
};
const STATION = "ecoflow_power_station_r651zab1st5h0001";
const CONFIG_TOPIC = "homeassistant/device/ecoflow-power/station_r651zab1st5h0001/config";
const READY = { state: "ready" as const, restarts: 0, problems: [] };

/** A house: the broker, the daemon's presence, and what a person sees. */
function house(config: Partial<DiscoveryConfig> = {}, broker?: MemoryBroker, clock = new TestClock()) {
  const all = { ...CONFIG, ...config };
  const capability = { service: "discovery", ...discoveryCapability(all) };
  const context = testContext(capability, all, { clock, broker: broker ?? new MemoryBroker(clock) });
  const service = createDiscovery(context);
  const say = (topic: string, payload: string) => context.broker.publish(topic, payload, { retain: true });
  return {
    ...context,
    service,
    state: (state: PowerState) => say(TOPICS.state(state.device), encodePowerState(state)),
    daemon: (state: "ready" | "restarting" = "ready") => {
      const services = { soc_bridge: { ...READY, state }, policy_engine: { ...READY, state } };
      say(TOPICS.orchestratorStatus, encodeOrchestratorStatus({ online: true, version: "1", services }));
    },
    daemonGone: () => say(TOPICS.orchestratorStatus, encodeOrchestratorStatus({ online: false })),
    list: (...sns: string[]) =>
      say(TOPICS.stationList, encodeStationList({ stations: sns.map((sn) => ({ sn })) })),
    homeAssistant: async () => {
      const home = new TestHomeAssistant(clock);
      await home.connect(context.broker.connect);
      await clock.advance(5000);
      return home;
    },
    /** A live word every ten seconds, as the decoder says it. */
    live: async (forMs: number, state: PowerState = LIVE) => {
      for (let passedMs = 0; passedMs < forMs; passedMs += 10_000) {
        context.broker.publish(TOPICS.state(state.device), encodePowerState(state), { retain: true });
        await clock.advance(10_000);
      }
    },
  };
}

Deno.test("DiscoveryService shows a live station, its hosts and the daemon, without a complaint", async () => {
  const { service, daemon, live, homeAssistant, broker, clock } = house();
  daemon();
  await service.start();
  await live(20_000);
  broker.publish(TOPICS.agentStatus("nas"), '{"agent":"nas","online":true,"os":"Debian"}', { retain: true });
  const home = await homeAssistant();
  assert.deepEqual(home.devices, ["Study", "ecoflow-power", "nas"]);
  assert.equal(home.state(`${STATION}_soc`), "57.5");
  assert.equal(home.state(`${STATION}_grid_connected`), "on");
  assert.equal(home.state(`${STATION}_ac_in_watts`), "0");
  assert.equal(home.state(`${STATION}_link`), "live");
  assert.equal(home.state("ecoflow_power_host_nas_online"), "on");
  assert.equal(home.state("ecoflow_power_daemon_online"), "on");
  assert.deepEqual(home.complaints, []);
  await home.close();
  await service.stop();
  assert.equal(clock.pending, 0);
});

Deno.test("DiscoveryService leaves unknown what is unknown: no proof of the grid is neither on nor off", async () => {
  const { service, daemon, live, homeAssistant } = house();
  daemon();
  await service.start();
  const home = await homeAssistant();
  await live(10_000);
  assert.equal(home.state(`${STATION}_grid_connected`), "on");
  const { grid_connected: _grid, out_watts: _out, ...rest } = LIVE;
  await live(10_000, rest);
  assert.equal(home.state(`${STATION}_grid_connected`), "unknown");
  assert.equal(home.state(`${STATION}_out_watts`), "unknown");
  assert.equal(home.state(`${STATION}_soc`), "57.5");
  assert.deepEqual(home.complaints, []);
  await home.close();
  await service.stop();
});

/** What a live station says of the grid, by whether that is fresh. */
const GRID_SHOWN = {
  fresh: ["on", "flow_info_ac_in=2", "off"],
  old: ["unknown", "unknown", "unknown"],
} as const;
const ownAges: readonly [
  what: string,
  ages: Partial<PowerState>,
  soc: string,
  grid: keyof typeof GRID_SHOWN,
][] = [
  ["both at the limit", { soc_age_s: 120, grid_age_s: 120 }, "57.5", "fresh"],
  ["a charge beyond it", { soc_age_s: 120.1, grid_age_s: 1 }, "unknown", "fresh"],
  ["a grid beyond it", { soc_age_s: 1, grid_age_s: 120.1 }, "57.5", "old"],
  ["neither confirmed for hours", { soc_age_s: 7200, grid_age_s: 7200 }, "unknown", "old"],
];
for (const [what, ages, soc, grid] of ownAges) {
  Deno.test(`DiscoveryService judges charge and grid of a live station by their own ages: ${what}`, async () => {
    const h = house();
    h.daemon();
    await h.service.start();
    const home = await h.homeAssistant();
    const known = { ...LIVE, grid_evidence: "flow_info_ac_in=2", soc_age_s: 1, grid_age_s: 1 };
    await h.live(10_000, known);
    assert.equal(home.state(`${STATION}_soc`), "57.5");
    await h.live(10_000, { ...known, ...ages });
    assert.equal(home.state(`${STATION}_soc`), soc);
    assert.deepEqual(
      ["grid_connected", "grid_evidence", "grid_unconfirmed"].map((key) => home.state(`${STATION}_${key}`)),
      GRID_SHOWN[grid],
    );
    // Everything else of it is as live as before.
    assert.equal(home.state(`${STATION}_out_watts`), "90");
    assert.deepEqual(home.complaints, []);
    await home.close();
    await h.service.stop();
  });
}

/** Measured values, which must never be shown when they are old. */
const MEASURED = ["soc", "grid_connected", "ac_in_watts", "out_watts"].map((key) => `${STATION}_${key}`);

const silences: readonly [what: string, end: (h: ReturnType<typeof house>) => Promise<void> | void][] = [
  ["is stale", (h) => h.state({ ...LIVE, link: "stale" })],
  ["is offline", (h) => h.state({ ...LIVE, link: "offline" })],
  ["is not spoken of for 36 s", (h) => h.clock.advance(36_000)],
  ["lost its decoder", (h) => h.daemon("restarting")],
  ["lost the daemon", (h) => h.daemonGone()],
  ["lost its topic", (h) => h.broker.publish(TOPICS.state("Study"), "", { retain: true })],
  ["lost this service, which said goodbye", (h) => h.service.stop()],
];
for (const [what, end] of silences) {
  Deno.test(`DiscoveryService never shows an old value as live: the station ${what}`, async () => {
    const h = house();
    h.daemon();
    await h.service.start();
    await h.live(20_000);
    const home = await h.homeAssistant();
    for (const id of MEASURED) assert.notEqual(home.state(id), "unavailable", id);
    await end(h);
    await h.clock.advance(1000);
    for (const id of MEASURED) assert.equal(home.state(id), "unavailable", id);
    await home.close();
    // Whoever starts Home Assistant only now sees no more.
    const later = await h.homeAssistant();
    for (const id of MEASURED) assert.equal(later.state(id), "unavailable", id);
    await later.close();
    await h.service.stop();
  });
}

Deno.test("DiscoveryService shows nothing as live when everything died and only the broker remembers", async () => {
  const h = house();
  h.daemon();
  await h.service.start();
  await h.live(20_000);
  // The process is killed: nobody says goodbye but the broker.
  h.broker.forgetBuses();
  h.daemonGone();
  const home = await h.homeAssistant();
  for (const id of MEASURED) assert.equal(home.state(id), "unavailable", id);
  // The daemon is back, its decoder has nothing yet; what the broker kept says `live` still.
  const again = house({}, h.broker, h.clock);
  await again.service.start();
  h.daemon();
  await h.clock.advance(5000);
  for (const id of MEASURED) assert.equal(home.state(id), "unavailable", id);
  await again.live(10_000);
  assert.equal(home.state(`${STATION}_soc`), "57.5");
  assert.deepEqual(home.complaints, []);
  await home.close();
  await again.service.stop();
});

Deno.test("DiscoveryService expires values in Home Assistant when every topic keeps silent", async () => {
  const h = house();
  h.daemon();
  await h.service.start();
  await h.live(20_000);
  const home = await h.homeAssistant();
  h.broker.forgetBuses();
  await h.clock.advance(121_000);
  for (const id of MEASURED) assert.equal(home.state(id), "unavailable", id);
  await home.close();
  await h.service.stop();
});

Deno.test("DiscoveryService a retained state after a live one changes nothing", async () => {
  const h = house();
  h.daemon();
  await h.service.start();
  await h.live(10_000, { ...LIVE, link: "stale" });
  assert.equal(h.broker.retained(TOPICS.shownStanding("station_r651zab1st5h0001")), "heard");
  // Another subscriber makes the broker send what it keeps again: it is older than what was heard.
  const kept = encodePowerState({ ...LIVE, device: "Study", link: "live", dc_in_watts: 3 });
  h.broker.publish(TOPICS.state("Study"), encodePowerState({ ...LIVE, link: "stale" }), { retain: true });
  h.broker.redeliver(TOPICS.state("Study"), kept);
  await h.clock.advance(2000);
  assert.equal(h.broker.retained(TOPICS.shownStanding("station_r651zab1st5h0001")), "heard");
  assert.ok(!h.broker.retained(CONFIG_TOPIC)?.includes("dc_in_watts"));
  await h.service.stop();
});

Deno.test("DiscoveryService takes a removed station away, also one of an earlier run, but not when the cloud fails", async () => {
  const first = house({ stations: [] });
  first.daemon();
  await first.service.start();
  first.list(SN, "R651ZAB1ST5H0002");
  await first.live(20_000);
  assert.ok(first.broker.retained(CONFIG_TOPIC));
  await first.service.stop();
  first.broker.forgetBuses();

  // The cloud does not answer after the restart: the list is empty.
  const second = house({ stations: [] }, first.broker, first.clock);
  await second.service.start();
  second.list();
  await second.clock.advance(3 * GONE_AFTER_MS);
  assert.ok(second.broker.retained(CONFIG_TOPIC));
  await second.service.stop();
  first.broker.forgetBuses();

  const third = house({ stations: [] }, first.broker, first.clock);
  const home = await third.homeAssistant();
  assert.ok(home.devices.includes("Study"));
  await third.service.start();
  third.list("R651ZAB1ST5H0002");
  await third.clock.advance(GONE_AFTER_MS / 2);
  assert.ok(third.broker.retained(CONFIG_TOPIC));
  await third.clock.advance(GONE_AFTER_MS);
  assert.equal(third.broker.retained(CONFIG_TOPIC), undefined);
  assert.equal(third.broker.retained(TOPICS.shownStanding("station_r651zab1st5h0001")), undefined);
  assert.ok(!home.devices.includes("Study"));
  assert.equal(home.state(`${STATION}_soc`), undefined);
  await home.close();
  await third.service.stop();
});

Deno.test("DiscoveryService takes a host away that is no longer configured, and leaves other people's devices alone", async () => {
  const first = house();
  await first.service.start();
  await first.clock.advance(5000);
  const topic = "homeassistant/device/ecoflow-power/host_nas/config";
  assert.ok(first.broker.retained(topic));
  await first.service.stop();
  first.broker.forgetBuses();
  first.broker.publish("homeassistant/device/other/host_nas/config", "{}", { retain: true });
  const second = house({ agentsByStation: {} }, first.broker, first.clock);
  await second.service.start();
  await second.clock.advance(5000);
  assert.equal(second.broker.retained(topic), undefined);
  assert.equal(second.broker.retained("homeassistant/device/other/host_nas/config"), "{}");
  await second.service.stop();
});

Deno.test("DiscoveryService says nothing twice, but everything again when Home Assistant starts or the broker forgot", async () => {
  const h = house();
  const configs: string[] = [];
  h.broker.watch(({ topic }) => topic.endsWith("/config") && configs.push(topic));
  h.daemon();
  await h.service.start();
  await h.live(60_000);
  assert.deepEqual(configs.length, 3);
  h.broker.publish("homeassistant/status", "online");
  await h.live(10_000);
  assert.equal(configs.length, 6);
  h.broker.publish("homeassistant/status", "offline");
  await h.live(10_000);
  assert.equal(configs.length, 6);
  h.broker.goDown();
  h.broker.goUp();
  await h.live(10_000);
  // What the broker still keeps is not said again.
  assert.equal(configs.length, 6);
  await h.service.stop();
});

Deno.test("DiscoveryService adds an entity when a value comes for the first time", async () => {
  const h = house();
  h.daemon();
  await h.service.start();
  const home = await h.homeAssistant();
  await h.live(10_000);
  assert.equal(home.state(`${STATION}_dc_in_watts`), undefined);
  await h.live(10_000, { ...LIVE, dc_in_watts: 12, packs: [{ num: 1, soc: 40 }] });
  await h.live(10_000, { ...LIVE, dc_in_watts: 13, packs: [{ num: 1, soc: 41 }] });
  assert.equal(home.state(`${STATION}_dc_in_watts`), "13");
  assert.equal(home.state(`${STATION}_pack_1_soc`), "41");
  assert.deepEqual(home.complaints, []);
  await home.close();
  await h.service.stop();
});

Deno.test("DiscoveryService shows the policy, and the countdown is unknown when nothing runs", async () => {
  const h = house();
  h.daemon();
  await h.service.start();
  await h.live(10_000);
  const home = await h.homeAssistant();
  const status = { device: "Study", sentence: "x".repeat(400), blind: false, ts: "2026-11-23T19:00:00Z" };
  const say = (more: Record<string, unknown>) =>
    h.broker.publish(
      TOPICS.policy("Study"),
      encodePolicyStatus({ ...status, state: "online", ...more }),
      { retain: true },
    );
  say({ state: "critical", timer_left_s: 42, hosts: [{ agent: "nas", state: "told" }] });
  await h.clock.advance(100);
  assert.equal(home.state(`${STATION}_policy_phase`), "critical");
  assert.equal(home.state(`${STATION}_policy_timer_left`), "42");
  assert.equal(home.state("ecoflow_power_host_nas_shutdown"), "told");
  say({ state: "online" });
  await h.clock.advance(100);
  assert.equal(home.state(`${STATION}_policy_timer_left`), "unknown");
  h.daemon("restarting");
  await h.clock.advance(100);
  assert.equal(home.state(`${STATION}_policy_phase`), "unavailable");
  assert.deepEqual(home.complaints, []);
  await home.close();
  await h.service.stop();
});

Deno.test("DiscoveryService lets the sentence grow old together with the values that it speaks of", async () => {
  const h = house();
  h.daemon();
  await h.service.start();
  const home = await h.homeAssistant();
  const say = (more: Record<string, unknown> = {}) =>
    h.broker.publish(
      TOPICS.policy("Study"),
      encodePolicyStatus({
        device: "Study",
        state: "online",
        sentence: "The grid is there, 57 %.",
        blind: false,
        ts: "2026-11-23T19:00:00Z",
        ...more,
      }),
      { retain: true },
    );
  const shown = () => [home.state(`${STATION}_soc`), home.state(`${STATION}_policy_sentence`)];
  const OLD = "No fresh values; the last were: The grid is there, 57 %.";
  await h.live(10_000);
  say();
  await h.clock.advance(1000);
  assert.deepEqual(shown(), ["57.5", "The grid is there, 57 %."]);
  // Nobody speaks of the station any more: one second before the limit, and at it.
  await h.live(10_000);
  await h.clock.advance(24_000);
  assert.deepEqual(shown(), ["57.5", "The grid is there, 57 %."]);
  await h.clock.advance(2000);
  assert.deepEqual(shown(), ["unavailable", OLD]);
  // What the policy says of being blind stands for itself.
  say({ blind: true, sentence: "The grid is there, 57 %. Nothing fresh for 2 min: nobody knows why." });
  await h.clock.advance(1000);
  assert.deepEqual(shown(), [
    "unavailable",
    "The grid is there, 57 %. Nothing fresh for 2 min: nobody knows why.",
  ]);
  // Back, and then offline by the cloud's word: old at once.
  say();
  await h.live(10_000);
  assert.deepEqual(shown(), ["57.5", "The grid is there, 57 %."]);
  h.state({ ...LIVE, link: "offline" });
  await h.clock.advance(100);
  assert.deepEqual(shown(), ["unavailable", OLD]);
  h.daemonGone();
  await h.clock.advance(100);
  assert.deepEqual(shown(), ["unavailable", "unavailable"]);
  // The broker was started again without what it had kept.
  h.broker.goDown();
  h.broker.forgetRetained();
  h.broker.goUp();
  await h.clock.advance(5000);
  assert.ok(h.broker.retainedTopics.includes(TOPICS.shownSentence("station_r651zab1st5h0001")));
  assert.deepEqual(home.complaints, []);
  await home.close();
  await h.service.stop();
});

Deno.test("DiscoveryService turns the journal into events of the right device, and never fires a kept one", async () => {
  const h = house();
  h.daemon();
  h.broker.publish(TOPICS.events, event("grid_lost", { device: "Study" }), { retain: true });
  await h.service.start();
  await h.live(10_000);
  const home = await h.homeAssistant();
  assert.equal(home.events.length, 0);
  h.broker.publish(TOPICS.events, event("grid_lost", { device: "Study" }));
  h.broker.publish(TOPICS.events, event("shutdown_sent", { agent: "nas", data: { id: "7" } }));
  h.broker.publish(TOPICS.events, event("agent_lost", { agent: "nas", data: { away_s: 600 } }));
  h.broker.publish(TOPICS.events, event("agent_back", { agent: "nas", data: { away_s: 900 } }));
  h.broker.publish(TOPICS.events, event("cloud_link", {}));
  h.broker.publish(TOPICS.events, event("brand_new", { device: "Study" }));
  h.broker.publish(TOPICS.events, event("grid_lost", { device: "Unheard of" }));
  h.broker.publish(TOPICS.events, "{");
  await h.clock.advance(100);
  assert.deepEqual(home.events.map(({ id, type }) => `${id} ${type}`), [
    `${STATION}_journal grid_lost`,
    "ecoflow_power_host_nas_journal shutdown_sent",
    "ecoflow_power_host_nas_journal agent_lost",
    "ecoflow_power_host_nas_journal agent_back",
    "ecoflow_power_daemon_journal cloud_link",
    `${STATION}_journal other`,
  ]);
  assert.deepEqual(home.events[5]?.attributes, {
    kind: "brand_new",
    ts: "2026-11-23T19:00:00Z",
    severity: "notice",
    source: "test",
    text: "It happened",
    device: "Study",
  });
  assert.equal(h.broker.retained(TOPICS.shownEvent("station_r651zab1st5h0001")), undefined);
  assert.deepEqual(home.complaints, []);
  assert.match(h.log.text(), /INPUT REFUSED/);
  await home.close();
  await h.service.stop();
});

Deno.test("DiscoveryService shows a station with the worst of names and no serial number", async () => {
  const h = house({ stations: [], agentsByStation: {} });
  h.daemon();
  await h.service.start();
  const home = await h.homeAssistant();
  const device = `it's "}} {{ 1 }} 🔋`;
  await h.live(20_000, { device, soc: 12, link: "live" });
  assert.ok(home.devices.includes(device));
  assert.ok(Object.entries(home.shown()).some(([id, state]) => id.endsWith("_soc") && state === "12"));
  assert.deepEqual(home.complaints, []);
  await home.close();
  await h.service.stop();
});

function event(kind: string, more: Record<string, unknown>): string {
  return encodeEvent({
    ts: "2026-11-23T19:00:00Z",
    kind,
    severity: "notice",
    source: "test",
    text: "It happened",
    ...more,
  });
}

Deno.test("DiscoveryService without rights tries each topic ever more seldom, and fills no log", async () => {
  const { service, daemon, state, clock, log, broker } = house();
  const topics = [CONFIG_TOPIC, "homeassistant/device/ecoflow-power/host_nas/config"];
  for (const topic of topics) broker.refuses.set(topic, 0);
  daemon();
  await service.start();
  state(LIVE);
  await clock.advance(3_600_000);
  // After 10, 20, 40 … s, then every 10 min.
  for (const [topic, tries] of broker.refuses) {
    assert.ok(tries >= 8 && tries <= 13, `${topic}: ${tries} tries`);
  }
  assert.equal(log.text().split("\n").filter((line) => /^(warn|error)/.test(line)).length, 1, log.text());
  broker.refuses.clear();
  await clock.advance(600_000);
  for (const topic of topics) assert.ok(broker.retained(topic), topic);
  await service.stop();
});

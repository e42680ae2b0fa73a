/** What machines ask the dashboard: health and metrics. */
import assert from "node:assert/strict";
import { encodeOrchestratorStatus, type OrchestratorStatus } from "../../lib/messages/orchestrator_status.ts";
import { METRICS, PREFIX } from "./house/metrics.ts";
import { withDashboard } from "./testdata/test_dashboard.ts";

type House = Parameters<Parameters<typeof withDashboard>[0]>[0];
const TOKEN = "a-token-of-some-length";
const BEARER = { authorization: `Bearer ${TOKEN}` };

const STATE = {
  device: "Study",
  link: "live",
  soc: 57.5,
  grid_connected: true,
  ac_in_watts: 51,
  out_watts: 0,
  discharge_min: 90,
  age_s: 1,
};

/** A house in which nothing is wrong. */
async function beWell(
  { broker, topics, clock }: House,
  state: object = STATE,
  more: OrchestratorStatus["services"] = {},
): Promise<void> {
  const ts = new Date(clock.wallMs()).toISOString();
  const say = (topic: string, value: object) =>
    broker.publish(topic, JSON.stringify(value), { retain: true });
  const services = { policy_engine: { state: "ready" as const, restarts: 2, problems: [] }, ...more };
  broker.publish(
    topics.orchestratorStatus,
    encodeOrchestratorStatus({ online: true, version: "1.0", services }),
    {
      retain: true,
    },
  );
  say(topics.cloudStatus, { link: "up", detail: "1 station", ts });
  say(topics.policy("Study"), { device: "Study", state: "online", sentence: "x", blind: false, ts });
  say(topics.agentStatus("nas"), { agent: "nas", online: true, ts });
  say(topics.state("Study"), state);
  await clock.advance(0);
}

/** Names of series, with their labels, and values. */
function series(text: string): Map<string, number> {
  const found = new Map<string, number>();
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([a-z_]+(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\[\\"n])*",?)*\})?) (-?[\d.e+-]+)$/.exec(line);
    assert.ok(match, `no line of Prometheus's format: ${line}`);
    found.set(match[1] ?? "", Number(match[2]));
  }
  return found;
}

async function scrape({ ask }: House): Promise<Map<string, number>> {
  const { status, text, headers } = await ask("/metrics", { headers: BEARER });
  assert.equal(status, 200, text);
  assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0\.0\.4/);
  return series(text);
}

/** Prometheus's own check, where it is installed. */
const PROMTOOL = ["/usr/bin/promtool", Deno.env.get("PROMTOOL") ?? ""].find((path) => {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
});

const MEASURED = { metricsToken: TOKEN };

Deno.test("GET /metrics gives every live value, with its unit in its name", () =>
  withDashboard(async (house) => {
    await beWell(house);
    house.broker.publish(
      house.topics.events,
      JSON.stringify({
        ts: new Date().toISOString(),
        kind: "grid_back",
        severity: "notice",
        source: "x",
        text: "x",
      }),
    );
    await house.clock.advance(0);
    const found = await scrape(house);
    const wanted: Record<string, number> = {
      [`info{version="1.0"}`]: 1,
      healthy: 1,
      broker_up: 1,
      cloud_up: 1,
      'service_ready{service="policy_engine"}': 1,
      'service_restarts_total{service="policy_engine"}': 2,
      'events_total{kind="grid_back",severity="notice"}': 1,
      'station_live{station="Study"}': 1,
      'charge_percent{station="Study"}': 57.5,
      'grid_connected{station="Study"}': 1,
      'output_watts{station="Study"}': 0,
      'discharge_remaining_seconds{station="Study"}': 5400,
      'policy_state{station="Study",state="online"}': 1,
      'host_online{host="nas"}': 1,
    };
    for (const [name, value] of Object.entries(wanted)) assert.equal(found.get(PREFIX + name), value, name);
    // What the station did not say has no series.
    assert.ok(
      ![...found.keys()].some((name) => /ac_input_volts|dc_input|temperature|policy_timer/.test(name)),
    );
  }, MEASURED));

Deno.test("GET /metrics names who tells grid and charge of a station with a cable, while they are live", () =>
  withDashboard(async (house) => {
    const sources = { grid_source: "nut", charge_source: "cloud" };
    const of = async (state: object) => {
      await beWell(house, state);
      const found = await scrape(house);
      return new Map([...found].filter(([name]) => /_source|_sources/.test(name)));
    };
    assert.deepEqual(await of(STATE), new Map());
    const grid = `${PREFIX}source{station="Study",quantity="grid",source="nut"}`;
    const charge = `${PREFIX}source{station="Study",quantity="charge",source="cloud"}`;
    const disagree = `${PREFIX}sources_disagree{station="Study"}`;
    assert.deepEqual(
      await of({ ...STATE, ...sources }),
      new Map([[grid, 1], [charge, 1], [disagree, 0]]),
    );
    assert.deepEqual(
      await of({ ...STATE, ...sources, source_disagreement: true, grid_age_s: 9999 }),
      new Map([[charge, 1], [disagree, 1]]),
    );
  }, MEASURED));

Deno.test("GET /metrics counts known kinds of events from 0, so that the first one is a rise", () =>
  withDashboard(async (house) => {
    await beWell(house);
    const before = await scrape(house);
    const name = `${PREFIX}events_total{kind="shutdown_sent",severity="danger"}`;
    assert.equal(before.get(name), 0);
    const ts = new Date().toISOString();
    const event = { ts, kind: "shutdown_sent", severity: "danger", source: "x", text: "x" };
    house.broker.publish(house.topics.events, JSON.stringify(event));
    house.broker.publish(house.topics.events, JSON.stringify({ ...event, kind: "of_a_newer_version" }));
    await house.clock.advance(0);
    const after = await scrape(house);
    assert.equal(after.get(name), 1);
    assert.equal(after.get(`${PREFIX}events_total{kind="of_a_newer_version",severity="danger"}`), 1);
  }, MEASURED));

Deno.test({
  name: "GET /metrics is as promtool wants it",
  ignore: PROMTOOL === undefined,
  fn: () =>
    withDashboard(async (house) => {
      const all = { ac_in_volts: 230, ac_in_watts: 5, dc_in_watts: 3, temp_celsius: 20, charge_min: 9 };
      await beWell(house, { ...STATE, ...all, battery_wh: 245 });
      const { text } = await house.ask("/metrics", { headers: BEARER });
      assert.match(text, /battery_capacity_joules\{station="Study"\} 882000/);
      const child = new Deno.Command(PROMTOOL ?? "", {
        args: ["check", "metrics"],
        stdin: "piped",
        stdout: "piped",
        stderr: "piped",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(text));
      await writer.close();
      const { code, stdout, stderr } = await child.output();
      assert.equal(new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr), "");
      assert.equal(code, 0);
    }, MEASURED),
});

Deno.test("GET /metrics gives no value that is old, and says so", () =>
  withDashboard(async (house) => {
    await beWell(house);
    await house.clock.advance(119_000);
    assert.equal((await scrape(house)).get(`${PREFIX}charge_percent{station="Study"}`), 57.5);
    await house.clock.advance(2000);
    const found = await scrape(house);
    assert.equal(found.get(`${PREFIX}station_live{station="Study"}`), 0);
    assert.equal(found.get(`${PREFIX}state_age_seconds{station="Study"}`), 122);
    for (const name of ["charge_percent", "grid_connected", "output_watts"]) {
      assert.equal(found.has(`${PREFIX}${name}{station="Study"}`), false, name);
    }
    assert.equal(found.get(`${PREFIX}healthy`), 0);
    house.broker.goDown();
    await house.clock.advance(0);
    const blind = await scrape(house);
    assert.equal(blind.get(`${PREFIX}broker_up`), 0);
    assert.equal([...blind.keys()].some((name) => /host_online|cloud_up|policy_state/.test(name)), false);
  }, MEASURED));

const ownAges: readonly [
  what: string,
  ages: object,
  charge: number | undefined,
  grid: number | undefined,
  reasons: readonly string[],
][] = [
  ["both at the limit", { soc_age_s: 120, grid_age_s: 120 }, 57.5, 1, []],
  ["an old charge", { soc_age_s: 120.1, grid_age_s: 1 }, undefined, 1, [
    "Study: its charge is not known now.",
  ]],
  ["an old grid", { soc_age_s: 1, grid_age_s: 120.1 }, 57.5, undefined, [
    "Study: its grid is not known now.",
  ]],
];
for (const [what, ages, charge, grid, reasons] of ownAges) {
  Deno.test(`GET /metrics and /health judge charge and grid of a live station by their own ages: ${what}`, () =>
    withDashboard(async (house) => {
      await beWell(house, { ...STATE, ...ages });
      const found = await scrape(house);
      assert.equal(found.get(`${PREFIX}charge_percent{station="Study"}`), charge);
      assert.equal(found.get(`${PREFIX}grid_connected{station="Study"}`), grid);
      assert.equal(found.get(`${PREFIX}station_live{station="Study"}`), 1);
      assert.equal(found.get(`${PREFIX}output_watts{station="Study"}`), 0);
      const { text } = await house.ask("/health", { headers: BEARER });
      assert.deepEqual(JSON.parse(text).reasons, reasons);
    }, MEASURED));
}

Deno.test("GET /metrics gives no age of a station that was never heard", () =>
  withDashboard(async (house) => {
    await beWell(house, { device: "Study", link: "stale", ts: new Date(house.clock.wallMs()).toISOString() });
    const found = await scrape(house);
    assert.equal(found.get(`${PREFIX}station_live{station="Study"}`), 0);
    assert.equal(found.has(`${PREFIX}state_age_seconds{station="Study"}`), false);
  }, MEASURED));

Deno.test("GET /metrics has no series of a station that was taken off the list", () =>
  withDashboard(async (house) => {
    await beWell(house);
    const { broker, topics, clock } = house;
    const ts = new Date(clock.wallMs()).toISOString();
    const cellar = { device: "Cellar", sn: "R651ZAB1ST5H0009", soc: 5, grid_connected: true, ts };
    const policy = { device: "Cellar", state: "online", sentence: "x", blind: false, ts };
    broker.publish(topics.state("Cellar"), JSON.stringify(cellar), { retain: true });
    broker.publish(topics.policy("Cellar"), JSON.stringify(policy), { retain: true });
    await clock.advance(0);
    const ofCellar = async () => [...(await scrape(house)).keys()].filter((name) => name.includes("Cellar"));
    assert.ok((await ofCellar()).length >= 4);
    for (const topic of [topics.state("Cellar"), topics.policy("Cellar")]) {
      broker.publish(topic, "", { retain: true });
    }
    await clock.advance(0);
    assert.deepEqual(await ofCellar(), []);
  }, MEASURED));

Deno.test("GET /health/daemon is about the daemon alone: nothing outside makes it fail", () =>
  withDashboard(async (house) => {
    const look = async () => (await house.ask("/health/daemon")).status;
    assert.equal(await look(), 503, "nothing is known of the daemon");
    await beWell(house, { ...STATE, grid_connected: undefined });
    assert.equal(await look(), 200);
    const ts = new Date(house.clock.wallMs()).toISOString();
    const down = JSON.stringify({ link: "down", detail: "no internet", ts });
    house.broker.publish(house.topics.cloudStatus, down, { retain: true });
    await house.clock.advance(600_000);
    assert.equal((await house.ask("/health")).status, 503);
    assert.equal(await look(), 200, "a restart would help nobody");
    await beWell(house, STATE, { policy_engine: { state: "restarting", restarts: 9, problems: [] } });
    assert.equal(await look(), 503);
    await beWell(house, STATE, { notifier: { state: "restarting", restarts: 9, problems: [] } });
    assert.equal(await look(), 200);
    house.broker.goDown();
    await house.clock.advance(0);
    assert.equal(await look(), 200, "it waits for the broker, and does not die with it");
    assert.deepEqual(JSON.parse((await house.ask("/health/daemon")).text), { status: "ok" });
  }, MEASURED));

Deno.test("GET /metrics escapes names, and lets nobody in without token or log-in", () =>
  withDashboard(async (house) => {
    const evil = 'S"} 1\\';
    house.broker.publish(house.topics.state(evil), JSON.stringify({ ...STATE, device: evil }));
    await beWell(house);
    const found = await scrape(house);
    assert.ok(
      [...found.keys()].some((name) => name === `${PREFIX}station_live{station="S\\"} 1\\\\"}`),
      [...found.keys()].join(),
    );
    assert.equal((await house.ask("/metrics")).status, 401);
    for (const authorization of ["Bearer wrong", `Basic ${TOKEN}`, TOKEN]) {
      assert.equal((await house.ask("/metrics", { headers: { authorization } })).status, 401);
    }
    const { headers } = await house.login();
    assert.equal((await house.ask("/metrics", { headers })).status, 200);
    assert.equal((await house.ask("/metrics", { headers: { ...BEARER, host: "evil.example" } })).status, 421);
  }, MEASURED));

Deno.test("GET /health says ok, or failing with the reasons for whoever may look", () =>
  withDashboard(async (house) => {
    const look = async () => {
      const { status, text } = await house.ask("/health", { headers: BEARER });
      return [status, ...JSON.parse(text).reasons];
    };
    assert.deepEqual(await look(), [503, "The daemon is offline."]);
    await beWell(house, { ...STATE, grid_connected: undefined });
    assert.deepEqual(await look(), [503, "Study: its grid is not known now."]);
    await beWell(house, STATE, { historian: { state: "restarting", restarts: 9, problems: ["disk full"] } });
    assert.deepEqual(await look(), [200]);
    await beWell(house, STATE, { nut_server: { state: "ready", restarts: 0, problems: ["port taken"] } });
    assert.deepEqual(await look(), [503, "port taken"]);
    await beWell(house, { ...STATE, grid_connected: false });
    assert.deepEqual(await look(), [200]);
    assert.deepEqual(JSON.parse((await house.ask("/health")).text), { status: "ok" });
    await house.clock.advance(200_000);
    assert.deepEqual(await look(), [
      503,
      "Study: its grid is not known now.",
      "Study: its charge is not known now.",
    ]);
    assert.deepEqual(JSON.parse((await house.ask("/health")).text), { status: "failing" });
  }, MEASURED));

Deno.test("docs/metrics.md has every metric, and docs/grafana.json no other", async () => {
  const page = await Deno.readTextFile(new URL("../../docs/metrics.md", import.meta.url));
  for (const name of Object.keys(METRICS)) assert.ok(page.includes(`\`${PREFIX}${name}\``), name);
  const board = await Deno.readTextFile(new URL("../../docs/grafana.json", import.meta.url));
  const used = new Set([...board.matchAll(/ecoflow_power_([a-z_]+)/g)].map((match) => match[1] ?? ""));
  assert.ok(used.size >= 12);
  for (const name of used) assert.ok(Object.hasOwn(METRICS, name), name);
  JSON.parse(board);
});

import assert from "node:assert/strict";
import type { BusMessage } from "../../lib/workers/bus.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import { memoryLog } from "../../lib/testing.ts";
import { listen } from "./house/subscriptions.ts";
import { emptyHouse } from "./house/house.ts";
import type { HouseView } from "./page_contract.ts";
import { openStream, withDashboard } from "./testdata/test_dashboard.ts";

const STATE = {
  device: "Study",
  soc: 80,
  grid_connected: true,
  ac_in_watts: 51,
  grid_age_s: 20,
  soc_age_s: 1,
  age_s: 1,
  link: "live",
};

type Stream = Awaited<ReturnType<typeof openStream>>;

/** The next picture of the house on a stream. */
async function nextHouse(stream: Stream, clock: TestClock): Promise<HouseView> {
  await clock.advance(2000);
  const match = await stream.until(/event: house\ndata: (.*)\n\n/);
  return JSON.parse(match[1] ?? "");
}

/** The first picture that is as wanted; changes are sent with a delay, so some before it may not be. */
async function houseThat(isWanted: (house: HouseView) => boolean, stream: Stream, clock: TestClock) {
  for (let i = 0; i < 10; i++) {
    const house = await nextHouse(stream, clock);
    if (isWanted(house)) return house;
  }
  throw new Error(`No picture was as wanted: ${isWanted}`);
}

function iso(clock: TestClock, beforeMs = 0): string {
  return new Date(clock.wallMs() - beforeMs).toISOString();
}

Deno.test("createDashboard() shows a live state with the age of each value, which goes on growing in silence", async () => {
  await withDashboard(async ({ port, broker, topics, clock }) => {
    broker.publish(topics.state("Study"), JSON.stringify(STATE));
    const stream = await openStream(port);
    await stream.until(/event: house\ndata: (.*)\n\n/);
    const first = (await nextHouse(stream, clock)).stations[0];
    assert.deepEqual(first?.grid, { connected: true, age_s: 22 });
    assert.deepEqual(first?.soc, { percent: 80, age_s: 3 });
    await clock.advance(300_000);
    await stream.close();
    const later = await openStream(port);
    const match = await later.until(/event: house\ndata: (.*)\n\n/);
    assert.equal(JSON.parse(match[1] ?? "").stations[0].grid.age_s, 322);
    await later.close();
  }, { readsWithoutLogin: true });
});

const kept: readonly [string, (clock: TestClock) => object, number | undefined][] = [
  ["a minute old", (clock) => ({ ts: iso(clock, 60_000) }), 80],
  ["without a time", () => ({}), undefined],
  ["from the future", (clock) => ({ ts: iso(clock, -60_000) }), undefined],
  ["from last week", (clock) => ({ ts: iso(clock, 7 * 86_400_000) }), undefined],
];
for (const [name, extra, age] of kept) {
  Deno.test(`createDashboard() gives a word that the broker kept, ${name}, the age ${age}`, async () => {
    await withDashboard(async ({ port, broker, topics, clock }) => {
      // Kept from before: the broker goes away and comes back with it.
      broker.publish(topics.state("Study"), JSON.stringify({ ...STATE, ...extra(clock) }), { retain: true });
      await clock.advance(0);
      broker.goDown();
      broker.goUp();
      await clock.advance(0);
      const stream = await openStream(port);
      const match = await stream.until(/event: house\ndata: (.*)\n\n/);
      assert.equal(JSON.parse(match[1] ?? "").stations[0].grid.age_s, age);
      await stream.close();
    }, { readsWithoutLogin: true });
  });
}

Deno.test("createDashboard() tells that broker, daemon or policy are away", async () => {
  await withDashboard(async ({ port, broker, topics, clock }) => {
    const daemon = (state: string) =>
      JSON.stringify({
        online: true,
        services: { policy_engine: { state, restarts: 0, problems: ["odd"] } },
      });
    broker.publish(topics.orchestratorStatus, daemon("ready"), { retain: true });
    const stream = await openStream(port);
    await stream.until(/event: house\ndata: (.*)\n\n/);
    await houseThat((house) => house.is_policy_running, stream, clock);
    broker.publish(topics.orchestratorStatus, daemon("restarting"), { retain: true });
    await clock.advance(0);
    const crashed = await houseThat((house) => house.problems.length === 2, stream, clock);
    assert.deepEqual([crashed.is_policy_running, crashed.problems], [false, [
      "The service policy_engine does not run.",
      "odd",
    ]]);
    broker.publish(topics.orchestratorStatus, '{"online":false}', { retain: true });
    await clock.advance(0);
    await houseThat(({ problems }) => /offline/.test(problems[0] ?? ""), stream, clock);
    broker.goDown();
    const away = await houseThat((house) => !house.is_broker_up, stream, clock);
    assert.deepEqual([away.is_broker_up, away.is_policy_running], [false, false]);
    await stream.close();
  }, { readsWithoutLogin: true });
});

Deno.test("createDashboard() lets no word that the broker kept replace a live one, until the broker comes anew", () => {
  const clock = new TestClock();
  const house = emptyHouse();
  const handlers = new Map<string, (message: BusMessage) => void>();
  let link: (up: boolean) => void = () => {};
  const topics = topicsUnder(DEFAULT_ROOTS);
  listen({
    bus: {
      publish: () => Promise.resolve(),
      subscribe: (filter, handle) => void handlers.set(filter, handle),
      onLink: (handle) => {
        link = handle;
      },
    },
    clock,
    log: memoryLog(),
    topics,
    house,
    onChange: () => {},
    onState: () => {},
    onEvent: () => {},
  });
  const topic = topics.orchestratorStatus;
  const say = (online: boolean, retained: boolean) => {
    const payload = new TextEncoder().encode(JSON.stringify({ online }));
    handlers.get(topic)?.({ topic, payload, retained });
    return house.daemon?.value.online;
  };
  link(true);
  assert.equal(say(false, true), false);
  assert.equal(say(true, false), true);
  assert.equal(say(false, true), true);
  link(false);
  link(true);
  assert.equal(say(false, true), false);
});

Deno.test("createDashboard() counts a policy's timer down between its words, and not one of unknown age", async () => {
  await withDashboard(async ({ port, broker, topics, clock }) => {
    const status = {
      device: "Study",
      state: "critical",
      sentence: "hosts are told to shut down in 60 s unless the grid returns.",
      blind: false,
      timer_left_s: 60,
      hosts: [{ agent: "nas", state: "online" }],
    };
    broker.publish(topics.policy("Study"), JSON.stringify({ ...status, ts: iso(clock) }));
    const stream = await openStream(port);
    await stream.until(/event: house\ndata: (.*)\n\n/);
    const { policy, hosts } = (await nextHouse(stream, clock)).stations[0] ?? {};
    assert.deepEqual([policy?.timer_left_s, hosts?.[0]?.state], [58, "online"]);
    assert.equal(policy?.sentence, "hosts are told to shut down in {left} unless the grid returns.");
    const old = JSON.stringify({ ...status, ts: iso(clock, -90_000) });
    broker.publish(topics.policy("Study"), old, { retain: true });
    await clock.advance(0);
    broker.goDown();
    broker.goUp();
    await clock.advance(0);
    await houseThat(
      ({ stations }) => stations[0]?.policy !== undefined && stations[0].policy.timer_left_s === undefined,
      stream,
      clock,
    );
    await stream.close();
  }, { readsWithoutLogin: true });
});

Deno.test("createDashboard() refuses what it cannot read, and an accessory is no station", async () => {
  await withDashboard(async ({ port, broker, topics, clock, log }) => {
    broker.publish(topics.state("Study"), '{"device":"Study","soc":999}');
    broker.publish(topics.state("Plug"), JSON.stringify({ ...STATE, device: "Plug", role: "accessory" }));
    broker.publish(topics.events, "no json");
    const stream = await openStream(port);
    await stream.until(/event: house\ndata: (.*)\n\n/);
    const { stations } = await nextHouse(stream, clock);
    assert.deepEqual(stations.map(({ device, soc }) => [device, soc]), [["Study", undefined]]);
    assert.equal(log.entries.filter(({ text }) => text === "INPUT REFUSED").length, 2);
    await stream.close();
  }, { readsWithoutLogin: true });
});

Deno.test("createDashboard() passes wishes on with an id and an end, and brings the policy's answer back", async () => {
  await withDashboard(async ({ broker, topics, wish, login, clock }) => {
    const { headers } = await login();
    const answerWith = (kind: string) => ({ topic, payload }: BusMessage) => {
      if (topic !== topics.abortRequest && topic !== topics.drillRequest) return;
      const { id, device, by } = JSON.parse(new TextDecoder().decode(payload));
      assert.equal(by, "the dashboard");
      const text = `${device}: ${kind}`;
      const event = { ts: iso(clock), kind, severity: "notice", source: "policy_engine", text, data: { id } };
      queueMicrotask(() => broker.publish(topics.events, JSON.stringify(event)));
    };
    for (
      const [path, kind, isTaken] of [
        ["/api/abort", "shutdown_held", true],
        ["/api/abort", "abort_refused", false],
        ["/api/drill", "drill_begins", true],
        ["/api/drill", "drill_refused", false],
      ] as const
    ) {
      const end = broker.watch(answerWith(kind));
      const answer = await wish(path, { device: "Study" }, headers);
      end();
      assert.deepEqual(JSON.parse(answer.text), { isTaken, text: `Study: ${kind}` });
    }
  });
});

Deno.test("createDashboard() says so when the policy does not answer, and passes nothing on without a broker", async () => {
  await withDashboard(async ({ broker, topics, wish, login, clock }) => {
    const { headers } = await login();
    const isAsked = Promise.withResolvers<void>();
    broker.watch(({ topic }) => void (topic === topics.abortRequest && isAsked.resolve()));
    const answer = wish("/api/abort", { device: "Study" }, headers);
    await isAsked.promise;
    await clock.advance(8000);
    const { isTaken, text } = JSON.parse((await answer).text);
    assert.equal(isTaken, undefined);
    assert.match(text, /has not answered/);
    broker.goDown();
    assert.equal((await wish("/api/abort", { device: "Study" }, headers)).status, 503);
  });
});

Deno.test("createDashboard() serves 60 pages at once, and refuses more than it can", async () => {
  await withDashboard(async ({ port, broker, topics, clock, ask }) => {
    const pages = await Promise.all(Array.from({ length: 60 }, () => openStream(port)));
    await Promise.all(pages.map((page) => page.until(/event: house/)));
    broker.publish(topics.state("Study"), JSON.stringify({ ...STATE, soc: 42 }));
    await clock.advance(2000);
    await Promise.all(pages.map((page) => page.until(/"percent":42/)));
    assert.equal((await ask("/")).status, 200);
    const event = {
      ts: iso(clock),
      kind: "grid_lost",
      severity: "warning",
      source: "x",
      text: "gone",
      device: "Study",
    };
    broker.publish(topics.events, JSON.stringify(event));
    await Promise.all(pages.map((page) => page.until(/event: entry\ndata: .*"text":"gone"/)));
    await Promise.all(pages.map((page) => page.close()));
  }, { readsWithoutLogin: true });
});

Deno.test("createDashboard() draws only what was live, and outages with their depth", async () => {
  await withDashboard(async ({ broker, topics, clock, ask }) => {
    const say = async (extra: object) => {
      broker.publish(topics.state("Study"), JSON.stringify({ ...STATE, ...extra }));
      await clock.advance(20_000);
    };
    const event = (kind: string) =>
      broker.publish(
        topics.events,
        JSON.stringify({
          ts: iso(clock),
          kind,
          severity: "warning",
          source: "x",
          text: kind,
          device: "Study",
        }),
      );
    await say({});
    event("grid_lost");
    await clock.advance(0);
    await say({ soc: 50, grid_connected: false, ac_in_watts: 0, out_watts: 60 });
    await say({ soc: 45, grid_connected: false, link: "stale" });
    await clock.advance(100_000);
    await say({ soc: 30, grid_connected: false });
    event("grid_back");
    await clock.advance(0);
    const answer = await ask("/api/history?device=Study&hours=1");
    const { soc_percent, in_watts, outages, source } = JSON.parse(answer.text);
    assert.deepEqual(soc_percent, [80, 50, null, 30]);
    assert.deepEqual(in_watts, [51, 0, null, 51]);
    assert.equal(source, "seen");
    assert.equal(outages.length, 1);
    assert.equal(outages[0].lowest_soc_percent, 30);
    assert.equal((Date.parse(outages[0].to) - Date.parse(outages[0].from)) / 1000, 160);
  }, { readsWithoutLogin: true });
});

Deno.test("createDashboard() draws no charge that nobody confirms, and calls neither it nor an estimate the lowest", async () => {
  await withDashboard(async ({ broker, clock, ask, topics }) => {
    const say = async (extra: object) => {
      broker.publish(topics.state("Study"), JSON.stringify({ ...STATE, ...extra }));
      await clock.advance(20_000);
    };
    const event = (kind: string, data?: object) => {
      const severity = "warning";
      const about = { ts: iso(clock), kind, severity, source: "x", text: kind, device: "Study", data };
      broker.publish(topics.events, JSON.stringify(about));
    };
    event("grid_lost", { soc: 80 });
    await say({ soc: 50, grid_connected: false, soc_age_s: 120, grid_age_s: 120 });
    await say({ soc: 10, grid_connected: false, soc_age_s: 120.1, grid_age_s: 1 });
    event("timer_started", { soc: 9, is_estimate: true });
    await say({ soc: 40, grid_connected: false, soc_age_s: 1, grid_age_s: 120.1 });
    const history = async () => JSON.parse((await ask("/api/history?device=Study&hours=1")).text);
    assert.deepEqual((await history()).soc_percent, [50, null, 40]);
    assert.equal((await history()).outages[0].lowest_soc_percent, 50);
    event("timer_started", { soc: 9 });
    await clock.advance(0);
    assert.equal((await history()).outages[0].lowest_soc_percent, 9);
  }, { readsWithoutLogin: true });
});

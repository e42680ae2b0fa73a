/** Two daemons with one client id on a real Mosquitto. */
import assert from "node:assert/strict";
import { startMosquitto } from "../../../scripts/simulate/mosquitto.ts";
import type { TopicCapability } from "../../../lib/workers/bus.ts";
import { createHealth } from "../../../lib/health.ts";
import { agentClientId, bootMark, daemonClientId } from "../../../lib/mqtt/client_ids.ts";
import { encodeOrchestratorStatus } from "../../../lib/messages/orchestrator_status.ts";
import type { MqttClient, MqttEvents } from "../../../lib/mqtt/client.ts";
import { connectMqtt } from "../../../lib/mqtt/npm_client.ts";
import { DEFAULT_ROOTS } from "../../../lib/mqtt/topics.ts";
import { PortBus } from "../../../lib/workers/port_bus.ts";
import { TestClock } from "../../../lib/time/test_clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { BrokerLink } from "../service.ts";
import { tryPresence } from "./heard_presence.ts";
import { AWAY_MS, Takeovers, UNDISTURBED_MS } from "./takeovers.ts";

const WRITER: TopicCapability = {
  service: "writer",
  publishes: ["s/a", "s/b"],
  subscribes: ["s/#", "power-manager/events", "power-manager/orchestrator/+"],
};

async function until(what: string, isTrue: () => boolean): Promise<void> {
  for (let tries = 0; tries < 600; tries++) {
    if (isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain: ${what}`);
}

async function daemon(port: number, instance: string, clientId = "one-id") {
  const [clock, log, health] = [new TestClock(), memoryLog(), createHealth()];
  const link = new BrokerLink(
    { roots: DEFAULT_ROOTS, broker: { host: "127.0.0.1", port }, embeddedPort: 0, clientId },
    { clock, log, health, random: () => 0.5 },
    { connect: connectMqtt, startEmbedded: () => Promise.reject(new Error("none")) },
  );
  link.setPresence(encodeOrchestratorStatus({ online: true, instance }));
  const bus = new PortBus(WRITER, log);
  const { port1, port2 } = new MessageChannel();
  bus.attach(port1);
  link.attach(WRITER, port2);
  let isUp = false;
  bus.onLink((up) => isUp = up);
  await link.start();
  const events: string[] = [];
  bus.subscribe("power-manager/events", ({ payload }) => events.push(new TextDecoder().decode(payload)));
  // What the broker keeps comes once for each filter.
  bus.subscribe("power-manager/orchestrator/+", () => {});
  await until(`${instance} is up`, () => isUp);
  // Its presence went out before this.
  await bus.publish("s/b", "", { qos: 1 });
  return {
    clock,
    log,
    health,
    bus,
    say: (more: object) => link.setPresence(encodeOrchestratorStatus({ online: true, instance, ...more })),
    events,
    isUp: () => isUp,
    stop: async () => {
      await link.stop();
      for (const end of [port1, port2]) end.close();
    },
  };
}

Deno.test("two daemons with one client id say so, one gives way, no command is doubled, and in the end all is well", async () => {
  const mosquitto = await startMosquitto();
  const first = await daemon(mosquitto.port, "b");
  const second = await daemon(mosquitto.port, "a");
  await until("the first is thrown out", () => !first.isUp());
  await first.clock.advance(1000);
  await until("the first sees the other", () => first.log.text().includes("CLIENT ID TAKEN"));
  await until("its presence is with the broker", () => first.isUp());
  await until("the second is thrown out", () => !second.isUp());
  await second.clock.advance(1000);
  await until("the second gives way", () => /CLIENT ID TAKEN.*gives_way_ms=60000/.test(second.log.text()));
  await until("the first is thrown out once more", () => !first.isUp());
  await until("the second has left", () => !second.isUp());
  await first.clock.advance(15_000);
  await until("the first goes on", () => first.isUp());
  for (const { log, health } of [first, second]) {
    assert.match(log.text(), /Somebody else uses our client id \\"one-id\\"/);
    assert.deepEqual(
      health.list().map(({ code }) => code).filter((code) => code === "client_id_taken").length,
      1,
    );
  }
  await until("it is told", () => first.events.length > 0);
  assert.match(first.events.join(), /"kind":"client_id_taken","severity":"warning"/);

  // Both decide to shut a host down: only the one that is connected tells it.
  const heard: string[] = [];
  first.bus.subscribe("s/#", ({ payload }) => {
    // An empty one is of its start, and waited for this subscription.
    if (payload.length > 0) heard.push(new TextDecoder().decode(payload));
  });
  await first.bus.publish("s/a", "shutdown by the first", { qos: 1, expirySec: 300 });
  const own = second.bus.publish("s/a", "shutdown by the second", { qos: 1, expirySec: 300 });
  const refused = assert.rejects(own, /somebody else uses our client id/);
  await second.clock.advance(AWAY_MS.first - 2000);
  assert.equal(first.isUp(), true);
  await first.bus.publish("s/a", "and again", { qos: 1 });
  await until("the commands are heard", () => heard.length === 2);
  assert.deepEqual(heard, ["shutdown by the first", "and again"]);

  // The owner stops the first one.
  await first.stop();
  await second.clock.advance(2000);
  await until("the second is back", () => second.isUp());
  await refused;
  await second.clock.advance(UNDISTURBED_MS);
  assert.deepEqual(second.health.list(), []);
  await second.stop();
  await mosquitto.stop();
});

Deno.test("the one that goes on says so too when it never saw the other: who gives way leaves its mark", async () => {
  const mosquitto = await startMosquitto();
  const first = await daemon(mosquitto.port, "a");
  const second = await daemon(mosquitto.port, "b");
  await until("the first is thrown out", () => !first.isUp());
  await first.clock.advance(1000);
  await until("the first gives way", () => /CLIENT ID TAKEN.*gives_way_ms=60000/.test(first.log.text()));
  await until("the second is thrown out", () => !second.isUp());
  // Its goodbye is on its way to the broker: in life the other waits longer than this before it comes back.
  await new Promise((resolve) => setTimeout(resolve, 200));
  await second.clock.advance(1000);
  await until("the second says it", () => second.log.text().includes("CLIENT ID TAKEN"));
  await until("the second goes on", () => second.isUp());
  assert.doesNotMatch(second.log.text(), /gives_way/);
  assert.equal(second.health.list().some(({ code }) => code === "client_id_taken"), true);
  await until("it is told", () => second.events.join().includes('"kind":"client_id_taken"'));
  for (const one of [first, second]) await one.stop();
  await mosquitto.stop();
});

Deno.test("two daemons with client ids of their own on the same topics say so, and both go on; a restart is no other daemon", async () => {
  const mosquitto = await startMosquitto();
  const first = await daemon(mosquitto.port, "a", "id-of-the-first");
  await first.clock.advance(20_000);
  const second = await daemon(mosquitto.port, "b", "id-of-the-second");
  await until("the first says it", () => first.log.text().includes("SECOND DAEMON"));
  await until("it is told", () => first.events.join().includes("Another daemon speaks on our topics"));
  assert.equal(second.log.text().includes("SECOND DAEMON"), false, "what it hears now may be from before");
  await second.clock.advance(20_000);
  first.say({ host_name: "old-pi" });
  await until("the second says it too", () => second.log.text().includes("SECOND DAEMON"));
  assert.match(second.health.list().map(({ text }) => text).join(), /Another daemon \(on old-pi\)/);
  first.say({ host_name: "old-pi", pid: 7 });
  await first.bus.publish("s/b", "", { qos: 1 });
  for (const { log, health, isUp } of [first, second]) {
    assert.equal(log.text().match(/SECOND DAEMON/g)?.length, 1);
    assert.equal(health.list().some(({ code }) => code === "second_daemon"), true);
    assert.equal(isUp(), true);
  }
  await first.stop();
  await second.clock.advance(3_600_000);
  assert.deepEqual(second.health.list(), []);
  await second.stop();
  await mosquitto.stop();
});

Deno.test("two daemons that came at the same time, as after a cut of power, hear of each other though nothing changes", async () => {
  const mosquitto = await startMosquitto();
  const first = await daemon(mosquitto.port, "a", "id-of-the-first");
  const second = await daemon(mosquitto.port, "b", "id-of-the-second");
  for (const { clock } of [first, second]) await clock.advance(14_000);
  for (const { log } of [first, second]) assert.doesNotMatch(log.text(), /SECOND DAEMON/);
  for (const { clock } of [first, second]) await clock.advance(1000);
  for (const one of [first, second]) {
    await until("both say it", () => one.log.text().includes("SECOND DAEMON"));
  }
  await second.stop();
  await first.clock.advance(3_600_000);
  assert.deepEqual(first.health.list(), []);
  await first.stop();
  await mosquitto.stop();
});

Deno.test("a daemon that comes back says nothing before it has seen whose place it takes: it may believe in an outage that is over", async () => {
  const mosquitto = await startMosquitto();
  const first = await daemon(mosquitto.port, "b");
  const heard: string[] = [];
  first.bus.subscribe("s/a", ({ payload, retained }) => {
    // What the second said at its start, when it knew of nobody, is kept by the broker.
    if (!retained) heard.push(new TextDecoder().decode(payload));
  });
  const second = await daemon(mosquitto.port, "a");
  // As a tick of its policy does, whenever it may speak.
  let timesUp = 0;
  second.bus.onLink((up) => {
    if (!up) return;
    timesUp++;
    second.bus.publish("s/a", "an old plan", { qos: 1, retain: true }).catch(() => {});
    second.bus.publish("s/a", "an old shutdown", { qos: 1, expirySec: 300 }).catch(() => {});
    second.bus.publish("s/a", "an old reading");
  });
  await until("the first is thrown out", () => !first.isUp());
  const before = timesUp;
  heard.length = 0;
  await first.clock.advance(1000);
  await until("the first is back", () => first.isUp());
  await first.bus.publish("s/b", "", { qos: 1 });
  await until("the second is thrown out", () => !second.isUp());
  // Three visits: at once, and whenever it looks whether it is alone.
  for (const waitMs of [1000, AWAY_MS.first, 2 * AWAY_MS.first]) {
    heard.length = 0;
    const seen = second.log.text().match(/CLIENT ID TAKEN/g)?.length ?? 0;
    await second.clock.advance(waitMs);
    await until(
      "the second has looked",
      () => (second.log.text().match(/CLIENT ID TAKEN/g)?.length ?? 0) > seen,
    );
    await until("the first is thrown out", () => !first.isUp());
    await first.clock.advance(15_000);
    await until("the first is back", () => first.isUp());
    await first.bus.publish("s/a", "the end", { qos: 1 });
    await until("the end is heard", () => heard.includes("the end"));
    assert.deepEqual(heard, ["the end"]);
    assert.equal(second.log.text().match(/CLIENT ID TAKEN/g)?.length, seen + 1, "said once a visit");
  }
  assert.equal(timesUp, before);
  for (const one of [first, second]) await one.stop();
  await mosquitto.stop();
});

Deno.test("a broker that says 'session taken over', and publishes our will then, shows another too; nobody leaves at once for it", async () => {
  const [clock, log, health] = [new TestClock(), memoryLog(), createHealth()];
  const published: string[] = [];
  let events: MqttEvents | undefined;
  let tries = 0;
  const client: MqttClient = {
    publish(topic, payload) {
      published.push(`${topic} ${typeof payload === "string" ? payload : new TextDecoder().decode(payload)}`);
      return Promise.resolve();
    },
    subscribe: () => Promise.resolve(),
    unsubscribe: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
  const link = new BrokerLink(
    { roots: DEFAULT_ROOTS, broker: { host: "broker", port: 1883 }, embeddedPort: 0, clientId: "one-id" },
    { clock, log, health, random: () => 0.5 },
    {
      connect: (_, heard) => {
        events = heard;
        tries++;
        return client;
      },
      startEmbedded: () => Promise.reject(new Error("none")),
    },
  );
  link.setPresence(encodeOrchestratorStatus({ online: true, instance: "a" }));
  await link.start();
  const topic = "power-manager/orchestrator/status";
  const comeUp = async () => {
    events?.onUp(true);
    events?.onMessage({ topic, payload: presence(undefined, false), retained: true, qos: 1 });
    await clock.advance(0);
  };
  const waits: number[] = [];
  for (let times = 0; times < 9; times++) {
    await comeUp();
    const before = tries;
    events?.onDown({ kind: "closed", code: 142, text: "session taken over", wasUp: true });
    let waited = 0;
    for (; tries === before; waited += 0.5) await clock.advance(500);
    waits.push(waited);
  }
  assert.deepEqual(waits, [0.5, 1, 2, 4, 8, 16, 32, 60, 60]);
  assert.match(log.text(), /CLIENT ID TAKEN/);
  assert.equal(health.list().some(({ code }) => code === "client_id_taken"), true);
  await comeUp();
  assert.equal(published.filter((one) => one.includes('"kind":"client_id_taken"')).length, 1);
  // An ordinary loss is none.
  await clock.advance(UNDISTURBED_MS);
  assert.equal(health.list().some(({ code }) => code === "client_id_taken"), false);
  const before = tries;
  events?.onDown({ kind: "closed", text: "the connection was closed", wasUp: true });
  await clock.advance(1000);
  assert.equal(tries, before + 1);
  await link.stop();
});

const presence = (instance: string | undefined, online = true) =>
  new TextEncoder().encode(encodeOrchestratorStatus({ online, instance }));

Deno.test("Takeovers: the smaller mark gives way, longer each time up to a limit, and starts anew when undisturbed", () => {
  const takeovers = new Takeovers();
  for (
    const payload of [
      presence("a"),
      presence("a", false),
      presence(undefined, false),
      presence(undefined),
      new Uint8Array(3),
    ]
  ) {
    assert.equal(takeovers.look(tryPresence(payload), "a"), undefined);
  }
  assert.equal(takeovers.look(tryPresence(presence("b")), undefined), undefined);
  assert.equal(takeovers.isSeen, false);
  assert.deepEqual(takeovers.look(tryPresence(presence("a")), "b"), { kind: "goes_on" });
  assert.deepEqual(
    takeovers.look(tryPresence(presence("b", false)), "a"),
    { kind: "goes_on" },
    "it gave way",
  );
  const waits = [1, 2, 3, 4, 5, 6].map(() => takeovers.look(tryPresence(presence("b")), "a"));
  assert.deepEqual(
    waits.map((twin) => twin?.kind === "gives_way" ? twin.awayMs / 1000 : 0),
    [60, 120, 240, 480, 600, 600],
  );
  assert.equal(takeovers.isSeen, true);
  takeovers.undisturbed();
  assert.equal(takeovers.isSeen, false);
  assert.deepEqual(takeovers.look(tryPresence(presence("b")), "a"), {
    kind: "gives_way",
    awayMs: AWAY_MS.first,
  });
});

Deno.test("client ids have a part that only their owner can make, the same at every start", () => {
  const id = daemonClientId("ecoflow-power", "pass");
  assert.match(id, /^ecoflow-power-[0-9a-f]{16}$/);
  assert.equal(id, daemonClientId("ecoflow-power", "pass"));
  assert.notEqual(id, daemonClientId("ecoflow-power", "other"));
  assert.equal(daemonClientId("ecoflow-power", undefined), "ecoflow-power");
  assert.equal(daemonClientId("mine", "pass"), "mine");
  const key = "ab".repeat(32);
  assert.match(agentClientId("pc", key, "boot"), /^ecoflow-agent-pc-[0-9a-f]{16}$/);
  // A copied disk has the same key, but another machine was started at another moment.
  assert.notEqual(agentClientId("pc", key, "boot"), agentClientId("pc", key, "other"));
  assert.notEqual(agentClientId("pc", key, "boot"), agentClientId("pc", "cd".repeat(32), "boot"));
  assert.equal(agentClientId("pc", undefined, "boot"), "ecoflow-agent-pc");
  assert.equal(bootMark("boot").includes("boot"), false);
});

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { settle, TestClock } from "../../lib/time/test_clock.ts";
import { POLL_MS } from "./ups/poll_view.ts";
import type { NutServerConfig } from "./slice.ts";
import { LineClient } from "./testdata/line_client.ts";
import {
  ON_BATTERY,
  ONLINE,
  shuttingDown,
  startHouse,
  TEST_CONFIG,
  type TestHouse,
  TOPICS,
} from "./testdata/test_house.ts";

/** Runs with a house on the test clock and closes everything afterwards. */
async function inHouse(
  run: (house: TestHouse, clock: TestClock, connect: () => Promise<LineClient>) => Promise<void>,
  config: Partial<NutServerConfig> = {},
): Promise<void> {
  const clock = new TestClock();
  const house = await startHouse({ clock, config });
  const clients: LineClient[] = [];
  const connect = async () => {
    const client = await LineClient.connect(house.port);
    clients.push(client);
    return client;
  };
  try {
    await run(house, clock, connect);
  } finally {
    for (const client of clients) client.close();
    await house.stop();
    await soon(() => true);
    equal(clock.pending, 0, "no timer is left");
  }
}

/** Waits for what sockets bring: real time, because the kernel does not know the test clock. */
async function soon(isTrue: () => boolean): Promise<void> {
  for (let i = 0; i < 300 && !isTrue(); i++) await new Promise((resolve) => setTimeout(resolve, 5));
  await settle();
  ok(isTrue(), "did not happen within 1.5 s");
}

async function login(client: LineClient, ups = "ups"): Promise<void> {
  deepEqual(await client.askAll("USERNAME monuser", "PASSWORD secret", `LOGIN ${ups}`), ["OK", "OK", "OK"]);
}

const statusOf = async (client: LineClient, ups = "ups") =>
  (await client.ask(`GET VAR ${ups} ups.status`))[0];
const eventsOf = (house: TestHouse): string[] => {
  const kinds: string[] = [];
  house.broker.watch(({ topic, payload }) => {
    if (topic !== TOPICS.events) return;
    const { kind, agent } = JSON.parse(new TextDecoder().decode(payload));
    if (agent === "nas") kinds.push(kind);
  });
  return kinds;
};

Deno.test("NutService leads a host through an outage", () =>
  inHouse(async (house, clock, connect) => {
    const events = eventsOf(house);
    house.state(ONLINE);
    house.policy({ state: "online" });
    await settle();
    const nas = await connect();
    await login(nas);
    equal(house.presence("nas")?.online, true);
    deepEqual(house.presence("nas")?.can, ["nut", "shutdown", "abort", "ping"]);
    equal(await statusOf(nas), 'VAR ups ups.status "OL CHRG"');

    house.state(ON_BATTERY);
    house.policy({ state: "on_battery" });
    await settle();
    equal(await statusOf(nas), 'VAR ups ups.status "OB DISCHRG"');

    house.command("nas", { id: "c1", action: "shutdown", agent: "nas", ttl_sec: 300 });
    house.policy(shuttingDown("nas"));
    await settle();
    deepEqual(house.acks, [], "nobody has obeyed yet");
    equal(await statusOf(nas), 'VAR ups ups.status "FSD OB LB DISCHRG"');
    await settle();
    deepEqual(house.acks, ["nas shutdown accepted", "nas shutdown shutting_down"]);
    equal(house.presence("nas")?.online, true);

    nas.close();
    await soon(() => house.presence("nas")?.online === false);
    equal(house.presence("nas")?.going_down, true);
    equal(house.presence("nas")?.last_command_id, "c1");

    house.state(ONLINE);
    house.policy({ state: "recovery" });
    await clock.advance(1000);
    const again = await connect();
    await login(again);
    equal(
      await statusOf(again),
      'VAR ups ups.status "OL CHRG"',
      "a host that comes back is not sent down again",
    );
    deepEqual(events, [
      "nut_login",
      "nut_fsd_set",
      "nut_fsd_seen",
      "nut_logout",
      "nut_fsd_cleared",
      "nut_login",
    ]);
  }));

Deno.test("NutService says no charge that nobody confirms, and on battery the policy's estimate and limit", () =>
  inHouse(async (house, clock, connect) => {
    let client = await connect();
    const ask = async (name: string) => (await client.ask(`GET VAR ups ${name}`))[0];
    house.state({ ...ONLINE, soc: 2, soc_age_s: 7200 });
    await settle();
    equal(await ask("ups.status"), 'VAR ups ups.status "OL"');
    equal(await ask("battery.charge"), "ERR VAR-NOT-SUPPORTED");
    // An old charge is neither a good one nor a low one.
    for (const soc of [80, 2]) {
      house.state({ ...ON_BATTERY, soc, soc_age_s: 7200 });
      await clock.advance(POLL_MS);
      equal(await ask("ups.status"), 'VAR ups ups.status "OB DISCHRG"');
      equal(await ask("battery.charge"), "ERR VAR-NOT-SUPPORTED");
      equal(await ask("battery.runtime"), "ERR VAR-NOT-SUPPORTED");
    }
    const reckons = (soc: number, minutes_left: number) =>
      house.policy({
        state: "on_battery",
        grid_connected: false,
        blind: true,
        soc,
        soc_estimated: true,
        minutes_left,
      });
    reckons(3.4, 1.5);
    await clock.advance(POLL_MS);
    equal(await ask("battery.charge"), 'VAR ups battery.charge "3"');
    equal(await ask("battery.charge.approx"), 'VAR ups battery.charge.approx "3"');
    equal(await ask("battery.runtime"), 'VAR ups battery.runtime "90"');
    for (const name of ["battery.charge", "battery.runtime"]) {
      match((await client.ask(`GET DESC ups ${name}`))[0] ?? "", /as the policy estimates it/);
    }
    equal(await ask("ups.status"), 'VAR ups ups.status "OB DISCHRG"');
    await clock.advance(POLL_MS);
    reckons(3, 1);
    await settle();
    equal(await ask("ups.status"), 'VAR ups ups.status "OB LB DISCHRG"');
    // The policy is gone, and the charge is as old as before: clients are on their own.
    await clock.advance(119_000);
    house.state({ ...ON_BATTERY, soc: 80, soc_age_s: 7200 });
    await settle();
    client = await connect();
    equal(await ask("ups.status"), 'VAR ups ups.status "OB LB DISCHRG"');
    await clock.advance(1_000);
    equal(await ask("ups.status"), "ERR DATA-STALE");
    house.state(ON_BATTERY);
    await settle();
    equal(await ask("ups.status"), 'VAR ups ups.status "OB DISCHRG"');
    equal(await ask("battery.charge"), 'VAR ups battery.charge "87"');
    equal(await ask("battery.charge.approx"), "ERR VAR-NOT-SUPPORTED");
    match((await client.ask("GET DESC ups battery.charge"))[0] ?? "", /of the whole system/);
  }));

Deno.test("NutService takes a forced shutdown back that nobody has seen, and only that", () =>
  inHouse(async (house, clock, connect) => {
    house.state(ON_BATTERY);
    const nas = await connect();
    await login(nas);
    house.command("nas", { id: "c1", action: "shutdown" });
    await settle();
    house.command("nas", { id: "a1", action: "abort" });
    await settle();
    deepEqual(house.acks, ["nas shutdown aborted", "nas abort aborted"]);
    equal(await statusOf(nas), 'VAR ups ups.status "OB DISCHRG"');

    house.command("nas", { id: "c2", action: "shutdown" });
    await settle();
    match(await statusOf(nas) ?? "", /FSD/);
    house.command("nas", { id: "a2", action: "abort" });
    await settle();
    deepEqual(house.acks.slice(2), [
      "nas shutdown accepted",
      "nas shutdown shutting_down",
      "nas abort failed",
    ]);
    await clock.advance(59_000);
    match(await statusOf(nas) ?? "", /FSD/, "a client that saw it cannot be called back: the hold runs");
    await clock.advance(1_000);
    equal(await statusOf(nas), 'VAR ups ups.status "OB DISCHRG"');
  }));

Deno.test("NutService tells a station's whole UPS as soon as the policy shuts down, a host's only when it is told", () =>
  inHouse(async (house, _clock, connect) => {
    house.state(ON_BATTERY);
    house.policy({
      ...shuttingDown("pve"),
      hosts: [{ agent: "pve", state: "told" }, { agent: "nas", state: "online" }],
    });
    await settle();
    const client = await connect();
    equal(await statusOf(client), 'VAR ups ups.status "OB DISCHRG"');
    equal(await statusOf(client, "plain"), 'VAR plain ups.status "FSD OB LB DISCHRG"');
  }));

Deno.test("NutService acts on a retained word from before only when it is recent or the station confirms it", () =>
  inHouse(async (house, clock, connect) => {
    const retained = (topic: string, value: unknown) =>
      house.deliver({ topic, payload: new TextEncoder().encode(JSON.stringify(value)), retained: true });
    const status = { sentence: "", blind: false, ...shuttingDown("nas") };
    const rows: [
      name: string,
      device: string,
      ageMs: number,
      state: typeof ONLINE | undefined,
      fsd: boolean,
      boot_id?: string,
    ][] = [
      ["too old, and nobody confirms it", "A", 60_000, undefined, false],
      ["from a clock that fell back", "B", -3_600_000, undefined, false],
      ["from an earlier outage: the grid is there", "C", 60_000, ONLINE, false],
      ["from this outage: the grid is away", "D", 60_000, ON_BATTERY, true],
      ["just before the restart", "E", 59_000, undefined, true],
      ["just before the restart, in this boot", "F", 59_000, undefined, true, "b"],
      ["of another boot, on a clock that went on where it was stored", "G", 1_000, undefined, false, "a"],
      ["of another boot, and the station confirms it", "H", 1_000, ON_BATTERY, true, "a"],
    ];
    const client = await connect();
    for (const [name, device, ageMs, state, fsd, boot_id] of rows) {
      const ts = new Date(clock.wallMs() - ageMs).toISOString();
      retained(TOPICS.policy(device), { device, ...status, ts, boot_id });
      if (state) house.state({ ...state, device });
      await settle();
      const answer = (await client.ask(`GET VAR ${device} ups.status`))[0] ?? "";
      equal(answer.includes("FSD OB LB"), fsd, `${name}: ${answer}`);
    }
    retained(TOPICS.command("nas"), { id: "r", action: "ping" });
    await settle();
    deepEqual(house.acks, []);
  }, {
    bootId: "b",
    upses: [...TEST_CONFIG.upses, ..."ABCDEFGH"].map((ups) =>
      typeof ups === "string" ? { name: ups, device: ups } : ups
    ),
  }));

Deno.test("NutService does not tell the policy that a host was called off which has left to shut down", () =>
  inHouse(async (house, _clock, connect) => {
    house.state(ON_BATTERY);
    const nas = await connect();
    await login(nas);
    house.command("nas", { id: "c1", action: "shutdown" });
    await settle();
    await statusOf(nas);
    nas.close();
    await soon(() => house.presence("nas")?.going_down === true);
    house.command("nas", { id: "a1", action: "abort" });
    await settle();
    deepEqual(house.acks.slice(2), ["nas abort failed"]);
  }));

Deno.test("NutService keeps its word when the broker comes back with an older retained one", () =>
  inHouse(async (house, clock, connect) => {
    house.state(ON_BATTERY);
    house.policy(shuttingDown("nas"));
    await clock.advance(100_000);
    house.state(ON_BATTERY);
    house.broker.goDown();
    house.broker.goUp();
    await settle();
    match(await statusOf(await connect()) ?? "", /"FSD OB LB/);
  }));

Deno.test("NutService forgets a policy that fell silent once the grid is there, and not before", () =>
  inHouse(async (house, clock, connect) => {
    house.policy(shuttingDown("nas"));
    house.state(ON_BATTERY);
    await clock.advance(125_000);
    house.state(ON_BATTERY);
    await clock.advance(1_000);
    const client = await connect();
    match(await statusOf(client) ?? "", /"FSD OB LB/);
    house.state(ONLINE);
    await clock.advance(1_000);
    equal(await statusOf(client), 'VAR ups ups.status "OL CHRG"');
  }));

Deno.test("NutService keeps a host on two stations up while one of them is quietly on the grid", () => {
  const upses = [{ name: "box", device: "Study", host: "box" }, {
    name: "box2",
    device: "Cellar",
    host: "box",
  }];
  return inHouse(async (house, clock, connect) => {
    house.policy({ device: "Cellar", state: "online" });
    await clock.advance(130_000);
    house.state({ ...ONLINE, device: "Cellar" });
    house.state(ON_BATTERY);
    house.policy({ state: "shutting_down" });
    await clock.advance(2_000);
    const client = await connect();
    equal(await statusOf(client, "box"), 'VAR box ups.status "OB DISCHRG"');
    house.policy({ device: "Cellar", state: "shutting_down" });
    await settle();
    match(await statusOf(client, "box") ?? "", /FSD OB LB/);
  }, { upses });
});

Deno.test("NutService answers commands that it cannot obey", () =>
  inHouse(async (house, clock, connect) => {
    const issued = (agoMs: number) => new Date(clock.wallMs() - agoMs).toISOString();
    house.command("nas", { id: "1", action: "ping" });
    house.command("nas", { id: "2", action: "drill" });
    house.command("nas", { id: "3", action: "shutdown", ttl_sec: 60, issued_at: issued(60_000) });
    house.command("nas", { id: "4", action: "shutdown", agent: "pve" });
    house.broker.publish(TOPICS.command("nas"), "not json");
    await settle();
    deepEqual(house.acks, [
      "nas ping rejected",
      "nas drill rejected",
      "nas shutdown rejected",
      "nas shutdown rejected",
    ]);
    match(house.log.text(), /INPUT REFUSED.*must be JSON/);
    await login(await connect());
    house.command("nas", { id: "5", action: "ping" });
    house.command("nas", { id: "6", action: "drill" });
    house.command("nas", { id: "7", action: "shutdown", drill: true });
    await settle();
    deepEqual(house.acks.slice(4), ["nas ping done", "nas drill done", "nas shutdown done"]);
  }));

Deno.test("NutService tells a lost client from one that goes down, and keeps a host up while one client is there", () =>
  inHouse(async (house, _clock, connect) => {
    house.state(ON_BATTERY);
    const [first, second] = [await connect(), await connect()];
    await login(first);
    await login(second);
    deepEqual(await second.ask("GET NUMLOGINS ups"), ["NUMLOGINS ups 2"]);
    first.close();
    await soon(() => house.log.text().includes("CLIENT GONE"));
    equal(house.presence("nas")?.online, true);
    house.policy(shuttingDown("nas"));
    await settle();
    second.close();
    await soon(() => house.presence("nas")?.online === false);
    equal(house.presence("nas")?.going_down, undefined, "it had not seen FSD: nobody knows why it left");
  }));

Deno.test("NutService calls a host offline that does not come back after a start", () =>
  inHouse(async (house, clock) => {
    await clock.advance(90_000);
    equal(house.presence("nas"), undefined);
    await clock.advance(1_000);
    equal(house.presence("nas")?.online, false);
  }));

Deno.test("NutService repeats the presence of its hosts to a broker that forgot them", () =>
  inHouse(async (house, _clock, connect) => {
    await login(await connect());
    house.broker.publish(TOPICS.agentStatus("nas"), "", { retain: true });
    equal(house.presence("nas"), undefined);
    house.broker.goDown();
    house.broker.goUp();
    await settle();
    equal(house.presence("nas")?.online, true);
  }));

Deno.test("NutService says stale on silence, in all its forms", () =>
  inHouse(async (house, clock, connect) => {
    let client = await connect();
    equal(await statusOf(client), "ERR DRIVER-NOT-CONNECTED");
    house.state(ON_BATTERY);
    await clock.advance(123_000);
    equal(await client.line(), undefined, "idle for a minute: closed");
    client = await connect();
    match(await statusOf(client) ?? "", /OB/);
    await clock.advance(1_000);
    equal(await statusOf(client), "ERR DATA-STALE");
    house.policy({ state: "on_battery", soc: 33, minutes_left: 40, blind: true });
    await settle();
    deepEqual(await client.ask("GET VAR ups battery.charge"), ['VAR ups battery.charge "33"']);
    house.broker.publish(TOPICS.state("Study"), '{"device":"Study","soc":"high"}');
    await settle();
    match(house.log.text(), /INPUT REFUSED.*soc.*must be number/);
    equal(await statusOf(client), 'VAR ups ups.status "OB DISCHRG"');
  }));

Deno.test("NutService does nothing while it is off", async () => {
  const house = await startHouse({ config: { enabled: false }, clock: new TestClock() });
  equal(house.service.port, undefined);
  await house.stop();
  match(house.log.text(), /NUT SERVER OFF/);
});

Deno.test("NutService waits for its address and says so", () =>
  inHouse(async (house, clock) => {
    equal(house.service.port, undefined);
    deepEqual(house.health().map(({ code }) => code), ["nut_cannot_listen"]);
    await clock.advance(2_000);
    equal(house.log.text().split("CANNOT LISTEN").length, 3, "tried twice");
  }, { listenHost: "192.0.2.77" }));

Deno.test("NutService warns when a host is unknown to the policy, or the last resort comes first", () =>
  inHouse(async (house, clock) => {
    house.policy({ state: "online", soc_min: 3, hosts: [{ agent: "pve", state: "online" }] });
    await clock.advance(1_000);
    deepEqual(house.health().map(({ code }) => code), [
      "nut_host_unknown_to_policy",
      "nut_last_resort_too_high",
    ]);
    house.policy({ state: "online", soc_min: 4, hosts: [{ agent: "nas", state: "online" }] });
    await clock.advance(1_000);
    deepEqual(house.health(), []);
  }));

Deno.test("NutService never logs a password", () =>
  inHouse(async (house, _clock, connect) => {
    const client = await connect();
    await client.askAll("USERNAME monuser", "PASSWORD hunter2", "LOGIN ups");
    await login(await connect());
    ok(!/hunter2|secret/.test(house.log.text()));
    ok(TEST_CONFIG.users.some(({ password }) => password === "secret"));
  }));

Deno.test("NutService tells of a refused log-in once, and of the host that is not logged in: log, health and journal", () =>
  inHouse(async (house, clock, connect) => {
    const events = eventsOf(house);
    const client = await connect();
    deepEqual(await client.askAll("USERNAME monuser", "PASSWORD wrong", "LOGIN ups", "LOGIN ups"), [
      "OK",
      "OK",
      "ERR ACCESS-DENIED",
      "ERR ACCESS-DENIED",
    ]);
    const told = house.log.text().split("\n").filter((line) => line.includes("LOGIN REFUSED"));
    equal(told.length, 1);
    match(
      told[0] ?? "",
      /^warn .*LOGIN REFUSED user=monuser ups=ups address=127\.0\.0\.1 why="the password is wrong" host=nas/,
    );
    await clock.advance(1_000);
    deepEqual(house.health().map(({ code, severity }) => [code, severity]), [[
      "nut_host_missing",
      "warning",
    ]]);
    match(
      house.health()[0]?.text ?? "",
      /nas has not logged in .*user "monuser" on UPS "ups" from 127\.0\.0\.1/,
    );
    deepEqual(events, ["nut_host_missing"]);
    await login(await connect());
    await clock.advance(1_000);
    deepEqual(house.health(), []);
    deepEqual(events, ["nut_host_missing", "nut_login", "nut_host_back"]);
  }));

Deno.test("NutService warns of a host that never logs in, and of one that is lost; of none that goes as it was told", () =>
  inHouse(async (house, clock, connect) => {
    const codes = () => house.health().map(({ code }) => code).filter((code) => code === "nut_host_missing");
    house.state(ONLINE);
    await clock.advance(300_000);
    deepEqual(codes(), []);
    await clock.advance(1_000);
    deepEqual(codes(), ["nut_host_missing"]);
    const lost = await connect();
    await login(lost);
    await clock.advance(1_000);
    deepEqual(codes(), []);
    lost.close();
    await soon(() => house.presence("nas")?.online === false);
    house.state(ON_BATTERY);
    house.policy({ state: "on_battery" });
    await clock.advance(120_000);
    house.state(ON_BATTERY);
    await clock.advance(2_000);
    deepEqual(codes(), ["nut_host_missing"], "on battery after two minutes");
    const nas = await connect();
    await login(nas);
    house.policy(shuttingDown("nas"));
    await settle();
    match(await statusOf(nas) ?? "", /FSD/);
    nas.close();
    await soon(() => house.presence("nas")?.going_down === true);
    for (let minute = 0; minute < 60; minute++) {
      house.state(ON_BATTERY);
      await clock.advance(60_000);
    }
    deepEqual(codes(), []);
  }));

Deno.test("NutService acknowledges a command once that comes again while its answer is on its way, and again when it was lost", () =>
  inHouse(async (house, clock, connect) => {
    house.state(ON_BATTERY);
    const nas = await connect();
    await login(nas);
    const command = { id: "c1", action: "shutdown", ttl_sec: 300 };
    house.command("nas", command);
    await settle();
    match(await statusOf(nas) ?? "", /FSD/);
    const answer = ["nas shutdown accepted", "nas shutdown shutting_down"];
    await clock.advance(4_999);
    house.command("nas", command);
    await settle();
    match(await statusOf(nas) ?? "", /FSD/);
    deepEqual(house.acks, answer);
    await clock.advance(1);
    house.command("nas", command);
    await settle();
    deepEqual(house.acks, [...answer, ...answer]);
  }));

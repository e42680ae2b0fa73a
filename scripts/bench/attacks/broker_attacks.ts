/** Attacks on the broker and by way of it. */
import { signatureOf } from "../../../lib/pairing/signing.ts";
import { type AttackHouse, pause, STATION, TOPICS } from "./attack_house.ts";
import { oddNames } from "./odd_names.ts";
import { asEvil, type Attack, obeyed, shown, textOf, timeToShutdown } from "./outcome.ts";

const ODD_NAMES = 2000;
/** As many of them at once. */
const AT_ONCE = 25;

/** In the order in which they run. */
export const BROKER_ATTACKS: readonly Attack[] = [
  async (house) => {
    const guesses = ["", "password", "ecoflow", "password-of-evil", "x".repeat(60_000)];
    let inside = 0;
    for (let i = 0; i < 60; i++) {
      const user = ["ecoflow-power", "good", "root", "$SYS", undefined][i % 5];
      const client = await house.connect(user, user && guesses[Math.floor(i / 5) % 5], `guess-${i}`).catch(
        () => undefined,
      );
      if (client) inside++;
      await client?.close();
    }
    return {
      has: "the network",
      attack: "log in at the broker with no or a wrong password",
      tried: 60,
      outcome: `${inside} let in`,
      holds: inside === 0,
    };
  },
  async (house) => {
    const sockets = await Promise.all(
      Array.from(
        { length: 300 },
        () => Deno.connect({ hostname: "127.0.0.1", port: house.brokerPort }).catch(() => undefined),
      ),
    );
    const ms = await timeToShutdown(house, "good");
    for (const socket of sockets) socket?.close();
    return {
      has: "the network",
      attack: "300 connections to the broker that say nothing, in an outage",
      tried: 300,
      outcome: `host told ${shown(ms)}`,
      holds: ms !== undefined && ms < 10_000,
    };
  },
  (house) =>
    asEvil(house, async (evil) => {
      const from = house.seen.length;
      const topics = [
        TOPICS.command("good"),
        TOPICS.plan("good"),
        TOPICS.agentStatus("good"),
        TOPICS.ack("good"),
        TOPICS.state(STATION),
        TOPICS.orchestratorStatus,
        TOPICS.drillRequest,
        TOPICS.abortRequest,
        TOPICS.events,
        TOPICS.policy(STATION),
      ];
      let taken = 0;
      for (const topic of topics) {
        await evil.publish(topic, "{}", { qos: 1, retain: true }).then(() => taken++, () => {});
      }
      const passed = house.seen.slice(from).filter(({ topic, payload }) =>
        topics.includes(topic) && textOf(payload) === "{}"
      ).length;
      return {
        attack: "publish where the host may not",
        tried: topics.length,
        outcome: `${taken} taken, ${passed} heard`,
        holds: taken + passed === 0,
      };
    }),
  async (house) => {
    for (let i = 0; i < 10; i++) {
      for (const clientId of ["ecoflow-power", "ecoflow-agent-good"]) {
        const client = await house.connect("evil", house.passwordOf("evil"), clientId).catch(() => undefined);
        await pause(100);
        await client?.close();
      }
    }
    const ms = await timeToShutdown(house, "good");
    return {
      has: "another host's password",
      attack: "take over the daemon's and the agent's client id, then an outage",
      tried: 20,
      outcome: `host told ${shown(ms)}`,
      holds: ms !== undefined && ms < 45_000,
    };
  },
  (house) =>
    asEvil(house, async (evil) => {
      const linesBefore = house.log().length;
      let isOver = false;
      let sent = 0;
      const flood = (async () => {
        while (!isOver) {
          await Promise.all(Array.from({ length: 100 }, (_, i) =>
            evil.publish(
              i % 2 ? TOPICS.ack("evil") : TOPICS.agentStatus("evil"),
              i % 3 ? "garbage" : `{"agent":"evil","online":${i % 2 === 0}}`,
              { qos: 1 },
            ).catch(() => {})));
          sent += 100;
        }
      })();
      await pause(2000);
      const ms = await timeToShutdown(house, "good");
      isOver = true;
      await flood;
      const lines = house.log().length - linesBefore;
      return {
        attack: "flood its own topics without a pause, in an outage",
        tried: sent,
        outcome: `healthy host told ${shown(ms)}; ${lines} lines in the log`,
        holds: ms !== undefined && ms < 10_000 && lines < 200,
      };
    }),
  async (house) => {
    const from = house.seen.length;
    const base = { action: "shutdown", delay_sec: 0, ttl_sec: 300, agent: "good" };
    const now = () => new Date().toISOString();
    const sign = (command: Record<string, unknown>, key = house.keys.good ?? "") => ({
      ...command,
      sig: signatureOf(command as never, key),
    });
    const old = house.seen.filter(({ topic }) => topic === TOPICS.command("good")).map(({ payload }) =>
      textOf(payload)
    ).filter((text) => text.includes('"shutdown"'));
    const forged = [
      JSON.stringify({ ...base, id: "f1", issued_at: now() }),
      JSON.stringify(sign({ ...base, id: "f2", issued_at: now() }, house.keys.evil)),
      JSON.stringify({ ...base, id: "f3", issued_at: now(), sig: "00".repeat(32) }),
      // Signed by us, for who has the broker may have held it back for an hour.
      JSON.stringify(sign({ ...base, id: "f4", issued_at: new Date(Date.now() - 3_600_000).toISOString() })),
      JSON.stringify(sign({ ...base, id: "f5", agent: "evil", issued_at: now() }, house.keys.evil)),
      JSON.stringify({ ...sign({ ...base, id: "f6", issued_at: now() }), delay_sec: 1 }),
      ...old,
    ];
    for (const retain of [false, true]) {
      for (const text of forged) await house.boss.publish(TOPICS.command("good"), text, { qos: 1, retain });
    }
    await house.boss.publish(TOPICS.command("good"), "", { qos: 1, retain: true });
    await pause(2000);
    const count = obeyed(house, "good", from);
    return {
      has: "the broker itself",
      attack:
        "commands: unsigned, another host's key, no signature, an hour old, misaddressed, changed, replayed, each retained too",
      tried: 2 * forged.length,
      outcome: `${count} obeyed`,
      holds: count === 0,
    };
  },
  async (house) => {
    const held = { action: "shutdown", delay_sec: 0, ttl_sec: 300, agent: "good", id: "held" };
    const issued = { ...held, issued_at: new Date().toISOString() };
    const text = JSON.stringify({ ...issued, sig: signatureOf(issued as never, house.keys.good ?? "") });
    // An outage that ends: the host obeys the abort, and then the broker hands out what it kept from before.
    const told = await timeToShutdown(house, "good");
    const from = house.seen.length;
    await house.boss.publish(TOPICS.command("good"), text, { qos: 1 });
    await pause(3000);
    const count = obeyed(house, "good", from);
    return {
      has: "the broker itself",
      attack: "a signed shutdown held back, and handed out after a later abort",
      tried: 1,
      outcome: `${count} obeyed; the outage between: host told ${shown(told)}`,
      holds: count === 0 && told !== undefined,
    };
  },
  async (house) => {
    const from = house.seen.length;
    let slowestMs = 0;
    for (let i = 0; i < 5; i++) {
      await pause(2500);
      const before = house.seen.length;
      const begunMs = performance.now();
      await house.boss.publish(TOPICS.orchestratorStatus, '{"online":false}', { qos: 1, retain: true });
      const isRight = () =>
        house.seen.slice(before).some(({ topic, payload }) =>
          topic === TOPICS.orchestratorStatus && /"online":true/.test(textOf(payload))
        );
      while (!isRight() && performance.now() - begunMs < 10_000) await pause(10);
      slowestMs = Math.max(slowestMs, performance.now() - begunMs);
    }
    return {
      has: "the broker itself",
      attack: '"the daemon is gone" on its status topic',
      tried: 5,
      outcome: `put right in at most ${Math.ceil(slowestMs)} ms; ${
        obeyed(house, "good", from)
      } hosts shut down`,
      holds: slowestMs < 5000 && obeyed(house, "good", from) === 0,
    };
  },
  async (house, random) => {
    const from = house.seen.length;
    const linesBefore = house.log().length;
    const topics = [
      TOPICS.state(STATION),
      TOPICS.state("Other"),
      TOPICS.ack("good"),
      TOPICS.agentStatus("good"),
      TOPICS.raw("R631X0000000001"),
      TOPICS.stationList,
      TOPICS.cloudStatus,
      TOPICS.drillRequest,
      TOPICS.abortRequest,
      TOPICS.historyQuery,
      TOPICS.events,
    ];
    const good = JSON.stringify({
      device: STATION,
      soc: 80,
      grid_connected: true,
      id: "x",
      agent: "good",
      status: "accepted",
      online: true,
    });
    const count = 5000;
    for (let i = 0; i < count; i++) {
      const bytes = new TextEncoder().encode(good);
      for (let n = 0; n < 1 + random() * 4; n++) {
        bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
      }
      const payload = random() < 0.2
        ? crypto.getRandomValues(new Uint8Array(Math.floor(random() * 2000)))
        : bytes.slice(0, Math.floor(random() * bytes.length));
      await house.boss.publish(topics[i % topics.length] ?? "", payload);
    }
    await pause(3000);
    const wrong = obeyed(house, "evil", from);
    const lines = house.log().length - linesBefore;
    const ms = await timeToShutdown(house, "good");
    const failed = house.log().slice(linesBefore).filter((line) => /SERVICE FAILED/.test(line)).length;
    return {
      has: "the broker itself",
      attack: "damaged payloads on every topic that the daemon reads",
      tried: count,
      outcome:
        `${failed} services failed, ${wrong} hosts shut down, ${lines} lines in the log; then an outage: host told ${
          shown(ms)
        }`,
      holds: failed + wrong === 0 && ms !== undefined && lines < 500,
    };
  },
  async (house, random) => {
    const names = oddNames(ODD_NAMES, random);
    const linesBefore = house.log().length;
    for (let from = 0; from < names.length; from += AT_ONCE) {
      await Promise.all(names.slice(from, from + AT_ONCE).map((name, i) => sayAs(house, name, from + i)));
    }
    await pause(2000);
    const ms = await timeToShutdown(house, "good");
    const failed =
      house.log().slice(linesBefore).filter((line) => /SERVICE FAILED|Uncaught/.test(line)).length;
    return {
      has: "the broker itself",
      attack:
        "stations and hosts with odd names: of JavaScript's objects, emoji, 255 bytes, control characters, quotes",
      tried: names.length,
      outcome: `${failed} faults of services; host told ${shown(ms)}`,
      holds: failed === 0 && ms !== undefined && ms < 10_000,
    };
  },
];

/** A station in an outage and a host, of this name; by a connection of its own, for the broker ends it for some names. */
async function sayAs(house: AttackHouse, name: string, number: number): Promise<void> {
  const attacker = await house.connect("boss", house.passwordOf("boss"), `odd-${number}`);
  const say = (topic: string, payload: object, options: { retain?: boolean; qos?: 0 | 1 }) =>
    Promise.race([
      attacker.publish(topic, JSON.stringify(payload), options).catch(() => {}),
      pause(300),
    ]);
  const fresh = { soc: 3, grid_connected: false, age_s: 0, soc_age_s: 0, grid_age_s: 0 };
  await say(TOPICS.state(name), { device: name, ...fresh }, { retain: true });
  await say(TOPICS.agentStatus(name), { agent: name, online: true }, { retain: true });
  await say(TOPICS.ack(name), { id: "x", agent: name, status: "accepted" }, { qos: 1 });
  await attacker.close();
}

import { deepEqual, equal, match, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { MAX_LINE_BYTES } from "./protocol/lexer.ts";
import { TestClock } from "../../lib/time/test_clock.ts";
import type { NutServerConfig } from "./slice.ts";
import { LineClient } from "./testdata/line_client.ts";
import { ONLINE, startHouse, TEST_CONFIG, type TestHouse } from "./testdata/test_house.ts";
import { serverInfo } from "./protocol/world.ts";

const VER = serverInfo();

/** Runs with a house in real time; every client that was made is closed. */
async function inHouse(
  run: (house: TestHouse, connect: () => Promise<LineClient>) => Promise<void>,
  config: Partial<NutServerConfig> = {},
): Promise<void> {
  const house = await startHouse({ config });
  house.state(ONLINE);
  const clients: LineClient[] = [];
  try {
    await run(house, async () => {
      const client = await LineClient.connect(house.port);
      clients.push(client);
      return client;
    });
  } finally {
    for (const client of clients) client.close();
    await house.stop();
  }
}

const limits = (some: Partial<NutServerConfig["limits"]>) => ({ limits: { ...TEST_CONFIG.limits, ...some } });

Deno.test("NutListener answers input in any pieces", () =>
  inHouse(async (_house, connect) => {
    const client = await connect();
    await client.send("VER\nNETVER\nFOO\nGET VAR ups battery.charge\n");
    const answers = [await client.line(), await client.line(), await client.line(), await client.line()];
    deepEqual(answers, [VER, "1.3", "ERR UNKNOWN-COMMAND", 'VAR ups battery.charge "87"']);
    for (const byte of "NETVER\r\n") await client.send(byte);
    equal(await client.line(), "1.3");
  }));

Deno.test("NutListener survives what no client should send", () =>
  inHouse(async (_house, connect) => {
    const rows: [name: string, sent: string | Uint8Array, answer: string | undefined][] = [
      ["NUL bytes", Uint8Array.from([0, 0x56, 0, 0x45, 0x52, 0, 0x0a]), VER],
      ["invalid UTF-8", Uint8Array.from([0xff, 0xfe, 0xc3, 0x28, 0x0a]), "ERR UNKNOWN-COMMAND"],
      ["a line of 600 bytes", `GET VAR ups ${"x".repeat(587)}\n`, "ERR INVALID-ARGUMENT"],
      ["a hundred words", `GET ${"a ".repeat(100)}\n`, "ERR INVALID-ARGUMENT"],
      ["an HTTP request", "GET / HTTP/1.1\r\n", "ERR INVALID-ARGUMENT"],
      ["a TLS greeting in clear", Uint8Array.from([0x16, 3, 1, 0, 0x0a]), "ERR UNKNOWN-COMMAND"],
      ["a line just within the limit", `${"x".repeat(MAX_LINE_BYTES - 1)}\n`, "ERR UNKNOWN-COMMAND"],
    ];
    for (const [name, sent, answer] of rows) {
      const client = await connect();
      await client.send(sent);
      equal(await client.line(), answer, name);
      deepEqual(await client.ask("VER"), [VER], `${name}: goes on`);
    }
  }));

Deno.test("NutListener ends a connection whose line has no end, quotes or not", () =>
  inHouse(async (_house, connect) => {
    for (const start of ["", '"']) {
      const client = await connect();
      await client.send(start + "x".repeat(MAX_LINE_BYTES * 4));
      equal(await client.line(), "ERR INVALID-ARGUMENT");
      equal(await client.line(), undefined);
    }
  }));

Deno.test("NutListener closes a client that never ends its line, and serves the others meanwhile", () =>
  inHouse(async (house, connect) => {
    const slow = await connect();
    const busy = await connect();
    const startedMs = Date.now();
    let answered = 0;
    const drip = async () => {
      for (let i = 0; i < 30; i++) {
        await slow.send("V").catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    };
    const ask = async () => {
      while (Date.now() - startedMs < 2_500) {
        deepEqual(await busy.ask("VER"), [VER]);
        answered++;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    };
    await Promise.all([drip(), ask()]);
    equal(await slow.line(), undefined);
    ok(answered > 50, `only ${answered} answers`);
    match(house.log.text(), /CLIENT GONE.*idle/);
  }, limits({ idleSec: 1 })));

Deno.test("NutListener closes a client that does not take its answers", () =>
  inHouse(async (house, connect) => {
    const greedy = await connect();
    const other = await connect();
    const asks = "LIST VAR ups\n".repeat(300);
    const flood = (async () => {
      for (let i = 0; i < 200; i++) await greedy.send(asks);
    })().catch(() => {});
    const untilMs = Date.now() + 8_000;
    while (!house.log.text().includes("does not take answers") && Date.now() < untilMs) {
      deepEqual(await other.ask("VER"), [VER]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    match(house.log.text(), /does not take answers/);
    await flood;
  }, limits({ writeSec: 1, linesPerSec: 100_000 })));

Deno.test("NutListener makes a client wait that asks too fast, and loses nothing", () =>
  inHouse(async (_house, connect) => {
    const client = await connect();
    const startedMs = Date.now();
    await client.send("NETVER\n".repeat(60));
    for (let i = 0; i < 60; i++) equal(await client.line(), "1.3");
    const tookMs = Date.now() - startedMs;
    ok(tookMs >= 950, `60 lines at 20 a second, 40 of them at once: took ${tookMs} ms`);
  }, limits({ linesPerSec: 20 })));

Deno.test("NutListener closes addresses that are not allowed", () =>
  inHouse(async (house, connect) => {
    const client = await connect();
    equal(await client.line(), undefined);
    equal(house.presence("nas"), undefined);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    match(house.log.text(), /CLIENTS REFUSED what="127.0.0.1: not in allow" count=1/);
  }, { allow: ["192.168.1.0/24"] }));

Deno.test("NutListener makes room by closing the idlest client that is not logged in", () =>
  inHouse(async (_house, connect) => {
    const host = await connect();
    await host.askAll("USERNAME monuser", "PASSWORD secret", "LOGIN ups");
    const idle = await connect();
    await idle.ask("VER");
    const busy = await connect();
    await busy.ask("VER");
    const late = await connect();
    deepEqual(await late.ask("VER"), [VER]);
    equal(await idle.line(), undefined, "closed to make room");
    deepEqual(await host.ask("NETVER"), ["1.3"]);
    deepEqual(await busy.ask("NETVER"), ["1.3"]);
  }, limits({ maxPerAddress: 3 })));

/** Opens connections from an address that say VER once, and counts those that are still served. */
async function flood(house: TestHouse, address: string, count: number) {
  const clients: LineClient[] = [];
  for (let i = 0; i < count; i++) {
    const client = await LineClient.connectFrom(address, house.port);
    clients.push(client);
    await client.ask("VER");
  }
  return {
    async served(): Promise<number> {
      const answers = await Promise.all(clients.map((client) => client.ask("NETVER")));
      return answers.filter(([answer]) => answer === "1.3").length;
    },
    close: () => clients.forEach((client) => client.close()),
  };
}

const LOOPBACK = ["127.0.0.0/8"];

Deno.test("NutListener lets a flood from one address pay for its own newcomers, and not a host that is quiet", () =>
  inHouse(async (house) => {
    const host = await LineClient.connectFrom("127.0.0.2", house.port);
    deepEqual(await host.ask("USERNAME monuser"), ["OK"]);
    const attack = await flood(house, "127.0.0.9", 20);
    try {
      // The host is idler than all of them by now.
      deepEqual(await host.askAll("PASSWORD secret", "LOGIN ups"), ["OK", "OK"]);
      equal(await attack.served(), 5);
    } finally {
      attack.close();
      host.close();
    }
  }, { ...limits({ maxConnections: 6, connectsPerSec: 1000 }), allow: LOOPBACK }));

Deno.test("NutListener keeps a place for an address that logged in before, also against others that log in", () =>
  inHouse(async (house) => {
    const login = ["USERNAME monuser", "PASSWORD secret", "LOGIN ups"];
    const host = await LineClient.connectFrom("127.0.0.2", house.port);
    deepEqual(await host.askAll(...login), ["OK", "OK", "OK"]);
    host.close();
    await new Promise((resolve) => setTimeout(resolve, 50));
    const others: LineClient[] = [];
    try {
      const answers: string[] = [];
      for (let i = 3; i < 9; i++) {
        const other = await LineClient.connectFrom(`127.0.0.${i}`, house.port);
        others.push(other);
        answers.push((await other.askAll(...login)).at(-1) ?? "");
      }
      deepEqual(answers, ["OK", "OK", "OK", "closed", "closed", "closed"], "three of four places");
      const again = await LineClient.connectFrom("127.0.0.2", house.port);
      others.push(again);
      deepEqual(await again.askAll(...login), ["OK", "OK", "OK"]);
    } finally {
      for (const client of others) client.close();
    }
  }, { ...limits({ maxConnections: 4, connectsPerSec: 1000 }), allow: LOOPBACK }));

Deno.test("NutListener lets a host in that logged in before, though others with a password hold all places", () =>
  inHouse(async (house) => {
    const login = ["USERNAME monuser", "PASSWORD secret", "LOGIN ups"];
    const host = await LineClient.connectFrom("127.0.0.2", house.port);
    deepEqual(await host.askAll(...login), ["OK", "OK", "OK"]);
    host.close();
    const others: LineClient[] = [];
    try {
      // Each of these addresses is known after its first log-in, too.
      for (const address of ["127.0.0.3", "127.0.0.4"]) {
        for (let i = 0; i < 6; i++) {
          const other = await LineClient.connectFrom(address, house.port);
          others.push(other);
          await other.askAll(...login);
        }
      }
      const again = await LineClient.connectFrom("127.0.0.2", house.port);
      others.push(again);
      deepEqual(await again.askAll(...login), ["OK", "OK", "OK"]);
    } finally {
      for (const client of others) client.close();
    }
  }, { ...limits({ maxConnections: 12, connectsPerSec: 1000 }), allow: LOOPBACK }));

Deno.test("NutListener refuses a connection when all others are logged in", () =>
  inHouse(async (_house, connect) => {
    for (let i = 0; i < 2; i++) {
      await (await connect()).askAll("USERNAME monuser", "PASSWORD secret", "LOGIN ups");
    }
    equal(await (await connect()).line(), undefined);
  }, limits({ maxConnections: 2 })));

Deno.test("NutListener refuses a flood of connections and goes on", () =>
  inHouse(async (house, connect) => {
    const answers = await Promise.all(Array.from({ length: 40 }, async () => (await connect()).ask("VER")));
    const served = answers.filter(([answer]) => answer === VER).length;
    ok(served >= 6 && served <= 8, `2 a second and 6 at once: served ${served} of 40`);
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    deepEqual(await (await connect()).ask("VER"), [VER]);
    match(house.log.text(), /connects too often/);
  }, limits({ connectsPerSec: 2 })));

Deno.test("NutListener takes the next client at once, however many were gone before it looked", async () => {
  const { listen } = Deno;
  let left = 500;
  const listenOften = (options: Deno.TcpListenOptions) => {
    const listener = listen(options);
    const accept = listener.accept.bind(listener);
    listener.accept = () =>
      left-- > 0
        ? Promise.reject(new Deno.errors.NotConnected("Transport endpoint is not connected (os error 107)"))
        : accept();
    return listener;
  };
  Object.assign(Deno, { listen: listenOften });
  const clock = new TestClock();
  const house = await startHouse({ clock });
  try {
    const client = await LineClient.connect(house.port);
    deepEqual(await client.ask("VER"), [VER]);
    client.close();
    ok(left <= 0);
    await clock.advance(1000);
    match(house.log.text(), /CLIENTS REFUSED what="gone before it was taken" count=500/);
    ok(!/CANNOT ACCEPT/.test(house.log.text()));
  } finally {
    Object.assign(Deno, { listen });
    await house.stop();
  }
});

Deno.test("NutListener slows a flood of wrong logins down, and lets the right one in", () =>
  inHouse(async (_house, connect) => {
    const attacker = await connect();
    await attacker.askAll("USERNAME monuser", "PASSWORD wrong");
    const refused = await attacker.askAll(
      "LOGIN ups",
      "LOGIN ups",
      "LOGIN ups",
      "LOGIN ups",
      "LOGIN ups",
      "LOGIN ups",
    );
    deepEqual(refused, [...Array(5).fill("ERR ACCESS-DENIED"), "closed"]);
    const host = await connect();
    const startedMs = Date.now();
    deepEqual(await host.askAll("USERNAME monuser", "PASSWORD secret", "LOGIN ups"), ["OK", "OK", "OK"]);
    const tookMs = Date.now() - startedMs;
    ok(tookMs >= 1_900 && tookMs < 5_000, `delayed, but within the 5 s of a client: ${tookMs} ms`);
  }));

const pem = (name: string) => readFileSync(new URL(`./testdata/${name}.pem`, import.meta.url), "utf8");
const withTls = { certPem: pem("server.cert"), keyPem: pem("server.key") };

Deno.test("NutListener speaks TLS after STARTTLS, with a certificate that can be verified", () =>
  inHouse(async (house, connect) => {
    const plain = await connect();
    deepEqual(await plain.ask("STARTTLS"), ["OK STARTTLS"]);
    const conn = await Deno.startTls(plain.conn as Deno.TcpConn, {
      hostname: "localhost",
      caCerts: [pem("ca.cert")],
    });
    const client = LineClient.over(conn);
    try {
      deepEqual(await client.askAll("VER", "STARTTLS", "USERNAME monuser", "PASSWORD secret", "LOGIN ups"), [
        VER,
        "ERR ALREADY-SSL-MODE",
        "OK",
        "OK",
        "OK",
      ]);
      equal((await client.ask("LIST VAR ups")).at(-1), "END LIST VAR ups");
      equal(house.presence("nas")?.online, true);
    } finally {
      client.close();
    }
    const other = await connect();
    deepEqual(await other.ask("VER"), [VER]);
  }, withTls));

Deno.test("NutListener ends a connection that talks on in clear after STARTTLS", () =>
  inHouse(async (_house, connect) => {
    const slipped = await connect();
    await slipped.send("STARTTLS\nUSERNAME monuser\n");
    equal(await slipped.line(), "OK STARTTLS");
    equal(await slipped.line(), undefined);
    const garbage = await connect();
    deepEqual(await garbage.ask("STARTTLS"), ["OK STARTTLS"]);
    await garbage.send("this is no TLS\n".repeat(10));
    const rest: number[] = [];
    const buffer = new Uint8Array(100);
    for (;;) {
      const count = await garbage.conn.read(buffer).catch(() => null);
      if (count === null) break;
      rest.push(...buffer.subarray(0, count));
    }
    ok(!new TextDecoder().decode(Uint8Array.from(rest)).includes("ERR"), "nothing is answered in clear");
    deepEqual(await (await connect()).ask("VER"), [VER]);
  }, withTls));

/** Crowds: connections from several addresses of this machine, which must keep neither the owner nor others out. */
import assert from "node:assert/strict";
import { connect, type Socket } from "node:net";
import { createAuthority } from "../../../lib/certificates.ts";
import { type Clock, systemClock } from "../../../lib/time/clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import type { HttpReply } from "./message.ts";
import { DashboardServer, type ServerOptions } from "./server.ts";
import { openStream, withDashboard } from "../testdata/test_dashboard.ts";

type Asked = Partial<Pick<ServerOptions, "limits" | "hasLogin" | "tls" | "handle" | "clock">>;

async function withServer(asked: Asked, run: (port: number, server: DashboardServer) => Promise<void>) {
  const server = new DashboardServer({
    host: "127.0.0.1",
    port: 0,
    clock: systemClock(),
    log: memoryLog(),
    handle: () => ({ status: 200, body: "in" }),
    ...asked,
  });
  const port = await server.start();
  try {
    await run(port, server);
  } finally {
    await server.stop();
  }
}

const HALF = "GET / HT";
const WHOLE = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";

interface Guest {
  readonly socket: Socket;
  /** The first piece of the answer; empty when there is none. */
  readonly text: Promise<string>;
}

/** Opens a connection from one of this machine's own addresses, and says something on it. */
async function visit(port: number, localAddress: string, say: string): Promise<Guest> {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  socket.on("error", () => {});
  const text = new Promise<string>((resolve) => {
    socket.on("data", (bytes: Uint8Array) => resolve(new TextDecoder().decode(bytes)));
    socket.once("close", () => resolve(""));
  });
  await new Promise((resolve) => socket.once("connect", resolve).once("close", resolve));
  socket.write(say);
  return { socket, text };
}

async function crowd(port: number, localAddress: string, count: number, say: string): Promise<Socket[]> {
  const guests = await Promise.all(Array.from({ length: count }, () => visit(port, localAddress, say)));
  return guests.map(({ socket }) => socket);
}

/** What one whole request from an address gets, and the connection it came on. */
async function askFrom(port: number, localAddress: string): Promise<{ text: string; socket: Socket }> {
  const { socket, text } = await visit(port, localAddress, WHOLE);
  return { socket, text: await text };
}

async function until(isTrue: () => boolean, clock: Clock = systemClock()): Promise<void> {
  for (let i = 0; i < 200 && !isTrue(); i++) await clock.sleep(10);
  assert.ok(isTrue(), String(isTrue));
}

function end(sockets: readonly Socket[]): void {
  for (const socket of sockets) socket.destroy();
}

const isOpen = (socket: Socket) => !socket.closed && !socket.destroyed;
const stream = (): HttpReply => ({
  status: 200,
  stream: (sink) => {
    sink.send("begun");
    return () => {};
  },
});

for (const text of ["", HALF, WHOLE]) {
  Deno.test(`DashboardServer lets the owner in past ${JSON.stringify(text)} from several addresses`, async () => {
    await withServer({ limits: { connections: 12, perAddress: 6 } }, async (port, server) => {
      const crowds = await Promise.all(["127.0.0.2", "127.0.0.3"].map((from) => crowd(port, from, 6, text)));
      await until(() => server.size === 12);
      for (let i = 0; i < 20; i++) {
        const { text, socket } = await askFrom(port, "127.0.0.1");
        assert.match(text, /^HTTP\/1\.1 200 /);
        socket.destroy();
      }
      assert.ok(server.size <= 12);
      end(crowds.flat());
    });
  });
}

Deno.test("DashboardServer lets the owner in past handshakes that say nothing", async () => {
  const authority = await createAuthority();
  const tls = await authority.issue({ names: ["localhost", "127.0.0.1"] });
  await withServer({ tls, limits: { connections: 12, perAddress: 6 } }, async (port, server) => {
    const crowds = await Promise.all(
      ["127.0.0.2", "127.0.0.3"].map((from) => crowd(port, from, 6, "\x16\x03\x01\x02\0")),
    );
    await until(() => server.size === 12);
    const client = Deno.createHttpClient({ caCerts: [authority.caPem] });
    const reply = await fetch(`https://localhost:${port}/`, { client });
    assert.equal(await reply.text(), "in");
    client.close();
    end(crowds.flat());
  });
});

Deno.test("DashboardServer lets the owner in while half requests come again and again", async () => {
  await withServer({ limits: { connections: 12, perAddress: 6 } }, async (port) => {
    let isOver = false;
    const flood = async (from: string) => {
      while (!isOver) {
        const sockets = await crowd(port, from, 6, HALF);
        await systemClock().sleep(5);
        end(sockets);
      }
    };
    const floods = ["127.0.0.2", "127.0.0.3", "127.0.0.4"].map(flood);
    for (let i = 0; i < 20; i++) {
      const { text, socket } = await askFrom(port, "127.0.0.1");
      assert.match(text, /^HTTP\/1\.1 200 /);
      socket.destroy();
    }
    isOver = true;
    await Promise.all(floods);
  });
});

Deno.test("DashboardServer takes a stream from the busiest address for a newcomer who has less", async () => {
  await withServer({ limits: { connections: 6, perAddress: 5 }, handle: stream }, async (port, server) => {
    const few = await crowd(port, "127.0.0.2", 2, WHOLE);
    await until(() => server.size === 2);
    const many = await crowd(port, "127.0.0.3", 4, WHOLE);
    await until(() => server.size === 6);
    const { text, socket } = await askFrom(port, "127.0.0.1");
    assert.match(text, /^HTTP\/1\.1 200 /);
    await until(() => many.filter(isOpen).length === 3);
    assert.equal(few.filter(isOpen).length, 2);
    // From now on nobody has less than the newcomer would have with one more.
    const next = await askFrom(port, "127.0.0.3");
    assert.equal(next.text, "");
    end([socket, next.socket, ...few, ...many]);
  });
});

Deno.test("DashboardServer keeps the places of an address with a log-in, and gives it one whoever has them", async () => {
  const limits = { connections: 4, perAddress: 4 };
  const hasLogin = (network: string) => network === "127.0.0.1";
  await withServer({ limits, hasLogin, handle: stream }, async (port, server) => {
    const strangers = (await Promise.all(
      ["127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"].map((from) => crowd(port, from, 1, WHOLE)),
    )).flat();
    await until(() => server.size === 4);
    const owners = [await askFrom(port, "127.0.0.1"), await askFrom(port, "127.0.0.1")];
    assert.ok(owners.every(({ text }) => /^HTTP\/1\.1 200 /.test(text)));
    await until(() => strangers.filter(isOpen).length === 2);
    const others = [await askFrom(port, "127.0.0.6"), await askFrom(port, "127.0.0.7")];
    assert.deepEqual(others.map(({ text }) => text), ["", ""]);
    assert.ok(owners.every(({ socket }) => isOpen(socket)));
    end([...owners, ...others].map(({ socket }) => socket).concat(strangers));
  });
});

Deno.test("DashboardServer cuts a connection that sends requests without waiting for answers, and serves the next", async () => {
  let asked = 0;
  const handle = () => {
    asked++;
    return { status: 200, body: "x".repeat(1000) };
  };
  await withServer({ handle }, async (port, server) => {
    const [socket] = await crowd(port, "127.0.0.2", 1, WHOLE.repeat(10_000));
    assert.ok(socket);
    await until(() => server.size === 0);
    assert.ok(asked < 20, `${asked} were answered`);
    assert.match((await askFrom(port, "127.0.0.1")).text, /^HTTP\/1\.1 200 /);
    socket.destroy();
  });
});

Deno.test("DashboardServer tells of a crowd once a minute, however many come", async () => {
  const log = memoryLog();
  const server = new DashboardServer({
    host: "127.0.0.1",
    port: 0,
    limits: { connections: 2, perAddress: 2 },
    clock: systemClock(),
    log,
    handle: stream,
  });
  const port = await server.start();
  const sockets = await crowd(port, "127.0.0.1", 2, WHOLE);
  await until(() => server.size === 2);
  for (let i = 0; i < 25; i++) {
    sockets.push((await askFrom(port, "127.0.0.1")).socket);
    await systemClock().sleep(100);
  }
  await server.stop();
  end(sockets);
  const lines = log.entries.filter(({ text }) => text === "TOO MANY CONNECTIONS");
  assert.equal(lines.length, 1);
});

Deno.test("createDashboard() lets the owner look and act though others hold all pages and all connections", async () => {
  await withDashboard(async ({ port, ask, login }) => {
    const page = `GET /api/live HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
    const readers = (await Promise.all(["127.0.0.2", "127.0.0.3"].map((from) => crowd(port, from, 60, page))))
      .flat();
    const halves = (await Promise.all(["127.0.0.4", "127.0.0.5"].map((from) => crowd(port, from, 96, HALF))))
      .flat();
    const { answer, headers } = await login();
    assert.equal(answer.status, 200);
    for (let i = 0; i < 3; i++) {
      const stream = await openStream(port, headers);
      await stream.until(/event: house/);
      assert.equal((await ask("/", { headers })).status, 200);
      await stream.close();
    }
    end([...readers, ...halves]);
  }, { readsWithoutLogin: true });
});

import assert from "node:assert/strict";
import { systemClock } from "../../../lib/time/clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import type { HttpTimes } from "./client.ts";
import type { HttpReply, HttpRequest } from "./message.ts";
import type { ServerLimits } from "./crowd.ts";
import { DashboardServer } from "./server.ts";

interface Asked {
  readonly limits?: ServerLimits;
  readonly times?: HttpTimes;
  readonly handle?: (request: HttpRequest) => HttpReply;
}

async function withServer(asked: Asked, run: (port: number, server: DashboardServer) => Promise<void>) {
  const server = new DashboardServer({
    host: "127.0.0.1",
    port: 0,
    clock: systemClock(),
    log: memoryLog(),
    handle: (request) => ({ status: 200, body: `${request.method} ${request.path}` }),
    ...asked,
  });
  const port = await server.start();
  try {
    await run(port, server);
  } finally {
    await server.stop();
  }
}

/** Sends text as it is and reads until the server closes. */
async function talk(port: number, text: string): Promise<string> {
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  try {
    await conn.write(new TextEncoder().encode(text)).catch(() => {});
    return await new Response(conn.readable).text();
  } catch {
    return "";
  }
}

Deno.test("DashboardServer answers requests on one connection, one after the other", async () => {
  await withServer({}, async (port) => {
    const text = await talk(
      port,
      "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b?c=1 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
    );
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n.*GET \/aHTTP\/1\.1 200 OK\r\n.*GET \/b$/s);
  });
});

Deno.test("DashboardServer hands over the body, and answers fetch", async () => {
  const handle = ({ body }: HttpRequest) => ({ status: 200, body: body.slice().reverse() });
  await withServer({ handle }, async (port) => {
    const reply = await fetch(`http://127.0.0.1:${port}/`, { method: "POST", body: "abc" });
    assert.equal(await reply.text(), "cba");
  });
});

Deno.test("DashboardServer refuses a body over the limit before it reads it", async () => {
  await withServer({}, async (port) => {
    const text = await talk(port, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n");
    assert.match(text, /^HTTP\/1\.1 413 /);
  });
});

Deno.test("DashboardServer cuts off a client that never ends its request", async () => {
  const times = { headSec: 1, requestSec: 1, idleSec: 1, writeSec: 1 };
  await withServer({ times }, async (port, server) => {
    assert.equal(await talk(port, "GET / HTTP/1.1\r\nHost:"), "");
    assert.equal(await talk(port, ""), "");
    assert.equal(server.size, 0);
  });
});

Deno.test("DashboardServer cuts off a client that does not take its answer", async () => {
  const times = { headSec: 1, requestSec: 1, idleSec: 1, writeSec: 1 };
  const ended = Promise.withResolvers<void>();
  const handle = (): HttpReply => ({
    status: 200,
    stream: (sink) => {
      const flood = setInterval(() => sink.send("x".repeat(1_000_000), "big"), 1);
      return () => {
        clearInterval(flood);
        ended.resolve();
      };
    },
  });
  await withServer({ times, handle }, async (port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    await ended.promise;
    conn.close();
  });
});

Deno.test("DashboardServer lets a connection between two requests make room for a new one", async () => {
  await withServer({ limits: { connections: 2, perAddress: 2 } }, async (port, server) => {
    const idle = await Promise.all(
      [1, 2].map(() => Deno.connect({ hostname: "127.0.0.1", port })),
    );
    const reply = await fetch(`http://127.0.0.1:${port}/in`);
    assert.equal(await reply.text(), "GET /in");
    assert.ok(server.size <= 3);
    for (const conn of idle) conn.close();
  });
});

Deno.test("DashboardServer refuses a connection when every other one is busy", async () => {
  const limits = { connections: 1, perAddress: 1 };
  const handle = (): HttpReply => ({ status: 200, stream: () => () => {} });
  await withServer({ limits, handle }, async (port) => {
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
    await conn.read(new Uint8Array(10));
    assert.equal(await talk(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "");
    conn.close();
  });
});

Deno.test("DashboardServer answers 500 when a handler fails, and goes on", async () => {
  let calls = 0;
  const handle = (): HttpReply => {
    if (calls++ === 0) throw new Error("secret detail");
    return { status: 200, body: "well" };
  };
  await withServer({ handle }, async (port) => {
    const broken = await fetch(`http://127.0.0.1:${port}/`);
    assert.deepEqual([broken.status, await broken.text()], [500, ""]);
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "well");
  });
});

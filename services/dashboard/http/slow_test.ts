/** How long a client may take; these limits are the runtime's own, so they are waited for. */
import assert from "node:assert/strict";
import { connect } from "node:net";
import { createAuthority } from "../../../lib/certificates.ts";
import { systemClock } from "../../../lib/time/clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import type { HttpReply } from "./message.ts";
import { DashboardServer, type ServerOptions } from "./server.ts";

const TIMES = { headSec: 1, requestSec: 2, idleSec: 1, writeSec: 2 };
const WHOLE = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
const BODY = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{";

interface Row {
  readonly name: string;
  readonly say: string;
  /** Said again five times a second. */
  readonly drip?: string;
  /** Seconds from the connection until it is cut. */
  readonly from: number;
  readonly to: number;
}

/** How long a connection lives, s. */
async function lifeOf(port: number, { say, drip }: Row): Promise<number> {
  const clock = systemClock();
  const begun = clock.monoMs();
  const socket = connect(port, "127.0.0.1");
  socket.write(say);
  socket.resume();
  socket.on("error", () => {});
  const cancel = drip === undefined ? () => {} : clock.every(200, () => void socket.write(drip));
  await new Promise((resolve) => socket.once("close", resolve));
  cancel();
  return (clock.monoMs() - begun) / 1000;
}

function serverWith(reply: HttpReply, tls?: ServerOptions["tls"]): DashboardServer {
  return new DashboardServer({
    host: "127.0.0.1",
    port: 0,
    times: TIMES,
    tls,
    clock: systemClock(),
    log: memoryLog(),
    handle: () => reply,
  });
}

async function play(rows: readonly Row[], tls?: ServerOptions["tls"]): Promise<void> {
  const server = serverWith({ status: 200, body: "in" }, tls);
  const port = await server.start();
  try {
    const lives = await Promise.all(rows.map((row) => lifeOf(port, row)));
    const odd = rows
      .map(({ name, from, to }, i) => ({ name, from, to, life: lives[i] ?? NaN }))
      .filter(({ from, to, life }) => !(life >= from && life <= to));
    assert.deepEqual(odd, []);
    assert.equal(server.size, 0);
  } finally {
    await server.stop();
  }
}

// A busy machine may be late by some seconds, never early. Node's limit between requests has a second on top.
const LATE = 4;

Deno.test("DashboardServer cuts off whoever does not end a request, or begins none", async () => {
  await play([
    { name: "silence", say: "", from: 1, to: 1 + LATE },
    { name: "half a head", say: "GET / HTTP/1.1\r\nHost:", from: 1, to: 1 + LATE },
    { name: "a head, letter by letter", say: "GET / HTTP/1.1\r\nA: ", drip: "b", from: 1, to: 1 + LATE },
    { name: "empty lines", say: "\r\n", drip: "\r\n", from: 1, to: 1 + LATE },
    { name: "half a body", say: BODY, from: 2, to: 2 + LATE },
    { name: "a body, letter by letter", say: BODY, drip: " ", from: 2, to: 2 + LATE },
    { name: "idle after an answer", say: WHOLE, from: 1, to: 2 + LATE },
    { name: "half a head after an answer", say: `${WHOLE}GET /`, from: 1, to: 2 + LATE },
    { name: "half a body after an answer", say: `${WHOLE}${BODY}`, from: 2, to: 2 + LATE },
    { name: "empty lines after an answer", say: WHOLE, drip: "\r\n", from: 1, to: 6 + LATE },
  ]);
});

Deno.test("DashboardServer cuts off whoever does not end a handshake", async () => {
  const authority = await createAuthority();
  const tls = await authority.issue({ names: ["localhost"] });
  const hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03";
  await play([
    { name: "silence", say: "", from: 1, to: 1 + LATE },
    { name: "part of a hello", say: hello, from: 1, to: 1 + LATE },
    { name: "a hello, byte by byte", say: hello, drip: "a", from: 1, to: 1 + LATE },
    { name: "no TLS", say: WHOLE, from: 0, to: 1 + LATE },
  ], tls);
});

Deno.test("DashboardServer cuts off whoever does not take a large answer, and not whoever takes it slowly", async () => {
  const bytes = 12_000_000;
  const server = serverWith({ status: 200, body: new Uint8Array(bytes) });
  const port = await server.start();
  const clock = systemClock();
  try {
    const stuck = connect(port, "127.0.0.1");
    stuck.pause();
    stuck.write(WHOLE);
    const begun = clock.monoMs();
    const slow = connect(port, "127.0.0.1");
    slow.write(WHOLE);
    let taken = 0;
    slow.on("data", (piece: Uint8Array) => {
      taken += piece.length;
      slow.pause();
      clock.after(15, () => void slow.resume());
    });
    while (taken < bytes) await clock.sleep(50);
    // It took longer than one piece may take.
    assert.ok(clock.monoMs() - begun > 1000 * TIMES.writeSec);
    while (server.size > 0 && clock.monoMs() - begun < 20_000) await clock.sleep(50);
    assert.equal(server.size, 0);
    stuck.destroy();
    slow.destroy();
  } finally {
    await server.stop();
  }
});

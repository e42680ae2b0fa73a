/** What is refused on the wire, byte for byte, by the parser or by us; a server that gives no answer fails these. */
import assert from "node:assert/strict";
import { systemClock } from "../../../lib/time/clock.ts";
import { memoryLog } from "../../../lib/testing.ts";
import { DashboardServer } from "./server.ts";

const HOST = "Host: pi\r\n";

const refusals: readonly (readonly [string, string, number])[] = [
  ["another protocol", `\x16\x03\x01 hello\r\n\r\n`, 400],
  ["HTTP/2", `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n`, 400],
  ["HTTP/1.2", `GET / HTTP/1.2\r\n${HOST}\r\n`, 400],
  ["an absolute address", `GET http://pi/ HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["the whole server", `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a tunnel", `CONNECT pi:22 HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a blank in the address", `GET /a b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a byte beyond ASCII in the address", `GET /\xff HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a zero byte in the address", `GET /a\0 HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a lower-case method", `get / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a folded header", `GET / HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n`, 400],
  ["a first header that begins with a blank", `GET / HTTP/1.1\r\n ${HOST}\r\n`, 400],
  ["a blank before the colon", `GET / HTTP/1.1\r\nHost : pi\r\n\r\n`, 400],
  ["a header without a colon", `GET / HTTP/1.1\r\nHost\r\n\r\n`, 400],
  ["a bare line feed in a value", `GET / HTTP/1.1\r\nA: b\nHost: evil\r\n\r\n`, 400],
  ["a bare carriage return in a value", `GET / HTTP/1.1\r\nA: b\rHost: evil\r\n\r\n`, 400],
  ["a zero byte in a value", `GET / HTTP/1.1\r\n${HOST}A: a\0b\r\n\r\n`, 400],
  ["bare line feeds throughout", `GET / HTTP/1.1\nHost: pi\n\n`, 400],
  ["two hosts", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400],
  ["two lengths", `POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n`, 400],
  ["two lengths that differ", `POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab`, 400],
  ["a length that is no number", `POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n`, 400],
  ["a length with a sign", `POST / HTTP/1.1\r\nContent-Length: +1\r\n\r\na`, 400],
  ["two lengths in one", `POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n`, 400],
  ["a chunked body", `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 501],
  ["a chunked body that never comes", `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n`, 501],
  ["an unknown coding", `POST / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n`, 400],
  ["an expectation", `POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n`, 417],
  ["an odd expectation", `POST / HTTP/1.1\r\nExpect: tea\r\n\r\n`, 417],
  ["a body that is too large", `POST / HTTP/1.1\r\nContent-Length: 4097\r\n\r\n`, 413],
  ["a long address", `GET /${"a".repeat(2048)} HTTP/1.1\r\n${HOST}\r\n`, 414],
  ["many headers", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(65)}\r\n`, 400],
  ["a large head", `GET / HTTP/1.1\r\nA: ${"b".repeat(9000)}\r\n\r\n`, 431],
  ["a large head that never ends", `GET / HTTP/1.1\r\nA: ${"b".repeat(9000)}`, 431],
  ["a long address that never ends", `GET /${"b".repeat(9000)}`, 431],
];

for (const [name, text, status] of refusals) {
  Deno.test(`DashboardServer refuses ${name}, closes, and asks no handler`, async () => {
    const log = memoryLog();
    let asked = 0;
    const server = new DashboardServer({
      host: "127.0.0.1",
      port: 0,
      clock: systemClock(),
      log,
      handle: () => {
        asked++;
        return { status: 200 };
      },
    });
    const port = await server.start();
    const conn = await Deno.connect({ hostname: "127.0.0.1", port });
    await conn.write(Uint8Array.from(text, (c) => c.charCodeAt(0)));
    const answer = await new Response(conn.readable).text();
    assert.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `));
    assert.equal(answer.match(/HTTP\/1\.1 \d/g)?.length, 1, answer);
    assert.match(answer, /\r\n\r\n\{"error":"[^"]+"\}$/);
    assert.equal(asked, 0);
    await server.stop();
    assert.deepEqual(log.entries, []);
  });
}

import assert from "node:assert/strict";
import { parseHead } from "./parse_head.ts";

const read = (text: string) => parseHead(Uint8Array.from(text, (c) => c.charCodeAt(0)));
const HOST = "Host: pi\r\n";

Deno.test("parseHead() takes a request apart", () => {
  const reading = read(
    `POST /api/drill?a=1&b=%41 HTTP/1.1\r\n${HOST}Cookie: a=1\r\nCookie: b=2\r\nContent-Length: 2\r\n\r\n{}`,
  );
  assert.ok(reading.kind === "head");
  const { method, path, query, headers, bodyBytes, keepsAlive } = reading.head;
  assert.deepEqual([method, path, query.get("b"), bodyBytes, keepsAlive], [
    "POST",
    "/api/drill",
    "A",
    2,
    true,
  ]);
  assert.equal(headers.get("cookie"), "a=1; b=2");
});

Deno.test("parseHead() waits for the rest of a head", () => {
  for (const text of ["", "GET", "GET / HTTP/1.1\r\n", `GET / HTTP/1.1\r\n${HOST}\r`]) {
    assert.equal(read(text).kind, "more", JSON.stringify(text));
  }
});

const refusals: readonly (readonly [string, string, number])[] = [
  ["another protocol", `\x16\x03\x01 hello\r\n\r\n`, 400],
  ["HTTP/2", `PRI * HTTP/2.0\r\n\r\n`, 400],
  ["an absolute address", `GET http://pi/ HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a blank in the address", `GET /a b HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a lower-case method", `get / HTTP/1.1\r\n${HOST}\r\n`, 400],
  ["a folded header", `GET / HTTP/1.1\r\n${HOST}A: b\r\n c\r\n\r\n`, 400],
  ["a blank before the colon", `GET / HTTP/1.1\r\nHost : pi\r\n\r\n`, 400],
  ["a header without a colon", `GET / HTTP/1.1\r\nHost\r\n\r\n`, 400],
  ["a bare line feed in a value", `GET / HTTP/1.1\r\nA: b\nHost: evil\r\n\r\n`, 400],
  ["two hosts", `GET / HTTP/1.1\r\n${HOST}${HOST}\r\n`, 400],
  ["two lengths", `POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n`, 400],
  ["a length that is no number", `POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n`, 400],
  ["two lengths in one", `POST / HTTP/1.1\r\nContent-Length: 1, 1\r\n\r\n`, 400],
  ["a chunked body", `POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n`, 501],
  ["an expectation", `POST / HTTP/1.1\r\nExpect: 100-continue\r\n\r\n`, 417],
  ["a body that is too large", `POST / HTTP/1.1\r\nContent-Length: 4097\r\n\r\n`, 413],
  ["a long address", `GET /${"a".repeat(2048)} HTTP/1.1\r\n${HOST}\r\n`, 414],
  ["many headers", `GET / HTTP/1.1\r\n${"A: b\r\n".repeat(65)}\r\n`, 400],
  ["a large head", `GET / HTTP/1.1\r\nA: ${"b".repeat(9000)}\r\n\r\n`, 431],
  ["a large head that never ends", `GET / HTTP/1.1\r\nA: ${"b".repeat(9000)}`, 431],
];

for (const [name, text, status] of refusals) {
  Deno.test(`parseHead() refuses ${name}`, () => {
    const reading = read(text);
    assert.ok(reading.kind === "refused");
    assert.equal(reading.status, status);
  });
}

Deno.test("parseHead() takes a body of exactly the limit", () => {
  assert.equal(read(`POST / HTTP/1.1\r\nContent-Length: 4096\r\n\r\n`).kind, "head");
});

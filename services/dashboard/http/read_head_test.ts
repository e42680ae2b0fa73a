import assert from "node:assert/strict";
import { type RawHead, readHead } from "./read_head.ts";

const HOST = ["Host", "pi"];
const read = (target: string, rawHeaders: string[], method = "GET") =>
  readHead({ method, target, rawHeaders });

Deno.test("readHead() takes a request apart", () => {
  const head = read(
    "/api/drill?a=1&b=%41?",
    [...HOST, "Cookie", "a=1", "COOKIE", "b=2", "Accept", "x", "Accept", "y", "Content-Length", "2"],
    "POST",
  );
  assert.ok(!("status" in head));
  const { method, path, query, headers } = head;
  assert.deepEqual([method, path, query.get("a"), query.get("b")], ["POST", "/api/drill", "1", "A?"]);
  assert.deepEqual([headers.get("cookie"), headers.get("accept")], ["a=1; b=2", "x, y"]);
});

const refusals: readonly (readonly [string, Partial<RawHead>, number])[] = [
  ["an absolute address", { target: "http://pi/" }, 400],
  ["the whole server", { target: "*", method: "OPTIONS" }, 400],
  ["an authority", { target: "pi:22", method: "CONNECT" }, 400],
  ["a blank in the address", { target: "/a b" }, 400],
  ["letters beyond ASCII in the address", { target: "/\xff" }, 400],
  ["a lower-case method", { method: "get" }, 400],
  ["two hosts", { rawHeaders: [...HOST, ...HOST] }, 400],
  ["two hosts of other case", { rawHeaders: [...HOST, "HOST", "evil"] }, 400],
  ["two origins", { rawHeaders: ["Origin", "a", "Origin", "a"] }, 400],
  ["two types", { rawHeaders: ["Content-Type", "a", "Content-Type", "a"] }, 400],
  ["two lengths", { rawHeaders: ["Content-Length", "1", "Content-Length", "1"] }, 400],
  ["a length that is no number", { rawHeaders: ["Content-Length", "-1"] }, 400],
  ["two lengths in one", { rawHeaders: ["Content-Length", "1, 1"] }, 400],
  ["a control character in a value", { rawHeaders: ["A", "b\nHost: evil"] }, 400],
  ["a chunked body", { rawHeaders: ["Transfer-Encoding", "chunked"] }, 501],
  ["an expectation", { rawHeaders: ["Expect", "100-continue"] }, 417],
  ["a body of one byte more than the limit", { rawHeaders: ["Content-Length", "4097"] }, 413],
  ["an address of one letter more than the limit", { target: `/${"a".repeat(2048)}` }, 414],
  ["65 headers", { rawHeaders: Array(65).fill(["A", "b"]).flat() }, 400],
];

for (const [name, raw, status] of refusals) {
  Deno.test(`readHead() refuses ${name}`, () => {
    const head = readHead({ method: "GET", target: "/", rawHeaders: HOST, ...raw });
    assert.ok("status" in head);
    assert.equal(head.status, status);
  });
}

const fitting: readonly (readonly [string, Partial<RawHead>])[] = [
  ["a body of exactly the limit", { method: "POST", rawHeaders: ["Content-Length", "4096"] }],
  ["an address of exactly the limit", { target: `/${"a".repeat(2047)}` }],
  ["64 headers", { rawHeaders: Array(64).fill(["A", "b"]).flat() }],
  ["a tab and letters beyond ASCII in a value", { rawHeaders: ["A", "\tü"] }],
];

for (const [name, raw] of fitting) {
  Deno.test(`readHead() takes ${name}`, () => {
    const head = readHead({ method: "GET", target: "/", rawHeaders: HOST, ...raw });
    assert.ok(!("status" in head), JSON.stringify(head));
  });
}

import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { canonicalText, hasValidSignature, signatureOf } from "./signing.ts";

const KEY = "00".repeat(32);
const command = { id: "1", action: "shutdown", delay_sec: 60, agent: "nas", reason: 'a "b" ü', drill: false };

Deno.test("canonicalText() sorts keys at every level, drops sig and undefined, adds no blanks", () => {
  assert.equal(
    canonicalText({ b: 1, a: { d: [1, { y: 2, x: 1 }], c: undefined }, sig: "zz" }),
    '{"a":{"d":[1,{"x":1,"y":2}]},"b":1}',
  );
});

Deno.test("signatureOf() is HMAC-SHA-256 with the key's bytes over the canonical text", () => {
  const expected = createHmac("sha256", new Uint8Array(32)).update(
    '{"action":"shutdown","agent":"nas","delay_sec":60,"drill":false,"id":"1","reason":"a \\"b\\" ü"}',
  ).digest("hex");
  assert.equal(signatureOf(command, KEY), expected);
});

Deno.test("hasValidSignature() takes the right one, whatever the order of the keys", () => {
  const sig = signatureOf(command, KEY);
  const { id, ...rest } = command;
  assert.ok(hasValidSignature({ sig, ...rest, id }, KEY));
});

Deno.test("hasValidSignature() refuses every altered field, a missing one, another key and a bad form", () => {
  const sig = signatureOf(command, KEY);
  for (const key of Object.keys(command)) {
    assert.equal(hasValidSignature({ ...command, sig, [key]: "altered" }, KEY), false, key);
    const { [key as keyof typeof command]: _, ...without } = command;
    assert.equal(hasValidSignature({ ...without, sig }, KEY), false, `without ${key}`);
  }
  assert.equal(hasValidSignature({ ...command, sig, stage: 1 }, KEY), false);
  assert.equal(hasValidSignature({ ...command, sig }, "11".repeat(32)), false);
  for (const bad of [undefined, "", sig.toUpperCase(), sig.slice(2), `${sig}00`, 7]) {
    assert.equal(hasValidSignature({ ...command, sig: bad }, KEY), false);
  }
});

for (const bad of ["", "00".repeat(31), "0".repeat(65), "zz".repeat(32)]) {
  Deno.test(`signatureOf() refuses a key of ${bad.length} characters that cannot be used, without showing it`, () => {
    assert.throws(() => signatureOf(command, bad), (error: Error) => {
      assert.match(error.message, /64 or more lower-case hex digits, found \d+ characters/);
      return bad === "" || !error.message.includes(bad);
    });
  });
}

Deno.test("signatureOf() gives the worked example of docs/agent-protocol.md", () => {
  const page = Deno.readTextFileSync(new URL("../../docs/agent-protocol.md", import.meta.url));
  const example = {
    id: "1",
    action: "ping",
    agent: "study-pc",
    ttl_sec: 300,
    issued_at: "2026-11-23T19:00:00.000Z",
  };
  assert.ok(page.includes(canonicalText(example)));
  assert.ok(page.includes(signatureOf(example, KEY)));
});

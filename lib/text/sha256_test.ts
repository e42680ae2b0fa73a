import assert from "node:assert/strict";
import { createHash, createHmac, randomBytes } from "node:crypto";
import { hmacSha256Hex, sha256Hex } from "./sha256.ts";

const TEXTS = [
  "",
  "a",
  "Wörter 🔌",
  "\ud800 half",
  ...[55, 56, 63, 64, 65, 119, 120, 1000].map((n) => "x".repeat(n)),
];

Deno.test("sha256Hex() is Node's, also around the ends of its blocks, and for bytes", () => {
  for (const text of TEXTS) {
    assert.equal(sha256Hex(text), createHash("sha256").update(text).digest("hex"), text);
  }
  const bytes = randomBytes(300);
  assert.equal(sha256Hex(new Uint8Array(bytes)), createHash("sha256").update(bytes).digest("hex"));
});

Deno.test("hmacSha256Hex() is Node's, for keys shorter and longer than a block, as text and as bytes", () => {
  for (const key of ["", "k", "schlüssel", "k".repeat(64), "k".repeat(65), "k".repeat(500)]) {
    for (const text of TEXTS) {
      const wanted = createHmac("sha256", key).update(text).digest("hex");
      assert.equal(hmacSha256Hex(key, text), wanted, `${key} ${text}`);
      assert.equal(hmacSha256Hex(new TextEncoder().encode(key), text), wanted);
    }
  }
});

import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { hideSecrets } from "./hide_secrets.ts";

const SECRET = 'pass-wörd "secret"/+';
const base64 = Buffer.from(SECRET).toString("base64");
const texts = [
  SECRET,
  JSON.stringify({ password: SECRET }),
  JSON.stringify({ password: base64 }),
  `a=${encodeURIComponent(SECRET)}`,
  `a=${encodeURIComponent(base64)}`,
  Buffer.from(SECRET).toString("hex"),
  Buffer.from(SECRET).toString("hex").toUpperCase(),
  Buffer.from(SECRET).toString("base64url"),
  `cut: ${base64.slice(0, 15)}`,
  `${base64.slice(-15)} was cut`,
];
for (const text of texts) {
  Deno.test(`hideSecrets() hides ${JSON.stringify(text)}`, () => {
    const shown = hideSecrets(text, [SECRET, undefined, ""]);
    assert.match(shown, /\*\*\*/);
    assert.ok(
      !shown.includes("secret") && !shown.includes(base64.slice(0, 9)) &&
        !shown.includes(base64.slice(-12, -3)),
      shown,
    );
  });
}

Deno.test("hideSecrets() leaves everything else", () => {
  assert.equal(hideSecrets("code 2026, wrong password", [SECRET, "ab"]), "code 2026, wrong password");
});

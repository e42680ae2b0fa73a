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

/** As others write text: each with a password that has something to escape. */
const PASSWORD = `pa&ss=wö<rd'"/+ 😀x`;
const escapedForm = new URLSearchParams({ p: PASSWORD }).toString().slice(2);
const ascii = (text: string) =>
  text.replaceAll(/[^\x20-\x7e]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`);
const entities = (name: (code: number) => string) =>
  [...PASSWORD].map((one) => /[a-z ]/.test(one) ? one : name(one.codePointAt(0) ?? 0)).join("");
const inBase64 = (text: string) => Buffer.from(text).toString("base64");
const others: Readonly<Record<string, string>> = {
  "JSON of ASCII alone": ascii(JSON.stringify({ password: PASSWORD })),
  "JSON that is fit for HTML": ascii(JSON.stringify({ password: PASSWORD })).replaceAll(
    /[&=<>']/g,
    (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, "0").toUpperCase()}`,
  ),
  "JSON with escaped slashes": JSON.stringify({ password: PASSWORD }).replaceAll("/", "\\/"),
  "JSON within JSON": JSON.stringify(JSON.stringify({ password: PASSWORD })),
  "JSON within JSON within JSON": JSON.stringify(JSON.stringify(ascii(JSON.stringify(PASSWORD)))),
  "a form": escapedForm,
  "a form in lower case": escapedForm.replaceAll(/%../g, (one) => one.toLowerCase()),
  "a form, escaped twice": encodeURIComponent(escapedForm),
  "every byte escaped": [...Buffer.from(PASSWORD)].map((byte) => `%${byte.toString(16)}`).join(""),
  "HTML by number": entities((code) => `&#${code};`),
  "HTML by hex number": entities((code) => `&#x${code.toString(16)};`),
  "HTML by name": PASSWORD.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;")
    .replaceAll("'", "&#039;"),
  "base64 behind a name of any length": ["", "a", "me", "you"].map((user) =>
    inBase64(`${user}:${PASSWORD}:end`)
  )
    .join(" "),
  "base64 with escaped slashes and signs": inBase64(PASSWORD).replaceAll("/", "\\/").replaceAll(
    "=",
    "\\u003d",
  ),
  "hex in mixed case": Buffer.from(PASSWORD).toString("hex").replaceAll("c", "C"),
  "cut behind": ascii(JSON.stringify(PASSWORD)).slice(0, 22),
  "cut before": ascii(JSON.stringify(PASSWORD)).slice(8),
};
for (const [name, text] of Object.entries(others)) {
  Deno.test(`hideSecrets() hides what is written as ${name}`, () => {
    const shown = hideSecrets(`wrong: ${text}`.slice(name === "cut before" ? 7 : 0), [PASSWORD]);
    // What is left of it besides names of our own.
    const left = shown.replaceAll(/\*\*\*|\\u003d|wrong|password|[^A-Za-z0-9]/g, "");
    assert.ok(left.length <= (name.startsWith("base64 behind") ? 60 : 3), shown);
    for (const user of ["", "a", "me", "you"]) {
      const core = inBase64(`${user}:${PASSWORD}`).slice(6, 26);
      assert.ok(!shown.includes(core), shown);
    }
  });
}

Deno.test("hideSecrets() is done with a long text and a long secret at once", () => {
  const secret = "\\%26&amp;".repeat(60);
  const text = "\\\\%25".repeat(20_000);
  const began = performance.now();
  hideSecrets(text, [secret, "a".repeat(300)]);
  hideSecrets("a".repeat(4096), [`${"a".repeat(300)}b`]);
  assert.ok(performance.now() - began < 5000);
});

Deno.test("hideSecrets() leaves everything else", () => {
  assert.equal(hideSecrets("code 2026, wrong password", [SECRET, "ab"]), "code 2026, wrong password");
});

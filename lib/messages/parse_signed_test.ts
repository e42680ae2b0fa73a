import assert from "node:assert/strict";
import { hasValidSignature, signatureOf } from "../pairing/signing.ts";
import { parseAgentCommand } from "./agent/command.ts";
import { parseAgentPlan } from "./agent/plan.ts";
import { MAX_JSON_BYTES } from "./parse.ts";
import { MAX_SIGNED_DEPTH } from "./parse_signed.ts";

const KEY = "ab".repeat(32);
const COMMAND = {
  id: "c1",
  action: "shutdown",
  agent: "pc",
  issued_at: "2026-11-23T19:00:00Z",
  ttl_sec: 300,
};
const PLAN = {
  id: "p1",
  agent: "pc",
  device: "Study",
  state: "online",
  issued_at: "2026-11-23T19:00:00Z",
  reason: "r",
};
const READERS = [["parseAgentCommand", parseAgentCommand, COMMAND], [
  "parseAgentPlan",
  parseAgentPlan,
  PLAN,
]] as const;
/** Arrays within the message, so that it nests `levels` deep. */
const nested = (levels: number) => JSON.parse(`${"[".repeat(levels - 1)}${"]".repeat(levels - 1)}`);

for (const [name, read, known] of READERS) {
  Deno.test(`${name}() keeps keys that this version does not know, so that the signature fits`, () => {
    const later = { ...known, urgency: "high", toString: 1, more: { b: [1, 2], a: null } };
    const text = JSON.stringify({ ...later, sig: signatureOf(later, KEY) });
    assert.ok(hasValidSignature(read(text, "test"), KEY));
    for (const forged of [text.replace("high", "low"), text.replace(',"urgency":"high"', "")]) {
      assert.equal(hasValidSignature(read(forged, "test"), KEY), false);
    }
    const added = JSON.stringify({ ...JSON.parse(text), new: true });
    assert.equal(hasValidSignature(read(added, "test"), KEY), false);
  });

  Deno.test(`${name}() keeps "__proto__" as the key that it is`, () => {
    const text = JSON.stringify(known).replace("{", '{"__proto__":{"sig":"x"},');
    const found = read(text, "test");
    assert.ok(Object.hasOwn(found, "__proto__"));
    assert.equal(found.sig, undefined);
    assert.equal(Object.getPrototypeOf(found), Object.prototype);
  });

  Deno.test(`${name}() refuses what nests too deep or is too long, before anything is made of it`, () => {
    const deep = (levels: number) => JSON.stringify({ ...known, x: nested(levels) });
    read(deep(MAX_SIGNED_DEPTH), "test");
    assert.throws(() => read(deep(MAX_SIGNED_DEPTH + 1), "test"), /must nest at most 8 levels deep/);
    const brackets = 100_000;
    const abyss = `{"x":${"[".repeat(brackets)}${"]".repeat(brackets)},${JSON.stringify(known).slice(1)}`;
    assert.throws(() => read(abyss, "test"), /must nest at most 8 levels deep/);
    const long = JSON.stringify({ ...known, x: "x".repeat(MAX_JSON_BYTES) });
    assert.throws(() => read(long, "test"), /must have at most 262144 bytes/);
  });
}

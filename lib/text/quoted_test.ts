import assert from "node:assert/strict";
import { quoted } from "./quoted.ts";

Deno.test("quoted() puts each name in quotes, and says that there is none", () => {
  assert.equal(quoted(["nas", "Living room"]), '"nas", "Living room"');
  assert.equal(quoted(new Set(["nas"])), '"nas"');
  assert.equal(quoted([]), "none");
});

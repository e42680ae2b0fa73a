import assert from "node:assert/strict";
import { isHost, netTarget } from "./host_name.ts";

for (
  const [text, wanted] of [
    ["nas", true],
    ["nas.lan", true],
    ["nas.lan.", true],
    ["my_nas-2.lan", true],
    ["127.0.0.1", true],
    ["::1", true],
    ["[::1]", false],
    ["fe80::1", true],
    ["::ffff:127.0.0.1", true],
    ["a".repeat(63), true],
    ["", false],
    ["nas:3493", false],
    ["127.0.0.1:3493", false],
    ["1:2", false],
    ["::::", false],
    ["fe80::1%eth0", false],
    ["[nas]", false],
    ["[::1", false],
    ["a..b", false],
    ["...", false],
    [".nas", false],
    ["-nas", false],
    ["nas-", false],
    ["my nas", false],
    ["*.lan", false],
    ["me@nas", false],
    ["tcp://nas", false],
    ["a".repeat(64), false],
    [`${"a.".repeat(130)}a`, false],
  ] as const
) {
  Deno.test(`isHost() ${wanted ? "takes" : "refuses"} "${text.slice(0, 70)}"`, () => {
    assert.equal(isHost(text), wanted);
    // The runtime reads it the same way: a target that it refuses ends the whole daemon at its start.
    if (wanted) Deno.permissions.querySync({ name: "net", host: netTarget(text, 3493) });
  });
}

Deno.test("netTarget() puts brackets around an address of IPv6", () => {
  assert.deepEqual(["nas", "::1"].map((host) => netTarget(host, 1)), ["nas:1", "[::1]:1"]);
});

import assert from "node:assert/strict";
import { networkOf, plainAddress } from "./network.ts";

const rows: readonly (readonly [string, string])[] = [
  ["192.168.1.2", "192.168.1.2"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8:1:2::9", "2001:db8:1:2"],
  ["2001:db8::9", "2001:db8:0:0"],
  ["fe80::1", "fe80:0:0:0"],
  ["::1", "0:0:0:0"],
  ["::", "0:0:0:0"],
];

for (const [address, network] of rows) {
  Deno.test(`networkOf() of ${address}`, () => assert.equal(networkOf(address), network));
}

Deno.test("plainAddress() takes the prefix off an IPv4 address alone", () => {
  assert.equal(plainAddress("::ffff:192.168.1.2"), "192.168.1.2");
  assert.equal(plainAddress("::FFFF:192.168.1.2"), "192.168.1.2");
  assert.equal(plainAddress("::ffff:1"), "::ffff:1");
  assert.equal(plainAddress("2001:db8::1"), "2001:db8::1");
});

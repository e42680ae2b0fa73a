import assert from "node:assert/strict";
import { networkOf } from "./network.ts";

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

import assert from "node:assert/strict";
import { plainAddress } from "./plain_address.ts";

for (
  const [address, plain] of [
    ["::ffff:192.168.1.2", "192.168.1.2"],
    ["::FFFF:192.168.1.2", "192.168.1.2"],
    ["192.168.1.2", "192.168.1.2"],
    ["::ffff:1", "::ffff:1"],
    ["::ffff:1.2", "::ffff:1.2"],
    ["::ffff:192.168.1.2%eth0", "::ffff:192.168.1.2%eth0"],
    ["1::ffff:192.168.1.2", "1::ffff:192.168.1.2"],
    ["2001:db8::1", "2001:db8::1"],
    ["", ""],
  ] as const
) {
  Deno.test(`plainAddress() of "${address}" is "${plain}"`, () => assert.equal(plainAddress(address), plain));
}

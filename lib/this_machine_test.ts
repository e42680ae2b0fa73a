import assert from "node:assert/strict";
import { isThisMachine } from "./this_machine.ts";

const rows: readonly [host: string, isHere: boolean][] = [
  ["localhost", true],
  ["LocalHost", true],
  ["localhost.", true],
  ["127.0.0.1", true],
  ["127.0.0.53", true],
  ["127.255.255.255", true],
  ["127.1", true],
  ["::1", true],
  ["[::1]", true],
  ["0:0:0:0:0:0:0:1", true],
  ["0000:0000:0000:0000:0000:0000:0000:0001", true],
  ["::ffff:127.0.0.1", true],
  ["[::FFFF:127.0.0.1]", true],
  ["::ffff:7f00:1", true],
  ["", false],
  ["::", false],
  ["0.0.0.0", false],
  ["128.0.0.1", false],
  ["126.255.255.255", false],
  ["1.127.0.1", false],
  ["127.0.0.256", false],
  ["127.0.0.1.example.com", false],
  ["localhost.example.com", false],
  ["localhost2", false],
  ["mylocalhost", false],
  ["127.pi.lan", false],
  ["::2", false],
  ["::127.0.0.1", false],
  ["::11", false],
  ["1::1", false],
  ["fe80::1", false],
  ["::ffff:128.0.0.1", false],
  ["::ffff:10.127.0.1", false],
  ["::fffe:127.0.0.1", false],
  ["7f00::1", false],
  ["me@127.0.0.1", false],
  ["localhost/x", false],
  ["127.0.0.1:1883", false],
  ["[::1", false],
  ["192.168.1.127", false],
];

for (const [host, isHere] of rows) {
  Deno.test(`isThisMachine() says of "${host}": ${isHere ? "yes" : "no"}`, () => {
    assert.equal(isThisMachine(host), isHere);
  });
}

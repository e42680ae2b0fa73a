import assert from "node:assert/strict";
import { isAnotherSerial, isSameSerial } from "./serial.ts";

const SN = "R651ZEB4XG1A0001";

for (
  const [said, wanted, isAnother] of [
    [SN, SN, false],
    ["r651-zeb4 xg1a0001", SN, false],
    [undefined, SN, false],
    [SN, undefined, false],
    [undefined, undefined, false],
    ["R651ZEB4XG1A0002", SN, true],
    ["R651ZEB4XG1A000", SN, true],
    ["AS1234567890", SN, true],
  ] as const
) {
  Deno.test(`isAnotherSerial(${said}, ${wanted}) is ${isAnother}`, () => {
    assert.equal(isAnotherSerial(said, wanted), isAnother);
    if (said !== undefined && wanted !== undefined) assert.equal(isSameSerial(said, wanted), !isAnother);
  });
}

import assert from "node:assert/strict";
import { encodePairing, type Pairing, parsePairing } from "./pairing.ts";

const KEY = "ab".repeat(32);
const FULL: Pairing = {
  agent: "büro-pc",
  key: KEY,
  host: "pi.lan",
  port: 8883,
  tls: true,
  user: "büro-pc",
  pass: "geheim",
  root: "power-manager",
  ca: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
};

Deno.test("parsePairing() reads what encodePairing() wrote, one word long, also with blanks around it", () => {
  for (const pairing of [FULL, { agent: "pc", key: KEY }]) {
    const line = encodePairing(pairing);
    assert.match(line, /^[\w.-]+$/);
    assert.deepEqual(parsePairing(`  ${line}\n`), pairing);
  }
});

Deno.test("parsePairing() notices every single character that is missing or changed, and shows nothing of the line", () => {
  const line = encodePairing(FULL);
  for (let i = 0; i < line.length; i++) {
    const changed = line[i] === "A" ? "B" : "A";
    for (
      const wrong of [line.slice(0, i) + line.slice(i + 1), line.slice(0, i) + changed + line.slice(i + 1)]
    ) {
      assert.throws(() => parsePairing(wrong), (error) => {
        assert.ok(error instanceof Error && /^Cannot read the pairing line/.test(error.message));
        return !error.message.includes(line.slice(20, 40));
      });
    }
  }
});

const wrong: readonly [change: Record<string, unknown>, wanted: RegExp][] = [
  [{ key: "abcd" }, /"key" must be 64 to 128 lower-case hex digits$/],
  [{ agent: "" }, /"agent" must not be empty/],
  [{ port: 0 }, /"port" must be a whole number from 1/],
  [{ colour: "red" }, /colour/],
];
for (const [change, wanted] of wrong) {
  Deno.test(`parsePairing() refuses ${JSON.stringify(change)}`, () => {
    assert.throws(() => parsePairing(encodePairing({ ...FULL, ...change } as Pairing)), wanted);
  });
}

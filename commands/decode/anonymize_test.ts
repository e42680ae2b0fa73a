import assert from "node:assert/strict";
import { IDLE_ON_GRID, stationEncoder } from "../../proto/encode_station.ts";
import { decodeFrame, encodeFrame, masked, plainPdata } from "../../proto/frame.ts";
import { anonymizePayload, cutSerial } from "./anonymize.ts";

const SN = "R631ZEB4ABCD1234";
const text = (bytes: Uint8Array) => new TextDecoder("latin1").decode(bytes);
const bytes = (s: string) => new TextEncoder().encode(s);

Deno.test("cutSerial() keeps eight characters and the length", () => {
  assert.equal(cutSerial(SN), "R631ZEB400000000");
  assert.equal(cutSerial("R631"), "R631");
});

Deno.test("anonymizePayload() cuts serials in plain messages and leaves everything else", async () => {
  const encoder = await stationEncoder("RIVER 3 Plus", SN);
  for (const payload of [...encoder.pushes(IDLE_ON_GRID), encoder.reply(IDLE_ON_GRID)]) {
    const clean = anonymizePayload(payload, SN);
    assert.equal(clean.length, payload.length);
    assert.doesNotMatch(text(clean), /ABCD1234/);
    assert.equal(decodeFrame(clean).length, decodeFrame(payload).length);
    const changed = clean.filter((byte, i) => byte !== payload[i]).length;
    assert.ok(changed <= 8, "only the last eight characters of one serial may change");
  }
});

Deno.test("anonymizePayload() masks anew what it changed under a mask", () => {
  const plain = bytes(`\u0012\u0010${SN}`);
  const header = { pdata: masked(plain, 77), src: 2, enc_type: 1, seq: 77, device_sn: SN };
  const [clean = {}] = decodeFrame(anonymizePayload(encodeFrame([header]), SN));
  assert.equal(text(plainPdata(clean)), "\u0012\u0010R631ZEB400000000");
  assert.equal(clean.device_sn, "R631ZEB400000000");
});

Deno.test("anonymizePayload() blanks JSON and keeps it JSON of the same length", () => {
  const json = JSON.stringify({
    sn: SN,
    other: "DCEBZ8AB12345678",
    lower: SN.toLowerCase(),
    mail: "someone@example.com",
    mac: "AA:bb:CC:00:11:22",
    id: "123456789012345",
    soc: 87,
    timestamp: 1763924400,
    atMs: 1763924400123,
  });
  const clean = text(anonymizePayload(bytes(json), SN));
  assert.equal(clean.length, json.length);
  assert.deepEqual(JSON.parse(clean), {
    sn: "R631ZEB400000000",
    other: "DCEBZ8AB00000000",
    lower: "r631zeb400000000",
    mail: "0".repeat(19),
    mac: "0".repeat(17),
    id: "100000000000000",
    soc: 87,
    timestamp: 1763924400,
    atMs: 1000000000000,
  });
});

Deno.test("anonymizePayload() keeps the length of what cannot be read", () => {
  const damaged = bytes(`\n\u007fgarbage ${SN}`);
  const clean = anonymizePayload(damaged, SN);
  assert.equal(clean.length, damaged.length);
  assert.doesNotMatch(text(clean), /ABCD/);
});

import assert from "node:assert/strict";
import { decodeFrame } from "./frame.ts";
import { encodeGetAllRequest } from "./get_all.ts";

Deno.test("encodeGetAllRequest() writes the 22 bytes of the protocol facts", () => {
  assert.equal(
    encodeGetAllRequest(1_700_000_000).toHex(),
    "0a141020182070" + "80e2cfaa06" + "ba0107" + "416e64726f6964",
  );
});

Deno.test("encodeGetAllRequest() carries nothing that could be a command", () => {
  for (const seq of [0, 1, -1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1, Date.UTC(2026, 10, 23) / 1000]) {
    const [header, ...others] = decodeFrame(encodeGetAllRequest(seq, "ecoflow-power"));
    assert.deepEqual(others, []);
    assert.deepEqual(header, { src: 32, dest: 32, seq: seq | 0, from: "ecoflow-power" });
  }
});

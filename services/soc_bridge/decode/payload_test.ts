import assert from "node:assert/strict";
import { encodeFrame } from "../../../proto/frame.ts";
import { MAX_JSON_PAYLOAD_BYTES, readPayload } from "./payload.ts";

const text = (s: string) => new TextEncoder().encode(s);
const FRAME = encodeFrame([{ src: 2, cmd_func: 254, cmd_id: 21 }]);

Deno.test("readPayload() tells frames, base64 frames and JSON apart", () => {
  const rows: [string, Uint8Array, "frame" | "json"][] = [
    ["frame", FRAME, "frame"],
    ["base64 text", text(FRAME.toBase64()), "frame"],
    ["base64 text with a line end", text(FRAME.toBase64() + "\n"), "frame"],
    ["JSON", text('{"params":{}}'), "json"],
    ["JSON with the sign for no character in it", text('{"params":{"a":"\ufffd"}}'), "json"],
    ["JSON after blanks", text(' \r\t{"params":{}}'), "json"],
  ];
  for (const [name, bytes, kind] of rows) assert.equal(readPayload(bytes, "test").kind, kind, name);
});

Deno.test("readPayload() refuses everything else by name", () => {
  const rows: [string, Uint8Array, RegExp][] = [
    ["nothing", new Uint8Array(), /found no bytes/],
    ["text", text("online"), /must be an EcoFlow frame/],
    ["a cut JSON", text('{"params":{'), /must be JSON after its first brace/],
    ["JSON that is not UTF-8", Uint8Array.of(0x7b, 0xff, 0x7d), /must be JSON/],
    [
      "no UTF-8 in a text of it",
      Uint8Array.of(...text('{"params":{"a":"'), 0xff, ...text('"}}')),
      /must be JSON/,
    ],
    ["a huge JSON", text("{" + " ".repeat(MAX_JSON_PAYLOAD_BYTES)), /at most 262144 bytes, found 262145/],
    ["1 MB", new Uint8Array(1 << 20).fill(0x41), /at most 65536 bytes/],
  ];
  for (const [name, bytes, wanted] of rows) assert.throws(() => readPayload(bytes, "test"), wanted, name);
});

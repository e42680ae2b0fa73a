import assert from "node:assert/strict";
import { encodeFrame } from "../../../proto/frame.ts";
import { isOfflineReply } from "./offline_reply.ts";

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const rows: readonly [name: string, payload: Uint8Array, want: boolean][] = [
  ["a header with code -2", encodeFrame([{ code: "-2", seq: 1 }]), true],
  ["code -2 on a command's own answer", encodeFrame([{ code: "-2", cmd_func: 254, cmd_id: 21 }]), false],
  ["a header without a code", encodeFrame([{ cmd_func: 254, cmd_id: 21, seq: 1 }]), false],
  ["online 0", json({ operateType: "latestQuotas", data: { online: 0, quotaMap: { "pd.soc": 5 } } }), true],
  ["online false", json({ operateType: "latestQuotas", data: { online: false } }), true],
  ["online 1", json({ operateType: "latestQuotas", data: { online: 1, quotaMap: { "pd.soc": 5 } } }), false],
  ["no word on it", json({ operateType: "latestQuotas", data: { quotaMap: { "pd.soc": 5 } } }), false],
  ["code 6012", json({ code: "6012", message: "device is offline" }), true],
  ["code 0", json({ code: "0", data: {} }), false],
  ["a damaged frame", Uint8Array.of(0x0a, 0xff), false],
  ["damaged JSON", new TextEncoder().encode('{"data":{"online":0}'), false],
  ["nothing", new Uint8Array(), false],
];

for (const [name, payload, want] of rows) {
  Deno.test(`isOfflineReply() says ${want ? "yes" : "no"} to ${name}`, () => {
    assert.equal(isOfflineReply(payload), want);
  });
}

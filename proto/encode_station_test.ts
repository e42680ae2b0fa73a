import assert from "node:assert/strict";
import { IDLE_ON_GRID, SIMULATED_MODELS, stationEncoder } from "./encode_station.ts";
import { decodeFrame, isMasked, plainPdata } from "./frame.ts";
import { plainFields } from "./family_schema.ts";
import { decodeInner, loadFamily } from "./registry.ts";

Deno.test("stationEncoder() sends a full upload first and then only what changed", async () => {
  const family = await loadFamily("river3");
  const encoder = await stationEncoder("RIVER 3 Plus");
  const display = (payloads: readonly Uint8Array[]) => {
    for (const payload of payloads) {
      const [header = {}] = decodeFrame(payload);
      if (header.cmd_id === 21) return plainFields(decodeInner(family, header)?.fields ?? {});
    }
    return undefined;
  };
  assert.equal(display(encoder.pushes(IDLE_ON_GRID))?.["flow_info_ac_in"], 2);
  assert.equal(display(encoder.pushes(IDLE_ON_GRID)), undefined);
  assert.deepEqual(display(encoder.pushes({ ...IDLE_ON_GRID, gridPresent: false, acInWatts: 0 })), {
    flow_info_ac_in: 0,
    pow_get_ac_in: 0,
    pow_in_sum_w: 0,
    plug_in_info_ac_charger_flag: false,
    pow_get_bms: -50,
  });
});

Deno.test("stationEncoder() masks pushes of the main board and leaves battery reports and replies plain", async () => {
  const encoder = await stationEncoder("RIVER 3");
  const headers = encoder.pushes(IDLE_ON_GRID).flatMap((payload) => decodeFrame(payload));
  assert.deepEqual(headers.map((h) => [h.cmd_func, h.cmd_id, isMasked(h)]), [
    [254, 21, true],
    [32, 2, true],
    [32, 50, false],
  ]);
  const reply = decodeFrame(encoder.reply(IDLE_ON_GRID));
  assert.deepEqual(reply.map((h) => [h.cmd_func, h.cmd_id, isMasked(h), h.dest]), [
    [32, 2, false, undefined],
    [254, 21, false, undefined],
    [32, 50, false, undefined],
    [254, 22, false, undefined],
  ]);
  assert.ok(reply.every((h) => plainPdata(h).length > 0));
});

Deno.test("stationEncoder() makes payloads of every simulated model", async () => {
  for (const model of SIMULATED_MODELS) {
    const encoder = await stationEncoder(model);
    const payloads = [...encoder.pushes(IDLE_ON_GRID), encoder.reply(IDLE_ON_GRID)];
    assert.ok(payloads.length > 1, model);
    for (const payload of payloads) assert.equal(payload[0], model === "DELTA Pro" ? 0x7b : 0x0a, model);
  }
});

/** A DELTA 3 Plus that denies its grid beside a sign of it, and one that really loses it. */
import assert from "node:assert/strict";
import { parsePowerState } from "../../lib/messages/power_state.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { settle } from "../../lib/time/test_clock.ts";
import { testContext } from "../../lib/testing.ts";
import { encodeFrame } from "../../proto/frame.ts";
import { loadFamily } from "../../proto/registry.ts";
import { GRID_DOUBT_MS } from "./judge/grid.ts";
import { createSocBridge, type SocBridgeConfig } from "./service.ts";

const SN = "P351TEST00000001";
const STALE_SEC = 120;
const topics = topicsUnder(DEFAULT_ROOTS);
const PAIRS = {
  DisplayPropertyUpload: [254, 21],
  RuntimePropertyUpload: [254, 22],
  CMSHeartBeatReport: [32, 2],
} as const;
type Parts = Partial<Record<keyof typeof PAIRS, Record<string, unknown>>>;

/** Signs of the grid, all of them, as a full reply tells them. */
function full(watts: number, volts: number, isPlugged: boolean): Parts {
  return {
    DisplayPropertyUpload: {
      pow_get_ac_in: watts,
      flow_info_ac_in: watts > 0 ? 14 : 4,
      plug_in_info_ac_in_flag: isPlugged ? 1 : 0,
      cms_batt_soc: 88,
    },
    RuntimePropertyUpload: { plug_in_info_ac_in_vol: volts },
    CMSHeartBeatReport: { v1p3: { chg_line_plug_in_flag: isPlugged } },
  };
}
const DENIED: Parts = { RuntimePropertyUpload: { plug_in_info_ac_in_vol: 0 } };
const WATTS: Parts = { DisplayPropertyUpload: { pow_get_ac_in: 120, cms_batt_soc: 88 } };

async function house() {
  const context = testContext<SocBridgeConfig>({
    service: "soc_bridge",
    publishes: [
      topics.state("+"),
      topics.stationName("+"),
      topics.rawJson("+"),
      topics.refresh("+"),
      topics.events,
    ],
    subscribes: [
      topics.raw("+"),
      topics.stationList,
      topics.cloudStatus,
      topics.state("+"),
      topics.source("+"),
    ],
  }, {
    roots: DEFAULT_ROOTS,
    devices: [{ sn: SN, name: "Study" }],
    gridRule: "auto",
    staleAfterSec: STALE_SEC,
    publishRawJson: false,
  });
  const { schema } = await loadFamily("delta3");
  const asked: number[] = [];
  context.broker.watch(({ topic }) => {
    if (topic === topics.refresh(SN)) asked.push(context.clock.monoMs());
  });
  const service = createSocBridge(context);
  await service.start();
  await settle();
  await context.clock.advance(0);
  const send = async (parts: Parts, isReply: boolean) => {
    const headers = Object.entries(parts).map(([message, fields]) => {
      const [cmd_func, cmd_id] = PAIRS[message as keyof typeof PAIRS];
      const pdata = schema.encode(message, fields);
      return { pdata, cmd_func, cmd_id, seq: 7, ...(isReply ? {} : { dest: 32 }) };
    });
    context.broker.publish(topics.raw(SN), encodeFrame(headers));
    await settle();
    await context.clock.advance(0);
  };
  return {
    asked,
    clock: context.clock,
    push: (parts: Parts) => send(parts, false),
    reply: (parts: Parts) => send(parts, true),
    grid: () => {
      const state = parsePowerState(context.broker.retained(topics.state("Study")) ?? "", "state");
      return state.grid_unknown ? "unknown" : state.grid_connected;
    },
    isAskedNow: () => asked.at(-1) === context.clock.monoMs(),
    stop: () => service.stop(),
  };
}

Deno.test("SocBridge believes no volts of 0 beside watts, between their reports neither, and asks at once", async () => {
  const h = await house();
  await h.push(WATTS);
  await h.clock.advance(10_000);
  await h.push(DENIED);
  assert.equal(h.isAskedNow(), true, "an earlier word is contradicted");
  for (let n = 0; n < 60; n++) {
    assert.equal(h.grid(), true, `round ${n}`);
    if (n % 3 === 0) await h.push(WATTS);
    await h.push(DENIED);
    await h.push(DENIED);
    await h.clock.advance(10_000);
  }
  assert.equal(h.grid(), true);
  await h.stop();
});

Deno.test("SocBridge asks at once when one push denies the grid and shows it", async () => {
  const h = await house();
  await h.clock.advance(10_000);
  await h.push({ ...WATTS, ...DENIED });
  assert.deepEqual([h.grid(), h.isAskedNow()], [true, true]);
  await h.clock.advance(30_000);
  await h.reply({ ...WATTS, ...DENIED });
  assert.deepEqual([h.grid(), h.isAskedNow()], [true, false], "a reply has answered");
  await h.stop();
});

for (const isFirst of [true, false]) {
  Deno.test(`SocBridge takes no loss from ${isFirst ? "a first reply" : "a reply"} of the runtime header alone`, async () => {
    const h = await house();
    if (!isFirst) await h.push(WATTS);
    for (let n = 0; n < 3; n++) {
      await h.clock.advance(10_000);
      await h.reply(DENIED);
      assert.equal(h.grid(), isFirst ? undefined : true, `reply ${n}`);
    }
    await h.stop();
  });
}

Deno.test("SocBridge takes no loss from replies that lack the header with the volts, while the sun carries the load", async () => {
  const h = await house();
  const { RuntimePropertyUpload: _, ...withoutVolts } = full(0, 237.4, false);
  await h.reply(full(0, 237.4, false));
  assert.equal(h.grid(), true);
  for (let n = 0; n < 60; n++) {
    await h.clock.advance(10_000);
    await h.reply(withoutVolts);
    assert.notEqual(h.grid(), false, `reply ${n}`);
  }
  assert.equal(h.grid(), "unknown", "what showed the grid is not told any more");
  await h.stop();
});

Deno.test("SocBridge sees a real outage at the first get-all reply, which it asks for at the first word", async () => {
  const h = await house();
  await h.reply(full(120, 237, true));
  await h.clock.advance(60_000);
  await h.push(WATTS);
  await h.clock.advance(10_000);
  await h.push(DENIED);
  assert.deepEqual([h.grid(), h.isAskedNow()], [true, true]);
  await h.reply(full(0, 7.3, false));
  assert.equal(h.grid(), false);
  await h.stop();
});

Deno.test("SocBridge sees at a start in an outage what the first full reply says, in one payload or several", async () => {
  for (const isSplit of [false, true]) {
    const h = await house();
    const outage = full(0, 0, false);
    if (!isSplit) await h.reply(outage);
    else {for (const [message, fields] of Object.entries(outage).reverse()) {
        await h.reply({ [message]: fields });
      }}
    assert.equal(h.grid(), false, String(isSplit));
    await h.stop();
  }
});

Deno.test("SocBridge with every get-all unanswered: not 'there' a minute after volts of 0, lost when the watts are old", async () => {
  const h = await house();
  await h.reply(full(120, 237, true));
  for (let ms = 0; ms <= 300_000; ms += 5000) {
    await h.push({ ...DENIED, DisplayPropertyUpload: { cms_batt_soc: 88 } });
    if (ms > GRID_DOUBT_MS) assert.notEqual(h.grid(), true, `${ms} ms`);
    if (ms > STALE_SEC * 1000 + 10_000) assert.equal(h.grid(), false, `${ms} ms`);
    await h.clock.advance(5000);
  }
  await h.stop();
});

Deno.test("SocBridge sees an outage of a station that never tells watts, flow nor plug, at a start in it too", async () => {
  const h = await house();
  const soc = { DisplayPropertyUpload: { cms_batt_soc: 88 } };
  for (let ms = 0; ms <= 100_000; ms += 10_000) {
    await h.reply({ ...soc, ...DENIED });
    await h.clock.advance(10_000);
  }
  assert.equal(h.grid(), false);
  assert.ok(h.asked.length >= 5, `asked ${h.asked.length} times`);
  await h.reply({ ...soc, RuntimePropertyUpload: { plug_in_info_ac_in_vol: 230 } });
  assert.equal(h.grid(), true);
  await h.clock.advance(10_000);
  await h.reply({ ...soc, ...DENIED });
  assert.equal(h.grid(), false, "volts that have shown the grid take it back");
  await h.stop();
});

Deno.test("SocBridge joins volts of 0 and what contradicted them, when that ends later", async () => {
  const h = await house();
  await h.reply(full(120, 237, true));
  await h.push(DENIED);
  assert.equal(h.grid(), true);
  const { RuntimePropertyUpload: _, ...rest } = full(0, 0, false);
  await h.push(rest);
  assert.equal(h.grid(), false);
  await h.stop();
});

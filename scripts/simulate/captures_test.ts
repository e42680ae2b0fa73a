/**
 * The recorded payloads of River 3 and Delta Pro stations through the whole chain: emulated cloud, cloud bridge, decoder,
 * state. The recordings are other people's and are read where they are.
 */
import assert from "node:assert/strict";
import type { BusMessage } from "../../lib/workers/bus.ts";
import { parsePowerState, type PowerState } from "../../lib/messages/power_state.ts";
import { DEFAULT_ROOTS, topicsUnder } from "../../lib/mqtt/topics.ts";
import { outsideFacts } from "../../lib/testdata/outside_facts.ts";
import { encodeFrame, type Header } from "../../proto/frame.ts";
import { stationModels } from "../../commands/simulate/play.ts";
import { startRealWorld } from "./real_world.ts";
import { OVERRULED } from "../../services/soc_bridge/testdata/overruled.ts";
import type { Scenario } from "../../commands/simulate/scenario.ts";

const { url: RECORDED, ignore } = outsideFacts("protocol/captures/");
const PREFIXES: Readonly<Record<string, string>> = { river3: "R651", deltapro: "DCEB" };

interface Recording {
  readonly id: string;
  readonly sn: string;
  readonly bytes: Uint8Array;
  readonly isReply: boolean;
  readonly normalized: Readonly<Record<string, number | boolean | null>>;
}

/** Every recording of the two families that is a payload, or an inner message that can be put into one. */
function recordings(): Recording[] {
  const found: Recording[] = [];
  for (const { name } of [...Deno.readDirSync(RECORDED)].sort((a, b) => a.name < b.name ? -1 : 1)) {
    const file = JSON.parse(Deno.readTextFileSync(new URL(name, RECORDED)));
    const prefix = PREFIXES[file.family];
    const bytes = prefix && bytesOf(file);
    if (!prefix || !bytes) continue;
    const sn = `${prefix}CAP${String(found.length).padStart(9, "0")}`;
    const isReply = file.transport.endsWith("get_reply");
    const overruled = Object.entries(OVERRULED[name] ?? {}).map(([key, [ours]]) => [key, ours]);
    const normalized = { ...file.expected.normalized, ...Object.fromEntries(overruled) };
    found.push({ id: file.id, sn, bytes, isReply, normalized });
  }
  return found;
}

function bytesOf(
  file: { encoding: string; payload: unknown; expected: { header?: Header } },
): Uint8Array | undefined {
  const text = String(file.payload);
  switch (file.encoding.split(" ")[0]) {
    case "hex":
      return Uint8Array.fromHex(text);
    case "base64":
      return Uint8Array.fromBase64(text);
    case "json":
      return new TextEncoder().encode(JSON.stringify(file.payload));
    case "pdata-hex":
      return file.expected.header &&
        encodeFrame([{ ...file.expected.header, pdata: Uint8Array.fromHex(text) }]);
  }
}

/** Expected name, key of the state, and how far rounding may take them apart. */
const KEYS: readonly [normalized: string, key: keyof PowerState, tolerance: number][] = [
  ["battery_soc_pct", "soc", 0.051],
  ["ac_input_w", "ac_in_watts", 0.51],
  ["ac_input_v", "ac_in_volts", 0.51],
  ["total_output_w", "out_watts", 0.51],
  ["ac_output_w", "ac_out_watts", 0.51],
  ["dc_input_w", "dc_in_watts", 0.51],
  ["battery_temp_c", "temp_celsius", 0.051],
  ["battery_full_wh", "battery_wh", 0.51],
  ["charge_limit_max_pct", "max_soc", 0],
  ["charge_limit_min_pct", "min_soc", 0],
];

const STUDY = { name: "Study", sn: "R631SIM000000001", socPercent: 80, loadWatts: 60, batteryWh: 286 };
const QUIET: Scenario = {
  name: "captures",
  title: "recorded payloads are played",
  stations: [STUDY],
  hosts: {},
  settings: {},
  steps: [],
  endSec: 0,
  expect: [],
};

Deno.test(
  "startRealWorld() carries every River 3 and Delta Pro recording unchanged from the cloud to the state",
  { ignore },
  async (t) => {
    const all = recordings();
    assert.ok(all.length >= 6);
    const topics = topicsUnder(DEFAULT_ROOTS);
    const mutes = all.map(({ id, sn }) => ({ sn, name: id }));
    const models = stationModels(QUIET);
    const world = await startRealWorld({
      scenario: QUIET,
      models,
      speed: 1,
      broker: "embedded",
      mutes,
      onLog: () => {},
    });
    try {
      const last = new Map<string, BusMessage>();
      let wake = () => {};
      world.onMessage((message) => {
        last.set(message.topic, message);
        wake();
      });
      const seen = async (topic: string) => {
        for (;;) {
          const message = last.get(topic);
          if (message) return message;
          await new Promise<void>((resolve) => wake = resolve);
        }
      };
      for (const { id, sn, bytes, isReply, normalized } of all) {
        await t.step(id, async () => {
          last.delete(topics.state(id));
          world.sendRaw(sn, isReply ? "get_reply" : "property", bytes);
          assert.deepEqual((await seen(topics.raw(sn))).payload, bytes);
          // A payload that says nothing about the state must not make the station look alive.
          if (Object.values(normalized).every((value) => value === null)) {
            return assert.equal(last.get(topics.state(id)), undefined);
          }
          const state = parsePowerState((await seen(topics.state(id))).payload, id);
          assert.equal(state.link, "live");
          for (const [name, key, tolerance] of KEYS) {
            const wanted = normalized[name];
            if (typeof wanted !== "number") continue;
            assert.ok(
              Math.abs(Number(state[key]) - wanted) <= tolerance,
              `${key}: wanted ${wanted}, found ${state[key]}`,
            );
          }
          if (normalized.grid_present === true) assert.equal(state.grid_connected, true);
          // One payload alone never says that the grid is gone, unless it answers a question.
          if (normalized.grid_present === null) assert.equal(state.grid_connected, undefined);
        });
      }
    } finally {
      await world.stop();
    }
  },
);

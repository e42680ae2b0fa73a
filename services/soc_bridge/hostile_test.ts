/** No payload whatever may crash the decoder, change a state without a valid message, or make an impossible state. */
import assert from "node:assert/strict";
import { InvalidInputError } from "../../lib/errors.ts";
import { encodePowerState, parsePowerState } from "../../lib/messages/power_state.ts";
import { IDLE_ON_GRID, stationEncoder } from "../../proto/encode_station.ts";
import { parseCapture } from "../../commands/decode/captures.ts";
import { compileModel } from "./models/compiled_model.ts";
import { payloadBytes } from "../../commands/decode/decode_capture.ts";
import { findModel } from "./models/models.ts";
import { PowerStation } from "./judge/power_station.ts";
import { damagedPayload, randomPayload, seededRandom } from "./testdata/hostile.ts";

const RANDOM_PAYLOADS = 100_000;
const DAMAGED_PAYLOADS = 50_000;

const seed = Date.now() >>> 0;
// deno-lint-ignore no-console -- a failure can be played again with this number
console.log(`hostile payloads: seed ${seed}`);

async function stationOf(sn: string): Promise<PowerStation> {
  const spec = findModel(sn);
  assert.ok(spec, sn);
  return new PowerStation({ sn, model: await compileModel(spec), gridRule: "auto", staleAfterMs: 120_000 });
}

/** @returns the values that the payload carried; 0 when it was refused */
function feed(station: PowerStation, payload: Uint8Array, atMonoMs: number): number {
  try {
    return station.accept(payload, atMonoMs).values;
  } catch (error) {
    assert.ok(error instanceof InvalidInputError, `${error} for ${payload.toHex()}`);
    return 0;
  }
}

/** The bench's limit for one payload, ms. */
const SLOW_MS = 5;

Deno.test(`PowerStation survives ${RANDOM_PAYLOADS} random payloads without a change of state`, async () => {
  const random = seededRandom(seed);
  const stations = await Promise.all(["R631TEST00000001", "DCEBTEST00000001"].map(stationOf));
  for (const [i, model] of (["RIVER 3 Plus", "DELTA Pro"] as const).entries()) {
    const encoder = await stationEncoder(model);
    stations[i]?.accept(encoder.reply(IDLE_ON_GRID), 0);
  }
  const before = stations.map((s) => encodePowerState(s.state("s", 0, 0)));
  let valid = 0;
  for (let n = 0; n < RANDOM_PAYLOADS; n++) {
    const which = n % 2;
    const station = stations[which];
    if (!station) continue;
    const payload = randomPayload(random);
    if (feed(station, payload, 0) > 0) valid++;
    else if (station.link(0) === "live") {
      assert.equal(
        encodePowerState(station.state("s", 0, 0)),
        before[which],
        `seed ${seed}: ${payload.toHex()}`,
      );
    }
  }
  assert.equal(valid, 0, `seed ${seed}: a random payload was taken for a message`);
});

Deno.test(`PowerStation survives ${DAMAGED_PAYLOADS} damaged payloads without an impossible state`, async () => {
  const random = seededRandom(seed);
  const folder = new URL("./testdata/", import.meta.url);
  const names = [...Deno.readDirSync(folder)].map((e) => e.name).filter((n) => n.endsWith(".json")).sort();
  const bySn = new Map<string, Uint8Array[]>();
  for (const name of names) {
    const capture = parseCapture(Deno.readTextFileSync(new URL(name, folder)), name);
    bySn.set(capture.sn, [...(bySn.get(capture.sn) ?? []), payloadBytes(capture, name)]);
  }
  const rows = await Promise.all(
    [...bySn].map(async ([sn, samples]) => ({ station: await stationOf(sn), samples })),
  );
  const slow: { station: PowerStation; payload: Uint8Array }[] = [];
  for (let n = 0; n < DAMAGED_PAYLOADS; n++) {
    const row = rows[n % rows.length];
    if (!row) continue;
    const payload = damagedPayload(random, row.samples);
    const startMs = performance.now();
    feed(row.station, payload, n);
    if (performance.now() - startMs > SLOW_MS) slow.push({ station: row.station, payload });
    if (n % 4 === 0) parsePowerState(encodePowerState(row.station.state("s", n, 0)), `seed ${seed}`);
  }
  // A busy machine may stop us in the middle of any payload; one that is slow itself is slow every time.
  for (const { station, payload } of slow) {
    const times = Array.from({ length: 20 }, (_, i) => {
      const startMs = performance.now();
      feed(station, payload, DAMAGED_PAYLOADS + i);
      return performance.now() - startMs;
    });
    assert.ok(Math.min(...times) < SLOW_MS, `seed ${seed}: ${times} ms for ${payload.toHex()}`);
  }
});

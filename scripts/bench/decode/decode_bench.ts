/** How many payloads a second one core decodes and normalises, by family, and what the schemas alone would take. */
import { FamilySchema, type FieldDescriptor } from "../../../proto/family_schema.ts";
import { type Header, plainPdata } from "../../../proto/frame.ts";
import { HEADER_FIELDS } from "../../../proto/header_fields.ts";
import { isFamily, loadFamily, messageName } from "../../../proto/registry.ts";
import { compileModel } from "../../../services/soc_bridge/models/compiled_model.ts";
import type { Capture } from "../../../commands/decode/captures.ts";
import { payloadBytes } from "../../../commands/decode/decode_capture.ts";
import { PowerStation } from "../../../services/soc_bridge/judge/power_station.ts";
import { damagedPayload, seededRandom } from "../../../services/soc_bridge/testdata/hostile.ts";

/** One family's figures. */
export interface DecodeRate {
  readonly family: string;
  /** Different payloads in the mix. */
  readonly payloads: number;
  /** Mean size, bytes. */
  readonly meanBytes: number;
  /** Payloads a second through `PowerStation.accept`: envelope, mask, schema, merge, grid, filter. */
  readonly perSecond: number;
  /** The same bytes through protobufjs alone (or `JSON.parse`): envelope, mask, inner message. */
  readonly barePerSecond: number;
  /** How many times slower than that; the target is 1.5 or less. */
  readonly times: number;
}

/** What the damaged payloads did. */
export interface HostileResult {
  readonly seed: number;
  readonly payloads: number;
  /** Payloads that were refused as a whole. */
  readonly refused: number;
  /** The slowest one, ms, after warming up; the limit is 5. */
  readonly slowestMs: number;
}

/** Turns that both sides take. */
const SLICES = 10;

/** Measures every family of `captures`; runs each side for `runMs` of real time. */
export async function benchDecode(captures: readonly Capture[], runMs = 300): Promise<DecodeRate[]> {
  const byFamily = Map.groupBy(
    captures.filter((c) => c.encoding !== "decoded-json"),
    (c) => c.spec.family,
  );
  const rates: DecodeRate[] = [];
  for (const [family, group] of byFamily) rates.push(await benchFamily(family, group, runMs));
  return rates;
}

async function benchFamily(family: string, group: readonly Capture[], runMs: number): Promise<DecodeRate> {
  const inputs = await Promise.all(group.map(async (capture) => ({
    bytes: payloadBytes(capture, "capture"),
    station: new PowerStation({
      sn: capture.sn,
      model: await compileModel(capture.spec),
      gridRule: "auto",
      staleAfterMs: 120_000,
    }),
  })));
  let atMonoMs = 0;
  const bare = await Promise.all(inputs.map(({ bytes }) => bareDecoder(family, bytes)));
  const full = inputs.map(({ station, bytes }) => () => void station.accept(bytes, atMonoMs++));
  let perSecond = 0;
  let barePerSecond = 0;
  // In turns, and the best of each: what else the machine does must not fall on one side.
  for (let slice = 0; slice < SLICES; slice++) {
    perSecond = Math.max(perSecond, ratePerSecond(full, runMs / SLICES));
    barePerSecond = Math.max(barePerSecond, ratePerSecond(bare, runMs / SLICES));
  }
  const total = inputs.reduce((sum, { bytes }) => sum + bytes.length, 0);
  return {
    family,
    payloads: inputs.length,
    meanBytes: Math.round(total / inputs.length),
    perSecond: Math.round(perSecond),
    barePerSecond: Math.round(barePerSecond),
    times: Math.round(10 * barePerSecond / perSecond) / 10,
  };
}

/** The envelope as an ordinary protobuf schema: what one would use who writes no decoder by hand. */
const ENVELOPE = new FamilySchema({
  messages: {
    HeaderMessage: { header: [1, "Header", "repeated"] },
    Header: Object.fromEntries([
      ["pdata", [1, "bytes"]],
      ...HEADER_FIELDS.map(({ name, number, kind }) => [name, [number, kind]] as [string, FieldDescriptor]),
    ]),
  },
  enums: {},
});

/** The same bytes through protobufjs alone: envelope, mask, inner messages; JSON through `JSON.parse`. */
async function bareDecoder(family: string, bytes: Uint8Array): Promise<() => void> {
  if (!isFamily(family) || bytes[0] === 0x7b) {
    const decoder = new TextDecoder();
    return () => void JSON.parse(decoder.decode(bytes));
  }
  const { schema } = await loadFamily(family);
  return () => {
    const { header } = ENVELOPE.decode("HeaderMessage", bytes) as { header: Header[] };
    for (const h of header) {
      const name = messageName(family, h.cmd_func ?? -1, h.cmd_id ?? -1);
      if (name !== undefined) schema.decode(name, plainPdata(h));
    }
  };
}

function ratePerSecond(jobs: readonly (() => void)[], runMs: number): number {
  const startMs = performance.now();
  let runs = 0;
  let tookMs = 0;
  while (tookMs < runMs) {
    for (let i = 0; i < 20; i++) for (const job of jobs) job();
    runs += 20 * jobs.length;
    tookMs = performance.now() - startMs;
  }
  return runs / tookMs * 1000;
}

/** Feeds damaged copies of `captures` to one station per capture. Throws when anything but a refusal happens. */
export async function benchHostile(
  captures: readonly Capture[],
  { payloads, seed }: { payloads: number; seed: number },
): Promise<HostileResult> {
  const random = seededRandom(seed);
  const rows = await Promise.all(
    captures.filter((c) => c.encoding !== "decoded-json").map(async (capture) => ({
      samples: [payloadBytes(capture, "capture")],
      station: new PowerStation({
        sn: capture.sn,
        model: await compileModel(capture.spec),
        gridRule: "auto",
        staleAfterMs: 120_000,
      }),
    })),
  );
  let refused = 0;
  let slowestMs = 0;
  for (let n = 0; n < payloads; n++) {
    const row = rows[n % rows.length];
    if (!row) break;
    const payload = damagedPayload(random, row.samples);
    const startMs = performance.now();
    try {
      row.station.accept(payload, n);
    } catch (error) {
      if (!(error instanceof Error) || error.name !== "InvalidInputError") throw error;
      refused++;
    }
    const tookMs = performance.now() - startMs;
    if (n > payloads / 20 && tookMs > slowestMs) {
      slowestMs = Math.max(slowestMs, Math.min(tookMs, fastestOf(row.station, payload, n)));
    }
    if (n % 16 === 0) checkState(row.station, n);
  }
  return { seed, payloads, refused, slowestMs: Math.round(slowestMs * 100) / 100 };
}

/** A pause of the machine is not the payload's: what took long is timed three times more. */
function fastestOf(station: PowerStation, payload: Uint8Array, atMonoMs: number): number {
  const times = [1, 2, 3].map(() => {
    const startMs = performance.now();
    try {
      station.accept(payload, atMonoMs);
    } catch {
      // Refused a moment ago as well, and counted there.
    }
    return performance.now() - startMs;
  });
  return Math.min(...times);
}

function checkState(station: PowerStation, nowMonoMs: number): void {
  const { soc, discharge_min, charge_min } = station.state("s", nowMonoMs, 0);
  const isBad = (value: number | undefined, max: number) =>
    value !== undefined && !(value >= 0 && value <= max);
  if (isBad(soc, 100) || isBad(discharge_min, 1e6) || isBad(charge_min, 1e6)) {
    throw new RangeError(`impossible state: soc ${soc}, ${discharge_min} and ${charge_min} min`);
  }
}

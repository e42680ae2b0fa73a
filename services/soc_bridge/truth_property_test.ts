/**
 * What no payload may do, whatever it lacks, whatever zeros it holds, and in whatever order it comes: every recording and
 * generated payloads of every table, taken apart and put together again at random.
 */
import { outsideFacts } from "../../lib/testdata/outside_facts.ts";
import assert from "node:assert/strict";
import { parseCapture } from "../../commands/decode/captures.ts";
import type { PowerState } from "../../lib/messages/power_state.ts";
import { encodeFrame, type Header } from "../../proto/frame.ts";
import { dispatchOf, type InnerMessage } from "../../proto/registry.ts";
import { Intake } from "./decode/intake.ts";
import { readPayload } from "./decode/payload.ts";
import { PowerStation } from "./judge/power_station.ts";
import { type CompiledModel, compileModel, type IndicatorCore } from "./models/compiled_model.ts";
import { MINUTES_PLACEHOLDERS } from "./models/model_spec.ts";
import { findModel, MODELS } from "./models/models.ts";
import { seededRandom } from "./testdata/hostile.ts";
import { changed, type Leaf, leavesOf, type Parts, partsOf, partsOfFrame } from "./testdata/variants.ts";

const STALE_MS = 120_000;
const SUBSETS_PER_SAMPLE = 40;
const LEAVES_PER_SAMPLE = 40;
const GENERATED_PER_MODEL = 8;

const seed = Number(Deno.env.get("TRUTH_SEED") ?? Date.now() >>> 0);
// deno-lint-ignore no-console -- a failure can be played again with TRUTH_SEED
console.log(`truth properties: seed ${seed}`);

interface Sample {
  readonly name: string;
  readonly sn: string;
  readonly model: CompiledModel;
  readonly parts: Parts;
}

function stationOf({ sn, model }: Sample): PowerStation {
  return new PowerStation({ sn, model, gridRule: "auto", staleAfterMs: STALE_MS });
}

function feed(station: PowerStation, payload: Uint8Array | readonly InnerMessage[], atMonoMs: number): void {
  if (payload instanceof Uint8Array) station.accept(payload, atMonoMs);
  else station.acceptMessages(payload, atMonoMs);
}

/** The state after some payloads, 5 s apart, with a thing that differs in each so that JSON answers are no repetition. */
function after(sample: Sample, payloads: readonly (readonly unknown[])[]): PowerState[] {
  const station = stationOf(sample);
  return payloads.map((roots, i) => {
    feed(station, sample.parts.build(i % 2 === 0 ? roots : withMark(roots)), i * 5000);
    return station.state("s", i * 5000, 0);
  });
}

/** JSON answers that repeat the last one are no evidence: one key that no table asks for makes them differ. */
function withMark(roots: readonly unknown[]): readonly unknown[] {
  const [root] = roots as [Record<string, unknown>];
  if (roots.length !== 1 || typeof root["data"] !== "object") return roots;
  const data = root["data"] as Record<string, unknown>;
  const quotas = data["quotaMap"];
  return typeof quotas === "object"
    ? [{ ...root, data: { ...data, quotaMap: { ...quotas, mark: 1 } } }]
    : [{ ...root, data: { ...data, mark: 1 } }];
}

const RECORDINGS = outsideFacts("protocol/captures/");

async function samplesIn(folder: URL): Promise<Sample[]> {
  const samples: Sample[] = [];
  const names = [...Deno.readDirSync(folder)].map((e) => e.name).filter((n) => n.endsWith(".json")).sort();
  for (const name of names) {
    const capture = parseCapture(await Deno.readTextFile(new URL(name, folder)), name);
    const model = await compileModel(capture.spec);
    const parts = partsOf(capture, model, name);
    if (parts) samples.push({ name, sn: capture.sn, model, parts });
  }
  return samples;
}

type Random = () => number;
const pickOf = <T>(random: Random, from: readonly T[]): T | undefined =>
  from[Math.floor(random() * from.length)];

/** A number that shows the grid, or one that does not. */
function indicatorValue(
  random: Random,
  { present, scale = 1, swap_bytes, absent_values }: IndicatorCore,
  shows: boolean,
): number {
  if (swap_bytes) return shows ? 324_403_968 : 0;
  if (!shows && absent_values && random() < 0.5) return pickOf(random, absent_values) ?? 0;
  if ("bit" in present) return shows ? 1 << present.bit : pickOf(random, [0, 4, 12]) ?? 0;
  if ("one_of" in present) return shows ? present.one_of[0] ?? 1 : present.one_of.includes(0) ? 1 : 0;
  const limit = "at_least" in present ? present.at_least : present.above;
  return Math.round((shows ? limit + 1 + random() * 200 : limit * random() * 0.9) / scale);
}

/** Numbers of a station on the grid: one indicator shows it, whichever it is; each of the others may be off or say "gone". */
function onTheGrid(random: Random, { grid }: CompiledModel): Map<number, number> {
  const shows = grid.map(() => random() < 0.3);
  const proofs = grid.filter(({ doubts, only_absent }) => !doubts && !only_absent);
  const proof = pickOf(random, proofs);
  if (proof) shows[grid.indexOf(proof)] = true;
  const numbers = new Map<number, number>();
  grid.forEach((indicator, i) => {
    const lit = random() < 0.5 ? Math.floor(random() * indicator.slots.length) : -1;
    indicator.slots.forEach((slot, s) => {
      const isOn = (shows[i] ?? false) && (lit === -1 || s === lit);
      if (!numbers.has(slot)) numbers.set(slot, indicatorValue(random, indicator, isOn));
    });
  });
  return numbers;
}

/** A payload with every field of a table: a charged station on the grid. */
function generated(random: Random, model: CompiledModel, n: number): Sample | undefined {
  const numbers = onTheGrid(random, model);
  for (const [name, sources] of model.numbers) {
    for (const source of sources) {
      if ("packs" in source) continue;
      const value = name === "soc"
        ? 40 + random() * 60
        : name.endsWith("_min")
        ? 100 + random() * 900
        : random() * 90 + 1;
      for (const slot of source.slots) {
        if (!numbers.has(slot)) numbers.set(slot, Math.round(value / (source.scale ?? 1)));
      }
    }
  }
  if (model.packCount !== undefined) numbers.set(model.packCount, 1);
  for (const slot of model.unreportedBattery) numbers.set(slot, 20_000);
  const sn = `${model.spec.prefixes[0]}TEST00000001`;
  const name = `generated ${model.spec.model} ${n}`;
  const entries = [...numbers].map(([slot, value]) => [model.paths[slot] ?? "", value] as const)
    .filter(([path]) => !path.includes("[]"));
  if (entries.length === 0) return undefined;
  const { family } = model;
  if (!family) {
    const roots = [{ params: Object.fromEntries(entries) }];
    const build = ([root]: readonly unknown[]) => new TextEncoder().encode(JSON.stringify(root));
    return { name, sn, model, parts: { roots, build } };
  }
  const byMessage = Map.groupBy(entries, ([path]) => path.slice(0, path.indexOf(".")));
  const headers = [...byMessage].flatMap(([message, fields]): Header[] => {
    const pair = dispatchOf(family.family).find((d) => d.message === message);
    if (!pair) return [];
    const pdata = family.schema.encode(
      message,
      nested(fields.map(([p, v]) => [p.slice(p.indexOf(".") + 1), v])),
    );
    const isReply = n % 2 === 0;
    return [{
      pdata,
      src: 2,
      ...(isReply ? {} : { dest: 32 }),
      cmd_func: pair.cmdFunc,
      cmd_id: pair.cmdId,
      seq: 7,
    }];
  });
  const parts = partsOfFrame(headers, family);
  return parts && { name, sn, model, parts };
}

function nested(entries: readonly (readonly [string, number])[]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [path, value] of entries) {
    const steps = path.split(".");
    let at = root;
    for (const step of steps.slice(0, -1)) at = (at[step] ??= {}) as Record<string, unknown>;
    at[steps.at(-1) ?? ""] = value;
  }
  return root;
}

/** The project's own samples, and generated ones. */
async function ownSamples(random: Random): Promise<Sample[]> {
  const samples = await samplesIn(new URL("./testdata/", import.meta.url));
  for (const spec of MODELS) {
    const model = await compileModel(spec);
    for (let n = 0; n < GENERATED_PER_MODEL; n++) {
      const sample = generated(random, model, n);
      if (sample) samples.push(sample);
    }
  }
  return samples;
}

function shown(leaves: readonly Leaf[]): string {
  return leaves.map((leaf) => leaf.slice(1).join(".")).join(" ");
}

/** Some of the fields, or whole messages. */
function leftOut(random: Random, leaves: readonly Leaf[], n: number): Leaf[] {
  if (n % 4 === 1) {
    const messages = new Set(leaves.map(([message]) => message).filter(() => random() < 0.5));
    return leaves.filter(([message]) => messages.has(message ?? 0));
  }
  const share = n % 3 === 0 ? 0.05 : random();
  return leaves.filter(() => random() < share);
}

/** @returns how many of the samples show the grid */
function leaveOut(samples: readonly Sample[], random: Random): number {
  let there = 0;
  for (const sample of samples) {
    const { roots } = sample.parts;
    if (after(sample, [roots, roots])[1]?.grid_connected !== true) continue;
    there++;
    const leaves = leavesOf(roots);
    for (let n = 0; n < SUBSETS_PER_SAMPLE; n++) {
      const gone = leftOut(random, leaves, n);
      const without = changed(roots, gone, undefined);
      for (const payloads of [[without, without, without], [roots, without, without]]) {
        for (const state of after(sample, payloads)) {
          assert.notEqual(
            state.grid_connected,
            false,
            `seed ${seed}, ${sample.name} without ${shown(gone)}: ${state.grid_evidence}`,
          );
        }
      }
    }
  }
  return there;
}

Deno.test("leaving out fields or messages never turns a grid that is there into one that is lost", async () => {
  const random = seededRandom(seed);
  const found = leaveOut(await ownSamples(random), random);
  assert.ok(found > 100, `${found} samples show the grid`);
});

Deno.test({
  name:
    "leaving out fields or messages never turns a grid that is there into one that is lost, in recordings",
  ignore: RECORDINGS.ignore,
  fn: async () => {
    const found = leaveOut(await samplesIn(RECORDINGS.url), seededRandom(seed));
    assert.ok(found > 5, `${found} recordings show the grid`);
  },
});

/** What each source of minutes says in the payload as it is. */
function minutesSaid(sample: Sample): number[] {
  const intake = new Intake(sample.model);
  const payload = sample.parts.build(sample.parts.roots);
  if (payload instanceof Uint8Array) intake.take(readPayload(payload, sample.name), 0);
  else intake.takeMessages(payload, 0);
  const sources = sample.model.numbers.find(([name]) => name === "discharge_min")?.[1] ?? [];
  return sources.flatMap((s) =>
    "slots" in s ? s.slots.map((slot) => intake.readings.get(slot) ?? Infinity) : []
  );
}

/** @returns how many of the samples hold a charge */
function setWrong(samples: readonly Sample[], random: Random): number {
  let charged = 0;
  for (const sample of samples) {
    const { roots } = sample.parts;
    const [truth, again] = after(sample, [roots, roots]);
    if (!truth || !again || truth.soc === undefined || truth.soc < 5) continue;
    charged++;
    const leastMinutes = Math.min(...minutesSaid(sample), truth.discharge_min ?? Infinity);
    const leaves = leavesOf(roots);
    const chosen = leaves.length <= LEAVES_PER_SAMPLE
      ? leaves
      : leaves.filter(() => random() < LEAVES_PER_SAMPLE / leaves.length);
    for (const leaf of chosen) {
      for (const value of [0, ...MINUTES_PLACEHOLDERS]) {
        if (value !== 0 && random() < 0.6) continue;
        const wrong = changed(roots, [leaf], value);
        const about = `seed ${seed}, ${sample.name} with ${shown([leaf])} = ${value}`;
        let states: PowerState[];
        try {
          states = [
            ...after(sample, [wrong]),
            ...after(sample, [wrong, wrong]),
            ...after(sample, [roots, wrong, roots, roots]),
          ];
        } catch (error) {
          // A number that does not fit its field cannot be sent.
          if (value !== 0 && error instanceof RangeError) continue;
          throw error;
        }
        for (const state of states) {
          assert.ok(state.soc === undefined || state.soc >= 0.5, `${about}: charge ${state.soc}`);
          const { discharge_min: minutes } = state;
          assert.ok(
            minutes === undefined || minutes >= leastMinutes,
            `${about}: ${minutes} min, ${leastMinutes} true`,
          );
        }
        if (again.grid_connected === true) {
          assert.equal(states.at(-1)?.grid_connected, true, `${about}: ${states.at(-1)?.grid_evidence}`);
        }
      }
    }
  }
  return charged;
}

Deno.test("one number set to 0 or to a placeholder gives no charge of 0, no minutes below the truth, no lasting loss", async () => {
  const random = seededRandom(seed);
  const found = setWrong(await ownSamples(random), random);
  assert.ok(found > 100, `${found} samples hold a charge`);
});

Deno.test({
  name:
    "one number set to 0 or to a placeholder gives no charge of 0, no minutes below the truth, no lasting loss, in recordings",
  ignore: RECORDINGS.ignore,
  fn: async () => {
    const found = setWrong(await samplesIn(RECORDINGS.url), seededRandom(seed));
    assert.ok(found > 5, `${found} recordings hold a charge`);
  },
});

Deno.test("a battery alone never changes the known charge of the whole", async () => {
  const random = seededRandom(seed);
  const { family, ...delta3 } = await compileModel(findModel("P351") ?? assert.fail());
  assert.ok(family);
  const encode = (message: string, fields: Record<string, unknown>) => {
    const pair = dispatchOf(family.family).find((d) => d.message === message) ?? assert.fail();
    return encodeFrame([{
      pdata: family.schema.encode(message, fields),
      dest: 32,
      cmd_func: pair.cmdFunc,
      cmd_id: pair.cmdId,
    }]);
  };
  const json = (fields: Record<string, number>) =>
    new TextEncoder().encode(JSON.stringify({ params: fields }));
  const deltaPro = await compileModel(findModel("DCEB") ?? assert.fail());
  for (let n = 0; n < 300; n++) {
    const whole = Math.round(5 + random() * 95);
    const pack = () => Math.floor(random() * 101);
    const rows: [CompiledModel, Uint8Array, () => Uint8Array][] = [
      [
        { family, ...delta3 },
        encode("DisplayPropertyUpload", { cms_batt_soc: whole }),
        () =>
          random() < 0.3
            ? encode("DisplayPropertyUpload", { bms_batt_soc: pack() })
            : encode("BMSHeartBeatReport", {
              num: Math.floor(random() * 3),
              soc: pack(),
              ...(random() < 0.7 ? { full_cap: 20_000, cell_series_num: 16 } : {}),
            }),
      ],
      [
        deltaPro,
        json({ "ems.f32LcdShowSoc": whole }),
        () =>
          json({
            [pickOf(random, ["pd.soc", "bmsMaster.soc", "bmsSlave1.soc"]) ?? ""]: pack(),
            ...(random() < 0.5 ? { "bmsMaster.fullCap": 80_000 } : {}),
          }),
      ],
    ];
    for (const [model, first, part] of rows) {
      const station = new PowerStation({ sn: "TEST", model, gridRule: "auto", staleAfterMs: STALE_MS });
      station.accept(first, 0);
      for (let at = 1000; at <= STALE_MS; at += 10_000) {
        station.accept(part(), at);
        const { soc, soc_source } = station.state("s", at, 0);
        assert.deepEqual(
          [soc, soc_source],
          [whole, "system"],
          `seed ${seed}, ${model.spec.model} at ${at} ms`,
        );
      }
    }
  }
});

/** What must not depend on the order; ages and the naming of the evidence may. */
function essence(
  { ts: _t, age_s: _a, grid_age_s: _g, soc_age_s: _s, grid_evidence: _e, ...state }: PowerState,
): unknown {
  return state;
}

/** Only recordings have several messages in one payload. */
Deno.test({
  name: "the order of messages and fields does not matter, in recordings",
  ignore: RECORDINGS.ignore,
  fn: async () => {
    const random = seededRandom(seed);
    let mixed = 0;
    for (const sample of await samplesIn(RECORDINGS.url)) {
      const { model, parts: { roots, build } } = sample;
      const payload = build(roots);
      if (!(payload instanceof Uint8Array) || !model.family) continue;
      const headers = decodeHeaders(payload, sample.name);
      const [want] = after(sample, [roots]);
      if (!want || headers.length < 2 || new Set(headers.map(pairOf)).size < headers.length) continue;
      mixed++;
      for (let n = 0; n < 10; n++) {
        const order = headers.map((header) => ({ header, key: random() })).sort((a, b) => a.key - b.key)
          .map(({ header }) => header);
        const whole = stationOf(sample);
        whole.accept(encodeFrame(order), 0);
        assert.deepEqual(
          essence(whole.state("s", 0, 0)),
          essence(want),
          `seed ${seed}, ${sample.name}: ${order.map(pairOf)}`,
        );
        const apart = stationOf(sample);
        for (const header of order) apart.accept(encodeFrame([header]), 0);
        assert.deepEqual(
          essence(apart.state("s", 0, 0)),
          essence(want),
          `seed ${seed}, ${sample.name}, one by one: ${order.map(pairOf)}`,
        );
      }
    }
    assert.ok(mixed > 0, "no recording has several messages in one payload");
  },
});

function decodeHeaders(payload: Uint8Array, name: string): readonly Header[] {
  const read = readPayload(payload, name);
  return read.kind === "frame" ? read.headers : [];
}

function pairOf({ cmd_func, cmd_id, pdata }: Header): string {
  return `${cmd_func}/${cmd_id}${cmd_func === 32 && cmd_id === 50 ? `#${pdata?.slice(0, 4).toHex()}` : ""}`;
}

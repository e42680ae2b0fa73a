/**
 * Decoding here and in another checkout of the project, in turns in one process, over the payloads that both can read. By processor
 * time, so that what else the machine does falls on neither.
 */
import process from "node:process";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** One family; ns of processor time a payload. */
export interface AgainstFigures {
  readonly family: string;
  readonly payloads: number;
  readonly beforeNs: number;
  readonly nowNs: number;
}

type Job = () => void;

/** What is needed of a checkout; the places have moved once. */
const MODULES = {
  captures: ["commands/decode/captures.ts", "services/soc_bridge/captures.ts"],
  payloads: ["commands/decode/decode_capture.ts", "services/soc_bridge/decode_capture.ts"],
  models: ["services/soc_bridge/models/compiled_model.ts", "services/soc_bridge/compiled_model.ts"],
  stations: ["services/soc_bridge/judge/power_station.ts", "services/soc_bridge/power_station.ts"],
} as const;

/** Turns that both take, and the processor time of each, ms. */
const TURNS = { count: 8, eachMs: 80 };

/** Measures. @param before The root of the other checkout; its dependencies are those of this one */
export async function measureAgainst(before: string): Promise<readonly AgainstFigures[]> {
  const own = new URL("../../../", import.meta.url);
  const makers = [await makerOf(pathToFileURL(`${resolve(before)}/`)), await makerOf(own)] as const;
  const byFamily = new Map<string, [Job, Job][]>();
  for (const folder of ["services/soc_bridge/testdata/", "../shared/protocol/captures/"]) {
    for (const text of captureTexts(new URL(folder, own))) {
      const family = makers[1].familyOf(text);
      const jobs = await Promise.all(makers.map(({ jobOf }) => jobOf(text)));
      const [one, other] = jobs;
      if (family === undefined || !one || !other) continue;
      byFamily.set(family, [...byFamily.get(family) ?? [], [one, other]]);
    }
  }
  return [...byFamily].map(([family, pairs]) => {
    const best = [Infinity, Infinity] as [number, number];
    for (let turn = 0; turn < TURNS.count; turn++) {
      for (const side of [0, 1] as const) {
        best[side] = Math.min(best[side], nsEach(pairs.map((pair) => pair[side])));
      }
    }
    return { family, payloads: pairs.length, beforeNs: best[0], nowNs: best[1] };
  });
}

/** As a table, with the whole mix. */
export function againstText(found: readonly AgainstFigures[]): string {
  const sum = (ns: (row: AgainstFigures) => number) =>
    found.reduce((all, row) => all + ns(row) * row.payloads, 0);
  const times = (before: number, now: number) => (now / before).toFixed(2);
  const [before, now] = [sum(({ beforeNs }) => beforeNs), sum(({ nowNs }) => nowNs)];
  const count = found.reduce((all, { payloads }) => all + payloads, 0);
  return [
    "| family | payloads | before, ns | now, ns | times |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...found.map((row) =>
      `| ${row.family} | ${row.payloads} | ${row.beforeNs.toFixed(0)} | ${row.nowNs.toFixed(0)} | ${
        times(row.beforeNs, row.nowNs)
      } |`
    ),
    `| whole mix | ${count} | ${(before / count).toFixed(0)} | ${(now / count).toFixed(0)} | ${
      times(before, now)
    } |`,
  ].join("\n");
}

async function makerOf(root: URL) {
  const load = async (places: readonly string[]) => {
    const place = places.find((path) => exists(new URL(path, root)));
    if (place === undefined) throw new Error(`${root.pathname} is no checkout: it has no ${places[0]}`);
    return await import(new URL(place, root).href);
  };
  const { parseCapture } = await load(MODULES.captures);
  const { payloadBytes } = await load(MODULES.payloads);
  const { compileModel } = await load(MODULES.models);
  const { PowerStation } = await load(MODULES.stations);
  const read = (text: string) => {
    try {
      const capture = parseCapture(text, "capture");
      return capture.encoding === "decoded-json" ? undefined : capture;
    } catch {
      // A model or form that this checkout does not know.
      return undefined;
    }
  };
  return {
    familyOf: (text: string): string | undefined => read(text)?.spec.family,
    async jobOf(text: string): Promise<Job | undefined> {
      const capture = read(text);
      if (!capture) return undefined;
      const model = await compileModel(capture.spec);
      const station = new PowerStation({ sn: capture.sn, model, gridRule: "auto", staleAfterMs: 120_000 });
      const bytes = payloadBytes(capture, "capture");
      let atMonoMs = 0;
      const job = () => void station.accept(bytes, atMonoMs++);
      try {
        job();
      } catch {
        return undefined;
      }
      return job;
    },
  };
}

function nsEach(jobs: readonly Job[]): number {
  const from = process.cpuUsage();
  let rounds = 0;
  for (let spentMs = 0; spentMs < TURNS.eachMs;) {
    for (let i = 0; i < 40; i++) for (const job of jobs) job();
    rounds += 40;
    const { user, system } = process.cpuUsage(from);
    spentMs = (user + system) / 1000;
  }
  const { user, system } = process.cpuUsage(from);
  return (user + system) * 1000 / rounds / jobs.length;
}

function captureTexts(folder: URL): string[] {
  if (!exists(folder)) return [];
  return [...Deno.readDirSync(folder)].filter(({ name }) => name.endsWith(".json")).map(({ name }) =>
    Deno.readTextFileSync(new URL(name, folder))
  );
}

function exists(url: URL): boolean {
  try {
    Deno.statSync(url);
    return true;
  } catch {
    return false;
  }
}

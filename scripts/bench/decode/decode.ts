// deno-lint-ignore-file no-console -- a bench prints its figures
/**
 * Decoding rates by family and the payload fuzzing of a million damaged payloads.
 *
 * `deno run --allow-read scripts/bench/decode/decode.ts [--payloads N] [--seed N]`; the recordings are used where they are.
 */
import { type Capture, parseCapture } from "../../../commands/decode/captures.ts";
import { benchDecode, benchHostile, type DecodeRate, type HostileResult } from "./decode_bench.ts";
import { column } from "../figures/waiting.ts";

const OWN = new URL("../../../services/soc_bridge/testdata/", import.meta.url);
const RECORDED = new URL("../../../../shared/protocol/captures/", import.meta.url);

/** The project's own vectors and, where they are, the recordings. */
export function readCaptures(): Capture[] {
  return [OWN, RECORDED].flatMap((folder) => {
    try {
      return [...Deno.readDirSync(folder)].filter((e) => e.name.endsWith(".json")).map((e) =>
        parseCapture(Deno.readTextFileSync(new URL(e.name, folder)), e.name)
      );
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return [];
      throw error;
    }
  });
}

/** Both measurements. */
export async function measureDecoding(
  { payloads = 1_000_000, seed = Date.now() >>> 0, runMs = 300 } = {},
): Promise<{ rates: DecodeRate[]; hostile: HostileResult }> {
  const captures = readCaptures();
  return {
    rates: await benchDecode(captures, runMs),
    hostile: await benchHostile(captures, { payloads, seed }),
  };
}

/** The figures as lines of text. */
export function decodingText({ rates, hostile }: Awaited<ReturnType<typeof measureDecoding>>): string {
  const rows = rates.map((r) =>
    `| ${r.family} | ${r.payloads} | ${column(r.meanBytes)} | ${column(r.perSecond)} | ` +
    `${column(1e9 / r.perSecond)} | ${column(r.barePerSecond)} | ${column(r.times, 1)} |`
  );
  const count = rates.reduce((sum, r) => sum + r.payloads, 0);
  const mixPerSecond = (rate: (r: DecodeRate) => number) =>
    Math.round(count / rates.reduce((sum, r) => sum + r.payloads / rate(r), 0));
  const [all, bare] = [mixPerSecond((r) => r.perSecond), mixPerSecond((r) => r.barePerSecond)];
  return [
    "| family | payloads | bytes each | decoded /s | ns each | bare /s | times the bare |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...rows,
    "",
    `whole mix of ${count}: ${all.toLocaleString("en")} payloads/s, ${
      (bare / all).toFixed(1)
    } times the bare schemas' time`,
    `damaged payloads: ${hostile.payloads.toLocaleString("en")}, seed ${hostile.seed}, ` +
    `${hostile.refused.toLocaleString("en")} refused whole, slowest ${hostile.slowestMs} ms`,
  ].join("\n");
}

if (import.meta.main) {
  const option = (name: string) => {
    const at = Deno.args.indexOf(name);
    return at === -1 ? undefined : Number(Deno.args[at + 1]);
  };
  console.log(
    decodingText(await measureDecoding({ payloads: option("--payloads"), seed: option("--seed") })),
  );
}

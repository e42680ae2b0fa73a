/**
 * Measures, in one run on this machine, and prints a table a part.
 *
 * Run: deno task bench [--part decode|pipeline|nut|policy|dashboard|all] [--payloads N] [--worlds N] [--seed N]
 */
import { parseArgs } from "node:util";
import { dashboardText, measureDashboard } from "./bench/dashboard.ts";
import { decodingText, measureDecoding } from "./bench/decode.ts";
import { measureNut } from "./bench/nut.ts";
import { measurePipeline, type PipelineFigures } from "./bench/pipeline.ts";
import { measurePolicy, policyText } from "./bench/policy.ts";

const PARTS = ["decode", "pipeline", "nut", "policy", "dashboard"] as const;
type Part = typeof PARTS[number];

/** Stations and rounds of the pipeline: 1,000 runs in all. */
const STATIONS = 100;
const ROUNDS = 10;
/** Generated outages of the policy, when nobody says how many. */
const WORLDS = 100_000;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: "string", default: "all" },
      payloads: { type: "string" },
      worlds: { type: "string" },
      seed: { type: "string" },
    },
  });
  const parts = PARTS.filter((part) => values.part === "all" || values.part === part);
  if (parts.length === 0) {
    say(`Cannot measure "${values.part}": must be all, ${PARTS.join(", ")}`);
    return 64;
  }
  const number = (text: string | undefined) => text === undefined ? undefined : Number(text);
  for (const part of parts) {
    const options = { payloads: number(values.payloads), seed: number(values.seed) };
    await measure(part, options, number(values.worlds) ?? WORLDS);
  }
  return 0;
}

async function measure(
  part: Part,
  decoding: { payloads?: number; seed?: number },
  worlds: number,
): Promise<void> {
  switch (part) {
    case "decode":
      say("Decoding, one core: the recorded payloads and our own, against the bare schemas");
      return say(`${decodingText(await measureDecoding(decoding))}\n`);
    case "pipeline":
      say(
        `The whole chain with ${STATIONS} stations: cloud publish to receipt of the signed command, no debounce`,
      );
      say("broker       runs  median ms   p99 ms   max ms  start to READY ms  memory (Pss) MB");
      for (const broker of ["embedded", "mosquitto"] as const) {
        say(pipelineRow(await measurePipeline(broker, STATIONS, ROUNDS)));
      }
      say("\nMemory with one station, as in a house:");
      for (const broker of ["embedded", "mosquitto"] as const) {
        say(pipelineRow(await measurePipeline(broker, 1, 1)));
      }
      return say("");
    case "policy": {
      say("The policy in generated outages with everything going wrong");
      const progress = (played: number) => say(`${played} of ${worlds} …`);
      return say(`${policyText(measurePolicy(worlds, decoding.seed ?? 1, progress))}\n`);
    }
    case "dashboard":
      say("The dashboard in the daemon, one station, embedded broker");
      return say(`${dashboardText(await measureDashboard())}\n`);
    case "nut": {
      const { clients, hostile, latencyMs, unanswered } = await measureNut();
      say(`NUT server with ${clients} clients and ${hostile} bad ones`);
      return say(
        `${latencyMs.count} answers, median ${latencyMs.median.toFixed(2)} ms, p99 ${
          latencyMs.p99.toFixed(2)
        } ms, ` +
          `${unanswered} unanswered`,
      );
    }
  }
}

function pipelineRow({ broker, latencyMs, readyMs, pssMegabytes }: PipelineFigures): string {
  const { count, median, p99, max } = latencyMs;
  const column = (value: number, width: number, digits: number) => value.toFixed(digits).padStart(width);
  return `${broker.padEnd(10)}${column(count, 7, 0)}${column(median, 11, 1)}${column(p99, 9, 1)}${
    column(max, 9, 1)
  }` +
    `${column(readyMs, 19, 0)}${column(pssMegabytes, 17, 0)}`;
}

function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

/**
 * Measures, in one run on this machine, and prints a table a part.
 *
 * Run: deno task bench [--part decode|pipeline|nut|policy|dashboard|services|disk|all] [--payloads N] [--worlds N] [--seed N]
 */
import { parseArgs } from "node:util";
import { dashboardText, measureDashboard } from "./bench/dashboard.ts";
import { decodingText, measureDecoding } from "./bench/decode.ts";
import { diskText, measureDisk } from "./bench/disk.ts";
import { measureNut } from "./bench/nut.ts";
import { growthPerStation, measurePipeline, PIPELINE_HEAD, pipelineRow } from "./bench/pipeline.ts";
import { measurePolicy, policyText } from "./bench/policy.ts";
import { measureServices, servicesText } from "./bench/services.ts";

const PARTS = ["decode", "pipeline", "nut", "policy", "dashboard", "services", "disk"] as const;
type Part = typeof PARTS[number];

/** Stations of the pipeline, and how often each loses the grid. */
const SIZES = [[1, 10], [10, 5], [100, 4], [1000, 1]] as const;
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
      return await pipeline();
    case "policy": {
      say("The policy in generated outages with everything going wrong");
      const progress = (played: number) => say(`${played} of ${worlds} …`);
      return say(`${policyText(measurePolicy(worlds, decoding.seed ?? 1, progress))}\n`);
    }
    case "dashboard":
      say("The dashboard in the daemon, one station, embedded broker");
      return say(`${dashboardText(await measureDashboard())}\n`);
    case "services":
      say("What the services that may be left out cost, one station, Mosquitto");
      return say(`${servicesText(await measureServices())}\n`);
    case "disk":
      return say(`${diskText(await measureDisk())}\n`);
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

async function pipeline(): Promise<void> {
  say(
    "The whole chain, each station 1 message a second: cloud publish to receipt of the signed command, no debounce\n",
  );
  say(PIPELINE_HEAD);
  for (const broker of ["mosquitto", "embedded"] as const) {
    const runs = [];
    for (const [stations, rounds] of SIZES) {
      const figures = await measurePipeline(broker, stations, rounds);
      runs.push(figures);
      say(pipelineRow(figures));
    }
    say(`${broker}: ${growthPerStation(runs)?.toFixed(1)} kB more for each station`);
  }
  say("");
}

function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

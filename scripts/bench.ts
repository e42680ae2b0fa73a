/**
 * Measures, in one run on this machine, and prints a table a part, as it goes into `docs/benchmarks.md`.
 *
 * Run: deno task bench [--part NAME|all]… [--payloads N] [--against CHECKOUT] [--worlds N] [--seed N] [--stations N] [--sites N] [--line-minutes N] [--days N] [--real-time --hours N]
 */
import { parseArgs } from "node:util";
import { machineText, measureMachine } from "./bench/figures/machine.ts";
import { type Part, type PartOptions, PARTS } from "./bench/parts.ts";
import { asProgram } from "./as_program.ts";

const USAGE_EXIT = 64;

if (import.meta.main) await asProgram(import.meta.url, main);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      part: { type: "string", multiple: true },
      payloads: { type: "string" },
      against: { type: "string" },
      worlds: { type: "string" },
      seed: { type: "string" },
      days: { type: "string" },
      sites: { type: "string" },
      stations: { type: "string" },
      "line-minutes": { type: "string" },
      "real-time": { type: "boolean", default: false },
      hours: { type: "string" },
    },
  });
  const wanted = chooseParts(values.part);
  if (typeof wanted === "string") return refuse(wanted);
  if (values["real-time"] !== (values.hours !== undefined)) {
    return refuse("Cannot soak: --real-time and --hours N go together");
  }
  const options = {
    payloads: whole("--payloads", values.payloads),
    worlds: whole("--worlds", values.worlds),
    seed: whole("--seed", values.seed),
    days: whole("--days", values.days),
    sites: whole("--sites", values.sites),
    stations: whole("--stations", values.stations),
    "line-minutes": whole("--line-minutes", values["line-minutes"]),
    hours: whole("--hours", values.hours),
  };
  for (const option of Object.values(options)) if (typeof option === "string") return refuse(option);
  const stray = strayOption(wanted, { ...options, against: values.against });
  if (stray !== undefined) return refuse(stray);
  say(machineText(await measureMachine()));
  for (const part of wanted) {
    say(`## ${part.title}\n`);
    const numbers = options as Record<keyof typeof options, number | undefined>;
    await part.run(say, { ...numbers, against: values.against });
    say("");
  }
  return 0;
}

/** The parts that were named, in the bench's own order; every plain one when none was; a problem as text. */
export function chooseParts(names: readonly string[] | undefined): readonly Part[] | string {
  const unknown = names?.find((name) => name !== "all" && !PARTS.some((part) => part.name === name));
  if (unknown !== undefined) {
    return `Cannot measure "${unknown}": must be all, ${PARTS.map(({ name }) => name).join(", ")}`;
  }
  const isAll = names?.includes("all") ?? false;
  return PARTS.filter((part) =>
    names?.includes(part.name) || part.in === "plain" && (names === undefined || isAll) ||
    part.in === "all" && isAll
  );
}

/** An option that none of these parts would look at, or that another one makes useless, as a text; undefined: there is none. */
export function strayOption(
  parts: readonly Part[],
  given: Readonly<Partial<Record<keyof PartOptions, unknown>>>,
): string | undefined {
  const names = (Object.keys(given) as (keyof PartOptions)[]).filter((name) => given[name] !== undefined);
  const stray = names.find((name) => !parts.some(({ takes = [] }) => takes.includes(name)));
  if (stray !== undefined) {
    const takers = PARTS.filter(({ takes = [] }) => takes.includes(stray)).map(({ name }) => name).join(", ");
    return `Cannot use --${stray} with ${
      parts.map(({ name }) => name).join(", ")
    }: it belongs to --part ${takers}`;
  }
  const [one, other] = ([["against", "payloads"], ["against", "seed"], ["hours", "days"]] as const)
    .find((pair) => pair.every((name) => names.includes(name))) ?? [];
  if (one !== undefined) return `Cannot use --${other} with --${one}: one of them says how much is measured`;
}

/** A whole number of 1 or more; undefined when absent, the problem as text when it is something else. */
function whole(name: string, text: string | undefined): number | string | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  return Number.isInteger(value) && value >= 1
    ? value
    : `Cannot use ${name} "${text}": must be a whole number from 1`;
}

function refuse(text: string): number {
  say(text);
  return USAGE_EXIT;
}

function say(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}

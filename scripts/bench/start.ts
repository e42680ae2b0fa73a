/** From the start of the process to READY: cold and warm, from the sources and as one program. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compileArgs } from "../build/build.ts";
import { bundle } from "../build/bundle.ts";
import { compileWith, findCompiler } from "../build/denort.ts";
import { startOutageHouse } from "./outage_house.ts";
import { copyOf } from "./own_program.ts";
import { column } from "./figures/waiting.ts";

/** One way to start. */
export interface StartFigures {
  readonly name: string;
  /** The first start after its files were thrown out of the machine's memory; absent: could not be done. */
  readonly coldMs?: number;
  /** The median of the starts after it. */
  readonly warmMs: number;
}

const WARM_STARTS = 5;
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
/** Tells Linux that nobody needs the pages of these files; what runs at the moment stays. */
const FORGET = `
import os, sys
for top in sys.argv[1:]:
    found = [os.path.join(d, f) for d, _, fs in os.walk(top) for f in fs] or [top]
    for path in found:
        try:
            fd = os.open(path, os.O_RDONLY)
        except OSError:
            continue
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(fd)
`;

/** Both ways; the program only where it can be built. */
export async function measureStart(): Promise<readonly StartFigures[]> {
  // Not in a group: each start in one is cold.
  const runtime = copyOf(Deno.execPath());
  const cache = Deno.env.get("DENO_DIR") ?? `${Deno.env.get("HOME")}/.cache/deno`;
  const figures = [
    await startsOf("sources", [
      runtime,
      join(ROOT, "services"),
      join(ROOT, "lib"),
      join(ROOT, "proto"),
      cache,
    ], {
      runtime,
    }),
  ];
  const compiler = await findCompiler();
  if (!compiler) return figures;
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-bench-"));
  try {
    const binary = join(dir, "ecoflow-power");
    await bundle("daemon", `${binary}-bundle`);
    await compileWith(compiler, compileArgs("x86_64-unknown-linux-gnu", binary, `${binary}-bundle`));
    return [...figures, await startsOf("one program", [binary], { binary })];
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** What is started: a program, or the sources with a runtime. */
interface Started {
  readonly binary?: string;
  readonly runtime?: string;
}

async function startsOf(name: string, files: readonly string[], started: Started): Promise<StartFigures> {
  const isForgotten = await forget(files);
  const coldMs = await readyMs(started);
  const warm: number[] = [];
  for (let i = 0; i < WARM_STARTS; i++) warm.push(await readyMs(started));
  const warmMs = warm.toSorted((a, b) => a - b)[Math.floor(WARM_STARTS / 2)] ?? NaN;
  return { name, coldMs: isForgotten ? coldMs : undefined, warmMs };
}

async function readyMs(started: Started): Promise<number> {
  const { world, stop } = await startOutageHouse("mosquitto", 1, started);
  await stop();
  return world.readyAtMs - world.launchedAtMs;
}

async function forget(files: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command("/usr/bin/python3", { args: ["-c", FORGET, ...files] })
      .output();
    return success;
  } catch {
    return false;
  }
}

/** The figures as a table. */
export function startText(found: readonly StartFigures[]): string {
  const rows = found.map(({ name, coldMs, warmMs }) =>
    `| ${name} | ${coldMs === undefined ? "" : column(coldMs)} | ${column(warmMs)} |`
  );
  return ["| started from | cold, ms | warm, ms |", "| --- | --- | --- |", ...rows].join("\n");
}

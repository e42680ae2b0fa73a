/**
 * A stranger's walk through the documents: pastes each block of commands into a fresh clone, block by block, and says which of
 * them ended well. What needs the package is pasted into a booted Debian by `deno task boot:pi --case documents`.
 *
 * Run: deno task walk [--only DOCUMENT]... [--list]
 * Exit code: 0 when every pasted block ended well; 1 when one did not; 64 on a wrong command line.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { fileURLToPath } from "node:url";
import { walkedDocuments } from "./walk/documents.ts";
import { paste } from "./walk/paste.ts";
import { type Pasted, pasted } from "./walk/pasted.ts";
import { asProgram } from "./as_program.ts";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
/** The longest is a build that downloads two runtimes. */
const LIMIT_MS = 15 * 60_000;

if (import.meta.main) await asProgram(import.meta.url, main);

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: "string", multiple: true }, list: { type: "boolean", default: false } },
  });
  const all = pasted(walkedDocuments());
  const strange = values.only?.filter((name) => !all.some(({ stop }) => stop.document === name)) ?? [];
  if (strange.length > 0) {
    say(`Cannot walk "${strange[0]}": must be a document with commands, such as docs/install.md`);
    return 64;
  }
  if (values.list) {
    for (const one of all) say(`${one.stop.place.padEnd(8)} ${titleOf(one)}`);
    return 0;
  }
  const asked = all.filter(({ stop }) => values.only?.includes(stop.document) ?? true);
  const dir = mkdtempSync(join(tmpdir(), "ecoflow-walk-"));
  try {
    return await walk(asked, dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function walk(asked: readonly Pasted[], dir: string): Promise<number> {
  const clone = join(dir, "ecoflow-power");
  await run("git", ["clone", "--quiet", ROOT, clone]);
  // Whoever has no `deno` types `npx --yes deno@…`; here it is the one that runs this.
  const bin = join(dir, "bin");
  mkdirSync(bin);
  Deno.symlinkSync(Deno.execPath(), join(bin, "deno"));
  const env = { PATH: `${bin}:${Deno.env.get("PATH")}` };
  const cloud = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", "scripts/boot/cloud.ts", dir],
    cwd: clone,
    stdout: "null",
    stderr: "null",
  }).spawn();
  let failed = 0;
  let passed = 0;
  let left = 0;
  try {
    for (const one of asked) {
      const { stop, script } = one;
      if (stop.place !== "checkout") {
        left++;
        say(`skipped ${titleOf(one)}: ${stop.reason ?? "deno task boot:pi --case documents"}`);
        continue;
      }
      for (const [line, reason] of stop.without ?? []) {
        left++;
        say(`skipped ${stop.document}: ${line}: ${reason}`);
      }
      const beganMs = Date.now();
      const { isWell, said } = await paste(script, { cwd: clone, env, limitMs: LIMIT_MS, until: stop.until });
      const took = `${Math.round((Date.now() - beganMs) / 1000)} s`;
      if (isWell) passed++;
      else failed++;
      say(`${isWell ? "ok     " : "FAILED "} ${titleOf(one)} (${took})`);
      if (!isWell) say(telling(said).map((line) => `        | ${line}`).join("\n"));
    }
  } finally {
    cloud.kill("SIGTERM");
    await cloud.status;
  }
  say(`${passed} passed, ${failed} failed, ${left} skipped`);
  return failed === 0 ? 0 : 1;
}

/** What failed, and the end. */
function telling(said: string): string[] {
  const lines = said.split("\n");
  return [...lines.slice(0, -20).filter((line) => /✗|FAILED|Cannot/.test(line)), ...lines.slice(-20)];
}

function titleOf({ stop, block }: Pasted): string {
  return `${stop.document}:${block.line} ${stop.begins}`;
}

async function run(command: string, args: readonly string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(command, { args: [...args], cwd: dirname(ROOT) })
    .output();
  if (!success) throw new Error(`${command} failed: ${new TextDecoder().decode(stderr)}`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

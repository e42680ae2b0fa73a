/**
 * Builds the agent as one program for each system, with the narrowest permissions that its work allows, and SHA256SUMS.
 *
 * Run: deno task build:agents [--target TARGET]... [--out DIR] [--print]
 */
import { createHash } from "node:crypto";
import { join } from "node:path";
import { parseArgs } from "node:util";

/** Deno's names of the systems that agents are built for. */
export const TARGETS = [
  "x86_64-unknown-linux-gnu",
  "aarch64-unknown-linux-gnu",
  "x86_64-pc-windows-msvc",
  "x86_64-apple-darwin",
  "aarch64-apple-darwin",
] as const;

/** One of {@link TARGETS}. */
export type Target = typeof TARGETS[number];

/** What is baked into the program, each with the reason; everything else is denied for good. */
export const PERMISSIONS: Readonly<Record<string, string>> = {
  "--allow-net": "the broker, whose name is in the configuration",
  "--allow-read": "configuration, key, certificate and commands file lie where their owner put them",
  "--allow-write":
    "its state; and for install and pair the configuration, the program and the service definition",
  "--allow-run": "the owner's preparations and the system's shutdown: any program",
  "--allow-env": "the configuration may come in the environment",
  "--allow-sys=hostname,osUptime": "shown in the status; the deadline is counted on the uptime",
  "--deny-ffi": "loads no foreign code",
  "--deny-import": "loads no code from elsewhere",
  "--no-prompt": "nobody is there to answer",
};

/** The program's file name. */
export function fileName(target: Target): string {
  return `ecoflow-agent-${target}${target.includes("windows") ? ".exe" : ""}`;
}

/** The arguments of `deno` that build one target. */
export function compileArgs(target: Target, outDir: string): string[] {
  return [
    "compile",
    "--quiet",
    ...Object.keys(PERMISSIONS),
    "--target",
    target,
    "--output",
    join(outDir, fileName(target)),
    "agents/main.ts",
  ];
}

/** One line a file, as `sha256sum --check` reads it. */
export function checkSums(files: readonly { readonly name: string; readonly bytes: Uint8Array }[]): string {
  return files.map(({ name, bytes }) => `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`)
    .join("");
}

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      target: { type: "string", multiple: true },
      out: { type: "string", default: "build/agents" },
      print: { type: "boolean", default: false },
    },
  });
  const targets: Target[] = [];
  for (const wanted of values.target ?? TARGETS) {
    const target = TARGETS.find((name) => name === wanted);
    if (!target) return complain(`Cannot build for "${wanted}": must be one of ${TARGETS.join(", ")}`);
    targets.push(target);
  }
  if (values.print) {
    for (const target of targets) say(`deno ${compileArgs(target, values.out).join(" ")}`);
    return 0;
  }
  await Deno.mkdir(values.out, { recursive: true });
  const built: { name: string; bytes: Uint8Array }[] = [];
  const failed: string[] = [];
  for (const target of targets) {
    say(`${target} …`);
    const { success } = await new Deno.Command(Deno.execPath(), {
      args: compileArgs(target, values.out),
      stdin: "null",
      stdout: "inherit",
      stderr: "inherit",
    }).spawn().status;
    if (!success) failed.push(target);
    else {built.push({
        name: fileName(target),
        bytes: await Deno.readFile(join(values.out, fileName(target))),
      });}
  }
  await Deno.writeTextFile(join(values.out, "SHA256SUMS"), checkSums(built));
  say(
    `Built ${built.length} of ${targets.length} in ${values.out}; check them with: sha256sum --check SHA256SUMS`,
  );
  return failed.length === 0 ? 0 : complain(`Cannot build ${failed.join(", ")}`);
}

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

function complain(text: string): number {
  Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  return 1;
}

/** For tests: Debian's own NUT programs, started, watched and ended. */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";

/** Where Debian puts them, with the package that has them. */
const PROGRAMS = {
  upsc: ["/usr/bin/upsc", "nut-client"],
  upscmd: ["/usr/bin/upscmd", "nut-client"],
  upsrw: ["/usr/bin/upsrw", "nut-client"],
  upslog: ["/usr/bin/upslog", "nut-client"],
  upsmon: ["/lib/nut/upsmon", "nut-client"],
  upsd: ["/lib/nut/upsd", "nut-server"],
  "dummy-ups": ["/lib/nut/dummy-ups", "nut-server"],
  certutil: ["/usr/bin/certutil", "libnss3-tools"],
  pk12util: ["/usr/bin/pk12util", "libnss3-tools"],
} as const;

/** A program's short name. */
export type ProgramName = keyof typeof PROGRAMS;

/**
 * Whether a test that needs these programs can run.
 *
 * @returns false, with one printed line, when one is missing and ECOFLOW_TEST_SKIP_SYSTEM is 1
 * @throws Error that says how to install what is missing
 */
export function havePrograms(...names: readonly ProgramName[]): boolean {
  const missing = names.filter((name) => !existsSync(PROGRAMS[name][0]));
  if (missing.length === 0) return true;
  const packages = [...new Set(missing.map((name) => PROGRAMS[name][1]))].join(" ");
  const text = `${missing.join(", ")} missing: apt-get install -y --no-install-recommends ${packages}`;
  if (Deno.env.get("ECOFLOW_TEST_SKIP_SYSTEM") !== "1") {
    throw new Error(`Cannot run this test: ${text} (or leave it out with ECOFLOW_TEST_SKIP_SYSTEM=1)`);
  }
  // deno-lint-ignore no-console
  console.log(`left out: ${text}`);
  return false;
}

/**
 * What a test is to be left out for: it is then counted as skipped, where `havePrograms` with an early return is counted as passed.
 *
 * @returns true when one is missing
 */
export function lackPrograms(...names: readonly ProgramName[]): boolean {
  return names.some((name) => !existsSync(PROGRAMS[name][0]));
}

/** Runs a program to its end; output and errors together. */
export async function runProgram(
  name: ProgramName,
  ...args: readonly string[]
): Promise<{ code: number; text: string }> {
  const { code, stdout, stderr } = await new Deno.Command(PROGRAMS[name][0], { args: [...args] }).output();
  const decoder = new TextDecoder();
  // Debian's clients say so at every start; it is no part of their answer.
  const errors = decoder.decode(stderr).replaceAll("Init SSL without certificate database\n", "");
  return { code, text: decoder.decode(stdout) + errors };
}

/** A program that runs until it is stopped. */
export interface Running {
  readonly pid: number;
  /** What it has said so far. */
  text(): string;
  readonly isOver: () => boolean;
  /** Ends it and waits for its end. May be called after it has ended. */
  stop(signal?: Deno.Signal): Promise<void>;
}

/** A `/run/nut` of its own: `upsmon` allows one of its kind a machine. Needs to be root. */
const ALONE = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs none /run/nut && exec "$0" "$@"'];

/**
 * Starts a program.
 *
 * @param options `isAlone` false: others of its kind run on this machine at the same time
 */
export function startProgram(
  name: ProgramName,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { isAlone = true, wrap = (path) => path }: {
    readonly isAlone?: boolean;
    /** What to start in the program's place. */
    readonly wrap?: (path: string) => string;
  } = {},
): Running {
  const path = wrap(PROGRAMS[name][0]);
  const [program = "", ...before] = isAlone ? [path] : [...ALONE, path];
  const child = new Deno.Command(program, {
    args: [...before, ...args],
    env,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let text = "";
  let isOver = false;
  const read = async (stream: ReadableStream<Uint8Array>) => {
    for await (const piece of stream.pipeThrough(new TextDecoderStream())) text += piece;
  };
  const ended = Promise.all([read(child.stdout), read(child.stderr), child.status.then(() => isOver = true)]);
  return {
    pid: child.pid,
    text: () => text,
    isOver: () => isOver,
    async stop(signal = "SIGTERM") {
      try {
        child.kill(signal);
      } catch {
        // It has ended by itself.
      }
      await ended;
    },
  };
}

/** A directory that is gone afterwards, with these files in it. */
export async function inTempDir<T>(
  files: Readonly<Record<string, string>>,
  run: (dir: string) => Promise<T>,
): Promise<T> {
  const dir = mkdtempSync(`${tmpdir()}/nut-test-`);
  try {
    for (const [name, text] of Object.entries(files)) writeFileSync(`${dir}/${name}`, text, { mode: 0o600 });
    return await run(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Waits, in real time, until something is true. @throws Error after `withinMs` */
export async function until(what: string, isTrue: () => boolean, withinMs: number): Promise<void> {
  const endMs = Date.now() + withinMs;
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error(`Waited ${withinMs} ms in vain: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

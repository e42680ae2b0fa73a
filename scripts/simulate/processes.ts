/** The product's own programs as child processes, with the permissions that they have in life. */
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ALLOCATOR, V8_FLAGS } from "../build/runtime_settings.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** A running program. */
export interface RunningProgram {
  /** Lines that it has written so far, oldest first; at most the last 5000. */
  readonly lines: readonly string[];
  /** Resolves with true once a line matches, with false when the program ends before. */
  until(pattern: RegExp): Promise<boolean>;
  /** Ends it without a chance to tidy up. */
  kill(): Promise<void>;
  /** Asks it to end, as systemd does, and resolves with its exit code. */
  stop(): Promise<number>;
  /** Its exit code, once it has ended by itself or by one of the above. */
  readonly ended: Promise<number>;
  readonly pid: number;
}

/** What to run, and where its output goes as it comes. */
export interface ProgramOptions {
  /** The env file with its configuration. */
  readonly envFile: string;
  /** Its state directory. */
  readonly stateDir: string;
  readonly timeScale?: string;
  readonly onLine?: (line: string) => void;
  /** Instead of Deno and the sources: a compiled binary. */
  readonly binary?: string;
  /** What runs the sources; the Deno that runs this when absent. */
  readonly runtime?: string;
  /** Further variables of its environment. */
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts the daemon: `main.ts run`, with write access to its state directory alone. */
export function startDaemonProcess(options: ProgramOptions): RunningProgram {
  const { envFile, stateDir, timeScale, binary, runtime = Deno.execPath(), onLine, env } = options;
  const run = ["run", "--env", envFile, ...(timeScale ? ["--time-scale", timeScale] : [])];
  const surroundings = { onLine, env: { ...ALLOCATOR, ...env } };
  if (binary) return start(binary, run, surroundings);
  return start(runtime, [
    "run",
    "--quiet",
    "--no-prompt",
    V8_FLAGS,
    "--allow-net",
    "--allow-read",
    `--allow-write=${stateDir}`,
    "--allow-env",
    "--allow-sys=hostname,networkInterfaces",
    join(ROOT, "main.ts"),
    ...run,
  ], surroundings);
}

/** Starts an agent. @param options `runs`: it may run programs, as it must unless it only rehearses */
export function startAgentProcess(options: ProgramOptions & { readonly runs?: boolean }): RunningProgram {
  const { envFile, stateDir, timeScale, onLine, env, runs } = options;
  return start(Deno.execPath(), [
    "run",
    "--quiet",
    "--no-prompt",
    "--allow-net",
    "--allow-read",
    `--allow-write=${stateDir}`,
    "--allow-env",
    "--allow-sys",
    ...(runs ? ["--allow-run"] : []),
    join(ROOT, "agents/main.ts"),
    "run",
    "--env",
    envFile,
    ...(timeScale ? ["--time-scale", timeScale] : []),
  ], { onLine, env });
}

const LINES_KEPT = 5000;

function start(
  program: string,
  args: string[],
  { onLine = () => {}, env = {} }: Pick<ProgramOptions, "onLine" | "env">,
): RunningProgram {
  const child = new Deno.Command(program, {
    args,
    cwd: ROOT,
    clearEnv: true,
    env: { ...childEnvironment(), ...env },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines: string[] = [];
  const waiting = new Set<() => void>();
  let isOver = false;
  const take = (line: string) => {
    lines.push(line);
    if (lines.length > LINES_KEPT) lines.shift();
    onLine(line);
    for (const wake of waiting) wake();
  };
  const read = Promise.all([readLines(child.stdout, take), readLines(child.stderr, take)]);
  const ended = Promise.all([child.status, read]).then(([status]) => {
    isOver = true;
    for (const wake of waiting) wake();
    return status.code;
  });
  const signal = (name: Deno.Signal) => {
    try {
      child.kill(name);
    } catch {
      // It has ended already.
    }
    return ended;
  };
  return {
    lines,
    pid: child.pid,
    ended,
    until: async (pattern) => {
      while (!lines.some((line) => pattern.test(line))) {
        if (isOver) return false;
        await new Promise<void>((resolve) => {
          const wake = () => {
            waiting.delete(wake);
            resolve();
          };
          waiting.add(wake);
        });
      }
      return true;
    },
    kill: async () => void await signal("SIGKILL"),
    stop: () => signal("SIGTERM"),
  };
}

/** What Deno itself needs; nothing of the caller's configuration may leak into a simulation. */
function childEnvironment(): Record<string, string> {
  const names = [
    "PATH",
    "HOME",
    "DENO_DIR",
    "NPM_CONFIG_REGISTRY",
    "npm_config_registry",
    "DENO_CERT",
    "TMPDIR",
  ];
  const pairs = names.map((name) => [name, Deno.env.get(name)] as const);
  return Object.fromEntries([
    ...pairs.filter((pair): pair is [string, string] => pair[1] !== undefined),
    ["NO_COLOR", "1"],
  ]);
}

async function readLines(stream: ReadableStream<Uint8Array>, take: (line: string) => void): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest) take(rest);
}

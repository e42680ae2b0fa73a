/** Runs a program for a script. */

/** Runs with its output shown. @returns its exit code */
export async function run(command: readonly string[], env: Record<string, string> = {}): Promise<number> {
  const [program = "", ...args] = command;
  const { code } = await new Deno.Command(program, { args, env, stdout: "inherit", stderr: "inherit" })
    .spawn().status;
  return code;
}

/** Runs with its output kept, both streams one after the other. */
export async function runQuietly(command: readonly string[]): Promise<{ code: number; output: string }> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, { args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** `ecoflow-power decode`: prints what one recorded payload says, as JSON. */
import { runDecode } from "./decode_command.ts";
import { complain, print } from "../command.ts";

/** Runs it. @returns the exit code */
export async function decode(args: readonly string[]): Promise<number> {
  const result = await runDecode(args, {
    readFile: (path) => Deno.readTextFile(path),
    readStdin: () => new Response(Deno.stdin.readable).text(),
  });
  return result.exitCode === 0 ? print(`${result.output}\n`) : complain(`${result.error}\n`, result.exitCode);
}

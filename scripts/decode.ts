// deno-lint-ignore-file no-console -- a command-line tool speaks on the console
/** `deno task decode`: prints what one recorded payload says, as JSON. Exit codes as `ecoflow-power decode` has them. */
import { runDecode } from "../commands/decode/decode_command.ts";

const result = await runDecode(Deno.args, {
  readFile: (path) => Deno.readTextFile(path),
  readStdin: () => new Response(Deno.stdin.readable).text(),
});
if (result.exitCode === 0) console.log(result.output);
else console.error(result.error);
Deno.exit(result.exitCode);

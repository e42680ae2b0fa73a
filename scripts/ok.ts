/**
 * The one command that means done: format, lint, types, import rules, generated code without drift, all tests.
 *
 * Run: deno task ok (or deno task check, which leaves the tests out)
 */
import { run, runQuietly } from "./run.ts";

const deno = Deno.execPath();
const steps: readonly [name: string, command: readonly string[]][] = [
  ["format", [deno, "fmt", "--check"]],
  ["lint", [deno, "lint", "--quiet"]],
  ["types", [deno, "check", "--quiet", "."]],
  ["import rules", [deno, "run", "--allow-read", "scripts/check/check_layers.ts"]],
  ["generated code", [deno, "run", "--allow-read", "--allow-env", "scripts/gen/gen_proto.ts", "--check"]],
  ["configuration keys", [deno, "run", "--allow-read", "scripts/gen/gen_keys.ts", "--check"]],
  [
    "dashboard page",
    [
      deno,
      "run",
      "--allow-read",
      "--allow-write",
      "--allow-run",
      "--allow-env",
      "scripts/gen/gen_dashboard.ts",
      "--check",
    ],
  ],
];

if (import.meta.main) {
  let failed = false;
  for (const [name, command] of steps) {
    const { code, output } = await runQuietly(command);
    // deno-lint-ignore no-console
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${name}`);
    if (code !== 0) {
      failed = true;
      // deno-lint-ignore no-console
      console.log(output);
    }
  }
  if (!failed && !Deno.args.includes("--no-tests")) failed = await run([deno, "task", "test"]) !== 0;
  Deno.exit(failed ? 1 : 0);
}

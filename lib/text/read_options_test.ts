import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { readOptions } from "./read_options.ts";

const NAMES = ["env", "time-scale"] as const;

Deno.test("readOptions() reads and refuses what Node's parseArgs() does", () => {
  const rows = [
    ...[
      [],
      ["--env", "a"],
      ["--env=a"],
      ["--env", "a", "--time-scale", "10@5"],
      ["--env", "a", "--env", "b"],
      ["--env="],
    ],
    ...[["--env", "a=b"], ["--env=a=b"], ["--env=a\nb"], ["--time-scale=10@5", "--env", "x y"], [
      "--env",
      "",
    ]],
    ...[["a"], ["--env"], ["--env", "--time-scale"], ["--env", "-x"], ["--other", "a"], ["--other=a"], [
      "-e",
      "a",
    ], ["--"]],
    ...[["--env", "a", "b"], ["--constructor", "a"], ["--__proto__", "a"], ["--ENV", "a"], ["---env", "a"], [
      "",
    ], ["-"]],
  ];
  for (const args of rows) {
    let wanted: unknown;
    try {
      const { values } = parseArgs({
        args,
        options: { env: { type: "string" }, "time-scale": { type: "string" } },
      });
      wanted = { ...values };
    } catch {
      assert.throws(() => readOptions(args, NAMES), TypeError, JSON.stringify(args));
      continue;
    }
    // Node ends the options at "--" and takes nothing after it; we have no use for it.
    if (args.includes("--")) assert.throws(() => readOptions(args, NAMES), TypeError);
    else assert.deepEqual(readOptions(args, NAMES), wanted, JSON.stringify(args));
  }
});

Deno.test("readOptions() says what it wanted and what it saw", () => {
  const rows: readonly (readonly [string[], string])[] = [
    [["x"], 'Cannot use "x": must be --env or --time-scale with a value'],
    [["--env"], 'Cannot use "--env": must have a value'],
    [["--env", "--x"], 'Cannot use "--env": must have a value, found "--x"'],
  ];
  for (const [args, message] of rows) assert.throws(() => readOptions(args, NAMES), { message });
});
